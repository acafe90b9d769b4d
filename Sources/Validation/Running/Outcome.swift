import Machine
import Simulation

/// What became of a row.
public struct RowOutcome: Sendable {
  public enum Status: Sendable, Equatable {
    case ok
    case failed(String)
    case unusable(String)
  }

  public let row: SuiteRow
  public let status: Status
  /// The simulated figure; unusable rows may have one for information.
  public let simulated: Double?
  public let diagnosis: Diagnosis?

  /// Signed error in percent.
  public var errorPercent: Double? {
    simulated.flatMap {
      ErrorStatistics.Pair(measured: row.measurement.value, simulated: $0).errorPercent
    }
  }
}

/// Where a kernel's cycles go.
public struct Diagnosis: Sendable {
  public let kernel: String
  public let cycles: Int64
  public let warpInstructions: UInt64
  public let ipc: Double
  public let occupancy: Double
  /// Shares of warp-cycles by reason, the largest first; those below 1 % are left out.
  public let stalls: [(reason: StallReason, share: Double)]
  /// Bytes of DRAM traffic per core cycle.
  public let dramBytesPerCycle: Double

  /// The largest reason why warps did not issue, in words: what a warp does then.
  public var bottleneck: String {
    stalls.first { $0.reason != .selected }?.reason.meaning ?? "issued an instruction"
  }

  init(_ kernel: KernelResult) {
    self.kernel = kernel.launch.name
    cycles = kernel.cycles
    let statistics = kernel.statistics
    warpInstructions = statistics.warpInstructions
    ipc = kernel.ipc
    occupancy = kernel.achievedOccupancy
    let total = StallReason.allCases.reduce(0.0) { $0 + Double(statistics[reason: $1]) }
    stalls =
      StallReason.allCases.map {
        (reason: $0, share: total > 0 ? Double(statistics[reason: $0]) / total : 0)
      }
      .filter { $0.share >= 0.01 }
      .sorted { ($1.share, $0.reason.rawValue) < ($0.share, $1.reason.rawValue) }
    let sectors = Double(statistics.dramReads + statistics.dramWrites)
    dramBytesPerCycle = kernel.cycles > 0 ? 32 * sectors / Double(kernel.cycles) : 0
  }
}

/// What became of a suite.
public struct SuiteOutcome: Sendable {
  public let suite: Suite
  public let rows: [RowOutcome]

  /// Rows that were simulated and are judged.
  public var judged: [RowOutcome] {
    rows.filter { $0.status == .ok && isJudged($0.row) }
  }

  /// Of the judged rows.
  public var statistics: ErrorStatistics { ErrorStatistics(judged.compactMap(\.pair)) }

  public func count(_ test: (RowOutcome.Status) -> Bool) -> Int {
    rows.count { test($0.status) }
  }

  public var failedCount: Int {
    count { if case .failed = $0 { true } else { false } }
  }
  public var unusableCount: Int {
    count { if case .unusable = $0 { true } else { false } }
  }

  /// Whether the suite's threshold looks at a row.
  public func isJudged(_ row: SuiteRow) -> Bool {
    suite.threshold?.group.map { $0 == row.group } ?? true
  }

  /// Statistics of each group of rows, where rows have groups.
  public var groups: [(name: String, statistics: ErrorStatistics)] {
    var names: [String] = []
    for case let group? in rows.map(\.row.group) where !names.contains(group) {
      names.append(group)
    }
    return names.map { name in
      let own = rows.filter { $0.status == .ok && $0.row.group == name }
      return (name, ErrorStatistics(own.compactMap(\.pair)))
    }
  }

  /// Why the suite falls short, in sentences; empty when it passes.
  public var shortfalls: [String] {
    var found: [String] = []
    if failedCount > 0 { found.append("\(failedCount) of \(rows.count) rows failed") }
    guard let threshold = suite.threshold else { return found }
    let statistics = statistics
    // Errors of exact rows are quotients of small integers.
    let slack = 1e-9
    if let mape = statistics.mape, mape > threshold.mape + slack {
      found.append("mean absolute error \(short(mape)) %, allowed \(short(threshold.mape)) %")
    }
    if let worst = threshold.worst {
      for row in judged {
        guard let error = row.errorPercent, abs(error) > worst + slack else { continue }
        found.append("\(row.row.name): error \(short(error)) %, allowed \(short(worst)) %")
      }
    }
    if threshold.order {
      let check = OrderCheck(judged.compactMap(\.pair), ties: threshold.ties)
      if check.inversions > 0 {
        found.append("\(check.inversions) of \(check.pairs) pairs of rows are in the wrong order")
      }
    }
    return found
  }

  public var passed: Bool { shortfalls.isEmpty }

  private func short(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && abs(rounded) < 1e9
      ? String(Int(rounded)) : String(rounded)
  }
}

extension RowOutcome {
  var pair: ErrorStatistics.Pair? {
    simulated.map { .init(measured: row.measurement.value, simulated: $0) }
  }
}

/// What one simulation cost on this computer.
public struct RunTime: Sendable {
  public let trace: String
  public let gpu: String
  public let seconds: Double
}

/// What became of all suites of a call.
public struct ValidationOutcome: Sendable {
  public let suites: [SuiteOutcome]
  /// Simulations that were run, the longest first; rows may share one.
  public let times: [RunTime]
  public let seconds: Double

  public var runCount: Int { times.count }

  /// Of all judged rows that were measured: what vendors state is no measurement.
  public var statistics: ErrorStatistics {
    ErrorStatistics(
      suites.flatMap(\.judged).filter { $0.row.measurement.trust != "vendor" }.compactMap(\.pair))
  }

  /// Mean of the suites' mean absolute errors: suites with many rows weigh no more than others.
  public var meanOfSuites: Double? {
    ErrorStatistics.mean(
      suites.filter { $0.suite.threshold != nil }.compactMap(\.statistics.mape))
  }

  public var passed: Bool { suites.allSatisfy(\.passed) }

  /// Judged rows with the largest errors.
  public func worst(_ count: Int) -> [(suite: Suite, row: RowOutcome)] {
    let all = suites.flatMap { suite in suite.judged.map { (suite: suite.suite, row: $0) } }
      .filter { abs($0.row.errorPercent ?? 0) > 1e-9 }
    // Sorting is not stable; names decide between equal errors.
    return Array(
      all.sorted {
        let (a, b) = (abs($0.row.errorPercent ?? 0), abs($1.row.errorPercent ?? 0))
        return a == b ? ($0.suite.name, $0.row.row.name) < ($1.suite.name, $1.row.row.name) : a > b
      }.prefix(count))
  }
}
