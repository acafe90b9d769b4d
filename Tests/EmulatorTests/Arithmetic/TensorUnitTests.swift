import Testing

@testable import Emulator

/// How sums are cut, against exact numbers.
@Suite struct TensorUnitTests {
  /// One dot product, in row 0 and column 0 of an m16n8k16.
  private func dot(
    _ a: [UInt64], _ b: [UInt64], _ c: UInt64, _ format: FloatFormat, _ accumulator: FloatFormat,
    _ unit: TensorUnit
  ) -> UInt64 {
    let warp: WarpMatrix =
      switch format {
      case .tensor: .tensor16x8x8
      case .half, .brain: .half16x8x16
      default: .byte16x8x32
      }
    return warp.run(
      a: { row, inner in row == 0 ? a[inner] : 0 },
      b: { inner, column in column == 0 ? b[inner] : 0 },
      c: { row, column in row == 0 && column == 0 ? c : 0 },
      bitsOfC: accumulator == .half ? 16 : 32
    ) {
      MatrixMultiply.float(
        $0, shape: $1, a: format, b: format, accumulator: accumulator, unit: unit)
    }[0][0]
  }

  /// Halves whose products are the given powers of two; the rest is zero.
  private func powers(_ exponents: [Int: Int], _ unit: TensorUnit, c: Float = 0) -> Float {
    var (a, b) = ([UInt64](repeating: 0, count: 16), [UInt64](repeating: 0, count: 16))
    for (index, exponent) in exponents {
      a[index] = FloatFormat.half.bits(ElementaryFunctions.power(exponent / 2))
      b[index] = FloatFormat.half.bits(ElementaryFunctions.power(exponent - exponent / 2))
    }
    return Float(bitPattern: UInt32(dot(a, b, UInt64(c.bitPattern), .half, .single, unit)))
  }

  @Test func `each generation keeps its number of fraction bits`() {
    let next: Float = 1 + 0x1p-23
    #expect(powers([0: 0, 1: -24, 2: -24], .volta) == 1)
    for unit in [TensorUnit.turing, .ampere, .ada, .hopper, .blackwell] {
      #expect(powers([0: 0, 1: -24, 2: -24], unit) == next)
    }
    let quarters = [0: 0, 1: -25, 2: -25, 3: -25, 4: -25]
    #expect(powers(quarters, .ampere) == 1 && powers(quarters, .hopper) == next)
    // Cut, not rounded.
    #expect(powers([0: 0, 1: -24], .ampere) == 1)
  }

  @Test func `a step takes as many products as the generation says`() {
    #expect(powers([0: 0, 1: -24, 8: -24], .ampere) == 1)
    #expect(powers([0: 0, 1: -24, 8: -24], .hopper) == 1 + 0x1p-23)
    #expect(powers([0: 0, 1: -24, 7: -24], .ampere) == 1 + 0x1p-23)
    #expect(powers([8: -24, 9: -24], .ampere, c: 1) == 1 + 0x1p-23)
  }

  @Test(arguments: [FloatFormat.half, .brain, .tensor, .e4m3, .e5m2])
  func `random sums agree with exact alignment and cutting`(format: FloatFormat) {
    var samples = Samples(seed: 70)
    let (exponentBits, fractionBits): (Int, Int) =
      switch format {
      case .half: (5, 10)
      case .brain: (8, 7)
      case .tensor: (8, 10)
      case .e4m3: (4, 3)
      default: (5, 2)
      }
    let count = format == .tensor ? 8 : format == .half || format == .brain ? 16 : 32
    let shift: UInt64 = format == .tensor ? 13 : 0
    for round in 0..<60 {
      let unit: TensorUnit = [.turing, .ampere, .ada, .hopper, .blackwell][round % 5]
      func operand() -> UInt64 {
        // Mostly near one, so that sums interfere; sometimes anything finite.
        var bits = samples.float(exponentBits: exponentBits, fractionBits: fractionBits)
        while !format.value(bits << shift).isFinite {
          bits = samples.float(exponentBits: exponentBits, fractionBits: fractionBits)
        }
        return bits << shift
      }
      let (a, b) = ((0..<count).map { _ in operand() }, (0..<count).map { _ in operand() })
      for accumulator in [FloatFormat.single, .half]
      where format != .brain || accumulator == .single {
        let c = accumulator.bits(Double(Int(samples.next() % 4001)) / 512 - 4)
        let result = dot(a, b, c, format, accumulator, unit)
        let expected = Self.exact(a, b, c, format, accumulator, unit)
        check(result == expected, "\(format) \(accumulator) \(round): \(result) \(expected)")
      }
    }
  }

  /// Steps in exact numbers, cut one by one.
  private static func exact(
    _ a: [UInt64], _ b: [UInt64], _ c: UInt64, _ format: FloatFormat, _ accumulator: FloatFormat,
    _ unit: TensorUnit
  ) -> UInt64 {
    let (fractionBits, products) = unit.step(format)
    var result = c
    for first in stride(from: 0, to: a.count, by: products) {
      let range = first..<min(first + products, a.count)
      var terms: [(ExactNumber, Int)] = range.map {
        let (x, y) = (format.value(a[$0]), format.value(b[$0]))
        return (
          ExactNumber(x) * ExactNumber(y), exponent(x, format) + exponent(y, format)
        )
      }
      let addend = accumulator.value(result)
      guard addend.isFinite else { return result }
      terms.append((ExactNumber(addend), exponent(addend, accumulator)))
      terms.removeAll { $0.0.isZero }
      guard let greatest = terms.map(\.1).max() else {
        result = 0
        continue
      }
      let lowest = greatest - fractionBits
      let sum = terms.reduce(ExactNumber(0, exponent: lowest)) { sum, term in
        let cut = term.0.kept(from: lowest, .zero)
        return sum + ExactNumber(cut, isNegative: term.0.isNegative, exponent: lowest)
      }
      guard !sum.isZero else {
        result = 0
        continue
      }
      if accumulator == .half {
        result = sum.bits(exponentBits: 5, fractionBits: 10, .nearest)
      } else {
        let kept = min(fractionBits, 23)
        // What is cut would stop at the greatest number; what is beyond it is an infinity.
        if sum.exponent + sum.bitLength > 128 { return sum.isNegative ? 0xff80_0000 : 0x7f80_0000 }
        result = sum.bits(exponentBits: 8, fractionBits: kept, .zero) << UInt64(23 - kept)
      }
    }
    return result
  }

  private static func exponent(_ value: Double, _ format: FloatFormat) -> Int {
    let least =
      switch format {
      case .half, .e5m2: -14
      case .e4m3: -6
      default: -126
      }
    return value == 0 ? least : max(Int(value.exponent), least)
  }

  @Test func `infinities and NaNs`() {
    let (one, infinity, nan): (UInt64, UInt64, UInt64) = (0x3c00, 0x7c00, 0x7e00)
    func sum(_ pairs: [(UInt64, UInt64)], c: UInt64 = 0) -> UInt64 {
      let rest = [UInt64](repeating: 0, count: 16 - pairs.count)
      return dot(pairs.map(\.0) + rest, pairs.map(\.1) + rest, c, .half, .single, .ampere)
    }
    #expect(sum([(infinity, one)]) == 0x7f80_0000)
    #expect(sum([(infinity, one | 0x8000), (one, one)]) == 0xff80_0000)
    #expect(sum([(infinity, one), (infinity, one | 0x8000)]) == 0x7fff_ffff)
    #expect(sum([(infinity, 0)]) == 0x7fff_ffff && sum([(nan, one)]) == 0x7fff_ffff)
    #expect(sum([(one, one)], c: 0xff80_0000) == 0xff80_0000)
    #expect(sum([(infinity, one)], c: 0xff80_0000) == 0x7fff_ffff)
    #expect(sum([(one, one)], c: 0x7fc0_0000) == 0x7fff_ffff)
    // Beyond the range of the accumulator.
    #expect(sum([(0x7bff, 0x7bff)], c: 0x7f7f_ffff) == 0x7f7f_ffff)
    let half = dot(
      [0x7bff] + [UInt64](repeating: 0, count: 15), [0x7bff] + [UInt64](repeating: 0, count: 15),
      0, .half, .half, .ampere)
    #expect(half == 0x7c00)
  }

  @Test func `denormals take part`() {
    let one = FloatFormat.half.bits(1)
    let result = dot(
      [1] + [UInt64](repeating: 0, count: 15), [one] + [UInt64](repeating: 0, count: 15), 0, .half,
      .single, .turing)
    #expect(result == UInt64(Float(0x1p-24).bitPattern))
  }

  @Test func `units by compute capability`() {
    #expect(TensorUnit.of(computeCapability: 70).fractionBits == 23)
    #expect(TensorUnit.of(computeCapability: 86).eightBitFractionBits == 24)
    #expect(TensorUnit.of(computeCapability: 89).eightBitFractionBits == 13)
    #expect(TensorUnit.of(computeCapability: 90).halvesPerStep == 16)
    #expect(TensorUnit.of(computeCapability: 120).eightBitFractionBits == 25)
  }
}
