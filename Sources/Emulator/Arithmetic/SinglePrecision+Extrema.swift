/// `FMNMX` and its three-operand form.
extension SinglePrecision {
  /// The lesser or the greater; −0 is below +0. A NaN loses against a number unless it
  /// `propagatesNaN`, and is canonical when it wins. With `exclusiveSign` the magnitudes are
  /// compared, and the sign is the exclusive or of both. [PTX ISA, min]
  @inline(__always)
  static func extremum(
    _ a: UInt32, _ b: UInt32, isMaximum: Bool, propagatesNaN: Bool = false,
    exclusiveSign: Bool = false, flush: Bool = false
  ) -> UInt32 {
    var (x, y) = flush ? (flushed(a), flushed(b)) : (a, b)
    if isNaN(x) || isNaN(y) {
      if propagatesNaN || isNaN(x) && isNaN(y) { return nan }
      return isNaN(x) ? y : x
    }
    let sign = (x ^ y) & signBit
    if exclusiveSign {
      x &= ~signBit
      y &= ~signBit
    }
    let takesFirst = (order(x) < order(y)) != isMaximum
    let result = takesFirst ? x : y
    return exclusiveSign ? result | sign : result
  }

  /// Keys that order bit patterns as their values, −0 below +0.
  @inline(__always)
  private static func order(_ bits: UInt32) -> Int32 {
    let signed = Int32(bitPattern: bits)
    return signed ^ (signed >> 31 & Int32.max)
  }
}
