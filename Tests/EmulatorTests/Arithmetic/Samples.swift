import Testing

@testable import Emulator

/// A seeded generator (SplitMix64) of operands from every class of number.
struct Samples: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// Bits of an IEEE format: any pattern, near one, sparse significands (ties), denormals, the
  /// ends of the range, zeros, infinities and NaNs.
  mutating func float(exponentBits: Int, fractionBits: Int) -> UInt64 {
    let fractionMask: UInt64 = 1 << UInt64(fractionBits) - 1
    let fieldMask: UInt64 = 1 << UInt64(exponentBits) - 1
    let bias = fieldMask >> 1
    var fraction = next() & fractionMask
    switch next() % 4 {
    case 0: fraction = 1 << (next() % UInt64(fractionBits))
    case 1: fraction = fractionMask & ~(1 << (next() % UInt64(fractionBits)))
    default: break
    }
    let field: UInt64
    switch next() % 12 {
    case 0: field = 0
    case 1: field = 1 + next() % 3
    case 2: field = fieldMask - 1 - next() % 3
    case 3:
      field = fieldMask
      if next() % 2 == 0 { fraction = 0 }
    case 4:
      field = 0
      fraction = 0
    case 5...8:
      field = (bias &- UInt64(fractionBits) / 2 &+ next() % UInt64(fractionBits)) & fieldMask
    default: field = next() & fieldMask
    }
    let sign = (next() & 1) << UInt64(exponentBits + fractionBits)
    return sign | field << UInt64(fractionBits) | fraction
  }

  mutating func single() -> UInt32 { UInt32(float(exponentBits: 8, fractionBits: 23)) }
  mutating func double() -> UInt64 { float(exponentBits: 11, fractionBits: 52) }
  mutating func half() -> UInt16 { UInt16(float(exponentBits: 5, fractionBits: 10)) }
  mutating func brain() -> UInt16 { UInt16(float(exponentBits: 8, fractionBits: 7)) }

  /// Words with runs of ones and zeros, small numbers and their negatives.
  mutating func word() -> UInt32 {
    let value = UInt32(truncatingIfNeeded: next())
    switch next() % 6 {
    case 0: return value & 0xff
    case 1: return 0 &- (value & 0xff)
    case 2: return 1 << (value & 31)
    case 3: return .max >> (value & 31)
    case 4: return [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff][Int(value % 5)]
    default: return value
    }
  }
}

/// `#expect` for inner loops: it costs nothing while the condition holds.
func check(
  _ holds: Bool, _ text: @autoclosure () -> String = "",
  at location: SourceLocation = #_sourceLocation
) {
  if !holds { Issue.record("\(text())", sourceLocation: location) }
}
