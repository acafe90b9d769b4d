@testable import Emulator

/// Integer instructions, by sums and products of 128 bits.
enum IntegerForms {
  static let all: [Form] =
    additions + multiplications + scaled + comparisons + extrema + choices
    + PackedForms.all

  /// A term of an addition: a negated operand is what is missing to the next power of two.
  private static func term(_ value: Value, _ lane: Int) -> UInt128 {
    let power: UInt128 = 1 << UInt128(32 * value.words)
    let plain = UInt128(value.raw[lane] & (value.words == 2 ? .max : 0xffff_ffff))
    if value.isNegated { return power - plain }
    return value.isInverted ? power - 1 - plain : plain
  }

  private static let additions: [Form] = {
    let three = Form("IADD3", trials: 16) { t in
      let (d, p, q) = (t.destination(), t.predicateResult(), t.predicateResult())
      let (a, b, c) = (t.word(.negate), t.word(.negate), t.word(.negate))
      return { lane in
        let sum = term(a, lane) + term(b, lane) + term(c, lane)
        d.set(UInt64(sum & 0xffff_ffff))
        p.set(sum >> 32 >= 1)
        q.set(sum >> 32 >= 2)
      }
    }
    let extended = Form("IADD3.X", trials: 16) { t in
      let (d, p, q) = (t.destination(), t.predicateResult(), t.predicateResult())
      let (a, b, c) = (t.word(.invert), t.word(.invert), t.word(.invert))
      let (x, y) = (t.predicate(), t.predicate())
      return { lane in
        let carries: UInt128 = (x[lane] ? 1 : 0) + (y[lane] ? 1 : 0)
        let sum = term(a, lane) + term(b, lane) + term(c, lane) + carries
        d.set(UInt64(sum & 0xffff_ffff))
        p.set(sum >> 32 >= 1)
        q.set(sum >> 32 >= 2)
      }
    }
    func two(_ mnemonic: String, wide: Bool, extended: Bool) -> Form {
      Form(mnemonic, architecture: 120, trials: 12) { t in
        let (d, p) = (t.destination(words: wide ? 2 : 1), t.predicateResult())
        let mark: Trial.Mark = extended ? .invert : .negate
        let (a, b) = wide ? (t.pair(mark), t.pair(mark)) : (t.word(mark), t.word(mark))
        let x = extended ? t.predicate() : Lanes(bits: 0)
        return { lane in
          let sum = term(a, lane) + term(b, lane) + (x[lane] ? 1 : 0)
          d.set(UInt64(truncatingIfNeeded: wide ? sum : sum & 0xffff_ffff))
          p.set(sum >> (wide ? 64 : 32) != 0)
        }
      }
    }
    let plain = ["VIADD", "VIADD.U32"].map { name in
      Form(name, architecture: 90, trials: 8) { t in
        let d = t.destination()
        let (a, b) = (t.word(.negate), t.word(.negate))
        return { d.set(a.word($0) &+ b.word($0)) }
      }
    }
    let wide = Form("IADD3.64", architecture: 120, trials: 8) { t in
      let (d, p) = (t.destination(words: 2), t.predicateResult())
      let (a, b, c) = (t.pair(.negate), t.pair(.negate), t.pair(.negate))
      return { lane in
        let sum = term(a, lane) + term(b, lane) + term(c, lane)
        d.set(UInt64(truncatingIfNeeded: sum))
        p.set(sum >> 64 != 0)
      }
    }
    return [
      wide, wide.uniform, three, three.uniform, extended, extended.uniform,
      two("IADD", wide: false, extended: false), two("IADD.X", wide: false, extended: true),
      two("IADD.64", wide: true, extended: false), two("IADD.64.X", wide: true, extended: true),
    ] + plain
  }()

  private static let multiplications: [Form] = {
    /// The product with the operands' signs, plus the addend, as 128 bits.
    @Sendable func product(_ a: Value, _ b: Value, _ lane: Int, _ isSigned: Bool) -> Int128 {
      isSigned
        ? Int128(a.signed(lane)) * Int128(b.signed(lane))
        : Int128(a[lane]) * Int128(b[lane])
    }
    var forms: [Form] = []
    for name in ["IMAD", "IMAD.U32", "IMAD.MOV", "IMAD.MOV.U32", "IMAD.SHL", "IMAD.IADD"] {
      let form = Form(name, trials: 8) { t in
        let d = t.destination()
        let (a, b, c) = (t.word(), t.word(), t.word(.negate))
        return { lane in
          d.set(UInt32(truncatingIfNeeded: product(a, b, lane, true) + Int128(c[lane])))
        }
      }
      forms += [form, form.uniform]
    }
    forms.append(
      Form("IMAD.X", trials: 8) { t in
        let d = t.destination()
        let (a, b, c) = (t.word(), t.word(), t.word(.invert))
        let x = t.predicate()
        return { lane in
          let sum = product(a, b, lane, true) + Int128(c[lane]) + (x[lane] ? 1 : 0)
          d.set(UInt32(truncatingIfNeeded: sum))
        }
      })
    for (name, isSigned) in [
      ("WIDE", true), ("WIDE.U32", false), ("HI", true), ("HI.U32", false),
    ] {
      let isWide = name.hasPrefix("WIDE")
      for isExtended in [false, true] {
        let form = Form("IMAD.\(name)" + (isExtended ? ".X" : ""), trials: 12) { t in
          let (d, p) = (t.destination(words: isWide ? 2 : 1), t.predicateResult())
          let (a, b) = (t.word(), t.word())
          let c = isExtended ? t.pair(.invert) : t.pair(.negate)
          let x = isExtended ? t.predicate() : Lanes(bits: 0)
          return { lane in
            // The product as 64 bits without sign: its carry is that of an addition of words.
            let bits = UInt64(truncatingIfNeeded: product(a, b, lane, isSigned))
            let sum = UInt128(bits) + UInt128(c[lane]) + (x[lane] ? 1 : 0)
            d.set(isWide ? UInt64(truncatingIfNeeded: sum) : UInt64(sum >> 32 & 0xffff_ffff))
            p.set(sum >> 64 != 0)
          }
        }
        forms += [form, form.uniform]
      }
    }
    for name in ["IMUL", "IMUL.U32"] {
      forms.append(
        Form(name) { t in
          let d = t.destination()
          let (a, b) = (t.word(), t.word())
          return { d.set(UInt32(truncatingIfNeeded: a[$0].multipliedFullWidth(by: b[$0]).low)) }
        })
    }
    return forms
  }()

  private static let scaled: [Form] = {
    let plain = Form("LEA", trials: 12) { t in
      let (d, p) = (t.destination(), t.predicateResult())
      let (a, b) = (t.word(), t.word(.negate))
      let shift = t.samples.next() % 32
      t.add(text: "0x" + String(shift, radix: 16))
      return { lane in
        let sum = UInt128(UInt32(truncatingIfNeeded: a[lane] << shift)) + term(b, lane)
        d.set(UInt64(sum & 0xffff_ffff))
        p.set(sum >> 32 != 0)
      }
    }
    func high(_ mnemonic: String, extended: Bool, signed: Bool) -> Form {
      Form(mnemonic, trials: 12) { t in
        let (d, p) = (t.destination(), t.predicateResult())
        let a = t.word()
        let b = extended ? t.word(.invert) : t.word(.negate)
        let c = signed ? a : t.word()
        let shift = t.samples.next() % 32
        t.add(text: "0x" + String(shift, radix: 16))
        let x = extended ? t.predicate() : Lanes(bits: 0)
        return { lane in
          let wide =
            signed ? UInt128(truncatingIfNeeded: a.signed(lane)) : UInt128(c[lane] << 32 | a[lane])
          let shifted = (wide << UInt128(shift)) >> 32 & 0xffff_ffff
          let sum = shifted + term(b, lane) + (x[lane] ? 1 : 0)
          d.set(UInt64(sum & 0xffff_ffff))
          p.set(sum >> 32 != 0)
        }
      }
    }
    let rest = [
      high("LEA.HI", extended: false, signed: false),
      high("LEA.HI.X", extended: true, signed: false),
      high("LEA.HI.SX32", extended: false, signed: true),
      high("LEA.HI.X.SX32", extended: true, signed: true),
    ]
    return [plain, plain.uniform] + rest + rest.map(\.uniform)
  }()

  static func combined(_ a: Bool, _ logic: String, _ b: Bool) -> Bool {
    logic == "AND" ? a && b : logic == "OR" ? a || b : a != b
  }

  private static let comparisons: [Form] = {
    let holds: [(String, @Sendable (Int128, Int128) -> Bool)] = [
      ("F", { _, _ in false }), ("LT", { $0 < $1 }), ("EQ", { $0 == $1 }), ("LE", { $0 <= $1 }),
      ("GT", { $0 > $1 }), ("NE", { $0 != $1 }), ("GE", { $0 >= $1 }), ("T", { _, _ in true }),
    ]
    var forms: [Form] = []
    for (index, (name, compare)) in holds.enumerated() {
      for (type, isWide, isSigned) in [
        ("", false, true), (".U32", false, false), (".S64", true, true), (".U64", true, false),
      ] {
        let logic = ["AND", "OR", "XOR"][(index + type.count) % 3]
        let form = Form("ISETP.\(name)\(type).\(logic)", architecture: isWide ? 120 : 86) { t in
          let (p, q) = (t.predicateResult(), t.predicateResult())
          let (a, b) = isWide ? (t.pair(), t.pair()) : (t.word(), t.word())
          let r = t.predicate()
          return { lane in
            let result =
              isSigned
              ? compare(Int128(a.signed(lane)), Int128(b.signed(lane)))
              : compare(Int128(a[lane]), Int128(b[lane]))
            p.set(combined(result, logic, r[lane]))
            q.set(combined(!result, logic, r[lane]))
          }
        }
        forms += [form, form.uniform]
      }
      guard !["F", "T"].contains(name) else { continue }
      for isSigned in [true, false] {
        // The low words were compared before; the predicate stands for their order.
        let mnemonic = "ISETP.\(name)\(isSigned ? "" : ".U32").AND.EX"
        forms.append(
          Form(mnemonic, trials: 8) { t in
            let (p, q) = (t.predicateResult(), t.predicateResult())
            let (a, b) = (t.word(), t.word())
            let (r, low) = (t.predicate(), t.predicate())
            return { lane in
              let x = isSigned ? Int128(a.signed(lane)) : Int128(a[lane])
              let y = isSigned ? Int128(b.signed(lane)) : Int128(b[lane])
              // Low words 0 and 1, 1 and 0 or 0 and 0 that compare as the predicate says.
              let pairs: [(Int128, Int128)] = [(0, 1), (1, 0), (0, 0)]
              let lows = pairs.first { compare($0.0, $0.1) == low[lane] }!
              let result = compare(x << 32 + lows.0, y << 32 + lows.1)
              p.set(result && r[lane])
              q.set(!result && r[lane])
            }
          })
      }
    }
    return forms
  }()

  private static let extrema: [Form] = {
    var forms: [Form] = []
    for (name, isSigned) in [("IMNMX", true), ("IMNMX.U32", false)] {
      forms.append(
        Form(name, trials: 8) { t in
          let d = t.destination()
          let (a, b, p) = (t.word(), t.word(), t.predicate())
          return { lane in
            let (x, y) =
              isSigned ? (a.signed(lane), b.signed(lane)) : (Int64(a[lane]), Int64(b[lane]))
            d.set(UInt32(truncatingIfNeeded: p[lane] ? min(x, y) : max(x, y)))
          }
        })
    }
    for (name, isSigned) in [("IMNMX.S64", true), ("IMNMX.U64", false)] {
      forms.append(
        Form(name, architecture: 120, trials: 8) { t in
          for _ in 0..<2 { t.add(text: "PT") }
          let d = t.destination(words: 2)
          let (a, b, p) = (t.pair(), t.pair(), t.predicate())
          t.add(text: "!PT")
          return { lane in
            let isLess = isSigned ? a.signed(lane) < b.signed(lane) : a[lane] < b[lane]
            d.set(isLess == p[lane] ? a[lane] : b[lane])
          }
        })
    }
    for (name, bits, isSigned) in [
      ("", 32, true), (".S32", 32, true), (".U32", 32, false), (".S64", 64, true),
      (".U64", 64, false), (".S16x2", 16, true), (".U16x2", 16, false),
    ] {
      for rectifies in bits < 64 && isSigned && name != ".S32" ? [false, true] : [false] {
        let form = Form("VIMNMX\(name)\(rectifies ? ".RELU" : "")", architecture: 120, trials: 8) {
          t in
          let d = t.destination(words: bits == 64 ? 2 : 1)
          let (a, b) = bits == 64 ? (t.pair(), t.pair()) : (t.word(), t.word())
          let p = t.predicate()
          return { lane in
            var result: UInt64 = 0
            for shift in stride(from: 0, to: max(32, bits), by: bits) {
              func part(_ value: Value) -> Int128 {
                let field =
                  value[lane] >> UInt64(shift) & (bits == 64 ? .max : 1 << UInt64(bits) - 1)
                let negative = isSigned && field >> UInt64(bits - 1) == 1
                return Int128(field) - (negative ? 1 << Int128(bits) : 0)
              }
              var chosen = p[lane] ? min(part(a), part(b)) : max(part(a), part(b))
              if rectifies { chosen = max(chosen, 0) }
              let mask: UInt64 = bits == 64 ? .max : 1 << UInt64(bits) - 1
              result |= (UInt64(truncatingIfNeeded: chosen) & mask) << UInt64(shift)
            }
            d.set(result)
          }
        }
        forms.append(form)
        if bits == 32 { forms.append(form.uniform) }
      }
    }
    return forms
  }()

  private static let choices: [Form] = {
    let absolute = Form("IABS", trials: 8) { t in
      let d = t.destination()
      let a = t.word()
      return { d.set(UInt32(truncatingIfNeeded: abs(Int128(a.signed($0))))) }
    }
    let select = Form("SEL", trials: 8) { t in
      let d = t.destination()
      let (a, b, p) = (t.word(.invert), t.word(.negate), t.predicate())
      return { d.set(p[$0] ? a[$0] : b[$0]) }
    }
    let wide = Form("SEL.64", architecture: 120, trials: 8) { t in
      let d = t.destination(words: 2)
      let (a, b, p) = (t.pair(), t.pair(), t.predicate())
      return { d.set(p[$0] ? a[$0] : b[$0]) }
    }
    return [absolute, select, select.uniform, wide]
  }()
}
