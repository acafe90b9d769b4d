import ArgumentParser
import Configuration
import Foundation
import Reports
import Simulation
import Synchronization
import Validation

/// `needletail validate`: how far the model is from measured hardware.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Hold the simulator against measured hardware.",
    discussion: """
      Without a SUITE, all suites run but those that ask to be named. Exit status 1 when a suite is \
      beyond its threshold or a row failed.
      """)

  @Argument(help: "Names of suites (see --list), or paths of suite files.")
  var suites: [String] = []

  @Option(name: .customLong("gpu"), help: "Only the rows of this GPU.")
  var gpu: String?

  @Option(
    help: ArgumentHelp("Only rows marked so: ci, those that take seconds.", valueName: "name"))
  var subset: String?

  @Option(
    help: ArgumentHelp("Write the HTML report and a Markdown summary there.", valueName: "folder"))
  var report: String?

  @Option(help: ArgumentHelp("Write results as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(name: .shortAndLong, help: "Simulations at a time; results do not depend on it.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "List every row, not only the worst.")
  var rows = false

  @Flag(help: "List the suites and end.")
  var list = false

  @Flag(help: "No progress.")
  var quiet = false

  func validate() throws {
    if jobs < 1 || jobs > 1024 { throw ValidationError("--jobs must lie between 1 and 1024") }
    if let subset, subset != "ci" {
      throw ValidationError("--subset: there is no subset '\(subset)' (known: ci)")
    }
  }

  func run() throws {
    let directory = ValidationDirectory.standard
    if list { return try listSuites(directory) }
    let selected = try selection(directory.suites(suites))
    let meter = SharedProgressMeter(quiet: quiet)
    let runner = SuiteRunner(jobs: jobs) { done, total, name in
      meter.show("validate: \(done) of \(total) simulations, \(name)")
    } load: {
      try ProgramLoader.load($0) { _ in }
    }
    meter.show("validate: \(selected.reduce(0) { $0 + $1.rows.count }) rows")
    let outcome = runner.run(selected)
    meter.clear()
    if let json { try Output.write(try ValidationJSON(outcome).data(), to: json) }
    if let report { try write(try ValidationReport(outcome, directory: directory), to: report) }
    if json != "-" {
      try Output.write(
        ValidationTable(outcome, showsRows: rows || selected.count == 1 && !suites.isEmpty).text)
    }
    guard outcome.passed else { throw ShortfallError(outcome) }
  }

  private func write(_ content: ValidationReport, to folder: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError("\(folder): cannot be created")
    }
    for file in try content.files { try Output.write(file.data, to: "\(folder)/\(file.name)") }
  }

  /// The rows that `--gpu` and `--subset` leave.
  private func selection(_ all: [Suite]) throws -> [Suite] {
    // An unknown name is a mistake of the call, and says which names there are.
    if let gpu { _ = try MachineDescription.load(gpu) }
    let selected = all.compactMap { suite in
      var suite = suite
      suite.rows.removeAll { row in
        gpu.map { $0 != row.gpu } ?? false || subset == "ci" && !row.isCI
      }
      return suite.rows.isEmpty ? nil : suite
    }
    guard !selected.isEmpty else {
      let names = all.map(\.name).joined(separator: ", ")
      throw ValidationError("no row of \(names) is left by --gpu and --subset")
    }
    return selected
  }

  private func listSuites(_ directory: ValidationDirectory) throws {
    var table = TextTable(["suite", "rows", "allowed", "GPUs", "what"])
    for name in suites.isEmpty ? directory.names : suites {
      let suite = try Suite(file: directory.file(for: name))
      table.add([
        suite.name, String(suite.rows.count),
        suite.threshold.map { decimal($0.mape, 0) + " %" } ?? "–",
        suite.gpus.joined(separator: ", "),
        suite.title + (suite.isOptional ? " (only when named)" : ""),
      ])
    }
    try Output.write(table.text)
  }
}

/// A validation that fell short.
struct ShortfallError: Error, CustomStringConvertible {
  let description: String

  init(_ outcome: ValidationOutcome) {
    let names = outcome.suites.filter { !$0.passed }.map(\.suite.name)
    description = "beyond their thresholds or with failed rows: \(names.joined(separator: ", "))"
  }
}

/// A progress line that several threads write.
final class SharedProgressMeter: Sendable {
  private let meter: Mutex<ProgressMeter>

  init(quiet: Bool) { meter = Mutex(ProgressMeter(quiet: quiet)) }

  func show(_ text: String) { meter.withLock { $0.show(text) } }
  func clear() { meter.withLock { $0.clear() } }
}
