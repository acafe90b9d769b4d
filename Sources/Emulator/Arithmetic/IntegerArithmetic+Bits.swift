/// Look-up logic, shifts, permutations and bit counts.
extension IntegerArithmetic {
  /// `LOP3.LUT`: any function of three bits. Bit 4a + 2b + c of the table is the result.
  /// [PTX ISA, lop3]
  @inline(__always)
  static func lookup(_ a: UInt32, _ b: UInt32, _ c: UInt32, table: UInt32) -> UInt32 {
    // A tree of seven selections; the table's bits, spread over words, are the leaves. No
    // branches, so that a loop over lanes becomes vector code.
    @inline(__always)
    func leaf(_ index: UInt32) -> UInt32 { 0 &- (table >> index & 1) }
    @inline(__always)
    func select(_ by: UInt32, _ zero: UInt32, _ one: UInt32) -> UInt32 {
      zero ^ (zero ^ one) & by
    }
    let low = select(b, select(c, leaf(0), leaf(1)), select(c, leaf(2), leaf(3)))
    let high = select(b, select(c, leaf(4), leaf(5)), select(c, leaf(6), leaf(7)))
    return select(a, low, high)
  }

  /// What `PRMT`'s selector means. [PTX ISA, prmt]
  enum Permutation: UInt8, Sendable {
    /// Four nibbles, each naming a byte; their top bit asks for the byte's sign instead.
    case index
    /// Four bytes from the selected one on, upwards or downwards.
    case forward4Extract, backward4Extract
    /// The selected byte, or half, everywhere.
    case replicate8
    /// The position or the selected byte, whichever is further left (`.ECL`) or right (`.ECR`).
    case edgeClampLeft, edgeClampRight
    case replicate16
  }

  /// `PRMT`: four bytes of the pair (`b`, `a`); bytes of `a` are numbers 0 to 3.
  @inline(__always)
  static func permute(
    _ a: UInt32, _ b: UInt32, selector: UInt32, mode: Permutation = .index
  ) -> UInt32 {
    let pair = UInt64(b) << 32 | UInt64(a)
    if mode == .index { return permuteByIndex(pair, selector) }
    let s = selector & 3
    var result: UInt32 = 0
    for position in UInt32(0)..<4 {
      let index: UInt32 =
        switch mode {
        case .index, .replicate8: s
        case .forward4Extract: s &+ position
        case .backward4Extract: (s &- position) & 7
        case .edgeClampLeft: max(s, position)
        case .edgeClampRight: min(s, position)
        case .replicate16: (s & 1) << 1 | position & 1
        }
      result |= (UInt32(truncatingIfNeeded: pair >> UInt64(index &* 8)) & 0xff) << (position &* 8)
    }
    return result
  }

  @inline(__always)
  private static func permuteByIndex(_ pair: UInt64, _ selector: UInt32) -> UInt32 {
    var result: UInt32 = 0
    for position in UInt32(0)..<4 {
      let nibble = selector >> (position &* 4) & 15
      let byte = UInt32(truncatingIfNeeded: pair >> UInt64((nibble & 7) &* 8)) & 0xff
      let sign = 0 &- (byte >> 7)
      result |= ((nibble & 8 == 0 ? byte : sign) & 0xff) << (position &* 8)
    }
    return result
  }

  /// `SHF.L`: (`high`:`low`) << `amount`, of which the high or the low word is taken. Amounts are
  /// clamped to the type's 32 or 64 bits, or wrap (`.W`).
  @inline(__always)
  static func shiftLeft(
    low: UInt32, high: UInt32, amount: UInt32, isWide: Bool, wraps: Bool, takesHigh: Bool
  ) -> UInt32 {
    let pair = UInt64(high) << 32 | UInt64(low)
    // Swift's shifts give zero for 64, as the hardware does.
    let shifted = pair << UInt64(shiftAmount(amount, isWide: isWide, wraps: wraps))
    return UInt32(truncatingIfNeeded: takesHigh ? shifted >> 32 : shifted)
  }

  /// `SHF.R`; see `shiftLeft`. Signed types shift in the sign of `high`.
  @inline(__always)
  static func shiftRight(
    low: UInt32, high: UInt32, amount: UInt32, isWide: Bool, isSigned: Bool, wraps: Bool,
    takesHigh: Bool
  ) -> UInt32 {
    let pair = UInt64(high) << 32 | UInt64(low)
    let by = shiftAmount(amount, isWide: isWide, wraps: wraps)
    let shifted =
      isSigned
      ? UInt64(bitPattern: Int64(bitPattern: pair) >> Int64(by)) : pair >> UInt64(by)
    return UInt32(truncatingIfNeeded: takesHigh ? shifted >> 32 : shifted)
  }

  @inline(__always)
  private static func shiftAmount(_ amount: UInt32, isWide: Bool, wraps: Bool) -> UInt32 {
    let width: UInt32 = isWide ? 64 : 32
    return wraps ? amount & (width &- 1) : min(amount, width)
  }

  /// `FLO`: the position of the highest one, or of the highest bit that differs from the sign;
  /// counted from the top with `.SH`. All ones when there is none. [PTX ISA, bfind]
  @inline(__always)
  static func leadingOne(_ a: UInt32, isSigned: Bool, countsFromTop: Bool) -> UInt32 {
    let value = isSigned ? a ^ signWord(a) : a
    if value == 0 { return .max }
    let leading = UInt32(truncatingIfNeeded: value.leadingZeroBitCount)
    return countsFromTop ? leading : 31 &- leading
  }

  /// `BREV`.
  @inline(__always)
  static func bitReversed(_ a: UInt32) -> UInt32 {
    var x = a
    x = (x & 0x5555_5555) << 1 | x >> 1 & 0x5555_5555
    x = (x & 0x3333_3333) << 2 | x >> 2 & 0x3333_3333
    x = (x & 0x0f0f_0f0f) << 4 | x >> 4 & 0x0f0f_0f0f
    return x.byteSwapped
  }

  /// `POPC`.
  @inline(__always)
  static func populationCount(_ a: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: a.nonzeroBitCount)
  }

  /// `BMSK`: `width` ones from bit `position` on. Both are clamped to 32, or wrap (`.W`).
  /// [PTX ISA, bmsk]
  @inline(__always)
  static func bitMask(position: UInt32, width: UInt32, wraps: Bool) -> UInt32 {
    let start = wraps ? position & 31 : min(position, 32)
    let count = wraps ? width & 31 : min(width, 32)
    let ones = (UInt64(1) << UInt64(count)) &- 1
    return UInt32(truncatingIfNeeded: ones << UInt64(start))
  }

  /// `SGXT`: the low `width` bits, sign- or zero-extended. [PTX ISA, szext]
  @inline(__always)
  static func extended(_ a: UInt32, width: UInt32, isSigned: Bool, wraps: Bool) -> UInt32 {
    let count = wraps ? width & 31 : min(width, 32)
    if count == 0 { return 0 }
    let rest = 32 &- count
    return isSigned
      ? UInt32(bitPattern: Int32(bitPattern: a << rest) >> Int32(truncatingIfNeeded: rest))
      : (a << rest) >> rest
  }
}
