import Validation

/// What `needletail validate` prints on a terminal: a line per suite, its rows, and where the
/// cycles of the worst rows go.
public struct ValidationTable {
  private let outcome: ValidationOutcome
  private let showsRows: Bool

  /// `showsRows` lists every row; without it only those that failed.
  public init(_ outcome: ValidationOutcome, showsRows: Bool) {
    self.outcome = outcome
    self.showsRows = showsRows
  }

  public var text: String {
    var parts: [String] = []
    if showsRows { parts += outcome.suites.map(rows) }
    let failed = outcome.suites.filter { $0.failedCount > 0 }
    if !showsRows, !failed.isEmpty { parts += failed.map(failures) }
    let worst = outcome.worst(Self.worstCount)
    if !worst.isEmpty { parts.append(diagnoses(worst)) }
    parts.append(suites)
    parts.append(verdict)
    return parts.joined(separator: "\n")
  }

  private static let worstCount = 8

  private var suites: String {
    var table = TextTable([
      "suite", "GPU", "rows", "unusable", "failed", "MAPE", "mean", "median", "90 %", "worst",
      "Pearson", "Kendall", "allowed", "verdict",
    ])
    for suite in outcome.suites {
      table.add(
        [suite.suite.name, gpus(suite.suite)]
          + numbers(suite.statistics, suite.unusableCount, suite.failedCount)
          + [
            suite.suite.threshold.map { "\(decimal($0.mape, 0)) %" } ?? "–",
            suite.suite.threshold == nil && suite.passed ? "–" : suite.passed ? "ok" : "beyond",
          ])
    }
    table.add(
      ["all", ""]
        + numbers(
          outcome.statistics, outcome.suites.reduce(0) { $0 + $1.unusableCount },
          outcome.suites.reduce(0) { $0 + $1.failedCount })
        + ["", outcome.passed ? "ok" : "beyond"])
    return table.text
  }

  private func gpus(_ suite: Suite) -> String {
    suite.gpus.count <= 2 ? suite.gpus.joined(separator: ", ") : "\(suite.gpus.count) GPUs"
  }

  private func numbers(_ statistics: ErrorStatistics, _ unusable: Int, _ failed: Int) -> [String] {
    [String(statistics.count), String(unusable), String(failed)]
      + [
        percent(statistics.mape), signed(statistics.signedMean), percent(statistics.median),
        percent(statistics.p90), percent(statistics.worst),
      ] + [statistics.pearson, statistics.kendall].map { $0.map { decimal($0, 3) } ?? "–" }
  }

  private func percent(_ value: Double?) -> String { value.map { decimal($0, 1) + " %" } ?? "–" }
  private func signed(_ value: Double?) -> String { value.map(signedPercent) ?? "–" }

  private func rows(_ suite: SuiteOutcome) -> String {
    var table = TextTable([
      "row", "measured", "simulated", "unit", "error", "status", "trust", "source",
    ])
    for row in suite.rows {
      let measurement = row.row.measurement
      table.add([
        shortened(row.row.name, 60), figureText(measurement.value),
        row.simulated.map(figureText) ?? "–", shortened(measurement.unit, 12),
        row.errorPercent.map(signedPercent) ?? "–", shortened(status(row, suite), 60),
        measurement.trust, shortened(measurement.source, 50),
      ])
    }
    return "\(suite.suite.name): \(suite.suite.title)\n" + table.text
  }

  private func status(_ row: RowOutcome, _ suite: SuiteOutcome) -> String {
    switch row.status {
    case .ok: suite.isJudged(row.row) ? "ok" : "ok, \(row.row.group ?? "") not judged"
    case .failed(let why): "failed: \(why)"
    case .unusable(let why): "unusable: \(why)"
    }
  }

  private func failures(_ suite: SuiteOutcome) -> String {
    var lines: [String] = []
    for row in suite.rows {
      if case .failed(let why) = row.status {
        lines.append("\(suite.suite.name): \(row.row.name) failed: \(why)\n")
      }
    }
    return lines.joined()
  }

  private func diagnoses(_ worst: [(suite: Suite, row: RowOutcome)]) -> String {
    var table = TextTable(["worst rows", "suite", "error", "IPC", "where the cycles go"])
    for (suite, row) in worst {
      let stalls = row.diagnosis?.stalls.prefix(3).map {
        "\($0.reason.name) \(decimal($0.share * 100, 0)) %"
      }
      table.add([
        shortened(row.row.name, 48), suite.name, row.errorPercent.map(signedPercent) ?? "–",
        row.diagnosis.map { decimal($0.ipc, 2) } ?? "–", (stalls ?? []).joined(separator: ", "),
      ])
    }
    return table.text
  }

  /// Which simulations took long.
  private var longest: String {
    let long = outcome.times.prefix(3).filter { $0.seconds >= 1 }.map {
      "\($0.trace) on \($0.gpu) \(decimal($0.seconds, 0)) s"
    }
    return long.isEmpty ? "" : "; the longest: " + long.joined(separator: ", ")
  }

  private var verdict: String {
    let lines = outcome.suites.flatMap { suite in
      suite.shortfalls.map { "\(suite.suite.name): \($0)\n" }
    }
    return lines.joined()
      + "\(outcome.runCount) simulations in \(decimal(outcome.seconds, 1)) s\(longest)\n"
  }
}

/// A measured or simulated value with as many digits as a reader needs.
public func figureText(_ value: Double) -> String {
  let size = abs(value)
  guard value.isFinite, size < 1e15 else { return "–" }
  if value == value.rounded() { return grouped(Int64(value)) }
  if size >= 10_000 { return grouped(Int64(value.rounded())) }
  if size >= 1000 {
    let tenths = Int64((value * 10).rounded())
    return grouped(tenths / 10) + ".\(tenths.magnitude % 10)"
  }
  return decimal(value, size >= 100 ? 1 : size >= 10 ? 2 : 3)
}

/// `+1.2 %`; an error too small to show is no deviation.
public func signedPercent(_ value: Double) -> String {
  let places = abs(value) < 0.05 ? 2 : 1
  let text = decimal(value, places)
  return (value >= 0 ? "+" : "") + (text.hasPrefix("-0.00") ? "+0.00" : text) + " %"
}

/// A text of at most `limit` characters.
public func shortened(_ text: String, _ limit: Int) -> String {
  text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
}
