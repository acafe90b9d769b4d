import ArgumentParser
import Foundation
import Simulation
import Sweeps
import Traces

/// `needletail sweep`: traces × GPUs × parameters, each simulated once.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Simulate every combination that a file lists.",
    discussion: """
      Docs/sweeps.md describes the file and the store. Exit status 1 when a point failed or has no \
      result.
      """)

  enum EngineName: String, ExpressibleByArgument, CaseIterable {
    case local, slurm
  }

  @Argument(help: "A sweep's YAML file.")
  var spec: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The store: a folder for points and results (default: the file's name with .sweep).",
      valueName: "store"))
  var output: String?

  @Option(name: .shortAndLong, help: "Simulations at a time (default: one per core).")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Who runs the points: local processes, or a Slurm cluster's job array.")
  var engine = EngineName.local

  @Flag(help: "Continue a sweep: points that have a result are not run again.")
  var resume = false

  @Flag(
    name: .customLong("dry-run"),
    help: "Show what would be run (for slurm, the batch script) and write nothing.")
  var dryRun = false

  @Flag(help: "Write the points and end: other schedulers run them with sweep-point.")
  var plan = false

  @Flag(help: "Run nothing; check that the store is whole.")
  var verify = false

  @Flag(help: "No progress.")
  var quiet = false

  func validate() throws {
    if jobs < 1 || jobs > 1024 { throw ValidationError("--jobs must lie between 1 and 1024") }
    if [dryRun, plan, verify].count(where: { $0 }) > 1 {
      throw ValidationError("give one of --dry-run, --plan and --verify")
    }
  }

  func run() throws {
    let spec = try SweepSpec(file: spec)
    let meter = SharedProgressMeter(quiet: quiet)
    meter.show("\(spec.name): resolving the points")
    let list = try PointList(spec) { try TraceInput.check($0) }
    meter.clear()
    let folder = output ?? spec.name + ".sweep"
    let path = URL(fileURLWithPath: folder).standardizedFileURL.path
    let sweep = Sweep(spec, list, ResultStore(path: path))
    let progress: @Sendable (LocalEngine.Progress) -> Void = { meter.show(Self.line($0)) }
    let slurm = SlurmEngine(sweep.store, options: spec.slurm, progress: progress)
    if verify { return try check(sweep) }
    if dryRun { return try show(sweep, slurm) }
    try sweep.begin(resuming: resume)
    if plan {
      return try Output.write("\(list.points.count) points in \(sweep.store.pointsFile)\n")
    }
    let engine: Sweep.Engine =
      self.engine == .slurm
      ? .slurm(slurm) : .local(LocalEngine(sweep.store, jobs: jobs, progress: progress))
    let earlier = list.points.count - sweep.pendingCount
    try sweep.run(engine)
    let summary = try sweep.merge()
    meter.clear()
    try Output.write(
      "\(summary.points) points: \(summary.done) done (\(earlier) before), \(summary.failed) "
        + "failed, \(summary.missing) missing\n\(sweep.store.csvFile)\n\(sweep.store.databaseFile)\n"
    )
    try SweepError.throwIfIncomplete(summary, sweep.store)
  }

  private func check(_ sweep: Sweep) throws {
    let complaints = try sweep.complaints()
    guard complaints.isEmpty else { throw SweepError(complaints.joined(separator: "; ")) }
    let summary = sweep.summary()
    try Output.write(
      "\(summary.points) points: \(summary.done) done, \(summary.failed) failed; the store is whole\n"
    )
  }

  private func show(_ sweep: Sweep, _ slurm: SlurmEngine) throws {
    let pending = sweep.pendingCount
    guard engine == .slurm, pending > 0 else {
      return try Output.write(
        "\(sweep.list.points.count) points, \(pending) of them to be run, \(jobs) at a time\n"
          + sweep.list.points.map { "\($0.point): \($0.summary)\n" }.joined())
    }
    try Output.write(try sweep.batchScript(slurm))
  }

  private static func line(_ progress: LocalEngine.Progress) -> String {
    var text = "sweep: \(progress.done) of \(progress.total) points"
    if progress.failed > 0 { text += ", \(progress.failed) failed" }
    if let seconds = progress.secondsLeft { text += ", \(duration(seconds)) left" }
    return text + "; \(progress.last)"
  }

  /// Seconds as people say them.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e9)).rounded())
    return switch whole {
    case ..<60: "\(whole) s"
    case ..<3600: "\(whole / 60) min \(whole % 60) s"
    default: "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
  }
}

/// `needletail sweep-point`: what the local engine starts for every point, and other schedulers may.
struct SweepPointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep-point", abstract: "Simulate one point of a store.", shouldDisplay: false)

  @Argument(help: "The store of a sweep.")
  var store: String

  @Argument(help: "Number of the point, from 1.")
  var point: Int

  @Flag(help: "Say nothing about a failure: it is recorded.")
  var quiet = false

  func run() throws {
    let list = try PointList(store: store)
    guard list.points.indices.contains(point - 1) else {
      throw ValidationError("the sweep has points 1 to \(list.points.count)")
    }
    let runner = PointRunner(ResultStore(path: store)) { try ProgramLoader.load($0) { _ in } }
    do {
      try runner.run(list.points[point - 1])
    } catch {
      if !quiet { ExitStatus.write("needletail: error: \(error)\n") }
      throw ExitCode(error is StoreError ? LocalEngine.retryStatus : ExitStatus.failed)
    }
  }
}

/// `needletail sweep-chunk`: what a task of a cluster's job runs.
struct SweepChunkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep-chunk", abstract: "Simulate some points of a store.", shouldDisplay: false)

  @Argument(help: "The store of a sweep.")
  var store: String

  @Argument(help: "Numbers of points: 1,3-5.")
  var points: String

  @Option(name: .shortAndLong, help: "Simulations at a time (default: one per core).")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    if jobs < 1 || jobs > 1024 { throw ValidationError("--jobs must lie between 1 and 1024") }
  }

  func run() throws {
    let list = try PointList(store: store)
    let numbers: Set<Int>
    do { numbers = try NumberRanges(points).numbers } catch { throw ValidationError("\(error)") }
    guard let last = numbers.max(), last <= list.points.count else {
      throw ValidationError("the sweep has points 1 to \(list.points.count)")
    }
    let store = ResultStore(path: store)
    let failed = try LocalEngine(store, jobs: jobs) { _ in }.run(list, numbers: numbers)
    if failed > 0 { throw SweepError("\(failed) of \(numbers.count) points failed") }
  }
}

/// A sweep whose points are not all there.
struct SweepError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  static func throwIfIncomplete(_ summary: SweepSummary, _ store: ResultStore) throws {
    if summary.failed > 0 {
      throw SweepError(
        "\(summary.failed) of \(summary.points) points failed, first \(summary.firstFailure ?? ""); "
          + "all errors are in \(store.csvFile)")
    }
    if summary.missing > 0 {
      throw SweepError(
        "\(summary.missing) of \(summary.points) points have no result; run again with --resume")
    }
  }
}

/// What a sweep takes as a trace.
enum TraceInput {
  /// Traces of other tools would be imported for every point anew.
  static func check(_ path: String) throws {
    switch try TraceImporter.recognise(path) {
    case .container, .listing: return
    default:
      throw InputError(
        "\(path): is another tool's trace; import it once: "
          + "needletail trace import \(path) -o TRACE.ntrace")
    }
  }
}
