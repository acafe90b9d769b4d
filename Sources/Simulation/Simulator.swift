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
    /// Simulates about so many waves of CTAs of each kernel, and of repeated launches only some; the
    /// rest is estimated.
    public var sampledWaves: Int?
    /// Keeps every issue, for timelines and tests.
    public var logsIssue = false
    /// Looks for reads that come before their results by the machine's own latencies.
    public var checksHazards = false
    /// Measures where the run's processor time goes; it then runs on one thread.
    public var measuresStages = false
    /// Counts by static instruction, for `KernelResult.profile`.
    public var profiles = false
    /// Keeps what SMs, CTAs and warps did when, for `RunResult.timeline`.
    public var timeline: TimelineSelection?
    /// Keeps each instruction's way through the pipeline, for `RunResult.pipeline`.
    public var pipeline: TimelineSelection?
    /// A folder with room for what these two cannot keep in memory; nil: that for temporary files.
    public var scratchFolder: String?
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
    let timer = options.measuresStages ? StageTimer() : nil
    let spec = machine.spec
    let sampling = options.sampledWaves.map {
      SampledRun(program, spec: spec, waves: $0, selected: options.kernels)
    }
    let program: any TraceProgram = sampling?.sampled ?? program
    var warnings = program.warnings
    var selected: [EngineKernel] = []
    var pendingCopies: [(address: UInt64, bytes: UInt64)] = []
    var number = 0
    for command in program.commands {
      switch command {
      case .copy(let address, let bytes): pendingCopies.append((address, bytes))
      case .kernel(let index):
        number += 1
        if let wanted = sampling?.simulated ?? options.kernels, !wanted.contains(number) {
          continue
        }
        let kernel = try EngineKernel(
          program: timer.map { TimedProgram(program, $0) } ?? program, index: index, id: number,
          spec: spec, copies: pendingCopies,
          warnings: &warnings)
        pendingCopies = []
        selected.append(kernel)
      }
    }
    if let wanted = options.kernels, let missing = wanted.first(where: { $0 < 1 || $0 > number }) {
      throw SimulationError.noSuchKernel(missing, count: number)
    }
    let threads = timer == nil ? min(options.threads, spec.smCount) : 1
    let runner = ThreadedRunner(threads: threads)
    defer { runner.shutDown() }
    var engineOptions = Engine.Options()
    engineOptions.leap = options.leap
    engineOptions.logsIssue = options.logsIssue || options.checksHazards
    engineOptions.profiles = options.profiles
    engineOptions.timeline = options.timeline
    engineOptions.pipeline = options.pipeline
    if let limit = options.maximumCycles { engineOptions.maximumCycles = limit }
    let serial: any WindowRunner = timer ?? SerialRunner()
    let engine = Engine(
      spec: spec, options: engineOptions, runner: threads > 1 ? runner : serial)
    let total = selected.reduce(0) { $0 + $1.ctaCount }
    let events = EventCollector(options)
    engine.observer = events
    if let progress { engine.progress = { progress($0, $1, total) } }
    let (outcomes, truncated) = try engine.run(selected)
    engine.finishEvents()
    let simulated = outcomes.map { result($0, of: selected, code: program.code) }
    let first = simulated.map(\.startCycle).min() ?? 0
    let last = simulated.map { $0.startCycle + $0.cycles }.max() ?? 0
    let kernels = truncated ? simulated : try sampling?.estimate(simulated) ?? simulated
    let added = Self.cycles(kernels) - Self.cycles(simulated)
    let half = kernels.reduce(Int64(0)) {
      $0 + ($1.sampling.map { ($0.highCycles - $0.lowCycles + 1) / 2 } ?? 0)
    }
    let cycles = last - first + added
    var run = RunResult(
      simulator: Self.version, machine: machine, trace: name, kernels: kernels,
      truncated: truncated, cycles: cycles,
      cycleInterval: half > 0 ? cycles - half...cycles + half : nil, warnings: warnings,
      host: RunResult.Host(
        seconds: Date().timeIntervalSince(begin), peakMemoryBytes: peakMemory(),
        threads: options.threads, stages: timer?.times))
    events?.finish(into: &run)
    return run
  }

  private static func cycles(_ kernels: [KernelResult]) -> Int64 {
    kernels.reduce(0) { $0 + $1.cycles }
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
      ctas: outcome.completedCTAs, waveEnds: outcome.waveEnds, occupancy: outcome.occupancy,
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
  /// A part of a kernel is too small to tell the whole from.
  case tooFewWaves(kernel: String, waves: Int)
  /// What a timeline or a pipeline view shows found no room.
  case lostEvents(folder: String, reason: String)
  /// The machine cannot run this code.
  case unsupported(kernel: String, instruction: String, why: String)

  public var description: String {
    switch self {
    case .noSuchKernel(let number, let count):
      "there is no kernel \(number): the trace has \(count)"
    case .tooFewWaves(let kernel, let waves):
      "kernel \(kernel): \(waves) waves of CTAs are too few to estimate the whole grid from; "
        + "sampling needs 5"
    case .lostEvents(let folder, let reason):
      "\(folder): a part of the timeline or pipeline view cannot be kept there (\(reason))"
    case .unsupported(let kernel, let instruction, let why):
      "kernel \(kernel): '\(instruction)' \(why)"
    }
  }
}
