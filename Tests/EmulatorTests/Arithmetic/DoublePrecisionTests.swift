import Testing

@testable import Emulator

@Suite struct DoublePrecisionTests {
  static let count = 1000

  private func expected(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ rounding: Rounding) -> UInt64 {
    let (x, y, z) = (Double(bitPattern: a), Double(bitPattern: b), Double(bitPattern: c))
    guard x.isFinite, y.isFinite, z.isFinite else {
      let value = z.addingProduct(x, y)
      return value.isNaN ? DoublePrecision.nan : value.bitPattern
    }
    let sum = ExactNumber(x) * ExactNumber(y) + ExactNumber(z)
    guard sum.isZero else { return sum.bits(exponentBits: 11, fractionBits: 52, rounding) }
    let signs = ((a ^ b) >> 63, c >> 63)
    if signs.0 == signs.1 { return signs.0 << 63 }
    return rounding == .down ? 1 << 63 : 0
  }

  @Test(arguments: Rounding.allCases)
  func `sums, products and fused products round the exact result once`(rounding: Rounding) {
    var samples = Samples(seed: 40)
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.double(), samples.double(), samples.double())
      let one = Double(1).bitPattern
      let near = (a &- (samples.next() % 60) << 52) ^ b & 0x800f_ffff_ffff_ffff
      for other in [b, near] {
        check(
          DoublePrecision.add(a, other, rounding: rounding) == expected(a, one, other, rounding),
          "\(a) + \(other)")
      }
      let zero = (a ^ b) & 1 << 63
      check(
        DoublePrecision.multiply(a, b, rounding: rounding) == expected(a, b, zero, rounding),
        "\(a) * \(b)")
      let product = DoublePrecision.multiply(a, b)
      let cancelling = (product ^ 1 << 63) &+ samples.next() % 3
      let small = product &- (50 + samples.next() % 8) << 52
      for addend in [c, cancelling, small] {
        check(
          DoublePrecision.multiplyAdd(a, b, addend, rounding: rounding)
            == expected(a, b, addend, rounding), "\(a) * \(b) + \(addend)")
      }
    }
  }

  @Test func `NaNs are canonical`() {
    let infinity = Double.infinity.bitPattern
    #expect(DoublePrecision.add(infinity, infinity | 1 << 63) == 0xfff8_0000_0000_0000)
    #expect(DoublePrecision.multiply(0x7ff8_0000_0000_1234, 0) == 0xfff8_0000_0000_0000)
    #expect(DoublePrecision.multiplyAdd(infinity, 0, 0, rounding: .up) == 0xfff8_0000_0000_0000)
  }
}
