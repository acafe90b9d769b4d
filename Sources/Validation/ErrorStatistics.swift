import Foundation

/// How far simulated values lie from measured ones. Errors are in percent of the measured value;
/// a positive error means that the simulator's value is larger.
public struct ErrorStatistics: Sendable, Equatable {
  /// One measured and one simulated value.
  public struct Pair: Sendable, Equatable {
    public var measured: Double
    public var simulated: Double

    public init(measured: Double, simulated: Double) {
      self.measured = measured
      self.simulated = simulated
    }

    /// Signed error in percent; nil where the measured value is zero, or as good as.
    public var errorPercent: Double? {
      ErrorStatistics.finite((simulated / measured - 1) * 100 * (measured < 0 ? -1 : 1))
    }
  }

  public let count: Int
  /// Mean absolute percentage error; nil without values, as everything below.
  public let mape: Double?
  /// Mean of the signed errors.
  public let signedMean: Double?
  /// Median of the absolute errors.
  public let median: Double?
  /// 90th percentile of the absolute errors, interpolated between neighbours.
  public let p90: Double?
  /// Largest absolute error.
  public let worst: Double?
  /// Pearson correlation of the values; nil below two values or where one side is constant.
  public let pearson: Double?
  /// Pearson correlation of the logarithms, where all values are positive: values of different
  /// sizes and units weigh the same.
  public let pearsonLog: Double?
  /// Kendall's rank correlation, tau-b: ties count for neither side.
  public let kendall: Double?

  public init(_ pairs: [Pair]) {
    let errors = pairs.compactMap(\.errorPercent)
    let sizes = errors.map(abs).sorted()
    count = pairs.count
    mape = Self.mean(sizes)
    signedMean = Self.mean(errors)
    median = Self.percentile(50, of: sizes)
    p90 = Self.percentile(90, of: sizes)
    worst = sizes.last
    let measured = pairs.map(\.measured)
    let simulated = pairs.map(\.simulated)
    pearson = Self.pearson(measured, simulated)
    let positive = (measured + simulated).allSatisfy { $0 > 0 }
    pearsonLog = positive ? Self.pearson(measured.map(log), simulated.map(log)) : nil
    kendall = Self.kendall(measured, simulated)
  }

  /// Arithmetic mean; nil for none.
  static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : finite(values.reduce(0, +) / Double(values.count))
  }

  /// Nil for what is no number: extreme values overflow.
  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

  /// A percentile of sorted values, linear between the two nearest ranks.
  static func percentile(_ percent: Double, of sorted: [Double]) -> Double? {
    guard let last = sorted.last else { return nil }
    let rank = percent / 100 * Double(sorted.count - 1)
    let below = Int(rank)
    guard below + 1 < sorted.count else { return last }
    return sorted[below] + (sorted[below + 1] - sorted[below]) * (rank - Double(below))
  }

  /// Pearson's product-moment correlation.
  static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
    guard x.count >= 2, let meanX = mean(x), let meanY = mean(y) else { return nil }
    var (both, ownX, ownY) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      both += (a - meanX) * (b - meanY)
      ownX += (a - meanX) * (a - meanX)
      ownY += (b - meanY) * (b - meanY)
    }
    guard ownX > 0, ownY > 0 else { return nil }
    return finite(both / (ownX * ownY).squareRoot()).map { min(1, max(-1, $0)) }
  }

  /// Kendall's tau-b.
  static func kendall(_ x: [Double], _ y: [Double]) -> Double? {
    var (agreement, pairsX, pairsY) = (0.0, 0.0, 0.0)
    for first in x.indices {
      for second in x.indices where second > first {
        let a = sign(x[first] - x[second])
        let b = sign(y[first] - y[second])
        agreement += a * b
        pairsX += a * a
        pairsY += b * b
      }
    }
    guard pairsX > 0, pairsY > 0 else { return nil }
    return agreement / (pairsX * pairsY).squareRoot()
  }

  private static func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }
}
