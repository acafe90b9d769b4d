/// `IMNMX` and the instructions for dynamic programming: `VIMNMX`, `VIMNMX3`, `VIADDMNMX`.
extension IntegerArithmetic {
  /// The lesser or greater, and whether it is `a` (an equal `b` counts as `a`).
  @inline(__always)
  static func extremum<Word: FixedWidthInteger & UnsignedInteger>(
    _ a: Word, _ b: Word, isSigned: Bool, isMaximum: Bool
  ) -> (value: Word, tookFirst: Bool) {
    // With their top bits turned, signed numbers order as unsigned ones do.
    let turned: Word = isSigned ? 1 << Word(Word.bitWidth - 1) : 0
    let tookFirst = (a ^ turned < b ^ turned) != isMaximum || a == b
    return (tookFirst ? a : b, tookFirst)
  }

  /// `.RELU`: negative numbers become zero.
  @inline(__always)
  static func rectified(_ a: UInt32) -> UInt32 { a & ~signWord(a) }

  /// `VIADDMNMX`: the extremum of `a` + `b`, which wraps, and `c`. [CUDA C++ Programming Guide,
  /// DPX]
  @inline(__always)
  static func sumExtremum(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, isSigned: Bool, isMaximum: Bool, rectifies: Bool = false
  ) -> UInt32 {
    let result = extremum(a &+ b, c, isSigned: isSigned, isMaximum: isMaximum).value
    return rectifies ? rectified(result) : result
  }

  /// The extremum of each half, and which halves came from `a`.
  @inline(__always)
  static func extremum16x2(
    _ a: UInt32, _ b: UInt32, isSigned: Bool, isMaximum: Bool, rectifies: Bool = false
  ) -> (value: UInt32, lowTookFirst: Bool, highTookFirst: Bool) {
    // In the upper half of a word, halves compare as words do.
    let low = extremum(a << 16, b << 16, isSigned: isSigned, isMaximum: isMaximum)
    let mask: UInt32 = 0xffff_0000
    let high = extremum(a & mask, b & mask, isSigned: isSigned, isMaximum: isMaximum)
    let (x, y) = rectifies ? (rectified(low.value), rectified(high.value)) : (low.value, high.value)
    return (x >> 16 | y, low.tookFirst, high.tookFirst)
  }

  @inline(__always)
  static func sumExtremum16x2(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, isSigned: Bool, isMaximum: Bool, rectifies: Bool = false
  ) -> UInt32 {
    extremum16x2(
      add16x2(a, b), c, isSigned: isSigned, isMaximum: isMaximum, rectifies: rectifies
    ).value
  }

  /// The sums of both halves; no carry between them.
  @inline(__always)
  static func add16x2(_ a: UInt32, _ b: UInt32) -> UInt32 {
    (a &+ b) & 0xffff | (a & 0xffff_0000) &+ (b & 0xffff_0000)
  }
}
