/// IEEE 754 rounding directions: `.RN`, `.RM`, `.RP` and `.RZ` of the mnemonics.
enum Rounding: UInt8, Sendable, CaseIterable {
  case nearest, down, up, zero

  /// Whether an inexact magnitude of this sign grows; for directed modes only.
  @inline(__always)
  func growsMagnitude(isNegative: Bool) -> Bool {
    switch self {
    case .nearest, .zero: false
    case .down: isNegative
    case .up: !isNegative
    }
  }
}

/// Sums with their rounding error, so that a second rounding can be made exactly.
enum ErrorFree {
  /// The nearest sum and what it lost; exact when nothing overflows.
  /// [Knuth, The Art of Computer Programming, volume 2, 4.2.2]
  @inline(__always)
  static func sum(_ a: Double, _ b: Double) -> (sum: Double, error: Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
  }

  /// `a + b` rounded to odd: truncated, with the last bit set when something was lost. Rounding it
  /// again to at most 51 bits is as good as rounding the exact sum once.
  /// [Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008]
  @inline(__always)
  static func oddSum(_ a: Double, _ b: Double) -> Double {
    let (sum, error) = Self.sum(a, b)
    // The nearest sum lies beyond the exact one when the error points back to zero. An infinite
    // sum has a NaN for its error, and neither comparison holds.
    let overshoots: UInt64 = (error < 0) != (sum < 0) ? 1 : 0
    let odd = Double(bitPattern: (sum.bitPattern &- overshoots) | 1)
    return error.magnitude > 0 ? odd : sum
  }
}
