/// binary16 as bit patterns; NaN results are 0x7fff. [PTX ISA, Half Precision Floating-Point
/// Instructions]
enum HalfPrecision {
  static let nan: UInt16 = 0x7fff
  static let signBit: UInt16 = 0x8000

  @inline(__always)
  static func float(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & signBit) << 16
    let magnitude = UInt32(bits & ~signBit)
    if magnitude >= 0x7c00 {
      return Float(
        bitPattern: magnitude == 0x7c00
          ? sign | SinglePrecision.infinity : SinglePrecision.nan)
    }
    // Denormal halves become denormal singles, and the scaling normalises both alike.
    return Float(bitPattern: sign | magnitude << 13) * 0x1p112
  }

  @inline(__always)
  static func bits(_ value: Double, _ rounding: Rounding = .nearest) -> UInt16 {
    if value.isNaN { return nan }
    return UInt16(
      truncatingIfNeeded: NarrowFloat.encode(
        value, exponentBits: 5, fractionBits: 10, greatest: 0x7bff, infinity: 0x7c00, rounding))
  }

  /// A denormal becomes a zero of its sign.
  @inline(__always)
  static func flushed(_ bits: UInt16) -> UInt16 { bits & 0x7c00 == 0 ? bits & signBit : bits }
}

/// What the packed instructions do to one of their two lanes: binary16, or bfloat16 (`.BF16_V2`).
struct HalfLane {
  var isBrain = false
  /// `.FTZ`, for binary16 only: bfloat16 arithmetic keeps denormals.
  var flush = false
  /// `.SAT`: clamped to 0…1; NaN and −0 give +0.
  var saturate = false
  /// `.RELU`: negative numbers give +0, NaN stays NaN. That −0 gives +0 is assumed.
  var rectify = false

  @inline(__always)
  func add(_ a: UInt16, _ b: UInt16) -> UInt16 { result(ErrorFree.oddSum(value(a), value(b))) }

  @inline(__always)
  func multiply(_ a: UInt16, _ b: UInt16) -> UInt16 { result(value(a) * value(b)) }

  /// Fused: the product of two halves is exact in double precision, and so is its rounding to odd
  /// with the addend.
  @inline(__always)
  func multiplyAdd(_ a: UInt16, _ b: UInt16, _ c: UInt16) -> UInt16 {
    if !isBrain, !saturate, !rectify {
      // In single precision the product is exact still, and the sum nearly always good enough.
      let sum = float(a) * float(b) + float(c)
      if let bits = Self.nearestNormal(sum) { return bits }
    }
    return result(ErrorFree.oddSum(value(a) * value(b), value(c)))
  }

  /// A rounded sum as a normal half, if it does not lie where rounding twice could go wrong: on a
  /// tie of the second rounding.
  @inline(__always)
  private static func nearestNormal(_ sum: Float) -> UInt16? {
    let bits = sum.bitPattern
    let magnitude = bits & ~SinglePrecision.signBit
    // From 2^-14 to below 2^16; rounding up from there gives infinity, as it should.
    let isNormal = magnitude &- 0x3880_0000 < 0x4780_0000 - 0x3880_0000
    guard isNormal, bits & 0x1fff != 0x1000 else { return nil }
    let rounded = (magnitude &+ 0x1000) >> 13 &- (112 << 10)
    return UInt16(truncatingIfNeeded: bits >> 16 & 0x8000 | rounded)
  }

  @inline(__always)
  private func float(_ bits: UInt16) -> Float {
    HalfPrecision.float(flush ? HalfPrecision.flushed(bits) : bits)
  }

  /// The same with a single-precision result (`.F32`).
  @inline(__always)
  func addToSingle(_ a: UInt16, _ b: UInt16) -> UInt32 {
    single(ErrorFree.oddSum(value(a), value(b)))
  }

  @inline(__always)
  func multiplyToSingle(_ a: UInt16, _ b: UInt16) -> UInt32 { single(value(a) * value(b)) }

  @inline(__always)
  func multiplyAddToSingle(_ a: UInt16, _ b: UInt16, _ c: UInt16) -> UInt32 {
    single(ErrorFree.oddSum(value(a) * value(b), value(c)))
  }

  /// `HMNMX2`, with the rules of single precision.
  @inline(__always)
  func extremum(
    _ a: UInt16, _ b: UInt16, isMaximum: Bool, propagatesNaN: Bool = false,
    exclusiveSign: Bool = false
  ) -> UInt16 {
    let bits = SinglePrecision.extremum(
      Float(value(a)).bitPattern, Float(value(b)).bitPattern, isMaximum: isMaximum,
      propagatesNaN: propagatesNaN, exclusiveSign: exclusiveSign)
    return result(Double(Float(bitPattern: bits)))
  }

  @inline(__always)
  func compare(_ comparison: Comparison, _ a: UInt16, _ b: UInt16) -> Bool {
    comparison.holds(value(a), value(b))
  }

  /// `MUFU.EX2.F16` and `MUFU.TANH.F16`, rounded from the exact results; denormals are kept.
  func exponentialBase2(_ a: UInt16) -> UInt16 {
    let x = value(a)
    return x.isNaN ? HalfPrecision.nan : result(ElementaryFunctions.exponentialBase2(x))
  }

  func hyperbolicTangent(_ a: UInt16) -> UInt16 {
    let x = value(a)
    return x.isNaN ? HalfPrecision.nan : result(ElementaryFunctions.hyperbolicTangent(x))
  }

  @inline(__always)
  func value(_ bits: UInt16) -> Double {
    if isBrain { return Double(BrainFloat.float(bits)) }
    return Double(HalfPrecision.float(flush ? HalfPrecision.flushed(bits) : bits))
  }

  /// An exact value, or one rounded to odd, in the lane's format.
  @inline(__always)
  private func result(_ exact: Double) -> UInt16 {
    var value = exact
    if saturate {
      value = exact > 0 ? min(exact, 1) : 0
    } else if rectify, exact <= 0 {
      value = 0
    }
    if isBrain { return BrainFloat.bits(value) }
    // Flushing looks at the result rounded with an unbounded exponent, as in single precision:
    // what lies half a unit or more below the least normal number is denormal.
    if flush, value.magnitude < 0x1p-14 - 0x1p-26 {
      return value.sign == .minus ? HalfPrecision.signBit : 0
    }
    return HalfPrecision.bits(value)
  }

  @inline(__always)
  private func single(_ exact: Double) -> UInt32 {
    let bits = SinglePrecision.rounded(exact, .nearest)
    return saturate ? SinglePrecision.saturated(bits) : bits
  }
}
