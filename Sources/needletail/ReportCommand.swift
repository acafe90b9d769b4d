import ArgumentParser
import Reports
import Validation

/// `needletail report`: one HTML page of one or many results.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Make an HTML page of one result or many.",
    discussion: """
      Results are files of needletail run --json; with --profile they show the machine's parts and \
      each instruction. Results with different --set are compared. The page needs no other file.
      """)

  @Argument(help: ArgumentHelp("Results of needletail run --json.", valueName: "result.json"))
  var results: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The page.", valueName: "file.html"))
  var output: String

  func run() throws {
    let runs = try results.map { try StoredRun(file: $0) }
    let frame = try RunPageFrame(ValidationDirectory.standard)
    try Output.write(RunPage(runs).html(in: frame), to: output)
  }
}
