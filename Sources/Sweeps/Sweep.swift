import Foundation

/// A sweep and its store: what the command line drives.
public struct Sweep: Sendable {
  /// Who runs the points.
  public enum Engine: Sendable {
    case local(LocalEngine)
    case slurm(SlurmEngine)
  }

  public let spec: SweepSpec
  public let list: PointList
  public let store: ResultStore

  public init(_ spec: SweepSpec, _ list: PointList, _ store: ResultStore) {
    self.spec = spec
    self.list = list
    self.store = store
  }

  /// Takes the store for this process and writes the points, keeping every result.
  /// Throws `StoreError` where there is a sweep already and `resuming` is false.
  public func begin(resuming: Bool) throws {
    guard resuming || !store.exists else {
      throw StoreError(
        .usage,
        "\(store.path) holds a sweep already; continue it with --resume, or choose another -o")
    }
    try store.create()
    try store.lock()
    try store.write(list)
  }

  /// Points that have no result yet.
  public var pendingCount: Int { store.pending(list).count }

  /// Runs what has no result yet.
  public func run(_ engine: Engine) throws {
    let pending = store.pending(list)
    guard !pending.isEmpty else { return }
    switch engine {
    case .local(let engine):
      store.removeUnfinishedResults()
      try engine.run(pending)
    case .slurm(let engine): try engine.run(pending, secondsPerPoint: secondsPerPoint)
    }
  }

  /// The batch script that the cluster engine would submit.
  public func batchScript(_ engine: SlurmEngine) throws -> String {
    try engine.script(store.pending(list), secondsPerPoint: secondsPerPoint).script.text
  }

  /// Mean over the results that are there; nil where there are none.
  private var secondsPerPoint: Double? {
    let seconds = list.distinct.compactMap { point -> Double? in
      if case .done(let record) = store.outcome(of: point) { record.host.seconds } else { nil }
    }
    return seconds.isEmpty ? nil : seconds.reduce(0, +) / Double(seconds.count)
  }

  private var table: MergedTable {
    MergedTable(list, columns: spec.columns, hasVariants: spec.hasVariants, store: store)
  }

  /// Writes `results.csv` and `results.sqlite` from the results.
  public func merge() throws -> SweepSummary {
    store.removeUnfinishedTables()
    let table = table
    try WholeFile.write(Data(table.csv.utf8), to: store.csvFile)
    try SweepDatabase(table).write(to: store.databaseFile)
    return SweepSummary(table)
  }

  /// What is wrong with the store, in sentences: every point must have a whole result or a recorded
  /// failure, and the merged files must say the same.
  public func complaints() throws -> [String] {
    let table = table
    var found: [String] = []
    let written = try? PointList(file: store.pointsFile)
    if written?.points != list.points {
      found.append("\(store.pointsFile) has other points than the sweep's file")
    }
    let missing = table.entries.filter { $0.status == "missing" }.map(\.point.point)
    if !missing.isEmpty { found.append("\(missing.count) points have no result") }
    if FileManager.default.contents(atPath: store.csvFile) != Data(table.csv.utf8) {
      found.append("\(store.csvFile) is not what the results merge to")
    }
    if let complaint = try SweepDatabase(table).complaint(about: store.databaseFile) {
      found.append("\(store.databaseFile) \(complaint)")
    }
    return found
  }

  public func summary() -> SweepSummary { SweepSummary(table) }
}

/// How a sweep stands.
public struct SweepSummary: Sendable {
  public let points: Int
  public let done: Int
  public let failed: Int
  public let missing: Int
  /// The first failed point and its error.
  public let firstFailure: String?

  init(_ table: MergedTable) {
    points = table.entries.count
    done = table.count("ok")
    failed = table.count("failed")
    missing = table.count("missing")
    firstFailure = table.entries.first { $0.status == "failed" }.map {
      "point \($0.point.point) (\($0.point.summary)): \($0.error)"
    }
  }
}
