@testable import Emulator

/// Sources by what they mean.
extension Trial {
  private static func hex(_ bits: UInt64) -> String { "0x" + String(bits, radix: 16) }

  /// 32 bits as an integer.
  func word(_ marks: Mark..., registersOnly: Bool = false) -> Value {
    source(marks: marks, registersOnly: registersOnly) { bits in
      // Small negative numbers are written with their sign.
      bits > 0xffff_ff00
        ? ("-" + Self.hex(0x1_0000_0000 - bits), bits) : (Self.hex(bits), bits)
    } draw: {
      UInt64($0.word())
    }
  }

  /// 32 bits that are small: shift amounts, widths, positions.
  func small(_ limit: UInt64) -> Value {
    source {
      (Self.hex($0), $0)
    } draw: {
      $0.next() % limit
    }
  }

  /// 64 bits in a register pair.
  func pair(_ marks: Mark...) -> Value {
    source(words: 2, marks: marks) { samples in
      samples.next() % 2 == 0
        ? samples.next() >> (samples.next() % 64)
        : UInt64(samples.word()) << 32 | UInt64(samples.word())
    }
  }

  func single(_ marks: [Mark] = [.negate, .absolute]) -> Value {
    source(marks: marks, reading: .float) { bits in
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      if value.isInfinite { return (value < 0 ? "-INF" : "+INF", bits) }
      return value.isNaN || value == 0 ? nil : ("\(value)", bits)
    } draw: {
      UInt64($0.single())
    }
  }

  /// Two singles in a register pair.
  func singles() -> Value {
    source(words: 2, reading: .float, registersOnly: true) {
      UInt64($0.single()) << 32 | UInt64($0.single())
    }
  }

  func double(_ marks: [Mark] = [.negate, .absolute]) -> Value {
    source(words: 2, marks: marks, reading: .double) { bits in
      // Immediates are the high words.
      let bits = bits & ~0xffff_ffff
      let value = Double(bitPattern: bits)
      if value.isInfinite { return (value < 0 ? "-INF" : "+INF", bits) }
      return value.isNaN || value == 0 ? nil : ("\(value)", bits)
    } draw: {
      $0.double()
    }
  }

  /// Packed halves, with the selection that their text names.
  func halves(isBrain: Bool, _ marks: [Mark] = [.negate, .absolute]) -> Halves2 {
    let suffixes = ["", "", "", ".H0_H0", ".H1_H1"]
    let suffix = suffixes[Int(samples.next() % 5)]
    let value = source(
      marks: marks, reading: isBrain ? .brain : .half, registersOnly: !suffix.isEmpty,
      suffix: suffix
    ) { bits in
      guard !isBrain else { return nil }
      let (high, low) = (
        Float16(bitPattern: UInt16(truncatingIfNeeded: bits >> 16)),
        Float16(bitPattern: UInt16(truncatingIfNeeded: bits))
      )
      guard high.isFinite, low.isFinite, high != 0, low != 0 else { return nil }
      return ("\(high), \(low)", bits)
    } draw: { samples in
      isBrain
        ? UInt64(samples.brain()) << 16 | UInt64(samples.brain())
        : UInt64(samples.half()) << 16 | UInt64(samples.half())
    }
    return Halves2(value: value, selection: suffix)
  }
}

/// Two halves of each lane, after marks and selection.
struct Halves2 {
  var value: Value
  var selection: String

  func low(_ lane: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: selection == ".H1_H1" ? value.word(lane) >> 16 : value.word(lane))
  }

  func high(_ lane: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: selection == ".H0_H0" ? value.word(lane) : value.word(lane) >> 16)
  }
}
