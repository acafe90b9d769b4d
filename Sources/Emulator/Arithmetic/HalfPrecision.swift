/// Half precision (binary16) and bfloat16 as bit patterns.
enum HalfBits {
  static func toFloat(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1f)
    let fraction = UInt32(bits & 0x3ff)
    if exponent == 31 {
      return Float(bitPattern: fraction == 0 ? sign | 0x7f80_0000 : 0x7fff_ffff)
    }
    if exponent == 0 {
      let value = Float(fraction) * 0x1p-24
      return sign == 0 ? value : -value
    }
    return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }

  static func fromFloat(_ value: Float, _ rounding: Rounding = .nearest) -> UInt16 {
    fromDouble(Double(value), rounding)
  }

  /// Rounds an exact double once.
  static func fromDouble(_ value: Double, _ rounding: Rounding = .nearest) -> UInt16 {
    if value.isNaN { return 0x7fff }
    if rounding == .nearest { return Float16(value).bitPattern }
    return UInt16(
      truncatingIfNeeded: SmallFloat.round(
        value, exponentBits: 5, fractionBits: 10, rounding: rounding))
  }
}

enum BrainBits {
  @inline(__always)
  static func toFloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  static func fromFloat(_ value: Float, _ rounding: Rounding = .nearest) -> UInt16 {
    fromDouble(Double(value), rounding)
  }

  static func fromDouble(_ value: Double, _ rounding: Rounding = .nearest) -> UInt16 {
    if value.isNaN { return 0x7fff }
    return UInt16(
      truncatingIfNeeded: SmallFloat.round(
        value, exponentBits: 8, fractionBits: 7, rounding: rounding))
  }
}

/// Rounding to IEEE-like formats of up to 32 bits.
enum SmallFloat {
  /// The bits of a finite or infinite value; overflow gives infinity or the greatest number, as
  /// the direction says.
  static func round(
    _ value: Double, exponentBits: Int, fractionBits: Int, rounding: Rounding
  ) -> UInt32 {
    let bias = (1 << (exponentBits - 1)) - 1
    let sign: UInt32 = value.sign == .minus ? 1 << UInt32(exponentBits + fractionBits) : 0
    let infinity = UInt32((1 << exponentBits) - 1) << UInt32(fractionBits)
    let magnitude = value.magnitude
    if magnitude.isInfinite { return sign | infinity }
    if magnitude == 0 { return sign }
    // One unit in the last place of the result.
    let exponent = max(Int(magnitude.exponent), 1 - bias)
    let unit = scalbn(1.0, exponent - fractionBits)
    let quotient = magnitude / unit
    let isNegative = value < 0
    let rounded: Double =
      switch rounding {
      case .nearest: quotient.rounded(.toNearestOrEven)
      case .zero: quotient.rounded(.down)
      case .down: quotient.rounded(isNegative ? .up : .down)
      case .up: quotient.rounded(isNegative ? .down : .up)
      }
    // A carry into the next binade is what the integer addition does.
    let steps = UInt32(rounded)
    let base = UInt32(exponent + bias - 1) << UInt32(fractionBits)
    let bits = base + steps
    if bits >= infinity {
      let goesUp =
        rounding == .nearest || rounding == .up && !isNegative || rounding == .down && isNegative
      return sign | (goesUp ? infinity : infinity - 1)
    }
    return sign | bits
  }

  private static func scalbn(_ value: Double, _ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: value)
  }
}
