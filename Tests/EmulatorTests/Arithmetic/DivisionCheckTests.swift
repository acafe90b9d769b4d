import Testing

@testable import Emulator

/// The rule is right when the fast path, run on whatever it lets through, divides correctly.
@Suite struct DivisionCheckTests {
  private func fastPath(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let minus = b ^ 0x8000_0000
    let estimate = SinglePrecision.reciprocal(b)
    let error = SinglePrecision.multiplyAdd(minus, estimate, 0x3f80_0000)
    let inverse = SinglePrecision.multiplyAdd(estimate, error, estimate)
    let first = SinglePrecision.multiplyAdd(a, inverse, 0)
    let remainder = SinglePrecision.multiplyAdd(minus, first, a)
    let second = SinglePrecision.multiplyAdd(inverse, remainder, first)
    let rest = SinglePrecision.multiplyAdd(minus, second, a)
    return SinglePrecision.multiplyAdd(inverse, rest, second)
  }

  @Test func `the fast path is right wherever it is taken`() {
    var samples = Samples(seed: 6)
    var taken = 0
    for _ in 0..<100_000 {
      let (a, b) = (samples.single(), samples.single())
      guard !FCHK.needsSlowPath(a, b) else { continue }
      taken += 1
      let quotient = Float(bitPattern: a) / Float(bitPattern: b)
      check(fastPath(a, b) == quotient.bitPattern, "\(a) / \(b)")
    }
    #expect(taken > 20_000)
  }

  @Test func `ordinary divisions take the fast path, special operands the slow one`() {
    #expect(!FCHK.needsSlowPath(0x3f80_0000, 0x4040_0000))
    for special: UInt32 in [0, 0x8000_0000, 1, 0x7f80_0000, 0x7fc0_0000] {
      check(FCHK.needsSlowPath(special, 0x3f80_0000))
      check(FCHK.needsSlowPath(0x3f80_0000, special))
    }
    #expect(FCHK.needsSlowPath(0x7f00_0000, 0x0080_0000))
    #expect(FCHK.needsSlowPath(0x3f80_0000, 0x7e80_0000))
  }
}
