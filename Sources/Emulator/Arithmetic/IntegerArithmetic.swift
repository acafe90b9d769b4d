/// Sums, products, comparisons and byte arithmetic of the integer pipes. Words are bit patterns; everything wraps.
enum IntegerArithmetic {
  /// `IMAD.WIDE`: the full product plus a register pair, and the carry out.
  @inline(__always)
  static func multiplyAddWide(
    _ a: UInt32, _ b: UInt32, _ c: UInt64, isSigned: Bool, carryIn: UInt32 = 0
  ) -> (value: UInt64, carry: Bool) {
    let (sum, first) = product(a, b, isSigned: isSigned).addingReportingOverflow(c)
    let (value, second) = sum.addingReportingOverflow(UInt64(carryIn))
    return (value, first || second)
  }

  @inline(__always)
  private static func product(_ a: UInt32, _ b: UInt32, isSigned: Bool) -> UInt64 {
    isSigned
      ? UInt64(bitPattern: Int64(Int32(bitPattern: a)) &* Int64(Int32(bitPattern: b)))
      : UInt64(a) &* UInt64(b)
  }

  /// `LEA`: (`a` << `shift`) + `b`, with the carry out. A negated `b` is complemented with a carry.
  @inline(__always)
  static func shiftedAdd(
    _ a: UInt32, _ b: UInt32, shift: UInt32, carryIn: UInt32 = 0
  ) -> (value: UInt32, carry: Bool) {
    added(a << (shift & 31), b, carryIn)
  }

  /// `LEA.HI`: the high word of (`high`:`a`) << `shift`, plus `b` and, for `.X`, a carry. `.SX32`
  /// takes the sign of `a` for `high`.
  @inline(__always)
  static func shiftedAddHigh(
    _ a: UInt32, _ b: UInt32, high: UInt32, shift: UInt32, carryIn: UInt32 = 0
  ) -> (value: UInt32, carry: Bool) {
    let pair = UInt64(high) << 32 | UInt64(a)
    let word = UInt32(truncatingIfNeeded: (pair << UInt64(shift & 31)) >> 32)
    return added(word, b, carryIn)
  }

  @inline(__always)
  private static func added(_ a: UInt32, _ b: UInt32, _ carryIn: UInt32) -> (UInt32, Bool) {
    let sum = UInt64(a) &+ UInt64(b) &+ UInt64(carryIn)
    return (UInt32(truncatingIfNeeded: sum), sum >> 32 != 0)
  }

  /// The word above `a` when it is sign-extended.
  @inline(__always)
  static func signWord(_ a: UInt32) -> UInt32 { UInt32(bitPattern: Int32(bitPattern: a) >> 31) }

  /// `IABS`; the least number is its own magnitude.
  @inline(__always)
  static func absolute(_ a: UInt32) -> UInt32 { Int32(bitPattern: a).magnitude }

  /// `ISETP.EX`: compares 64-bit numbers by their high words, and by what the comparison of the
  /// low words (made unsigned, by an `ISETP` before) said where those are equal.
  @inline(__always)
  static func extendedComparison(
    _ comparison: Comparison, _ a: UInt32, _ b: UInt32, lowHolds: Bool, isSigned: Bool
  ) -> Bool {
    // `EQ` and `NE` too pass on what the low words said.
    if a == b { return comparison != .never && lowHolds }
    return isSigned
      ? comparison.holds(Int32(bitPattern: a), Int32(bitPattern: b)) : comparison.holds(a, b)
  }

  /// `IDP.4A`: the dot product of four bytes, plus `c`. [PTX ISA, dp4a]
  @inline(__always)
  static func dotProduct4(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, aIsSigned: Bool, bIsSigned: Bool
  ) -> UInt32 {
    var sum = c
    for shift: UInt32 in [0, 8, 16, 24] {
      sum &+= extended(a >> shift, bits: 8, aIsSigned) &* extended(b >> shift, bits: 8, bIsSigned)
    }
    return sum
  }

  /// `IDP.2A`: two halves of `a` by the low or the high two bytes of `b`, plus `c`.
  /// [PTX ISA, dp2a]
  @inline(__always)
  static func dotProduct2(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, aIsSigned: Bool, bIsSigned: Bool, high: Bool
  ) -> UInt32 {
    let bytes = high ? b >> 16 : b
    return c
      &+ extended(a, bits: 16, aIsSigned) &* extended(bytes, bits: 8, bIsSigned)
      &+ extended(a >> 16, bits: 16, aIsSigned) &* extended(bytes >> 8, bits: 8, bIsSigned)
  }

  @inline(__always)
  private static func extended(_ value: UInt32, bits: UInt32, _ isSigned: Bool) -> UInt32 {
    let top = value << (32 &- bits)
    return isSigned
      ? UInt32(bitPattern: Int32(bitPattern: top) >> Int32(truncatingIfNeeded: 32 &- bits))
      : top >> (32 &- bits)
  }

  /// `VABSDIFF`: |`a` − `b`| + `c`.
  @inline(__always)
  static func absoluteDifference(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, isSigned: Bool
  ) -> UInt32 {
    let isLess = isSigned ? Int32(bitPattern: a) < Int32(bitPattern: b) : a < b
    return (isLess ? b &- a : a &- b) &+ c
  }

  /// `VABSDIFF4`: |a − b| of each byte, or with `.ACC` their sum; plus `c`. [PTX ISA, vabsdiff4]
  @inline(__always)
  static func absoluteDifference4(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, isSigned: Bool, accumulates: Bool
  ) -> UInt32 {
    var result: UInt32 = 0
    for shift: UInt32 in [0, 8, 16, 24] {
      let x = extended(a >> shift, bits: 8, isSigned)
      let y = extended(b >> shift, bits: 8, isSigned)
      let difference = absoluteDifference(x, y, 0, isSigned: true)
      if accumulates { result &+= difference } else { result |= (difference & 0xff) << shift }
    }
    return result &+ c
  }
}
