/// `FCHK P, a, b`: whether the division `a` / `b` must leave the fast path.
///
/// Compiled code divides by r = MUFU.RCP(b), one Newton step on r, q = a·r, and two corrections by
/// the remainder a − b·q, all in fused arithmetic. The rule is not published. This one sends every
/// pair to the slow path for which some step of that sequence could leave the normal numbers:
///
/// * an operand that is a zero, a denormal, an infinity or a NaN. (That a zero numerator does is
///   known from programs run on chips.)
/// * 1/b is denormal, which MUFU.RCP flushes: |b| ≥ 2^126, biased exponent 253 or more.
/// * the quotient, between 2^(ea − eb − 1) and 2^(ea − eb + 1), or an approximation of it, could
///   overflow or be denormal.
/// * the remainder, a multiple of 2^(ea − 47) or finer by one bit, could fall below the least
///   denormal and be rounded: ea < −101.
///
/// The slow path computes the same correctly rounded quotient, so a rule that is too careful costs
/// instructions in a trace, never a wrong value.
enum FCHK {
  static func needsSlowPath(_ a: UInt32, _ b: UInt32) -> Bool {
    let numerator = Int32(truncatingIfNeeded: a >> 23 & 0xff)
    let denominator = Int32(truncatingIfNeeded: b >> 23 & 0xff)
    // Biased 26 is 2^-101.
    guard numerator >= 26, numerator <= 254, denominator >= 1, denominator <= 252 else {
      return true
    }
    let difference = numerator &- denominator
    return difference < -124 || difference > 126
  }
}
