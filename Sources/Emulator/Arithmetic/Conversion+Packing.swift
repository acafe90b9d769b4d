/// Conversions that put two results into one register, or take them apart.
extension Conversion {
  /// `F2FP.F16.F32.PACK_AB` and `F2FP.BF16.F32.PACK_AB`: `high` and `low` in a register's halves.
  /// `rectify` (`.RELU`) makes negative numbers +0; `staysFinite` (`.SATFINITE`) gives the
  /// greatest finite number for what is beyond it.
  @inline(__always)
  static func packHalves(
    high: UInt32, low: UInt32, isBrain: Bool, rounding: Rounding = .nearest, rectify: Bool = false,
    staysFinite: Bool = false
  ) -> UInt32 {
    UInt32(half(high, isBrain, rounding, rectify, staysFinite)) << 16
      | UInt32(half(low, isBrain, rounding, rectify, staysFinite))
  }

  @inline(__always)
  private static func half(
    _ single: UInt32, _ isBrain: Bool, _ rounding: Rounding, _ rectify: Bool, _ staysFinite: Bool
  ) -> UInt16 {
    let value = Double(Float(bitPattern: single))
    if rectify, value <= 0 { return 0 }
    let bits = isBrain ? BrainFloat.bits(value, rounding) : HalfPrecision.bits(value, rounding)
    let infinity: UInt16 = isBrain ? 0x7f80 : 0x7c00
    return staysFinite && bits & 0x7fff == infinity ? bits &- 1 : bits
  }

  /// `F2FP.SATFINITE.E4M3.F32.PACK_AB_MERGE_C` and its `.E5M2` form: two bytes below the low half
  /// of `merged`.
  @inline(__always)
  static func packEightBitFloats(
    high: UInt32, low: UInt32, merged: UInt32, isE5M2: Bool, rectify: Bool = false
  ) -> UInt32 {
    merged << 16 | UInt32(eightBitFloat(Double(Float(bitPattern: high)), isE5M2, rectify)) << 8
      | UInt32(eightBitFloat(Double(Float(bitPattern: low)), isE5M2, rectify))
  }

  /// The same from the two halves of a register (`.F16`).
  @inline(__always)
  static func packEightBitFloats(
    halves: UInt32, merged: UInt32, isE5M2: Bool, rectify: Bool = false
  ) -> UInt32 {
    let high = Double(HalfPrecision.float(UInt16(truncatingIfNeeded: halves >> 16)))
    let low = Double(HalfPrecision.float(UInt16(truncatingIfNeeded: halves)))
    return merged << 16 | UInt32(eightBitFloat(high, isE5M2, rectify)) << 8
      | UInt32(eightBitFloat(low, isE5M2, rectify))
  }

  @inline(__always)
  private static func eightBitFloat(_ value: Double, _ isE5M2: Bool, _ rectify: Bool) -> UInt8 {
    if rectify, value <= 0 { return 0 }
    return isE5M2 ? EightBitFloat.e5m2(value) : EightBitFloat.e4m3(value)
  }

  /// `F2FP.F16.E4M3.UNPACK_B` and its `.E5M2` form: the low two bytes as halves.
  @inline(__always)
  static func unpackEightBitFloats(_ bytes: UInt32, isE5M2: Bool) -> UInt32 {
    @inline(__always)
    func half(_ byte: UInt8) -> UInt32 {
      let value = isE5M2 ? EightBitFloat.float(e5m2: byte) : EightBitFloat.float(e4m3: byte)
      return UInt32(HalfPrecision.bits(Double(value)))
    }
    return half(UInt8(truncatingIfNeeded: bytes >> 8)) << 16
      | half(UInt8(truncatingIfNeeded: bytes))
  }

  /// `I2I`: an integer, given by its 64-bit extension, in fewer bits: cut, or clamped (`.SAT`) to
  /// the type's range, and extended again.
  @inline(__always)
  static func narrow(
    _ integer: Int64, width: UInt32, isSigned: Bool, saturate: Bool
  ) -> UInt64 {
    if width >= 64 { return UInt64(bitPattern: integer) }
    let top: Int64 = 1 << Int64(width &- 1)
    if saturate {
      let (low, high) = isSigned ? (0 &- top, top &- 1) : (0, top &- 1 | top)
      return UInt64(bitPattern: min(max(integer, low), high))
    }
    let rest = 64 &- Int64(width)
    return isSigned
      ? UInt64(bitPattern: (integer << rest) >> rest)
      : (UInt64(bitPattern: integer) << UInt64(rest)) >> UInt64(rest)
  }
}
