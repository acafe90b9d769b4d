/// IEEE 754 rounding directions: `.RN`, `.RM`, `.RP`, `.RZ` of the mnemonics.
public enum Rounding: UInt8, Sendable { case nearest, down, up, zero }

/// Exact results in pieces, and their rounding.
enum ExactSum {
  /// The rounded sum and what rounding lost (Knuth's two-sum; exact when nothing overflows).
  @inline(__always)
  static func add(_ a: Double, _ b: Double) -> (sum: Double, error: Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
  }

  /// `sum + error` as a double that rounds as the exact value does, to any format of at most 50
  /// bits: truncated, with the last bit set when something was lost (round to odd, Boldo and
  /// Melquiond). `sum` must be the nearest double.
  @inline(__always)
  static func odd(_ sum: Double, error: Double) -> Double {
    guard error != 0, sum.isFinite else { return sum }
    let truncated = (error < 0) != (sum < 0) ? towardZero(sum) : sum
    return Double(bitPattern: truncated.bitPattern | 1)
  }

  @inline(__always)
  private static func towardZero(_ value: Double) -> Double {
    value == 0 ? value : Double(bitPattern: value.bitPattern - 1)
  }

  /// An exact double rounded to single precision.
  static func single(_ value: Double, _ rounding: Rounding) -> Float {
    let nearest = Float(value)
    guard value.isFinite else { return nearest }
    let back = Double(nearest)
    switch rounding {
    case .nearest: return nearest
    case .down: return back > value ? nearest.nextDown : nearest
    case .up: return back < value ? nearest.nextUp : nearest
    case .zero:
      if value > 0 { return back > value ? nearest.nextDown : nearest }
      return back < value ? nearest.nextUp : nearest
    }
  }
}
