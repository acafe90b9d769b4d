import Foundation
import Testing

@testable import Emulator

/// Error bounds as PTX ISA states them for the `.approx.ftz` instructions, against the host's
/// mathematics library in extended precision where there is one.
@Suite struct MultifunctionTests {
  #if arch(x86_64)
    typealias Wide = Float80
  #else
    typealias Wide = Double
  #endif

  private func value(_ bits: UInt32) -> Double { Double(Float(bitPattern: bits)) }

  /// Normal numbers, every 4099th pattern (a prime, so that fractions vary).
  private var normals: some Sequence<UInt32> {
    stride(from: UInt32(0x0080_0000), to: 0x7f80_0000, by: 40_993)
  }

  @Test func `reciprocal within one unit in the last place`() {
    for bits in normals {
      let exact = 1 / Wide(value(bits))
      let result = SinglePrecision.reciprocal(bits)
      if exact < 0x1p-126 {
        check(result == 0)
      } else {
        check(Swift.abs(Wide(value(result)) / exact - 1) <= 0x1p-23)
      }
      check(SinglePrecision.reciprocal(bits | 0x8000_0000) == result | 0x8000_0000)
    }
  }

  @Test func `square roots within 2^-22.9 of themselves`() {
    for bits in normals {
      let root = Wide(value(bits)).squareRoot()
      let inverse = Wide(value(SinglePrecision.reciprocalSquareRoot(bits)))
      check(Swift.abs(inverse * root - 1) <= 0x1p-23)
      check(Swift.abs(Wide(value(SinglePrecision.squareRoot(bits))) / root - 1) <= 0x1p-23)
    }
  }

  @Test func `sine and cosine within 2^-20.9 over two turns and beyond`() {
    for step in stride(from: -20_000, through: 20_000, by: 1) {
      let turns = Float(step) * 0x1.9p-13
      let angle = 2 * Double.pi * Double(turns)
      let sine = value(SinglePrecision.sine(turns.bitPattern))
      let cosine = value(SinglePrecision.cosine(turns.bitPattern))
      check(Swift.abs(sine - Foundation.sin(angle)) <= 0x1p-23)
      check(Swift.abs(cosine - Foundation.cos(angle)) <= 0x1p-23)
    }
  }

  @Test func `powers of two within one unit in the last place or so`() {
    for step in stride(from: -15_200, through: 16_500, by: 1) {
      let x = Float(step) * 0x1.03p-7
      let exact = Foundation.exp2(Double(x))
      let result = value(SinglePrecision.exponentialBase2(x.bitPattern))
      if exact < 0x1p-126 {
        check(result == 0)
      } else if exact < 0x1.fffffep127 {
        check(Swift.abs(result / exact - 1) <= 0x1p-23)
      } else {
        check(result == .infinity)
      }
    }
  }

  @Test func `logarithms within 2^-22 near one and relatively elsewhere`() {
    for bits in normals {
      let exact = Foundation.log2(value(bits))
      let result = value(SinglePrecision.logarithmBase2(bits))
      check(Swift.abs(result - exact) <= Swift.abs(exact) * 0x1p-23)
    }
    for offset in -3000...3000 {
      let bits = UInt32(0x3f80_0000 + offset * 17)
      let exact = Foundation.log1p(value(bits) - 1) / Foundation.log(2.0)
      let result = value(SinglePrecision.logarithmBase2(bits))
      check(Swift.abs(result - exact) <= Swift.abs(exact) * 0x1p-23)
    }
  }

  @Test func `hyperbolic tangent within 2^-11 and far better`() {
    for bits in normals {
      let exact = Foundation.tanh(value(bits))
      let result = value(SinglePrecision.hyperbolicTangent(bits))
      check(Swift.abs(result / exact - 1) <= 0x1p-23)
      check(SinglePrecision.hyperbolicTangent(bits | 0x8000_0000) == Float(-result).bitPattern)
    }
  }

  @Test func `special operands give what PTX ISA says`() {
    let (inf, nan): (UInt32, UInt32) = (0x7f80_0000, 0x7fff_ffff)
    let minus: UInt32 = 0x8000_0000
    typealias Row = (name: String, function: (UInt32) -> UInt32, results: [UInt32])
    // −∞, −normal, −denormal, −0, +0, +denormal, +∞, NaN
    let operands: [UInt32] = [minus | inf, 0xc040_0000, minus | 1, minus, 0, 1, inf, 0xffc0_0001]
    let third: UInt32 = 0xbeaa_aaab
    let rows: [Row] = [
      (
        "rcp", SinglePrecision.reciprocal,
        [minus, third, minus | inf, minus | inf, inf, inf, 0, nan]
      ),
      (
        "rsqrt", SinglePrecision.reciprocalSquareRoot,
        [nan, nan, minus | inf, minus | inf, inf, inf, 0, nan]
      ),
      ("sqrt", SinglePrecision.squareRoot, [nan, nan, minus, minus, 0, 0, inf, nan]),
      (
        "lg2", SinglePrecision.logarithmBase2,
        [nan, nan, minus | inf, minus | inf, minus | inf, minus | inf, inf, nan]
      ),
      (
        "ex2", SinglePrecision.exponentialBase2,
        [0, 0x3e00_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000, inf, nan]
      ),
      (
        "tanh", SinglePrecision.hyperbolicTangent,
        [0xbf80_0000, 0xbf7e_bbe9, minus | 1, minus, 0, 1, 0x3f80_0000, nan]
      ),
      ("sin", SinglePrecision.sine, [nan, 0, minus, minus, 0, 0, nan, nan]),
      (
        "cos", SinglePrecision.cosine,
        [nan, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0000, nan, nan]
      ),
    ]
    for row in rows {
      for (operand, result) in zip(operands, row.results) {
        check(row.function(operand) == result, "\(row.name) \(operand)")
      }
    }
  }

  @Test func `double approximations are good to 20 bits`() {
    var samples = Samples(seed: 7)
    for _ in 0..<20_000 {
      let high = UInt32(truncatingIfNeeded: samples.double() >> 32)
      let x = Double(bitPattern: UInt64(high) << 32)
      guard x.isNormal else { continue }
      let inverse = Double(bitPattern: UInt64(SinglePrecision.reciprocal64High(high)) << 32)
      if (1 / x).isNormal {
        check(Swift.abs(inverse * x - 1) <= 0x1p-20)
      } else {
        check(inverse == 0 && inverse.sign == x.sign)
      }
      let root = Double(
        bitPattern: UInt64(SinglePrecision.reciprocalSquareRoot64High(high)) << 32)
      if x < 0 {
        check(root.isNaN)
      } else {
        check(Swift.abs(root * x.squareRoot() - 1) <= 0x1p-20)
      }
    }
    #expect(SinglePrecision.reciprocal64High(0) == 0x7ff0_0000)
    #expect(SinglePrecision.reciprocal64High(0x800f_ffff) == 0xfff0_0000)
    #expect(SinglePrecision.reciprocal64High(0xfff0_0000) == 0x8000_0000)
    #expect(SinglePrecision.reciprocalSquareRoot64High(0x8000_0000) == 0xfff0_0000)
    #expect(SinglePrecision.reciprocalSquareRoot64High(0x7ff0_0000) == 0)
    #expect(Double(bitPattern: UInt64(SinglePrecision.reciprocal64High(0x7ff8_0000)) << 32).isNaN)
  }
}
