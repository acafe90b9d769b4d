@testable import Emulator

/// Halves and bytes of a word, each by itself.
enum PackedForms {
  static let all: [Form] = sums + extrema

  private static func parts(_ word: UInt32, _ bits: Int, _ isSigned: Bool) -> [Int] {
    stride(from: 0, to: 32, by: bits).map { shift in
      let part = Int(word >> UInt32(shift)) & (1 << bits - 1)
      return isSigned && part >> (bits - 1) == 1 ? part - 1 << bits : part
    }
  }

  private static func packed(_ parts: [Int], _ bits: Int) -> UInt32 {
    parts.enumerated().reduce(0) {
      $0 | UInt32($1.element & (1 << bits - 1)) << UInt32($1.offset * bits)
    }
  }

  /// The parts of an operand whose minus is that of each part.
  private static func parts(_ value: Value, _ lane: Int, _ bits: Int, _ isSigned: Bool) -> [Int] {
    let plain = parts(UInt32(truncatingIfNeeded: value.raw[lane]), bits, isSigned)
    return value.isNegated ? plain.map { -$0 } : plain
  }

  private static let sums: [Form] = [("16x2", 16), ("U8x4", 8)].map { name, bits in
    Form("VIADD." + name, architecture: 90, trials: 8) { t in
      let d = t.destination()
      let (a, b) = (t.word(.negate), t.word(.negate))
      return { lane in
        let pairs = zip(parts(a, lane, bits, false), parts(b, lane, bits, false))
        d.set(packed(pairs.map(+), bits))
      }
    }
  }

  private static let extrema: [Form] =
    [("S16x2", true), ("U16x2", false)].flatMap {
      name, isSigned in
      (isSigned ? ["", ".RELU"] : [""]).flatMap { suffix in
        @Sendable func chosen(_ values: [Int], _ takesLess: Bool) -> Int {
          let found = takesLess ? values.min()! : values.max()!
          return suffix.isEmpty ? found : max(0, found)
        }
        let sum = Form("VIADDMNMX.\(name)\(suffix)", architecture: 90, trials: 8) { t in
          let d = t.destination()
          let (a, b, c) = (t.word(.negate), t.word(.negate), t.word())
          let p = t.predicate()
          return { lane in
            let pairs = zip(parts(a, lane, 16, isSigned), parts(b, lane, 16, isSigned))
            // The sum wraps before it is compared.
            let sums = parts(packed(pairs.map(+), 16), 16, isSigned)
            let third = parts(c, lane, 16, isSigned)
            d.set(packed(zip(sums, third).map { chosen([$0, $1], p[lane]) }, 16))
          }
        }
        let three = Form("VIMNMX3.\(name)\(suffix)", architecture: 90, trials: 8) { t in
          let d = t.destination()
          let sources = [t.word(), t.word(), t.word()]
          let p = t.predicate()
          return { lane in
            let all = sources.map { parts($0, lane, 16, isSigned) }
            d.set(packed((0..<2).map { half in chosen(all.map { $0[half] }, p[lane]) }, 16))
          }
        }
        return [sum, three]
      }
    } + [
      Form("VIMNMX.U8x4", architecture: 90, trials: 8) { t in
        let d = t.destination()
        let (a, b, p) = (t.word(), t.word(), t.predicate())
        return { lane in
          let pairs = zip(parts(a, lane, 8, false), parts(b, lane, 8, false))
          d.set(packed(pairs.map { p[lane] ? min($0, $1) : max($0, $1) }, 8))
        }
      }
    ]
}
