import Testing

@testable import Emulator

@Suite struct ConversionTests {
  static let count = 600

  /// Exponent and fraction bits of the IEEE-like formats.
  static let layouts: [(FloatFormat, Int, Int)] = [
    (.half, 5, 10), (.brain, 8, 7), (.single, 8, 23), (.double, 11, 52),
  ]

  @Test func `every half, bfloat16 and eight-bit pattern has its value and converts back`() {
    for pattern in UInt16.min...UInt16.max {
      let half = Float16(bitPattern: pattern)
      let value = HalfPrecision.float(pattern)
      if half.isNaN {
        check(value.bitPattern == 0x7fff_ffff && HalfPrecision.bits(Double(value)) == 0x7fff)
      } else {
        check(value == Float(half) && value.sign == half.sign)
        check(HalfPrecision.bits(Double(value)) == pattern)
      }
      let brain = BrainFloat.float(pattern)
      check(BrainFloat.bits(Double(brain)) == (brain.isNaN ? 0x7fff : pattern))
    }
    for pattern in UInt8.min...UInt8.max {
      let magnitude = Double(pattern & 7)
      let exponent = Int(pattern >> 3 & 15)
      let scale = ElementaryFunctions.power(max(exponent, 1) - 10)
      let expected = (exponent == 0 ? magnitude : magnitude + 8) * scale
      let value = EightBitFloat.float(e4m3: pattern)
      if pattern & 0x7f == 0x7f {
        check(value.isNaN && EightBitFloat.e4m3(Double(value)) == 0x7f)
      } else {
        check(Double(value) == (pattern >= 128 ? -expected : expected), "\(pattern)")
        check(EightBitFloat.e4m3(Double(value)) == pattern)
      }
      let wide = EightBitFloat.float(e5m2: pattern)
      if wide.isFinite { check(EightBitFloat.e5m2(Double(wide)) == pattern) }
    }
    #expect(EightBitFloat.float(e4m3: 0x7e) == 448 && EightBitFloat.float(e5m2: 0x7b) == 57344)
  }

  @Test(arguments: Rounding.allCases)
  func `floats round once to every narrower format`(rounding: Rounding) {
    var samples = Samples(seed: 50)
    for _ in 0..<Self.count {
      for (source, sourceExponent, sourceFraction) in Self.layouts {
        let bits = samples.float(exponentBits: sourceExponent, fractionBits: sourceFraction)
        let value = source.value(bits)
        for (target, exponentBits, fractionBits) in Self.layouts {
          let result = Conversion.float(bits, from: source, to: target, rounding: rounding)
          if value.isFinite {
            let exact = ExactNumber(value)
            check(
              result
                == exact.bits(exponentBits: exponentBits, fractionBits: fractionBits, rounding),
              "\(source) \(bits) to \(target)")
          } else if !value.isNaN {
            check(target.value(result) == value)
          } else {
            check(target.value(result).isNaN)
          }
        }
      }
    }
  }

  @Test func `TF32 has ten fraction bits in a 32-bit register`() {
    var samples = Samples(seed: 51)
    for _ in 0..<Self.count {
      let bits = samples.single()
      let value = Double(Float(bitPattern: bits))
      guard value.isFinite else { continue }
      for rounding in Rounding.allCases {
        let exact = ExactNumber(value).bits(exponentBits: 8, fractionBits: 10, rounding)
        check(UInt64(TensorFloat.bits(value, rounding)) == exact << 13)
      }
    }
  }

  @Test(arguments: Rounding.allCases)
  func `eight-bit floats round and saturate`(rounding: Rounding) {
    var samples = Samples(seed: 52)
    for _ in 0..<Self.count {
      let scale = Float(sign: .plus, exponent: Int(samples.next() % 30) - 18, significand: 1)
      let value = Double(Float(bitPattern: samples.single() & 0x807f_ffff | 0x3f80_0000) * scale)
      let exact = ExactNumber(value)
      // With one more exponent bit than the format has, nothing overflows.
      let wide = exact.bits(exponentBits: 5, fractionBits: 3, bias: 7, rounding)
      let four = min(wide & 0xff, 0x7e) | (wide >> 8) << 7
      check(UInt64(EightBitFloat.e4m3(value, rounding)) == four, "\(value)")
      let five = exact.bits(exponentBits: 5, fractionBits: 2, rounding)
      check(
        UInt64(EightBitFloat.e5m2(value, rounding)) == min(five & 0x7f, 0x7b) | five & 0x80)
    }
    #expect(EightBitFloat.e4m3(.infinity) == 0x7e && EightBitFloat.e4m3(-480) == 0xfe)
    #expect(EightBitFloat.e5m2(.infinity) == 0x7b && EightBitFloat.e5m2(.nan) == 0x7f)
  }

  @Test(arguments: Rounding.allCases)
  func `floats to integers clamp, and NaN has its rule`(rounding: Rounding) {
    var samples = Samples(seed: 53)
    for _ in 0..<Self.count {
      for value in [
        Double(bitPattern: samples.double()), Double(Float(bitPattern: samples.single())),
        Double(Int64(bitPattern: samples.next()) >> Int64(samples.next() % 64)) / 4,
      ] {
        for width: UInt32 in [8, 16, 32, 64] {
          for isSigned in [false, true] {
            let result = Conversion.integer(
              value, width: width, isSigned: isSigned, rounding: rounding, nanIsZero: false)
            let bits = Int128(width)
            let low: Int128 = isSigned ? -(1 << (bits - 1)) : 0
            let high: Int128 = isSigned ? 1 << (bits - 1) - 1 : 1 << bits - 1
            let expected: Int128
            if value.isNaN {
              expected = isSigned ? low : 1 << (bits - 1)
            } else if value.magnitude >= 0x1p70 {
              expected = value < 0 ? low : high
            } else {
              expected = min(max(integral(value, rounding), low), high)
            }
            check(
              result == UInt64(truncatingIfNeeded: expected), "\(value) to \(width) \(isSigned)")
          }
        }
      }
    }
    #expect(
      Conversion.integer(.nan, width: 32, isSigned: true, rounding: .zero, nanIsZero: true) == 0)
  }

  /// A value below 2^70 in whole units, by the exact number's bits.
  private func integral(_ value: Double, _ rounding: Rounding) -> Int128 {
    let exact = ExactNumber(value)
    if exact.exponent >= 0 {
      let magnitude = Int128(value.magnitude)
      return value < 0 ? -magnitude : magnitude
    }
    let magnitude = Int128(exact.kept(from: 0, rounding))
    return value < 0 ? -magnitude : magnitude
  }

  @Test(arguments: Rounding.allCases)
  func `integers to floats round once`(rounding: Rounding) {
    var samples = Samples(seed: 54)
    for _ in 0..<Self.count {
      let integer = samples.next() >> (samples.next() % 64)
      // Ties and near ties of every precision.
      let tied = (integer | 1 << 63) & ~(UInt64.max >> (samples.next() % 64)) ^ samples.next() % 2
      for bits in [integer, tied, ~integer] {
        for isSigned in [false, true] {
          let exact = isSigned ? ExactNumber(Int64(bitPattern: bits)) : ExactNumber(bits)
          for (format, exponentBits, fractionBits) in Self.layouts {
            check(
              Conversion.float(bits, isSigned: isSigned, to: format, rounding: rounding)
                == exact.bits(exponentBits: exponentBits, fractionBits: fractionBits, rounding),
              "\(bits) \(isSigned) to \(format)")
          }
        }
      }
    }
    #expect(Conversion.float(0, isSigned: true, to: .single, rounding: .down) == 0)
  }

  @Test func `rounding to integral values keeps format and sign`() {
    #expect(Conversion.roundToIntegral(0xbecc_cccd, .single, rounding: .nearest) == 0x8000_0000)
    #expect(Conversion.roundToIntegral(0x4020_0000, .single, rounding: .nearest) == 0x4000_0000)
    #expect(Conversion.roundToIntegral(1, .single, rounding: .up) == 0x3f80_0000)
    #expect(Conversion.roundToIntegral(1, .single, rounding: .up, flush: true) == 0)
    #expect(Conversion.roundToIntegral(0x3e00, .half, rounding: .zero) == 0x3c00)
    #expect(Conversion.roundToIntegral(0x7f80_0001, .single, rounding: .zero) == 0x7fff_ffff)
    let value = (-2.5).bitPattern
    #expect(Conversion.roundToIntegral(value, .double, rounding: .down) == (-3.0).bitPattern)
  }

  @Test func `flushing, saturation and NaNs of float conversions`() {
    // As NVIDIA's assembler folds cvt.rn.ftz.f32.f64.
    for (bits, result) in [
      (0x380f_ffff_ffff_ffff, 0x0080_0000), (0x380f_ffff_e000_0000, 0), (0x380f_ffff_d000_0000, 0),
    ] as [(UInt64, UInt64)] {
      #expect(Conversion.float(bits, from: .double, to: .single, flush: true) == result)
    }
    #expect(Conversion.float(0xfffc_0000_2000_0000, from: .double, to: .single) == 0xffe0_0001)
    #expect(Conversion.float(0x7ff0_0000_0000_0001, from: .double, to: .single) == 0x7fc0_0000)
    #expect(Conversion.float(0xffc1_2345, from: .single, to: .double) == 0xfff8_2468_a000_0000)
    #expect(Conversion.float(0x7f81_2345, from: .single, to: .double) == 0x7ff8_2468_a000_0000)
    #expect(Conversion.float(0xfd00, from: .half, to: .single) == 0x7fff_ffff)
    #expect(Conversion.float(0x7fc1_2345, from: .single, to: .half) == 0x7fff)
    #expect(Conversion.float(0xff80_0000, from: .single, to: .single, saturate: true) == 0)
    #expect(Conversion.float(0x7fc0_0000, from: .single, to: .single, saturate: true) == 0)
    #expect(Conversion.float(1, from: .single, to: .double, flush: true) == 0)
  }

  @Test func `packing and unpacking`() {
    #expect(
      Conversion.packHalves(high: 0x4000_0000, low: 0x3f80_0000, isBrain: false) == 0x4000_3c00)
    #expect(
      Conversion.packHalves(high: 0xbf80_0000, low: 0x3f80_8000, isBrain: true, rectify: true)
        == 0x0000_3f80)
    #expect(
      Conversion.packHalves(high: 0x7f80_0000, low: 0xff80_0000, isBrain: false, staysFinite: true)
        == 0x7bff_fbff)
    let packed = Conversion.packEightBitFloats(
      high: 0x43f0_0000, low: 0x7fc1_2345, merged: 0xabcd_1234, isE5M2: false)
    #expect(packed == 0x1234_7e7f)
    #expect(Conversion.unpackEightBitFloats(0x7e01, isE5M2: false) == 0x5f00_1800)
    #expect(Conversion.unpackEightBitFloats(0x7f3c, isE5M2: true) == 0x7fff_3c00)
    #expect(Conversion.narrow(300, width: 8, isSigned: true, saturate: true) == 127)
    #expect(Conversion.narrow(300, width: 8, isSigned: true, saturate: false) == 44)
    #expect(Conversion.narrow(-1, width: 16, isSigned: false, saturate: false) == 0xffff)
  }
}
