/// Single-precision arithmetic on bit patterns.
///
/// Every NaN result is 0x7fffffff, and denormals are kept unless `flush` (`.FTZ`) is set; `.FTZ`
/// turns denormal operands and results into zeros of their sign, `.SAT` clamps to 0…1 with NaN
/// and −0 giving +0. [CUDA C++ Programming Guide, Floating-Point Standard; PTX ISA, Floating-Point
/// Instructions]
enum SinglePrecision {
  static let nan: UInt32 = 0x7fff_ffff
  static let infinity: UInt32 = 0x7f80_0000
  static let signBit: UInt32 = 0x8000_0000
  static let one: UInt32 = 0x3f80_0000
  private static let leastNormal: UInt32 = 0x0080_0000

  @inline(__always)
  static func canonical(_ value: Float) -> UInt32 { value.isNaN ? nan : value.bitPattern }

  @inline(__always)
  static func isNaN(_ bits: UInt32) -> Bool { bits & ~signBit > infinity }

  /// A denormal becomes a zero of its sign.
  @inline(__always)
  static func flushed(_ bits: UInt32) -> UInt32 {
    bits & infinity == 0 ? bits & signBit : bits
  }

  /// Clamped to 0…1; NaN and −0 give +0.
  @inline(__always)
  static func saturated(_ bits: UInt32) -> UInt32 {
    let value = Float(bitPattern: bits)
    return value > 0 ? (value < 1 ? bits : one) : 0
  }

  @inline(__always)
  static func add(
    _ a: UInt32, _ b: UInt32, rounding: Rounding = .nearest, flush: Bool = false,
    saturate: Bool = false
  ) -> UInt32 {
    let (x, y) = (operand(a, flush), operand(b, flush))
    var result =
      rounding == .nearest ? canonical(x + y) : directedSum(Double(x), Double(y), rounding)
    // A sum in the denormal range is exact, so its rounding needs no second look.
    if flush { result = flushed(result) }
    return saturate ? saturated(result) : result
  }

  /// `a`·`b`·`scale`, rounded once; `scale` is a power of two (`.D2`, `.M4` and their like).
  @inline(__always)
  static func multiply(
    _ a: UInt32, _ b: UInt32, scale: Double = 1, rounding: Rounding = .nearest,
    flush: Bool = false, saturate: Bool = false
  ) -> UInt32 {
    let (x, y) = (operand(a, flush), operand(b, flush))
    var result: UInt32
    if rounding == .nearest, scale == 1 {
      result = canonical(x * y)
    } else {
      // The product of two singles is exact in double precision.
      result = rounded(Double(x) * Double(y) * scale, rounding)
    }
    if flush, result & ~signBit <= leastNormal {
      result = flushedResult(result, exact: Double(x) * Double(y) * scale, rounding)
    }
    return saturate ? saturated(result) : result
  }

  /// Fused `a`·`b` + `c`.
  @inline(__always)
  static func multiplyAdd(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, rounding: Rounding = .nearest, flush: Bool = false,
    saturate: Bool = false
  ) -> UInt32 {
    let product = Double(operand(a, flush)) * Double(operand(b, flush))
    let addend = Double(operand(c, flush))
    var result: UInt32
    if rounding == .nearest {
      let sum = product + addend
      // Rounding twice goes wrong only where the first rounding lands on a tie of the second: at
      // half a unit of a normal single, or anywhere among the denormals. (A zero is exact.)
      let isTie = sum.bitPattern & 0x1fff_ffff == 0x1000_0000
      if isTie || sum.magnitude < 0x1p-126 && sum != 0 {
        result = Float(ErrorFree.oddSum(product, addend)).bitPattern
      } else {
        result = canonical(Float(sum))
      }
    } else {
      result = directedSum(product, addend, rounding)
    }
    if flush, result & ~signBit <= leastNormal {
      result = flushedResult(result, exact: ErrorFree.oddSum(product, addend), rounding)
    }
    return saturate ? saturated(result) : result
  }

  @inline(__always)
  private static func operand(_ bits: UInt32, _ flush: Bool) -> Float {
    Float(bitPattern: flush ? flushed(bits) : bits)
  }

  /// A double that is exact, or rounded to odd, as a single.
  @inline(__always)
  static func rounded(_ value: Double, _ rounding: Rounding) -> UInt32 {
    let nearest = Float(value)
    guard rounding != .nearest, value.isFinite else { return canonical(nearest) }
    let back = Double(nearest)
    if back == value { return nearest.bitPattern }
    // Down to the magnitude below (infinity's is the greatest number), then up if so directed.
    let overshoots: UInt32 = back.magnitude > value.magnitude ? 1 : 0
    let grows: UInt32 = rounding.growsMagnitude(isNegative: value < 0) ? 1 : 0
    return nearest.bitPattern &- overshoots &+ grows
  }

  /// The same with a denormal result flushed (`.FTZ`).
  @inline(__always)
  static func rounded(_ value: Double, _ rounding: Rounding, flush: Bool) -> UInt32 {
    let result = rounded(value, rounding)
    guard flush, result & ~signBit <= leastNormal else { return result }
    return flushedResult(result, exact: value, rounding)
  }

  private static func directedSum(_ a: Double, _ b: Double, _ rounding: Rounding) -> UInt32 {
    let sum = ErrorFree.oddSum(a, b)
    // Cancellation gives −0 when rounding down; zeros of one sign keep it.
    if sum == 0, rounding == .down, a.sign != b.sign || a != 0 { return signBit }
    return rounded(sum, rounding)
  }

  /// What `.FTZ` makes of a result that is no greater than the least normal number.
  ///
  /// A result counts as denormal when it is one after rounding to 24 bits with an unbounded
  /// exponent: NVIDIA's assembler folds 0x3f7fffff · 0x00800000 to 0 but 0x3f000001 · 0x00fffffe,
  /// which is nearer to the least normal number, to 0x00800000.
  private static func flushedResult(
    _ result: UInt32, exact: Double, _ rounding: Rounding
  ) -> UInt32 {
    let magnitude = exact.magnitude
    let isDenormal: Bool
    if rounding == .nearest {
      isDenormal = magnitude < 0x1p-126 - 0x1p-151
    } else if rounding.growsMagnitude(isNegative: exact < 0) {
      isDenormal = magnitude <= 0x1p-126 - 0x1p-150
    } else {
      isDenormal = magnitude < 0x1p-126
    }
    return isDenormal ? result & signBit : result
  }
}
