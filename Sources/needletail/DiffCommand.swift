import ArgumentParser
import Reports

/// `needletail diff`: compares two results.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two results: cycles first, then what explains the difference.",
    discussion: "Results are files of needletail run --json; with --profile they say where, too.")

  @Argument(help: ArgumentHelp("The first result.", valueName: "a.json"))
  var first: String

  @Argument(help: ArgumentHelp("The second result.", valueName: "b.json"))
  var second: String

  func run() throws {
    let text = RunDiff(try StoredRun(file: first), try StoredRun(file: second)).text
    try Output.write(text)
  }
}
