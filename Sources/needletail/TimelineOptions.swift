import ArgumentParser
import Foundation
import Machine
import Reports
import Simulation

/// What `run` writes of a run's course, and the part of the GPU that it watches for it.
struct TimelineOptions: ParsableArguments {
  @Option(
    name: .customLong("timeline"),
    help: ArgumentHelp(
      "Write CTAs, warp states and counters over time, for ui.perfetto.dev.", valueName: "file"))
  var file: String?

  @Option(
    name: .customLong("pipeline"),
    help: ArgumentHelp(
      "Write each instruction's way through the pipeline, for Konata.", valueName: "file"))
  var pipeline: String?

  @Option(
    name: .customLong("watch-sms"),
    help: ArgumentHelp("SMs that these show, counted from 0: 0,4-7.", valueName: "list"))
  var sms: String?

  @Option(
    name: .customLong("watch-ctas"),
    help: ArgumentHelp("CTAs that they show, by linear number: 0-31.", valueName: "list"))
  var ctas: String?

  @Option(
    name: .customLong("watch-warps"),
    help: ArgumentHelp("Warps that they show, by number in the CTA: 0,3.", valueName: "list"))
  var warps: String?

  @Option(
    name: .customLong("watch-cycles"),
    help: ArgumentHelp("Cycles that they show: 2000-5000.", valueName: "range"))
  var cycles: String?

  func validate() throws {
    let bounds = [sms, ctas, warps, cycles].contains { $0 != nil }
    if bounds, file == nil, pipeline == nil {
      throw ValidationError("--watch-… bounds what --timeline FILE or --pipeline FILE writes")
    }
    _ = try selection()
  }

  /// Has a run keep what is to be written.
  func request(in options: inout Simulator.Options) throws {
    guard file != nil || pipeline != nil else { return }
    if file != nil { options.timeline = try selection() }
    if pipeline != nil { options.pipeline = try selection() }
    // Where such a file is to lie, there is room for as much again.
    let paths = [file, pipeline].compactMap { $0 }.filter { $0 != "-" }
    if let place = paths.compactMap(Output.plainFile).first {
      options.scratchFolder = URL(fileURLWithPath: place).deletingLastPathComponent().path
    }
  }

  /// Writes what was asked for; a file that cannot be written does not keep the other from it.
  func write(_ result: RunResult, program: any TraceProgram) throws {
    guard file != nil || pipeline != nil else { return }
    var failures: [any Error] = []
    func attempt(_ path: String?, _ body: (([UInt8]) throws -> Void) throws -> Void) {
      guard let path else { return }
      do { try Output.write(to: path, body) } catch { failures.append(error) }
    }
    attempt(file) {
      let names = Dictionary(
        program.commands.compactMap { command -> (Int, String)? in
          if case .kernel(let index) = command { (index, program.launch(index).name) } else { nil }
        }, uniquingKeysWith: { first, _ in first })
      if let events = result.timeline { try PerfettoWriter.write(events, kernels: names, to: $0) }
    }
    attempt(pipeline) {
      if let events = result.pipeline { try KanataWriter.write(events, program: program, to: $0) }
    }
    if let first = failures.first { throw first }
  }

  func selection() throws -> TimelineSelection {
    var selection = TimelineSelection()
    selection.sms = try sms.map { try NumberList.parse($0, option: "--watch-sms", from: 0) }
    selection.ctas = try ctas.map { try NumberList.parse($0, option: "--watch-ctas", from: 0) }
    selection.warps = try warps.map { try NumberList.parse($0, option: "--watch-warps", from: 0) }
    if let cycles {
      let ends = cycles.split(separator: "-").map { Int64($0) }
      guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first,
        last < never
      else { throw ValidationError("--watch-cycles: '\(cycles)' is no range like 2000-5000") }
      selection.cycles = first...last
    }
    return selection
  }
}

/// Lists of numbers and ranges as values of options.
enum NumberList {
  static func parse(_ text: String, option: String, from least: Int) throws -> Set<Int> {
    do {
      return try NumberRanges(text, from: least).numbers
    } catch {
      throw ValidationError("\(option): \(error)")
    }
  }
}
