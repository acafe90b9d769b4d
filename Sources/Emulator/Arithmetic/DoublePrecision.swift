/// Double-precision arithmetic on bit patterns; denormals are always kept.
///
/// Every NaN result is 0xfff8000000000000, the CUDART_NAN of CUDA's math_constants.h. That NaN
/// operands lose their payload is assumed.
enum DoublePrecision {
  static let nan: UInt64 = 0xfff8_0000_0000_0000
  private static let signBit: UInt64 = 1 << 63

  @inline(__always)
  static func canonical(_ value: Double) -> UInt64 { value.isNaN ? nan : value.bitPattern }

  @inline(__always)
  static func add(_ a: UInt64, _ b: UInt64, rounding: Rounding = .nearest) -> UInt64 {
    if rounding == .nearest {
      return canonical(Double(bitPattern: a) + Double(bitPattern: b))
    }
    return directed(a, Double(1).bitPattern, b, rounding)
  }

  @inline(__always)
  static func multiply(_ a: UInt64, _ b: UInt64, rounding: Rounding = .nearest) -> UInt64 {
    if rounding == .nearest {
      return canonical(Double(bitPattern: a) * Double(bitPattern: b))
    }
    // A zero of the product's sign changes nothing.
    return directed(a, b, (a ^ b) & signBit, rounding)
  }

  /// Fused `a`·`b` + `c`.
  @inline(__always)
  static func multiplyAdd(
    _ a: UInt64, _ b: UInt64, _ c: UInt64, rounding: Rounding = .nearest
  ) -> UInt64 {
    if rounding == .nearest {
      return canonical(
        Double(bitPattern: c).addingProduct(Double(bitPattern: a), Double(bitPattern: b)))
    }
    return directed(a, b, c, rounding)
  }

  /// `a`·`b` + `c` in integers.
  private static func directed(
    _ a: UInt64, _ b: UInt64, _ c: UInt64, _ rounding: Rounding
  ) -> UInt64 {
    let (x, y, z) = (Double(bitPattern: a), Double(bitPattern: b), Double(bitPattern: c))
    guard x.isFinite, y.isFinite, z.isFinite else { return canonical(z.addingProduct(x, y)) }
    let sum = WideFloat(a, times: b) + WideFloat(c)
    guard sum.magnitude != 0 else {
      let signs = ((a ^ b) & signBit, c & signBit)
      if signs.0 == signs.1 { return signs.0 }
      return rounding == .down ? signBit : 0
    }
    return sum.bits(rounding)
  }
}

/// ± `magnitude`·2^`exponent`, the highest bit of a magnitude that is not zero being bit 125: room
/// for a carry above, and below the 106 bits of a product for what an alignment moves out.
private struct WideFloat {
  var magnitude: UInt128
  var exponent: Int32
  var isNegative: Bool

  init(magnitude: UInt128, exponent: Int32, isNegative: Bool) {
    let shift = Int32(truncatingIfNeeded: magnitude.leadingZeroBitCount) &- 2
    self.magnitude = shift >= 0 ? magnitude &<< UInt128(shift) : Self.jammed(magnitude, -shift)
    self.exponent = exponent &- shift
    self.isNegative = isNegative
  }

  init(_ bits: UInt64) {
    let (significand, exponent) = Self.parts(bits)
    self.init(magnitude: UInt128(significand), exponent: exponent, isNegative: bits >> 63 != 0)
  }

  init(_ a: UInt64, times b: UInt64) {
    let (x, y) = (Self.parts(a), Self.parts(b))
    self.init(
      magnitude: UInt128(x.significand) &* UInt128(y.significand),
      exponent: x.exponent &+ y.exponent, isNegative: (a ^ b) >> 63 != 0)
  }

  private static func parts(_ bits: UInt64) -> (significand: UInt64, exponent: Int32) {
    let field = Int32(truncatingIfNeeded: bits >> 52 & 0x7ff)
    let fraction = bits & 0x000f_ffff_ffff_ffff
    return (field == 0 ? fraction : fraction | 1 << 52, max(field, 1) &- 1075)
  }

  /// Shifted right, the last bit standing for all that was lost.
  private static func jammed(_ value: UInt128, _ shift: Int32) -> UInt128 {
    if shift > 126 { return value == 0 ? 0 : 1 }
    let lost = value & ((1 << UInt128(shift)) &- 1)
    return value >> UInt128(shift) | (lost == 0 ? 0 : 1)
  }

  static func + (a: WideFloat, b: WideFloat) -> WideFloat {
    if a.magnitude == 0 { return b }
    if b.magnitude == 0 { return a }
    let isOrdered = (a.exponent, a.magnitude) >= (b.exponent, b.magnitude)
    let (greater, less) = isOrdered ? (a, b) : (b, a)
    // After a shift that loses bits, subtraction cancels at most one: the jammed bit stays below
    // all that a double keeps.
    let addend = jammed(less.magnitude, greater.exponent &- less.exponent)
    let sum =
      greater.isNegative == less.isNegative
      ? greater.magnitude &+ addend : greater.magnitude &- addend
    return WideFloat(magnitude: sum, exponent: greater.exponent, isNegative: greater.isNegative)
  }

  /// The bits of the double, for the directed modes.
  func bits(_ rounding: Rounding) -> UInt64 {
    let sign: UInt64 = isNegative ? 1 << 63 : 0
    // Bit 125 becomes bit 52 of a normal number.
    let field = exponent &+ 125 &+ 1023
    let drop = 73 &+ max(1 &- field, 0)
    let kept = drop > 126 ? 0 : UInt64(truncatingIfNeeded: magnitude >> UInt128(drop))
    let isInexact = drop > 126 || magnitude & ((1 << UInt128(drop)) &- 1) != 0
    let grows = isInexact && rounding.growsMagnitude(isNegative: isNegative)
    if field >= 0x7ff {
      return sign
        | (rounding.growsMagnitude(isNegative: isNegative)
          ? 0x7ff0_0000_0000_0000 : 0x7fef_ffff_ffff_ffff)
    }
    let base = UInt64(truncatingIfNeeded: max(field &- 1, 0)) << 52
    return sign | (base &+ kept &+ (grows ? 1 : 0))
  }
}
