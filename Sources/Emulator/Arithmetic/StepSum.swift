/// Dot products in steps, as `TensorUnit` tells.
///
/// Products of two operands, and their multiples by powers of two, are exact doubles; in units of
/// the last bit that takes part they are cut to integers of less than 30 bits, whose sums are exact
/// doubles again. So four products are aligned, cut and added at a time.
struct StepSum {
  private let accumulator: FloatFormat
  private let fractionBits: Int
  private let productsPerStep: Int
  /// Low bits of a single-precision result that are cut off: a sum of 13 fraction bits is kept as
  /// a number of 13 (E8M13 in MMA-Sim).
  private let lostMask: UInt32

  init(format: FloatFormat, accumulator: FloatFormat, unit: TensorUnit) {
    let step = unit.step(format)
    self.accumulator = accumulator
    fractionBits = step.fractionBits
    productsPerStep = step.products
    lostMask = (1 << UInt32(truncatingIfNeeded: 23 - min(step.fractionBits, 23))) - 1
  }

  /// `count` is a multiple of four, as all shapes have it.
  @inline(__always)
  func dotProduct(_ x: MatrixElements, _ y: MatrixElements, count: Int, _ c: UInt32) -> UInt32 {
    var result = c
    var first = 0
    while first < count {
      let last = min(first &+ productsPerStep, count)
      result = step(x, y, first, last, result)
      first = last
    }
    return result
  }

  @inline(__always)
  private func step(
    _ x: MatrixElements, _ y: MatrixElements, _ first: Int, _ last: Int, _ c: UInt32
  ) -> UInt32 {
    let addend = accumulator.value(UInt64(c))
    var exponents = SIMD4<Int16>(
      repeating: MatrixElements.exponent(addend, least: accumulator.leastExponent))
    for index in stride(from: first, to: last, by: 4) {
      let sums = x.exponents(at: index) &+ y.exponents(at: index)
      exponents.replace(with: sums, where: sums .> exponents)
    }
    let greatest = Int(exponents.max())
    // Nothing but zeros, or an infinity or NaN among them: no finite exponents reach so far.
    if greatest.magnitude > 2000 {
      return greatest < 0 ? 0 : special(x, y, first, last, addend)
    }
    let scale = ElementaryFunctions.power(fractionBits &- greatest)
    var sums = cut(SIMD4(addend * scale, 0, 0, 0))
    for index in stride(from: first, to: last, by: 4) {
      sums += cut(x.values(at: index) * y.values(at: index) * scale)
    }
    return encode(sums.sum(), exponent: greatest &- fractionBits)
  }

  /// Numbers of at most 24 bits, below 2^28, cut to integers.
  ///
  /// Such a number's fraction is at most 1 − 2^-24. So moving it towards zero by a little less than
  /// a half leaves it nearest to the integer wanted, and adding and subtracting 1.5·2^52 rounds to
  /// the nearest.
  @inline(__always)
  private func cut(_ values: SIMD4<Double>) -> SIMD4<Double> {
    let signs = unsafeBitCast(values, to: SIMD4<UInt64>.self) & (1 << 63)
    let nearlyHalf = unsafeBitCast(signs | (0.5 - 0x1p-26).bitPattern, to: SIMD4<Double>.self)
    return (values - nearlyHalf + 0x1.8p52) - 0x1.8p52
  }

  /// `sum`·2^`exponent` in the accumulator's format.
  @inline(__always)
  private func encode(_ sum: Double, exponent: Int) -> UInt32 {
    if sum == 0 { return 0 }
    let value = sum * ElementaryFunctions.power(exponent)
    if accumulator == .half { return UInt32(HalfPrecision.bits(value)) }
    return single(value) & ~lostMask
  }

  /// Cut to single precision; infinity where the greatest number is exceeded.
  @inline(__always)
  private func single(_ value: Double) -> UInt32 {
    let bits = value.bitPattern
    // A normal result has the same fraction, shortened, and another bias.
    let magnitude = ((bits & ~(1 << 63)) >> 29) &- (896 << 23)
    if magnitude &- 0x0080_0000 < 0x7f00_0000 {
      return UInt32(truncatingIfNeeded: bits >> 63) << 31 | UInt32(truncatingIfNeeded: magnitude)
    }
    let cut = SinglePrecision.rounded(value, .zero)
    return value.magnitude < 0x1p128
      ? cut : cut & SinglePrecision.signBit | SinglePrecision.infinity
  }

  /// With infinities or NaNs among the operands the sum is one too, and doubles know which.
  private func special(
    _ x: MatrixElements, _ y: MatrixElements, _ first: Int, _ last: Int, _ addend: Double
  ) -> UInt32 {
    var sum = addend
    for index in stride(from: first, to: last, by: 4) {
      let products = x.values(at: index) * y.values(at: index)
      for lane in 0..<4 { sum += products[lane] }
    }
    return UInt32(truncatingIfNeeded: accumulator.bits(sum))
  }
}
