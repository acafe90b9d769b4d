/// The floating-point formats of registers and matrix operands.
enum FloatFormat: Int, Sendable, CaseIterable {
  case half, brain, tensor, single, double, e4m3, e5m2

  /// The value, exactly; every NaN as one NaN.
  @inline(__always)
  func value(_ bits: UInt64) -> Double {
    let word = UInt32(truncatingIfNeeded: bits)
    switch self {
    case .half: return Double(HalfPrecision.float(UInt16(truncatingIfNeeded: bits)))
    case .brain: return Double(BrainFloat.float(UInt16(truncatingIfNeeded: bits)))
    // The low 13 bits of a TF32 register are not read.
    case .tensor: return Double(Float(bitPattern: word & ~0x1fff))
    case .single: return Double(Float(bitPattern: word))
    case .double: return Double(bitPattern: bits)
    case .e4m3: return Double(EightBitFloat.float(e4m3: UInt8(truncatingIfNeeded: bits)))
    case .e5m2: return Double(EightBitFloat.float(e5m2: UInt8(truncatingIfNeeded: bits)))
    }
  }

  /// The value rounded once. NaNs are canonical; eight-bit formats saturate, as all their
  /// conversions do.
  @inline(__always)
  func bits(_ value: Double, _ rounding: Rounding = .nearest) -> UInt64 {
    switch self {
    case .half: UInt64(HalfPrecision.bits(value, rounding))
    case .brain: UInt64(BrainFloat.bits(value, rounding))
    case .tensor: UInt64(TensorFloat.bits(value, rounding))
    case .single: UInt64(SinglePrecision.rounded(value, rounding))
    case .double: value.isNaN ? DoublePrecision.nan : value.bitPattern
    case .e4m3: UInt64(EightBitFloat.e4m3(value, rounding))
    case .e5m2: UInt64(EightBitFloat.e5m2(value, rounding))
    }
  }
}

/// Rounding of doubles to formats of fewer bits, by integers only.
enum NarrowFloat {
  /// Sign and magnitude bits of a value that is not a NaN; magnitudes beyond `greatest` become
  /// `infinity` or `greatest`, as the direction says. The value may be exact or rounded to odd.
  @inline(__always)
  static func encode(
    _ value: Double, exponentBits: UInt32, fractionBits: UInt32, greatest: UInt32,
    infinity: UInt32, _ rounding: Rounding
  ) -> UInt32 {
    let bits = value.bitPattern
    let isNegative = bits >> 63 != 0
    let sign: UInt32 = isNegative ? 1 << (exponentBits &+ fractionBits) : 0
    let field = Int32(truncatingIfNeeded: bits >> 52 & 0x7ff)
    if field == 0x7ff { return sign | infinity }
    // A denormal double is far below every such format: its missing leading bit is no matter.
    let significand = bits & 0x000f_ffff_ffff_ffff | 0x0010_0000_0000_0000
    if bits << 1 == 0 { return sign }
    let exponent = field &- 1023 &+ (1 << Int32(exponentBits &- 1)) &- 1
    let below = max(1 &- exponent, 0)
    // Past 60 everything but a sticky remainder is gone.
    let drop = UInt64(truncatingIfNeeded: min(52 &- Int32(fractionBits) &+ below, 60))
    let kept = significand &>> drop
    let rest = significand & ((1 &<< drop) &- 1)
    let half: UInt64 = 1 &<< (drop &- 1)
    let grows =
      rounding == .nearest
      ? rest > half || rest == half && kept & 1 == 1
      : rest != 0 && rounding.growsMagnitude(isNegative: isNegative)
    // The leading bit of a normal significand adds the last unit of the exponent.
    let base = UInt64(truncatingIfNeeded: max(exponent &- 1, 0)) &<< UInt64(fractionBits)
    let magnitude = base &+ kept &+ (grows ? 1 : 0)
    if magnitude <= UInt64(greatest) { return sign | UInt32(truncatingIfNeeded: magnitude) }
    let overflows = rounding == .nearest || rounding.growsMagnitude(isNegative: isNegative)
    return sign | (overflows ? infinity : greatest)
  }
}

/// bfloat16: the upper half of a single.
enum BrainFloat {
  static let nan: UInt16 = 0x7fff

  @inline(__always)
  static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  @inline(__always)
  static func bits(_ value: Double, _ rounding: Rounding = .nearest) -> UInt16 {
    if value.isNaN { return nan }
    return UInt16(
      truncatingIfNeeded: NarrowFloat.encode(
        value, exponentBits: 8, fractionBits: 7, greatest: 0x7f7f, infinity: 0x7f80, rounding))
  }
}

/// TF32: a single with 10 fraction bits, kept in a 32-bit register.
enum TensorFloat {
  /// Rounding of `cvt.rn` and `cvt.rz`; the register's low 13 bits are zero.
  @inline(__always)
  static func bits(_ value: Double, _ rounding: Rounding = .nearest) -> UInt32 {
    if value.isNaN { return SinglePrecision.nan }
    return NarrowFloat.encode(
      value, exponentBits: 8, fractionBits: 10, greatest: 0x3fbff, infinity: 0x3fc00, rounding)
      << 13
  }
}

/// The eight-bit formats. [OCP 8-bit Floating Point Specification, revision 1.0; PTX ISA, cvt]
enum EightBitFloat {
  static let nan: UInt8 = 0x7f

  /// No infinities; all ones but the sign is NaN; up to 448.
  @inline(__always)
  static func float(e4m3 bits: UInt8) -> Float {
    let sign = UInt32(bits & 0x80) << 24
    let magnitude = UInt32(bits & 0x7f)
    if magnitude == 0x7f { return Float(bitPattern: SinglePrecision.nan) }
    // As a denormal of seven bits, scaled from single precision's exponents to the format's.
    return Float(bitPattern: sign | magnitude << 20) * 0x1p120
  }

  /// The upper half of binary16.
  @inline(__always)
  static func float(e5m2 bits: UInt8) -> Float { HalfPrecision.float(UInt16(bits) << 8) }

  /// Too great values, infinities too, give the greatest finite number (`.SATFINITE`, without
  /// which no such conversion exists).
  @inline(__always)
  static func e4m3(_ value: Double, _ rounding: Rounding = .nearest) -> UInt8 {
    if value.isNaN { return nan }
    return UInt8(
      truncatingIfNeeded: NarrowFloat.encode(
        value, exponentBits: 4, fractionBits: 3, greatest: 0x7e, infinity: 0x7e, rounding))
  }

  @inline(__always)
  static func e5m2(_ value: Double, _ rounding: Rounding = .nearest) -> UInt8 {
    if value.isNaN { return nan }
    return UInt8(
      truncatingIfNeeded: NarrowFloat.encode(
        value, exponentBits: 5, fractionBits: 2, greatest: 0x7b, infinity: 0x7b, rounding))
  }
}
