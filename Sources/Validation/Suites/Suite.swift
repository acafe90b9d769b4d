import Configuration
import Foundation

/// Rows that belong together: which trace on which machine gives which measured figure, and how far
/// off they may be.
public struct Suite: Sendable {
  /// Name of its file without the ending.
  public let name: String
  public let file: String
  public let title: String
  /// What a reader must know to judge the rows.
  public let about: String
  public let threshold: Threshold?
  /// Left out unless it is named.
  public let isOptional: Bool
  /// Column of the measurements that curves are drawn over, such as `KiB`.
  public let curve: String?
  public let measurements: MeasurementTable
  public var rows: [SuiteRow]

  /// GPUs of its rows in the order of their first mention.
  public var gpus: [String] {
    rows.reduce(into: []) { if !$0.contains($1.gpu) { $0.append($1.gpu) } }
  }
}

/// What a suite must keep to.
public struct Threshold: Sendable, Equatable {
  /// Mean absolute error in percent.
  public var mape: Double
  /// Absolute error that no row may exceed, in percent.
  public var worst: Double?
  /// Simulated values must have the order of the measured ones.
  public var order: Bool
  /// Percent within which measured values have no order.
  public var ties: Double = 0
  /// The group of rows that is judged; all rows when it is nil.
  public var group: String?
}

/// One measured figure and how to simulate it.
public struct SuiteRow: Sendable {
  /// Name within the suite.
  public let name: String
  public let measurement: Measurement
  /// Name of the machine description.
  public let gpu: String
  /// Overrides of the description.
  public let settings: [String]
  /// Path of the trace or listing, and its name in the suite.
  public let trace: String?
  public let traceName: String?
  /// The kernel whose figure it is; the last one otherwise.
  public let kernel: KernelReference?
  public let figure: Figure?
  public let group: String?
  /// Why the row is not judged.
  public let unusable: String?
  public let remark: String
  /// Place on the suite's curve.
  public let at: Double?
  /// Whether continuous integration runs it.
  public let isCI: Bool
  /// Line in the suite's file.
  public let line: Int
}
