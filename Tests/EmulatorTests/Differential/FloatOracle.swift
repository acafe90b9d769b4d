import Foundation

@testable import Emulator

/// Sums and products of floats, by the host's own arithmetic in every rounding direction, and by
/// exact numbers where the host has no such mode.
enum FloatOracle {
  static let directions: [(name: String, rounding: Rounding)] = [
    ("", .nearest), (".RM", .down), (".RP", .up), (".RZ", .zero),
  ]

  /// Evaluates under one of the host's rounding directions.
  @inline(never) @_optimize(none)
  static func rounded<T>(_ rounding: Rounding, _ body: () -> T) -> T {
    let before = fegetround()
    fesetround(hostMode(rounding))
    defer { fesetround(before) }
    return body()
  }

  /// `FE_…` of the host's `fenv.h`, which Swift sees twice.
  private static func hostMode(_ rounding: Rounding) -> Int32 {
    #if arch(x86_64)
      let (down, up): (Int32, Int32) = (0x400, 0x800)
    #else
      let (down, up): (Int32, Int32) = (0x80_0000, 0x40_0000)
    #endif
    return switch rounding {
    case .nearest: 0
    case .down: down
    case .up: up
    case .zero: down | up
    }
  }

  static func canonical(_ value: Float) -> UInt32 { value.isNaN ? 0x7fff_ffff : value.bitPattern }

  static func flushed(_ bits: UInt32) -> UInt32 {
    Float(bitPattern: bits).isSubnormal ? bits & 0x8000_0000 : bits
  }

  /// `a`·`b`·`scale` + `c` in single precision.
  static func single(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, scale: Float = 1, _ rounding: Rounding, flush: Bool,
    saturate: Bool
  ) -> UInt32 {
    let bits = flush ? [a, b, c].map(flushed) : [a, b, c]
    let (x, y, z) = (
      Float(bitPattern: bits[0]), Float(bitPattern: bits[1]), Float(bitPattern: bits[2])
    )
    // A power of two moves into the factor; one that leaves its range takes the exact way.
    var result = rounded(rounding) { fmaf(x, y, z) }
    if scale != 1 || flush, x.isFinite, y.isFinite, z.isFinite {
      let exact =
        ExactNumber(single: bits[0]) * ExactNumber(single: bits[1]) * ExactNumber(Double(scale))
        + ExactNumber(single: bits[2])
      if !exact.isZero {
        let plain = UInt32(exact.bits(exponentBits: 8, fractionBits: 23, rounding))
        // Rounded with room for smaller exponents, the result shows whether it is tiny.
        let wide = exact.bits(exponentBits: 11, fractionBits: 23, rounding) & 0x3_ffff_ffff
        let isTiny = wide < UInt64(1023 - 126) << 23
        result = Float(bitPattern: flush && isTiny ? plain & 0x8000_0000 : plain)
      }
    }
    if saturate { return result > 0 ? min(result, 1).bitPattern : 0 }
    return canonical(result)
  }

  /// `a`·`b` + `c` of halves, in a format of few bits, or in single precision.
  static func half(
    _ a: UInt16, _ b: UInt16, _ c: UInt16, isBrain: Bool, toSingle: Bool, flush: Bool,
    saturate: Bool, rectify: Bool
  ) -> UInt32 {
    func value(_ bits: UInt16) -> Double {
      if isBrain { return Double(Float(bitPattern: UInt32(bits) << 16)) }
      let half = Float16(bitPattern: bits)
      return flush && half.isSubnormal ? (half.sign == .minus ? -0.0 : 0) : Double(half)
    }
    let (x, y, z) = (value(a), value(b), value(c))
    let nan: UInt32 = toSingle ? 0x7fff_ffff : 0x7fff
    var bits: UInt32
    let plain = fma(x, y, z)
    if plain.isNaN {
      bits = saturate ? 0 : nan
      return bits
    }
    if saturate, !(plain > 0) || plain >= 1 {
      let one: UInt32 = toSingle ? 0x3f80_0000 : isBrain ? 0x3f80 : 0x3c00
      return plain > 0 ? one : 0
    }
    if rectify, plain <= 0 { return 0 }
    let (exponentBits, fractionBits) = toSingle ? (8, 23) : isBrain ? (8, 7) : (5, 10)
    let sign: UInt32 = plain.sign == .minus ? 1 << UInt32(exponentBits + fractionBits) : 0
    if plain.isInfinite || plain == 0 {
      let infinity: UInt32 = (1 << UInt32(exponentBits) - 1) << UInt32(fractionBits)
      return sign | (plain == 0 ? 0 : infinity)
    }
    let exact = ExactNumber(x) * ExactNumber(y) + ExactNumber(z)
    bits = UInt32(exact.bits(exponentBits: exponentBits, fractionBits: fractionBits, .nearest))
    if flush, !isBrain, !toSingle {
      let wide = exact.bits(exponentBits: 8, fractionBits: 10, .nearest) & 0x3_ffff
      if wide < UInt64(127 - 14) << 10 { bits = sign }
    }
    return bits
  }
}
