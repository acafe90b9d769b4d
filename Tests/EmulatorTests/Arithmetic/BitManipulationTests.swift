import Testing

@testable import Emulator

@Suite struct BitManipulationTests {
  static let count = 2000
  typealias Integers = IntegerArithmetic

  @Test func `look-up logic follows the table bit by bit, for every table`() {
    var samples = Samples(seed: 30)
    for table in UInt32(0)..<256 {
      let (a, b, c) = (samples.word(), samples.word(), samples.word())
      var expected: UInt32 = 0
      for bit in UInt32(0)..<32 {
        let index = (a >> bit & 1) * 4 + (b >> bit & 1) * 2 + (c >> bit & 1)
        expected |= (table >> index & 1) << bit
      }
      check(Integers.lookup(a, b, c, table: table) == expected)
    }
    #expect(Integers.lookup(0b1100, 0b1010, 0, table: 0xc0) == 0b1000)
    #expect(Integers.lookup(0b1100, 0b1010, 0, table: 0x3c) == 0b0110)
  }

  @Test func `permutations`() {
    let (a, b): (UInt32, UInt32) = (0x8302_8100, 0x7706_8504)
    func permute(_ selector: UInt32, _ mode: Integers.Permutation) -> UInt32 {
      Integers.permute(a, b, selector: selector, mode: mode)
    }
    #expect(permute(0x7531, .index) == 0x7785_8381)
    // Signs of bytes 1 (negative), 0 (not), 5 (negative); byte 6 itself.
    #expect(permute(0x98d6, .index) == 0xff00_ff06)
    // The tables of PTX ISA, prmt.
    let tables: [(Integers.Permutation, [UInt32])] = [
      (.forward4Extract, [0x3210, 0x4321, 0x5432, 0x6543]),
      (.backward4Extract, [0x5670, 0x6701, 0x7012, 0x0123]),
      (.replicate8, [0x0000, 0x1111, 0x2222, 0x3333]),
      (.edgeClampLeft, [0x3210, 0x3211, 0x3222, 0x3333]),
      (.edgeClampRight, [0x0000, 0x1110, 0x2210, 0x3210]),
      (.replicate16, [0x1010, 0x3232, 0x1010, 0x3232]),
    ]
    for (mode, selectors) in tables {
      for (selector, indices) in selectors.enumerated() {
        #expect(permute(UInt32(selector), mode) == permute(indices, .index), "\(mode) \(selector)")
      }
    }
  }

  @Test func `shifts of one and of two words`() {
    var samples = Samples(seed: 31)
    for _ in 0..<Self.count {
      let (low, high) = (samples.word(), samples.word())
      let amount = samples.next() % 2 == 0 ? UInt32(samples.next() % 70) : samples.word()
      for (isWide, wraps) in [(false, false), (false, true), (true, false), (true, true)] {
        let width: UInt32 = isWide ? 64 : 32
        let by = wraps ? amount % width : min(amount, width)
        let pair = UInt128(high) << 32 | UInt128(low)
        for takesHigh in [false, true] {
          let left = pair << UInt128(by)
          check(
            Integers.shiftLeft(
              low: low, high: high, amount: amount, isWide: isWide, wraps: wraps,
              takesHigh: takesHigh) == UInt32(truncatingIfNeeded: takesHigh ? left >> 32 : left))
          let right = pair >> UInt128(by)
          check(
            Integers.shiftRight(
              low: low, high: high, amount: amount, isWide: isWide, isSigned: false, wraps: wraps,
              takesHigh: takesHigh) == UInt32(truncatingIfNeeded: takesHigh ? right >> 32 : right))
          let signed = Int128(Int64(bitPattern: UInt64(pair))) >> Int128(by)
          check(
            Integers.shiftRight(
              low: low, high: high, amount: amount, isWide: isWide, isSigned: true, wraps: wraps,
              takesHigh: takesHigh)
              == UInt32(truncatingIfNeeded: takesHigh ? signed >> 32 : signed))
        }
      }
    }
    // As NVIDIA's assembler folds shf.
    #expect(
      Integers.shiftLeft(
        low: 0x1234_5678, high: 0x9abc_def0, amount: 40, isWide: false, wraps: false,
        takesHigh: true) == 0x1234_5678)
    #expect(
      Integers.shiftLeft(
        low: 0x1234_5678, high: 0x9abc_def0, amount: 40, isWide: false, wraps: true,
        takesHigh: true) == 0xbcde_f012)
    #expect(
      Integers.shiftRight(
        low: 0x1234_5678, high: 0x9abc_def0, amount: 40, isWide: false, isSigned: false,
        wraps: false, takesHigh: false) == 0x9abc_def0)
  }

  @Test func `counts, reversals, masks and extensions`() {
    var samples = Samples(seed: 32)
    for _ in 0..<Self.count {
      let a = samples.word()
      let bits = (0..<32).map { a >> UInt32($0) & 1 }
      check(Integers.populationCount(a) == bits.reduce(0, +))
      check(Integers.bitReversed(a) == bits.reduce(0) { $0 << 1 | $1 })
      let top = bits.lastIndex(of: 1).map { UInt32($0) }
      check(Integers.leadingOne(a, isSigned: false, countsFromTop: false) == top ?? .max)
      check(
        Integers.leadingOne(a, isSigned: false, countsFromTop: true) == top.map { 31 - $0 } ?? .max)
      let differing = bits.lastIndex { $0 != bits[31] }.map { UInt32($0) }
      check(Integers.leadingOne(a, isSigned: true, countsFromTop: false) == differing ?? .max)

      let (position, width) = (UInt32(samples.next() % 40), UInt32(samples.next() % 40))
      for wraps in [false, true] {
        let start = wraps ? position % 32 : position
        let count = wraps ? width % 32 : width
        let mask = (UInt32(0)..<32).reduce(0) {
          $0 | ($1 >= start && $1 < start + count ? 1 << $1 : 0)
        }
        check(Integers.bitMask(position: position, width: width, wraps: wraps) == mask)
        let kept = min(count, 32)
        let low = UInt32(truncatingIfNeeded: UInt64(a) & (1 << UInt64(kept) - 1))
        check(Integers.extended(a, width: width, isSigned: false, wraps: wraps) == low)
        let isNegative = kept > 0 && a >> (kept - 1) & 1 == 1
        let ones = kept == 32 ? 0 : UInt32.max << kept
        check(
          Integers.extended(a, width: width, isSigned: true, wraps: wraps)
            == (isNegative ? low | ones : low))
      }
    }
    // As NVIDIA's assembler folds bfind and szext.
    #expect(Integers.leadingOne(0xffff_fff0, isSigned: true, countsFromTop: false) == 3)
    #expect(Integers.leadingOne(0xf0, isSigned: false, countsFromTop: true) == 0x18)
    #expect(Integers.extended(0xff, width: 32, isSigned: true, wraps: true) == 0)
  }
}
