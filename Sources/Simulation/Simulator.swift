import Configuration
import Foundation
import ISA
import Machine
import Traces

/// Builds a GPU, feeds it a trace or a listing, and collects the results.
public struct Simulator {
  public struct Options: Sendable {
    /// Launches to run, counted from 1; nil means all.
    public var kernels: Set<Int>?
    public var threads = 1
    public var leap = true
    public var maximumCycles: Int64?
    /// Keeps every issue, for timelines and tests.
    public var logsIssue = false
    /// Looks for reads that come before their results by the machine's own latencies.
    public var checksHazards = false
    /// Counts by static instruction, for `KernelResult.profile`.
    public var profiles = false
    /// Keeps what SMs, CTAs and warps did when, for `RunResult.timeline`.
    public var timeline: TimelineSelection?
    /// Keeps each instruction's way through the pipeline, for `RunResult.pipeline`.
    public var pipeline: TimelineSelection?
    public init() {}
  }

  public static let version = "needletail 0.1.0"

  public var machine: MachineDescription
  public var options: Options
  /// Called now and then: cycle, CTAs done, CTAs in all.
  public var progress: ((Int64, Int, Int) -> Void)?

  public init(machine: MachineDescription, options: Options = Options()) {
    self.machine = machine
    self.options = options
  }

  /// Runs a program: a container, a listing or an imported trace, whichever `program` stands for.
  public func run(_ program: some TraceProgram, name: String) throws -> RunResult {
    let begin = Date()
    let spec = machine.spec
    var warnings = program.warnings
    var selected: [EngineKernel] = []
    var pendingCopies: [(address: UInt64, bytes: UInt64)] = []
    var number = 0
    for command in program.commands {
      switch command {
      case .copy(let address, let bytes): pendingCopies.append((address, bytes))
      case .kernel(let index):
        number += 1
        if let wanted = options.kernels, !wanted.contains(number) { continue }
        let kernel = try EngineKernel(
          program: program, index: index, id: number, spec: spec, copies: pendingCopies,
          warnings: &warnings)
        pendingCopies = []
        selected.append(kernel)
      }
    }
    if let wanted = options.kernels, let missing = wanted.first(where: { $0 < 1 || $0 > number }) {
      throw SimulationError.noSuchKernel(missing, count: number)
    }
    let runner = ThreadedRunner(threads: min(options.threads, spec.smCount))
    defer { runner.shutDown() }
    var engineOptions = Engine.Options()
    engineOptions.leap = options.leap
    engineOptions.logsIssue = options.logsIssue || options.checksHazards
    engineOptions.profiles = options.profiles
    engineOptions.timeline = options.timeline
    engineOptions.pipeline = options.pipeline
    if let limit = options.maximumCycles { engineOptions.maximumCycles = limit }
    let engine = Engine(
      spec: spec, options: engineOptions, runner: options.threads > 1 ? runner : SerialRunner())
    let total = selected.reduce(0) { $0 + $1.ctaCount }
    if let progress { engine.progress = { progress($0, $1, total) } }
    let (outcomes, truncated) = try engine.run(selected)
    let kernels = outcomes.map { result($0, of: selected, code: program.code) }
    let first = kernels.map(\.startCycle).min() ?? 0
    let last = kernels.map { $0.startCycle + $0.cycles }.max() ?? 0
    var run = RunResult(
      simulator: Self.version, gpu: machine.name, gpuHash: machine.hash, trace: name,
      overrides: machine.overrides, kernels: kernels, truncated: truncated, cycles: last - first,
      warnings: warnings,
      host: RunResult.Host(
        seconds: Date().timeIntervalSince(begin), peakMemoryBytes: peakMemory(),
        threads: options.threads))
    run.timeline = engine.takeTimeline()
    run.pipeline = engine.takePipeline()
    return run
  }

  private func result(
    _ outcome: KernelOutcome, of kernels: [EngineKernel], code: (Int) -> [StaticInstruction]
  ) -> KernelResult {
    let kernel = kernels.first { $0.id == outcome.id }
    let launch =
      kernel?.launch
      ?? KernelLaunch(name: "", grid: Dim3(0), block: Dim3(0), architecture: Architecture(0))
    let cycles = outcome.end - outcome.start
    let slots = Double(cycles) * Double(machine.spec.smCount * machine.spec.sm.warps)
    return KernelResult(
      id: outcome.id, launch: launch, cycles: cycles, startCycle: outcome.start,
      ctas: outcome.completedCTAs, occupancy: outcome.occupancy,
      achievedOccupancy: slots > 0 ? Double(outcome.statistics.residentWarpCycles) / slots : 0,
      statistics: outcome.statistics, clockReads: outcome.clockReads, issueLog: outcome.issueLog,
      hazards: options.checksHazards ? hazards(outcome, kernel) : [],
      profile: profile(outcome, kernel, code),
      dependences: kernel?.program.usesControlBits == true ? "control bits" : "scoreboard")
  }

  private func profile(
    _ outcome: KernelOutcome, _ kernel: EngineKernel?, _ code: (Int) -> [StaticInstruction]
  ) -> KernelProfile? {
    guard options.profiles, let kernel, let counts = outcome.counts else { return nil }
    return KernelProfile(
      counts, program: kernel.program, code: code(kernel.program.identity), outcome: outcome,
      launch: kernel.launch, spec: machine.spec)
  }

  private func hazards(_ outcome: KernelOutcome, _ kernel: EngineKernel?) -> [Hazard] {
    guard let kernel, kernel.program.usesControlBits else { return [] }
    return HazardChecker(program: kernel.program, spec: machine.spec.sm)
      .hazards(in: outcome.issueLog)
  }

  /// Highest resident set size of this process in bytes.
  private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

public enum SimulationError: Error, CustomStringConvertible {
  case noSuchKernel(Int, count: Int)
  /// The machine cannot run this code.
  case unsupported(kernel: String, instruction: String, why: String)

  public var description: String {
    switch self {
    case .noSuchKernel(let number, let count):
      "there is no kernel \(number): the trace has \(count)"
    case .unsupported(let kernel, let instruction, let why):
      "kernel \(kernel): '\(instruction)' \(why)"
    }
  }
}
