import Testing

@testable import Emulator

/// Against definitions written bit by bit or in numbers wide enough to hold any result.
@Suite struct IntegerArithmeticTests {
  static let count = 4000
  typealias Integers = IntegerArithmetic

  private func signed(_ a: UInt32) -> Int64 { Int64(Int32(bitPattern: a)) }
  private func word(_ value: Int64) -> UInt32 { UInt32(truncatingIfNeeded: value) }

  @Test func `products`() {
    var samples = Samples(seed: 21)
    for _ in 0..<Self.count {
      let (a, b, c, d) = (samples.word(), samples.word(), samples.word(), samples.word())
      let addend = UInt64(c) << 32 | UInt64(d)
      let unsigned = UInt64(a) * UInt64(b)
      let plain = Integers.multiplyAddWide(a, b, addend, isSigned: false, carryIn: 1)
      check(plain.value == unsigned &+ addend &+ 1)
      check(plain.carry == (UInt128(unsigned) + UInt128(addend) + 1 > UInt128(UInt64.max)))
      let signedSum = UInt64(bitPattern: signed(a) * signed(b)) &+ addend
      check(Integers.multiplyAddWide(a, b, addend, isSigned: true).value == signedSum)
    }
  }

  @Test func `shifted sums build 64-bit addresses`() {
    var samples = Samples(seed: 22)
    for _ in 0..<Self.count {
      let (index, low, high) = (samples.word(), samples.word(), samples.word())
      let shift = UInt32(samples.next() % 5)
      let base = UInt64(high) << 32 | UInt64(low)
      let first = Integers.shiftedAdd(index, low, shift: shift)
      let carryIn: UInt32 = first.carry ? 1 : 0
      let second = Integers.shiftedAddHigh(
        index, high, high: Integers.signWord(index), shift: shift, carryIn: carryIn)
      let exact = UInt64(bitPattern: signed(index) << Int64(shift)) &+ base
      check(UInt64(second.value) << 32 | UInt64(first.value) == exact)
    }
  }

  @Test func `absolute values and extrema`() {
    var samples = Samples(seed: 23)
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.word(), samples.word(), samples.word())
      let (x, y, z) = (signed(a), signed(b), signed(c))
      check(Integers.absolute(a) == word(abs(x)))
      check(Integers.extremum(a, b, isSigned: true, isMaximum: true).value == word(max(x, y)))
      check(Integers.extremum(a, b, isSigned: true, isMaximum: false).value == word(min(x, y)))
      let unsigned = Integers.extremum(a, b, isSigned: false, isMaximum: false)
      check(unsigned.value == min(a, b) && unsigned.tookFirst == (a <= b))
      let sum = signed(a &+ b)
      check(
        Integers.sumExtremum(a, b, c, isSigned: true, isMaximum: false, rectifies: true)
          == word(max(min(sum, z), 0)))
      check(Integers.absoluteDifference(a, b, c, isSigned: true) == word(abs(x - y) + z))
      check(
        Integers.absoluteDifference(a, b, 0, isSigned: false) == max(a, b) - min(a, b))
      let (p, q) = (UInt64(a) << 32 | UInt64(b), UInt64(b) << 32 | UInt64(c))
      check(
        Integers.extremum(p, q, isSigned: true, isMaximum: true).value
          == UInt64(bitPattern: max(Int64(bitPattern: p), Int64(bitPattern: q))))
    }
  }

  @Test func `packed halves`() {
    var samples = Samples(seed: 24)
    func halves(_ value: UInt32) -> [Int16] {
      [Int16(truncatingIfNeeded: value), Int16(truncatingIfNeeded: value >> 16)]
    }
    func packed(_ values: [Int16]) -> UInt32 {
      UInt32(UInt16(bitPattern: values[0])) | UInt32(UInt16(bitPattern: values[1])) << 16
    }
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.word(), samples.word(), samples.word())
      let (x, y, z) = (halves(a), halves(b), halves(c))
      let least = Integers.extremum16x2(a, b, isSigned: true, isMaximum: false)
      check(least.value == packed([min(x[0], y[0]), min(x[1], y[1])]))
      check(least.lowTookFirst == (x[0] <= y[0]) && least.highTookFirst == (x[1] <= y[1]))
      check(
        Integers.extremum16x2(a, b, isSigned: true, isMaximum: true, rectifies: true).value
          == packed([max(x[0], y[0], 0), max(x[1], y[1], 0)]))
      check(
        Integers.sumExtremum16x2(a, b, c, isSigned: true, isMaximum: false)
          == packed([min(x[0] &+ y[0], z[0]), min(x[1] &+ y[1], z[1])]))
      let unsigned = Integers.extremum16x2(a, b, isSigned: false, isMaximum: true).value
      check(unsigned & 0xffff == max(a & 0xffff, b & 0xffff))
      check(unsigned >> 16 == max(a >> 16, b >> 16))
    }
  }

  @Test func `dot products and byte differences`() {
    var samples = Samples(seed: 25)
    func part(_ value: UInt32, _ index: Int, _ bits: Int, _ isSigned: Bool) -> Int64 {
      let raw = Int64(value) >> Int64(index * bits) & (1 << Int64(bits) - 1)
      return isSigned && raw >> Int64(bits - 1) == 1 ? raw - 1 << Int64(bits) : raw
    }
    for _ in 0..<Self.count {
      let (a, b, c) = (samples.word(), samples.word(), samples.word())
      for (s, t) in [(false, false), (false, true), (true, false), (true, true)] {
        let four = (0..<4).reduce(signed(c)) { $0 + part(a, $1, 8, s) * part(b, $1, 8, t) }
        check(Integers.dotProduct4(a, b, c, aIsSigned: s, bIsSigned: t) == word(four))
        for high in [false, true] {
          let two = (0..<2).reduce(signed(c)) {
            $0 + part(a, $1, 16, s) * part(b, $1 + (high ? 2 : 0), 8, t)
          }
          check(
            Integers.dotProduct2(a, b, c, aIsSigned: s, bIsSigned: t, high: high) == word(two))
        }
        let differences = (0..<4).map { abs(part(a, $0, 8, s) - part(b, $0, 8, s)) }
        check(
          Integers.absoluteDifference4(a, b, c, isSigned: s, accumulates: true)
            == word(differences.reduce(signed(c), +)))
        let bytes = differences.enumerated().reduce(0) { $0 | $1.element << ($1.offset * 8) }
        check(
          Integers.absoluteDifference4(a, b, 0, isSigned: s, accumulates: false) == word(bytes))
      }
    }
  }

  @Test func `extended comparisons equal those of 64 bits`() {
    var samples = Samples(seed: 26)
    for _ in 0..<Self.count {
      let (a, b) = (samples.word(), samples.word())
      let (high, other) = (samples.word(), samples.next() % 2 == 0 ? a : samples.word())
      let x = Int64(bitPattern: UInt64(high) << 32 | UInt64(a))
      let y = Int64(bitPattern: UInt64(samples.next() % 2 == 0 ? high : other) << 32 | UInt64(b))
      for comparison: Comparison in [
        .less, .equal, .lessOrEqual, .greater, .notEqual, .greaterOrEqual,
      ] {
        let low = comparison.holds(UInt32(truncatingIfNeeded: x), UInt32(truncatingIfNeeded: y))
        let holds = Integers.extendedComparison(
          comparison, UInt32(truncatingIfNeeded: x >> 32), UInt32(truncatingIfNeeded: y >> 32),
          lowHolds: low, isSigned: true)
        check(holds == comparison.holds(x, y), "\(x) \(comparison) \(y)")
      }
    }
  }
}
