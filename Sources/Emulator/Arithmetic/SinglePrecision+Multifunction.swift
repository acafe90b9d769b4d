/// `MUFU`: the multifunction unit's approximations.
///
/// NVIDIA publishes error bounds and special cases [PTX ISA, rcp, sqrt, rsqrt, sin, cos, lg2, ex2
/// and tanh, `.approx.ftz`], not bits. The results here are the exact ones rounded to single
/// precision, within all of the bounds; a chip's last bits may differ. But for `hyperbolicTangent`,
/// which keeps them, denormal operands and results are flushed: compiled code that must honour
/// denormals scales around the unit.
extension SinglePrecision {
  /// 1/x: zeros and denormals give infinities, infinities give zeros, of the operand's sign.
  @inline(__always)
  static func reciprocal(_ bits: UInt32) -> UInt32 {
    // The quotient of singles rounds innocuously from double; and so do those below, for all
    // that the documented bounds can tell.
    flushed(canonical(1 / Float(bitPattern: flushed(bits))))
  }

  /// 1/√x: a zero or denormal gives the infinity of its sign, a negative number NaN.
  @inline(__always)
  static func reciprocalSquareRoot(_ bits: UInt32) -> UInt32 {
    let x = flushed(bits)
    if x & ~signBit == 0 { return x | infinity }
    return canonical(Float(1 / Double(Float(bitPattern: x)).squareRoot()))
  }

  /// √x: zeros keep their sign, denormals become zeros, a negative number gives NaN.
  @inline(__always)
  static func squareRoot(_ bits: UInt32) -> UInt32 {
    canonical(Float(bitPattern: flushed(bits)).squareRoot())
  }

  /// The sine of `bits` turns: compiled code multiplies an angle by 1/2π first (`FMUL.RZ` by
  /// 0.15915494). Zeros and denormals give zeros of their sign, infinities NaN.
  static func sine(_ bits: UInt32) -> UInt32 {
    let x = flushed(bits)
    if x & ~signBit == 0 { return x }
    if x & infinity == infinity { return nan }
    let value = ElementaryFunctions.sineAndCosine(turns: Double(Float(bitPattern: x))).sine
    return flushed(Float(value).bitPattern)
  }

  /// The cosine of `bits` turns; see `sine`. Zeros and denormals give one.
  static func cosine(_ bits: UInt32) -> UInt32 {
    let x = flushed(bits)
    if x & infinity == infinity { return nan }
    let value = ElementaryFunctions.sineAndCosine(turns: Double(Float(bitPattern: x))).cosine
    return flushed(Float(value).bitPattern)
  }

  /// 2^x: denormals give one, −∞ and whatever would be denormal give +0.
  static func exponentialBase2(_ bits: UInt32) -> UInt32 {
    let x = Float(bitPattern: flushed(bits))
    if x.isNaN { return nan }
    return flushed(Float(ElementaryFunctions.exponentialBase2(Double(x))).bitPattern)
  }

  /// log2 x: zeros and denormals give −∞, a negative number NaN.
  static func logarithmBase2(_ bits: UInt32) -> UInt32 {
    let x = flushed(bits)
    if x & ~signBit == 0 { return signBit | infinity }
    if x > infinity { return nan }
    if x == infinity { return x }
    return Float(ElementaryFunctions.logarithmBase2(Double(Float(bitPattern: x)))).bitPattern
  }

  /// tanh x; zeros and denormals are kept.
  static func hyperbolicTangent(_ bits: UInt32) -> UInt32 {
    let x = Float(bitPattern: bits)
    if x.isNaN { return nan }
    if bits & infinity == 0 { return bits }
    return Float(ElementaryFunctions.hyperbolicTangent(Double(x))).bitPattern
  }

  /// `MUFU.RCP64H`: the high word of a double in, that of its approximate reciprocal out. The low
  /// word counts as zero both times. [PTX ISA, rcp.approx.ftz.f64]
  static func reciprocal64High(_ high: UInt32) -> UInt32 {
    highWord(1 / doubleFlushed(high))
  }

  /// `MUFU.RSQ64H`; see `reciprocal64High`. [PTX ISA, rsqrt.approx.ftz.f64]
  static func reciprocalSquareRoot64High(_ high: UInt32) -> UInt32 {
    let x = doubleFlushed(high)
    if x == 0 { return high & signBit | 0x7ff0_0000 }
    return highWord(1 / x.squareRoot())
  }

  @inline(__always)
  private static func doubleFlushed(_ high: UInt32) -> Double {
    let bits = high & 0x7ff0_0000 == 0 ? high & signBit : high
    return Double(bitPattern: UInt64(bits) << 32)
  }

  /// The high word, rounded to nearest (assumed), with denormals flushed.
  @inline(__always)
  private static func highWord(_ value: Double) -> UInt32 {
    if value.isNaN { return nan }
    if !value.isNormal { return UInt32(truncatingIfNeeded: value.bitPattern >> 32) & 0xfff0_0000 }
    // A carry out of the fraction is the next binade, or infinity.
    return UInt32(truncatingIfNeeded: (value.bitPattern &+ 0x8000_0000) >> 32)
  }
}
