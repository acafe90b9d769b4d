/// Conversions between number formats. [PTX ISA, cvt]
enum Conversion {
  /// `F2I`: rounded to an integer, clamped to the type's range. A NaN gives 0 with `.NTZ`, and
  /// otherwise the highest bit of the type alone. Narrow results are extended to 64 bits.
  @inline(__always)
  static func integer(
    _ value: Double, width: UInt32, isSigned: Bool, rounding: Rounding, nanIsZero: Bool
  ) -> UInt64 {
    let top: UInt64 = 1 << UInt64(width &- 1)
    if value.isNaN { return nanIsZero ? 0 : isSigned ? 0 &- top : top }
    let whole = rounded(value, rounding)
    // Powers of two: the limits are exact, where the greatest integers are not.
    let limit = ElementaryFunctions.power(Int(isSigned ? width &- 1 : width))
    if whole >= limit { return isSigned ? top &- 1 : top &- 1 | top }
    if isSigned { return whole < -limit ? 0 &- top : UInt64(bitPattern: Int64(whole)) }
    return whole <= 0 ? 0 : UInt64(whole)
  }

  /// `FRND`: an integral value in the same format, with the sign of the operand.
  @inline(__always)
  static func rounded(_ value: Double, _ rounding: Rounding) -> Double {
    switch rounding {
    case .nearest: value.rounded(.toNearestOrEven)
    case .down: value.rounded(.down)
    case .up: value.rounded(.up)
    case .zero: value.rounded(.towardZero)
    }
  }

  @inline(__always)
  static func roundToIntegral(
    _ bits: UInt64, _ format: FloatFormat, rounding: Rounding, flush: Bool = false
  ) -> UInt64 {
    format.bits(rounded(operand(bits, format, flush), rounding))
  }

  /// `I2F`: an integer, given by its 64-bit extension.
  @inline(__always)
  static func float(
    _ integer: UInt64, isSigned: Bool, to format: FloatFormat, rounding: Rounding = .nearest
  ) -> UInt64 {
    let isNegative = isSigned && Int64(bitPattern: integer) < 0
    let magnitude = isNegative ? 0 &- integer : integer
    if format == .double { return double(magnitude, isNegative: isNegative, rounding) }
    // 53 bits with a sticky last one are enough for every narrower format.
    let excess = UInt64(truncatingIfNeeded: max(11 &- magnitude.leadingZeroBitCount, 0))
    let lost: UInt64 = magnitude & ((1 << excess) &- 1) == 0 ? 0 : 1
    let value = Double(magnitude >> excess | lost) * Double(UInt64(1) << excess)
    return format.bits(isNegative ? -value : value, rounding)
  }

  private static func double(
    _ magnitude: UInt64, isNegative: Bool, _ rounding: Rounding
  ) -> UInt64 {
    let sign: UInt64 = isNegative ? 1 << 63 : 0
    if rounding == .nearest { return Double(magnitude).bitPattern | sign }
    let excess = UInt64(truncatingIfNeeded: max(11 &- magnitude.leadingZeroBitCount, 0))
    let isInexact = magnitude & ((1 << excess) &- 1) != 0
    let truncated = Double((magnitude >> excess) << excess).bitPattern
    let grows = isInexact && rounding.growsMagnitude(isNegative: isNegative)
    return (truncated &+ (grows ? 1 : 0)) | sign
  }

  /// `F2F` between any two formats, rounded once.
  ///
  /// `flush` (`.FTZ`) concerns single-precision operands and results only. Between single and
  /// double a NaN keeps its sign and upper payload and becomes quiet, as NVIDIA's assembler folds
  /// it; all others are canonical.
  @inline(__always)
  static func float(
    _ bits: UInt64, from source: FloatFormat, to target: FloatFormat,
    rounding: Rounding = .nearest, flush: Bool = false, saturate: Bool = false
  ) -> UInt64 {
    let value = operand(bits, source, flush)
    if saturate { return target.bits(value > 0 ? min(value, 1) : 0, rounding) }
    if value.isNaN {
      if source == .single, target == .double { return value.bitPattern | 0x0008_0000_0000_0000 }
      if source == .double, target == .single {
        let sign = UInt32(truncatingIfNeeded: bits >> 63) << 31
        let payload = UInt32(truncatingIfNeeded: bits >> 29) & 0x003f_ffff
        return UInt64(sign | 0x7fc0_0000 | payload)
      }
    }
    if target == .single, flush {
      return UInt64(SinglePrecision.rounded(value, rounding, flush: true))
    }
    return target.bits(value, rounding)
  }

  @inline(__always)
  private static func operand(_ bits: UInt64, _ format: FloatFormat, _ flush: Bool) -> Double {
    if format == .single, flush {
      return format.value(UInt64(SinglePrecision.flushed(UInt32(truncatingIfNeeded: bits))))
    }
    return format.value(bits)
  }
}
