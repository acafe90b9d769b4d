#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The multifunction unit's approximations (MUFU).
///
/// NVIDIA documents error bounds, not bits (PTX ISA, `.approx` instructions; CUDA C++ Programming
/// Guide, intrinsic functions). Each result here is the exact one rounded to single precision,
/// which lies within all of these bounds; last bits may differ from a chip's. Denormal inputs and
/// outputs are flushed: compiled code scales around the unit where they matter.
enum Transcendental {
  enum Function: Int {
    case reciprocal, reciprocalRoot, root, sine, cosine, exponential, logarithm, tangent
    case reciprocal64, reciprocalRoot64
  }

  static func evaluate(_ function: Function, _ bits: UInt32) -> UInt32 {
    switch function {
    case .reciprocal64: return highWord(1 / double(bits))
    case .reciprocalRoot64: return highWord(1 / double(bits).squareRoot())
    default: break
    }
    let x = Double(Float(bitPattern: SinglePrecision.flushed(bits)))
    let value: Double =
      switch function {
      case .reciprocal: 1 / x
      case .reciprocalRoot: x == 0 ? (x.sign == .minus ? -.infinity : .infinity) : 1 / x.squareRoot()
      case .root: x.squareRoot()
      // The argument counts turns: code multiplies by 1/2π first.
      case .sine: x.isFinite ? sin(2 * .pi * (x - x.rounded())) : .nan
      case .cosine: x.isFinite ? cos(2 * .pi * (x - x.rounded())) : .nan
      case .exponential: exp2(x)
      case .logarithm: log2(x)
      default: tanh(x)
      }
    return SinglePrecision.flushed(SinglePrecision.canonical(Float(value)))
  }

  /// The double whose high word is given.
  private static func double(_ high: UInt32) -> Double {
    let value = Double(bitPattern: UInt64(high) << 32)
    return value.isSubnormal ? (value < 0 ? -0.0 : 0) : value
  }

  private static func highWord(_ value: Double) -> UInt32 {
    if value.isNaN { return 0x7fff_ffff }
    if value.isSubnormal { return value < 0 ? 0x8000_0000 : 0 }
    return UInt32(truncatingIfNeeded: value.bitPattern >> 32)
  }
}

/// `FCHK`: whether a division must take the slow path.
///
/// The fast path multiplies by an approximate reciprocal and corrects with fused remainders; it
/// is exact only while neither the reciprocal, the quotient nor the remainder leaves the normal
/// range. Zero and denormal operands take the slow path too, as executed code shows.
enum DivisionCheck {
  static func needsSlowPath(_ a: UInt32, _ b: UInt32) -> Bool {
    let numerator = Int(a >> 23 & 0xff)
    let denominator = Int(b >> 23 & 0xff)
    // The remainder has 24 bits less than the numerator.
    guard (25...254).contains(numerator), (1...252).contains(denominator) else { return true }
    return !(-125...125).contains(numerator - denominator)
  }
}
