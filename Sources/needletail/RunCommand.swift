import ArgumentParser
import Configuration
import Foundation
import ISA
import Reports
import Simulation

/// `needletail run`: replays a trace or a listing.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", _superCommandName: "needletail",
    abstract: "Replay a trace or a listing on a GPU.",
    discussion: "Results go to standard output, progress and warnings to standard error.")

  @Argument(
    help:
      "An .ntrace container, a listing, or another tool's trace (kernelslist.g, dynamic_trace.pb).")
  var trace: String

  @OptionGroup var gpu: GPUOptions

  @Option(help: "Launches to run, counted from 1: 1,3-5.")
  var kernels: String?

  @Option(help: "Threads that simulate; results do not depend on it.")
  var threads = 1

  @Option(help: ArgumentHelp("Write results as JSON; - for standard output.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp("Write one row per kernel as CSV; - for standard output.", valueName: "file")
  )
  var csv: String?

  @Option(name: .customLong("max-cycles"), help: "Stop after this many core cycles.")
  var maximumCycles: Int64?

  @Option(
    help: ArgumentHelp(
      "Simulate so many waves of CTAs of large kernels (6 to 1000) and estimate the rest.",
      valueName: "waves"))
  var sample: Int?

  @Flag(name: .customLong("no-leap"), help: "Step through every cycle; results are the same.")
  var noLeap = false

  @Flag(
    name: .customLong("check-hazards"),
    help: "Find reads that come before their results by this machine's latencies; fails on any.")
  var checkHazards = false

  @Flag(help: "Say where the simulator's own time goes; runs on one thread.")
  var stages = false
  @Flag(
    help: "Say where the cycles go, instruction by instruction; with --json, write it there too.")
  var profile = false

  @OptionGroup var timeline: TimelineOptions

  @Flag(help: "No progress and no warnings.")
  var quiet = false

  func validate() throws {
    if stages, threads > 1 { throw ValidationError("--stages measures one thread") }
    if threads < 1 || threads > 1024 {
      throw ValidationError("--threads must lie between 1 and 1024")
    }
    if let sample, !(6...1000).contains(sample) {
      throw ValidationError("--sample must lie between 6 and 1000 waves")
    }
    if let maximumCycles, maximumCycles < 1 {
      throw ValidationError("--max-cycles must be positive")
    }
    _ = try selection()
  }

  func run() throws {
    let machine = try gpu.load()
    var options = Simulator.Options()
    options.kernels = try selection()
    options.threads = threads
    options.leap = !noLeap
    options.maximumCycles = maximumCycles
    options.checksHazards = checkHazards
    options.measuresStages = stages
    options.sampledWaves = sample
    options.profiles = profile
    try timeline.request(in: &options)
    let meter = ProgressMeter(quiet: quiet)
    let loaded = try ProgramLoader.load(trace) {
      meter.show("\(trace): \(grouped(Int64($0))) bytes imported")
    }
    var simulator = Simulator(machine: machine, options: options)
    simulator.progress = { cycle, done, total in
      meter.show("\(trace): cycle \(grouped(cycle)), \(done) of \(total) CTAs")
    }
    let result = try simulator.run(loaded, name: trace)
    meter.clear()
    if !quiet {
      for warning in result.warnings { ExitStatus.write("needletail: warning: \(warning)\n") }
    }
    if let json { try Output.write(try ResultJSON(result).data(), to: json) }
    if let csv { try Output.write(ResultCSV(result).text, to: csv) }
    if json != "-", csv != "-", timeline.file != "-", timeline.pipeline != "-" {
      try Output.write(ResultTable(result).text)
      for kernel in result.kernels {
        if let table = ProfileTable(kernel) { try Output.write("\n" + table.text) }
      }
    }
    let hazards = checkHazards ? HazardTable(result, program: loaded) : nil
    if let hazards, hazards.count > 0 { try Output.write(hazards.text) }
    // Large files come last: one that finds no room costs no result.
    try timeline.write(result, program: loaded)
    if let hazards, hazards.count > 0 { throw HazardError(count: hazards.count, trace: trace) }
  }

  /// The launches that `--kernels` names.
  private func selection() throws -> Set<Int>? {
    guard let kernels else { return nil }
    return try NumberList.parse(kernels, option: "--kernels", from: 1)
  }
}

/// Which machine: shared by all commands that need one.
struct GPUOptions: ParsableArguments {
  @Option(name: .customLong("gpu"), help: "A GPU's name (see needletail gpus) or a YAML file.")
  var name = "rtx-a6000"

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a value of the description.", valueName: "path=value"))
  var overrides: [String] = []

  func load() throws -> MachineDescription {
    try MachineDescription.load(name, overrides: overrides)
  }
}

/// One line on a terminal that redraws; nothing elsewhere.
final class ProgressMeter {
  private let active: Bool
  private var last = Date.distantPast

  init(quiet: Bool) { active = !quiet && isatty(2) == 1 }

  func show(_ text: String) {
    guard active, Date().timeIntervalSince(last) > 0.1 else { return }
    last = Date()
    ExitStatus.write("\r\u{1b}[K\(text)")
  }

  func clear() { if active { ExitStatus.write("\r\u{1b}[K") } }
}

/// The hazard checker found something.
struct HazardError: Error, CustomStringConvertible {
  let count: Int
  let trace: String
  var description: String { "\(trace): \(count) reads come before their results" }
}
