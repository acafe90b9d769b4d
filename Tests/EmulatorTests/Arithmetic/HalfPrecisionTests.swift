import Testing

@testable import Emulator

@Suite struct HalfPrecisionTests {
  static let count = 4000

  private func expected(_ lane: HalfLane, _ a: UInt16, _ b: UInt16, _ c: UInt16) -> UInt16 {
    let (x, y, z) = (lane.value(a), lane.value(b), lane.value(c))
    guard x.isFinite, y.isFinite, z.isFinite else {
      let value = x * y + z
      if value.isNaN { return 0x7fff }
      return (lane.isBrain ? 0x7f80 : 0x7c00) | (value < 0 ? 0x8000 : 0)
    }
    let sum = ExactNumber(x) * ExactNumber(y) + ExactNumber(z)
    if sum.isZero { return x * y + z == 0 && (x * y + z).sign == .minus ? 0x8000 : 0 }
    let bits =
      lane.isBrain
      ? sum.bits(exponentBits: 8, fractionBits: 7, .nearest)
      : sum.bits(exponentBits: 5, fractionBits: 10, .nearest)
    return UInt16(bits)
  }

  @Test(arguments: [false, true])
  func `lanes are fused and round once`(isBrain: Bool) {
    var samples = Samples(seed: 60)
    let lane = HalfLane(isBrain: isBrain)
    let one: UInt16 = isBrain ? 0x3f80 : 0x3c00
    for _ in 0..<Self.count {
      let operands = (0..<3).map { _ in isBrain ? samples.brain() : samples.half() }
      let (a, b, c) = (operands[0], operands[1], operands[2])
      check(lane.add(a, b) == expected(lane, a, one, b), "\(a) + \(b)")
      check(lane.multiply(a, b) == expected(lane, a, b, (a ^ b) & 0x8000), "\(a) * \(b)")
      let product = lane.multiply(a, b)
      let tie = product &- UInt16(samples.next() % 14) << (isBrain ? 7 : 10)
      for addend in [c, (product ^ 0x8000) &+ UInt16(samples.next() % 2), tie] {
        check(
          lane.multiplyAdd(a, b, addend) == expected(lane, a, b, addend),
          "\(a) * \(b) + \(addend)")
      }
    }
  }

  @Test func `single-precision results of half operands`() {
    var samples = Samples(seed: 61)
    let lane = HalfLane()
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.half(), samples.half(), samples.half())
      let (x, y, z) = (
        HalfPrecision.float(a).bitPattern, HalfPrecision.float(b).bitPattern,
        HalfPrecision.float(c).bitPattern
      )
      check(lane.addToSingle(a, b) == SinglePrecision.add(x, y))
      check(lane.multiplyToSingle(a, b) == SinglePrecision.multiply(x, y))
      check(lane.multiplyAddToSingle(a, b, c) == SinglePrecision.multiplyAdd(x, y, z))
    }
  }

  @Test func `modifiers`() {
    let flushing = HalfLane(flush: true)
    #expect(flushing.add(0x0001, 0x0400) == 0x0400)
    #expect(flushing.multiply(0x3bff, 0x0400) == 0)
    #expect(flushing.multiply(0xb800, 0x0400) == 0x8000)
    #expect(HalfLane().multiply(0x3bff, 0x0400) == 0x0400)
    let saturating = HalfLane(saturate: true)
    #expect(saturating.add(0x4000, 0x3c00) == 0x3c00)
    #expect(saturating.add(0x7e00, 0) == 0 && saturating.add(0xbc00, 0) == 0)
    #expect(saturating.multiplyAdd(0x3800, 0x3800, 0) == 0x3400)
    let rectifying = HalfLane(rectify: true)
    #expect(rectifying.add(0xbc00, 0) == 0 && rectifying.add(0x7c01, 0) == 0x7fff)
    #expect(HalfLane(isBrain: true, flush: true).add(1, 0) == 1)
  }

  @Test func `extrema and comparisons`() {
    let lane = HalfLane()
    #expect(lane.extremum(0x8000, 0, isMaximum: false) == 0x8000)
    #expect(lane.extremum(0x7e01, 0x3c00, isMaximum: true) == 0x3c00)
    #expect(lane.extremum(0x7e01, 0x3c00, isMaximum: true, propagatesNaN: true) == 0x7fff)
    #expect(lane.extremum(0xc000, 0x3c00, isMaximum: false, exclusiveSign: true) == 0xbc00)
    #expect(lane.compare(.less, 0xbc00, 0x0001) && !lane.compare(.equal, 0x7e00, 0x7e00))
    #expect(HalfLane(isBrain: true).extremum(0x3f80, 0xbf80, isMaximum: false) == 0xbf80)
  }

  @Test func `approximations are the exact results rounded`() {
    let lane = HalfLane()
    #expect(lane.exponentialBase2(0x3c00) == 0x4000)
    #expect(lane.exponentialBase2(0xcc00) == 0x0100)
    #expect(lane.exponentialBase2(0xfc00) == 0)
    #expect(lane.hyperbolicTangent(0x7c00) == 0x3c00)
    #expect(lane.hyperbolicTangent(0x0001) == 0x0001)
    #expect(HalfLane(isBrain: true).exponentialBase2(0x4000) == 0x4080)
  }
}
