import ArgumentParser
import Foundation
import Reports
import Traces

/// `needletail trace export`: a trace in another tool's format.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a trace in the format of another simulator.",
    discussion: "Docs/exporting.md says what each format cannot hold.")

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case accelSim = "accel-sim"
    case micro25
  }

  @Argument(help: "A trace, a listing, or - for a listing on standard input.") var trace: String
  @Option(help: "The format to write.") var format: Format
  @Option(name: .shortAndLong, help: ArgumentHelp("The new folder to write.", valueName: "folder"))
  var output: String
  @Flag(help: "Compress the kernels' files with xz (accel-sim).") var xz = false

  func validate() throws {
    if xz, format != .accelSim {
      throw ValidationError("--xz goes with --format accel-sim only")
    }
    if output.isEmpty { throw ValidationError("-o takes the name of a folder") }
  }

  func run() throws {
    let meter = ProgressMeter(quiet: false)
    defer { meter.clear() }
    let begin = Date()
    let reader = try ProgramLoader.reader(trace) { bytes in
      meter.show("\(trace): \(grouped(Int64(bytes))) bytes read")
    }
    let report = try TraceExporter.export(
      reader, as: format == .accelSim ? .accelSim(isCompressed: xz) : .micro25, to: output
    ) { done, total in
      meter.show("\(output): \(grouped(Int64(done))) of \(grouped(Int64(total))) CTAs")
    }
    meter.clear()
    for warning in report.warnings { ExitStatus.write("needletail: warning: \(warning)\n") }
    let seconds = Date().timeIntervalSince(begin)
    let rate = decimal(Double(report.bytes) / 1e6 / max(seconds, 1e-9), 1)
    func count(_ value: Int) -> String { grouped(Int64(value)) }
    try Output.write(
      "\(output): \(report.kernels) kernels, \(count(report.ctas)) CTAs, "
        + "\(count(report.warpInstructions)) warp instructions; \(count(report.files)) files of "
        + "\(count(report.bytes)) bytes\(xz ? " before compression" : ""), \(rate) MB/s\n")
  }
}
