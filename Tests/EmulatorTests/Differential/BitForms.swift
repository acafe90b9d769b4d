@testable import Emulator

/// Shifts, logic by tables and bit counts, one bit at a time.
enum BitForms {
  static let all: [Form] = logic + counts + fields + shifts

  private static func bit(_ value: UInt64, _ index: Int) -> Bool { value >> UInt64(index) & 1 == 1 }

  private static func made(_ bits: (Int) -> Bool) -> UInt64 {
    (0..<32).reduce(0) { $0 | (bits($1) ? 1 << UInt64($1) : 0) }
  }

  private static let logic: [Form] = {
    var forms: [Form] = []
    for (name, usesAnd) in [("LOP3.LUT", false), ("LOP3.LUT.PAND", true), ("LOP3.LUT.POR", false)] {
      let form = Form(name, trials: 16) { t in
        let (p, d) = (t.predicateResult(), t.destination())
        let (a, b, c) = (t.word(.invert), t.word(), t.word())
        let tables: [UInt64] = [0xc0, 0xfc, 0x3c, 0x33, 0x96, 0, 0xff]
        let table = t.chance(1, in: 2) ? t.samples.next() & 0xff : tables[Int(t.samples.next() % 7)]
        t.add(text: "0x" + String(table, radix: 16))
        let q = t.predicate()
        return { lane in
          let result = made {
            let row = (bit(a[lane], $0) ? 4 : 0) + (bit(b[lane], $0) ? 2 : 0)
            return bit(table, row + (bit(c[lane], $0) ? 1 : 0))
          }
          d.set(result)
          p.set(usesAnd ? result != 0 && q[lane] : result != 0 || q[lane])
        }
      }
      forms += [form, form.uniform]
    }
    let permutations: [(String, @Sendable (UInt64, Int) -> UInt64)] = [
      (".F4E", { ($0 + UInt64($1)) % 8 }), (".B4E", { ($0 + 8 - UInt64($1)) % 8 }),
      (".RC8", { s, _ in s }), (".ECL", { max($0, UInt64($1)) }), (".ECR", { min($0, UInt64($1)) }),
      (".RC16", { $0 % 2 * 2 + UInt64($1) % 2 }),
    ]
    for (name, choose) in permutations {
      forms.append(
        Form("PRMT" + name) { t in
          let d = t.destination()
          let (a, selector, c) = (t.word(), t.word(), t.word())
          return { lane in
            let bytes = c[lane] << 32 | a[lane]
            d.set(
              (0..<4).reduce(UInt64(0)) { result, position in
                let byte = bytes >> (8 * choose(selector[lane] & 3, position)) & 0xff
                return result | byte << UInt64(8 * position)
              })
          }
        })
    }
    let permute = Form("PRMT", trials: 8) { t in
      let d = t.destination()
      let (a, selector, c) = (t.word(), t.word(), t.word())
      return { lane in
        let bytes = c[lane] << 32 | a[lane]
        d.set(
          (0..<4).reduce(UInt64(0)) { result, position in
            let nibble = selector[lane] >> UInt64(4 * position) & 15
            let byte = bytes >> (8 * (nibble & 7)) & 0xff
            let shown = nibble < 8 ? byte : byte < 128 ? 0 : 255
            return result | shown << UInt64(8 * position)
          })
      }
    }
    return forms + [permute, permute.uniform]
  }()

  private static let counts: [Form] = {
    let population = Form("POPC", trials: 8) { t in
      let d = t.destination()
      let a = t.word(.invert)
      return { lane in d.set(UInt64((0..<32).filter { bit(a[lane], $0) }.count)) }
    }
    let reverse = Form("BREV", trials: 8) { t in
      let d = t.destination()
      let a = t.word()
      return { lane in d.set(made { bit(a[lane], 31 - $0) }) }
    }
    var forms = [population, population.uniform, reverse, reverse.uniform]
    for (name, isSigned, givesShift) in [
      ("FLO", true, false), ("FLO.U32", false, false), ("FLO.SH", true, true),
      ("FLO.U32.SH", false, true),
    ] {
      let form = Form(name, trials: 8) { t in
        let d = t.destination()
        let a = t.word(.invert)
        return { lane in
          let sign = isSigned && bit(a[lane], 31)
          guard let position = (0..<32).last(where: { bit(a[lane], $0) != sign }) else {
            return d.set(UInt32.max)
          }
          d.set(UInt64(givesShift ? 31 - position : position))
        }
      }
      forms += [form, form.uniform]
    }
    return forms
  }()

  private static let fields: [Form] = {
    var forms: [Form] = []
    for (suffix, wraps) in [(".W", true), (".C", false), ("", false)] {
      let mask = Form("BMSK" + suffix, trials: 6) { t in
        let d = t.destination()
        let (a, b) = (t.small(80), t.small(80))
        return { lane in
          let start = wraps ? a[lane] % 32 : a[lane]
          let width = wraps ? b[lane] % 32 : b[lane]
          d.set(made { UInt64($0) >= start && UInt64($0) < start + width })
        }
      }
      forms += [mask, mask.uniform]
      guard suffix != ".C" else { continue }
      for (type, isSigned) in [("", true), (".U32", false)] {
        let extend = Form("SGXT" + suffix + type, trials: 6) { t in
          let d = t.destination()
          let (a, b) = (t.word(), t.small(80))
          return { lane in
            let width = Int(wraps ? b[lane] % 32 : min(b[lane], 32))
            let sign = width > 0 && isSigned && bit(a[lane], width - 1)
            d.set(made { $0 < width ? bit(a[lane], $0) : sign })
          }
        }
        forms += [extend, extend.uniform]
      }
    }
    return forms
  }()

  private static let shifts: [Form] = {
    var forms: [Form] = []
    for direction in ["L", "R"] {
      for wraps in [false, true] {
        for (type, width, isSigned) in [
          ("U32", 32, false), ("S32", 32, true), ("U64", 64, false), ("S64", 64, true),
        ] {
          for isHigh in [false, true] {
            let name =
              "SHF.\(direction)\(wraps ? ".W" : "").\(type)\(isHigh ? ".HI" : "")"
            let form = Form(name) { t in
              let d = t.destination()
              let (a, b, c) = (t.word(), t.small(100), t.word())
              return { lane in
                let amount = wraps ? b[lane] % UInt64(width) : min(b[lane], UInt64(width))
                let pair = c[lane] << 32 | a[lane]
                let result: UInt64
                if direction == "L" {
                  result = UInt64(truncatingIfNeeded: UInt128(pair) << UInt128(amount))
                } else if isSigned {
                  let value = Int128(Int64(bitPattern: pair)) >> Int128(amount)
                  result = UInt64(truncatingIfNeeded: value)
                } else {
                  result = UInt64(UInt128(pair) >> UInt128(amount))
                }
                d.set(isHigh ? result >> 32 : result & 0xffff_ffff)
              }
            }
            forms.append(form)
            if isHigh { forms.append(form.uniform) }
          }
        }
      }
    }
    for (name, isLeft, wraps, isSigned) in [
      ("SHL", true, false, false), ("SHL.W", true, true, false), ("SHR", false, false, true),
      ("SHR.U32", false, false, false), ("SHR.S32.W", false, true, true),
      ("SHR.U32.W", false, true, false),
    ] {
      forms.append(
        Form(name) { t in
          let d = t.destination()
          let (a, b) = (t.word(), t.small(100))
          return { lane in
            let amount = wraps ? b[lane] % 32 : min(b[lane], 32)
            if isLeft { return d.set(UInt32(truncatingIfNeeded: a[lane] << amount)) }
            d.set(
              UInt32(
                truncatingIfNeeded: isSigned ? a.signed(lane) >> amount : Int64(a[lane] >> amount)))
          }
        })
    }
    return forms
  }()
}
