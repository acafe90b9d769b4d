/// Single-precision arithmetic on bit patterns as the GPU does it.
///
/// Every NaN result is 0x7fffffff (CUDA C++ Programming Guide, floating-point standard).
enum SinglePrecision {
  static let nan: UInt32 = 0x7fff_ffff

  @inline(__always)
  static func canonical(_ value: Float) -> UInt32 { value.isNaN ? nan : value.bitPattern }

  /// A denormal becomes a zero of its sign.
  @inline(__always)
  static func flushed(_ bits: UInt32) -> UInt32 {
    bits & 0x7f80_0000 == 0 ? bits & 0x8000_0000 : bits
  }

  /// Clamped to 0…1; NaN gives 0.
  @inline(__always)
  static func saturated(_ bits: UInt32) -> UInt32 {
    let value = Float(bitPattern: bits)
    if value.isNaN || value <= 0 { return 0 }
    return value > 1 ? Float(1).bitPattern : bits
  }

  static func add(_ a: UInt32, _ b: UInt32, rounding: Rounding) -> UInt32 {
    let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
    if rounding == .nearest { return canonical(x + y) }
    return addExactly(Double(x), Double(y), rounding)
  }

  static func multiply(_ a: UInt32, _ b: UInt32, scale: Double = 1, rounding: Rounding) -> UInt32 {
    // The product of two singles is exact in double precision.
    let product = Double(Float(bitPattern: a)) * Double(Float(bitPattern: b)) * scale
    return canonical(ExactSum.single(product, rounding))
  }

  static func multiplyAdd(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, rounding: Rounding
  ) -> UInt32 {
    let product = Double(Float(bitPattern: a)) * Double(Float(bitPattern: b))
    return addExactly(product, Double(Float(bitPattern: c)), rounding)
  }

  @inline(__always)
  private static func addExactly(_ a: Double, _ b: Double, _ rounding: Rounding) -> UInt32 {
    let (sum, error) = ExactSum.add(a, b)
    guard sum.isFinite else { return canonical(Float(sum)) }
    if sum == 0, error == 0, rounding == .down, !(a == 0 && b == 0 && a.sign == b.sign) {
      return 0x8000_0000
    }
    return canonical(ExactSum.single(ExactSum.odd(sum, error: error), rounding))
  }

  /// `minNum`/`maxNum`: a NaN loses against a number unless `propagates`; −0 is below +0.
  static func minimum(_ a: UInt32, _ b: UInt32, isMaximum: Bool, propagates: Bool) -> UInt32 {
    let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
    if x.isNaN || y.isNaN {
      if propagates || x.isNaN && y.isNaN { return nan }
      return x.isNaN ? b : a
    }
    if x == y {
      // Only zeros of different sign differ here.
      return isMaximum ? a & b : a | b
    }
    return (x < y) != isMaximum ? a : b
  }

  /// Whether a comparison (numbered as `DecodeContext.comparison`) holds.
  @inline(__always)
  static func compares<T: BinaryFloatingPoint>(_ mode: Int, _ a: T, _ b: T) -> Bool {
    switch mode {
    case 0: false
    case 1...6: Integers.compares(mode, a, b) && !(a.isNaN || b.isNaN)
    case 7: !(a.isNaN || b.isNaN)
    case 8: a.isNaN || b.isNaN
    case 9...14: a.isNaN || b.isNaN || Integers.compares(mode - 8, a, b)
    default: true
    }
  }
}
