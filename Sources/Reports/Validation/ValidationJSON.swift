import Foundation
import Simulation
import Validation

/// The JSON object of `needletail validate`, as Docs/validation.md describes it. Nothing in it
/// depends on the computer or on the number of jobs.
public struct ValidationJSON: Encodable {
  private let outcome: ValidationOutcome

  public init(_ outcome: ValidationOutcome) { self.outcome = outcome }

  /// Deterministic, human-readable JSON with a final newline.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(self)
    data.append(UInt8(ascii: "\n"))
    return data
  }

  public func encode(to encoder: any Encoder) throws { try document.encode(to: encoder) }

  /// Version of the layout.
  public static let schemaVersion = 1

  private var document: Document {
    Document(
      schemaVersion: Self.schemaVersion, simulator: Simulator.version,
      suites: outcome.suites.map(Suite.init), totals: Numbers(outcome.statistics),
      meanOfSuitesPercent: outcome.meanOfSuites,
      failed: outcome.suites.reduce(0) { $0 + $1.failedCount },
      unusable: outcome.suites.reduce(0) { $0 + $1.unusableCount }, passed: outcome.passed)
  }

  private struct Document: Encodable {
    let schemaVersion: Int
    let simulator: String
    let suites: [Suite]
    let totals: Numbers
    let meanOfSuitesPercent: Double?
    let failed: Int
    let unusable: Int
    let passed: Bool
  }

  /// Absent where there is nothing to compute them from.
  private struct Numbers: Encodable {
    let count: Int
    let mapePercent, signedMeanPercent, medianPercent, p90Percent, worstPercent: Double?
    let pearson, pearsonLog, kendall: Double?

    init(_ statistics: ErrorStatistics) {
      count = statistics.count
      mapePercent = statistics.mape
      signedMeanPercent = statistics.signedMean
      medianPercent = statistics.median
      p90Percent = statistics.p90
      worstPercent = statistics.worst
      pearson = statistics.pearson
      pearsonLog = statistics.pearsonLog
      kendall = statistics.kendall
    }
  }

  private struct Suite: Encodable {
    let outcome: SuiteOutcome

    private enum Key: String, CodingKey {
      case name, title, about, gpu, gpus, thresholdPercent, worstThresholdPercent, judgedGroup
      case passed, shortfalls, failed, unusable, groups, rows
    }

    func encode(to encoder: any Encoder) throws {
      try Numbers(outcome.statistics).encode(to: encoder)
      var object = encoder.container(keyedBy: Key.self)
      let suite = outcome.suite
      try object.encode(suite.name, forKey: .name)
      try object.encode(suite.title, forKey: .title)
      try object.encode(suite.about, forKey: .about)
      try object.encode(suite.gpus.joined(separator: ", "), forKey: .gpu)
      try object.encode(suite.gpus, forKey: .gpus)
      try object.encode(suite.threshold?.mape, forKey: .thresholdPercent)
      try object.encodeIfPresent(suite.threshold?.worst, forKey: .worstThresholdPercent)
      try object.encodeIfPresent(suite.threshold?.group, forKey: .judgedGroup)
      try object.encode(outcome.passed, forKey: .passed)
      try object.encode(outcome.shortfalls, forKey: .shortfalls)
      try object.encode(outcome.failedCount, forKey: .failed)
      try object.encode(outcome.unusableCount, forKey: .unusable)
      let groups = outcome.groups
      if !groups.isEmpty {
        try object.encode(
          Dictionary(uniqueKeysWithValues: groups.map { ($0.name, Numbers($0.statistics)) }),
          forKey: .groups)
      }
      try object.encode(
        outcome.rows.map { Row($0, isJudged: outcome.isJudged($0.row)) }, forKey: .rows)
    }
  }

  private struct Row: Encodable {
    let name: String
    let gpu: String
    let measured: Double
    let simulated: Double?
    let unit: String
    let errorPercent: Double?
    let status: String
    let reason: String?
    let judged: Bool
    let group: String?
    let source: String
    let measurementRow: Int
    let measuredGPU: String
    let trust: String
    let tool: String
    let clockMHz: Double?
    let caveat: String?
    let trace: String?
    let overrides: [String]
    let kernel: String?
    let figure: String?
    let remark: String?
    let bottleneck: String?
    let stalls: [String: Double]?

    init(_ outcome: RowOutcome, isJudged: Bool) {
      let row = outcome.row
      let measurement = row.measurement
      name = row.name
      gpu = row.gpu
      measured = measurement.value
      simulated = outcome.simulated
      unit = measurement.unit
      errorPercent = outcome.errorPercent
      (status, reason) =
        switch outcome.status {
        case .ok: ("ok", nil)
        case .failed(let why): ("failed", why)
        case .unusable(let why): ("unusable", why)
        }
      judged = isJudged && outcome.status == .ok
      group = row.group
      source = measurement.source
      measurementRow = measurement.row
      measuredGPU = measurement.gpu
      trust = measurement.trust
      tool = measurement.tool
      clockMHz = measurement.clock
      caveat = measurement.caveat.isEmpty ? nil : measurement.caveat
      trace = row.traceName
      overrides = row.settings
      kernel = row.kernel?.description
      figure = row.figure?.text
      remark = row.remark.isEmpty ? nil : row.remark
      bottleneck = outcome.diagnosis?.bottleneck
      stalls = outcome.diagnosis.map {
        Dictionary(
          uniqueKeysWithValues: $0.stalls.map {
            ($0.reason.name, ($0.share * 1000).rounded() / 1000)
          }
        )
      }
    }
  }
}
