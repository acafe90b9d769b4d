import Testing

@testable import Emulator

@Suite struct SinglePrecisionTests {
  static let count = 5000

  /// Special operands by the host's own arithmetic, everything else exactly.
  private func expected(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ rounding: Rounding, scale: Double = 1
  ) -> UInt32 {
    let (x, y, z) = (Float(bitPattern: a), Float(bitPattern: b), Float(bitPattern: c))
    guard x.isFinite, y.isFinite, z.isFinite else {
      let value = z.addingProduct(x, y)
      return value.isNaN ? 0x7fff_ffff : value.bitPattern
    }
    let product = ExactNumber(single: a) * ExactNumber(single: b) * ExactNumber(scale)
    let sum = product + ExactNumber(single: c)
    guard sum.isZero else {
      return UInt32(sum.bits(exponentBits: 8, fractionBits: 23, rounding))
    }
    let productIsNegative = (x.sign == .minus) != (y.sign == .minus)
    let bothNegative = productIsNegative && z.sign == .minus
    let bothPositive = !productIsNegative && z.sign == .plus
    return bothNegative || !bothPositive && rounding == .down ? 0x8000_0000 : 0
  }

  @Test(arguments: Rounding.allCases)
  func `addition and multiplication round the exact result once`(rounding: Rounding) {
    var samples = Samples(seed: 1)
    for _ in 0..<Self.count {
      let (a, b) = (samples.single(), samples.single())
      // Whatever is small against `a` too, so that something is left to be rounded.
      let near = (a &- (UInt32(samples.next() % 30) << 23)) ^ b & 0x807f_ffff
      for other in [b, near] {
        let sum = SinglePrecision.add(a, other, rounding: rounding)
        check(sum == expected(a, 0x3f80_0000, other, rounding), "\(a) + \(other)")
      }
      let product = SinglePrecision.multiply(a, b, rounding: rounding)
      let negativeZero = (a ^ b) & 0x8000_0000
      check(product == expected(a, b, negativeZero, rounding), "\(a) * \(b)")
    }
  }

  @Test(arguments: Rounding.allCases)
  func `multiply-add is fused`(rounding: Rounding) {
    var samples = Samples(seed: 2)
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.single(), samples.single(), samples.single())
      // An addend that nearly cancels the product, or lies at half a unit of it.
      let product = SinglePrecision.multiply(a, b)
      let cancelling = (product ^ 0x8000_0000) &+ UInt32(samples.next() % 3)
      let tie = product &- (UInt32(22 + samples.next() % 5) << 23) & 0xff80_0000
      for addend in [c, cancelling, tie] {
        let result = SinglePrecision.multiplyAdd(a, b, addend, rounding: rounding)
        check(result == expected(a, b, addend, rounding), "\(a) * \(b) + \(addend)")
      }
    }
  }

  @Test func `scaled products round once`() {
    var samples = Samples(seed: 3)
    for _ in 0..<Self.count {
      let (a, b) = (samples.single(), samples.single())
      guard Float(bitPattern: a).isFinite, Float(bitPattern: b).isFinite else { continue }
      for (rounding, scale) in zip(Rounding.allCases, [0.5, 0.25, 4, 8]) {
        check(
          SinglePrecision.multiply(a, b, scale: scale, rounding: rounding)
            == expected(a, b, (a ^ b) & 0x8000_0000, rounding, scale: scale))
      }
    }
  }

  @Test(arguments: Rounding.allCases)
  func `flushing looks at the result with an unbounded exponent`(rounding: Rounding) {
    var samples = Samples(seed: 4)
    for _ in 0..<Self.count {
      let a = samples.single()
      // Products about the least normal number.
      let field = 1 &+ 126 &+ UInt32(samples.next() % 3) &- 1 &- (a >> 23 & 0xff)
      let b = samples.single() & 0x807f_ffff | (field & 0xff) << 23
      guard Float(bitPattern: a).isFinite, Float(bitPattern: b).isFinite else { continue }
      let (x, y) = (SinglePrecision.flushed(a), SinglePrecision.flushed(b))
      let exact = ExactNumber(single: x) * ExactNumber(single: y)
      // Rounded at a scale of 2^200 the result is far from the denormals.
      let wide = (exact * ExactNumber(0x1p100)).bits(exponentBits: 11, fractionBits: 23, rounding)
      let leastNormal: UInt64 = UInt64(1023 - 126 + 100) << 23
      let plain = UInt32(exact.bits(exponentBits: 8, fractionBits: 23, rounding))
      let isTiny = wide & ~(1 << 34) < leastNormal
      let expected = isTiny ? plain & 0x8000_0000 : plain
      check(
        SinglePrecision.multiply(x, y, rounding: rounding, flush: true) == expected,
        "\(x) * \(y)")
      check(
        SinglePrecision.multiplyAdd(
          a, b, (a ^ b) & 0x8000_0000, rounding: rounding, flush: true) == expected)
    }
  }

  @Test func `denormal operands are flushed with their sign`() {
    #expect(SinglePrecision.add(0x007f_ffff, 1, flush: true) == 0)
    #expect(SinglePrecision.add(0x807f_ffff, 0x8000_0001, flush: true) == 0x8000_0000)
    #expect(SinglePrecision.add(0x007f_ffff, 1) == 0x0080_0000)
    // As NVIDIA's assembler folds them.
    #expect(SinglePrecision.multiply(0x3f00_0001, 0x00ff_fffe, flush: true) == 0x0080_0000)
    #expect(SinglePrecision.multiply(0x3f7f_ffff, 0x0080_0000, flush: true) == 0)
    #expect(SinglePrecision.multiply(0x3f7f_ffff, 0x0080_0000) == 0x0080_0000)
  }

  @Test func `saturation clamps to 0 and 1, and NaN is 0`() {
    #expect(SinglePrecision.add(0x8000_0000, 0x8000_0000, saturate: true) == 0)
    #expect(SinglePrecision.add(0x7fc0_0000, 0x3f80_0000, saturate: true) == 0)
    #expect(SinglePrecision.add(0x4000_0000, 0, saturate: true) == 0x3f80_0000)
    #expect(SinglePrecision.multiply(0xff80_0000, 0x3f80_0000, saturate: true) == 0)
    #expect(SinglePrecision.multiplyAdd(0x3f00_0000, 0x3f00_0000, 0, saturate: true) == 0x3e80_0000)
  }

  @Test func `NaNs are canonical`() {
    #expect(SinglePrecision.add(0xffc1_2345, 0) == 0x7fff_ffff)
    #expect(SinglePrecision.multiply(0x7f80_0000, 0) == 0x7fff_ffff)
    #expect(SinglePrecision.multiplyAdd(0x7f80_0000, 0x3f80_0000, 0xff80_0000) == 0x7fff_ffff)
    #expect(SinglePrecision.add(0x7f80_0001, 0, rounding: .up) == 0x7fff_ffff)
  }

  @Test func `minimum and maximum order zeros and let numbers win against NaNs`() {
    var samples = Samples(seed: 5)
    for _ in 0..<Self.count {
      let (a, b) = (samples.single(), samples.single())
      let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
      let low = SinglePrecision.extremum(a, b, isMaximum: false)
      let high = SinglePrecision.extremum(a, b, isMaximum: true)
      switch (x.isNaN, y.isNaN) {
      case (true, true): check(low == 0x7fff_ffff && high == 0x7fff_ffff)
      case (true, false): check(low == b && high == b)
      case (false, true): check(low == a && high == a)
      case (false, false):
        check(low == (x < y ? a : y < x ? b : a | b & 0x8000_0000))
        check(high == (x > y ? a : y > x ? b : a & ~(0x8000_0000 & ~b)))
      }
      let propagated = SinglePrecision.extremum(a, b, isMaximum: false, propagatesNaN: true)
      check(propagated == (x.isNaN || y.isNaN ? 0x7fff_ffff : low))
    }
    #expect(SinglePrecision.extremum(0x8000_0000, 0, isMaximum: false) == 0x8000_0000)
    #expect(SinglePrecision.extremum(0x8000_0000, 0, isMaximum: true) == 0)
    #expect(
      SinglePrecision.extremum(0xc000_0000, 0x3f80_0000, isMaximum: false, exclusiveSign: true)
        == 0xbf80_0000)
  }

  @Test func `comparisons know the unordered case`() {
    let nan = Float.nan
    #expect(Comparison.less.holds(1, 2 as Float) && !Comparison.less.holds(nan, 2))
    #expect(Comparison.lessOrUnordered.holds(nan, 2) && !Comparison.notEqual.holds(nan, nan))
    #expect(Comparison.notEqualOrUnordered.holds(nan, nan) && Comparison.unordered.holds(0, nan))
    #expect(Comparison.ordered.holds(0, 1 as Float) && Comparison.always.holds(nan, nan))
    #expect(Comparison.greaterOrEqual.holds(2, 2) && !Comparison.never.holds(2, 2))
    for raw in UInt8(0)..<16 {
      check(Comparison(rawValue: raw) != nil)
    }
  }
}
