@testable import Emulator

/// Bytes, dot products and the dynamic-programming forms.
enum VideoForms {
  static let all: [Form] = dots + differences + extrema

  private static func part(_ value: Value, _ lane: Int, _ index: Int, _ bits: Int, _ signed: Bool)
    -> Int64
  {
    let field = Int64(value[lane] >> UInt64(index * bits)) & (1 << Int64(bits) - 1)
    return signed && field >> Int64(bits - 1) == 1 ? field - 1 << Int64(bits) : field
  }

  private static let dots: [Form] = {
    var forms: [Form] = []
    for (first, second) in [("U8", "U8"), ("S8", "S8"), ("U8", "S8"), ("S8", "U8")] {
      forms.append(
        Form("IDP.4A.\(first).\(second)", trials: 6) { t in
          let d = t.destination()
          let (a, b, c) = (t.word(), t.word(), t.word())
          return { lane in
            let sum = (0..<4).reduce(c.signed(lane)) {
              $0 + part(a, lane, $1, 8, first == "S8") * part(b, lane, $1, 8, second == "S8")
            }
            d.set(UInt32(truncatingIfNeeded: sum))
          }
        })
      for (name, start) in [("LO", 0), ("HI", 2)] {
        let wide = first == "S8" ? "S16" : "U16"
        forms.append(
          Form("IDP.2A.\(name).\(wide).\(second)") { t in
            let d = t.destination()
            let (a, b, c) = (t.word(), t.word(), t.word())
            return { lane in
              let sum = (0..<2).reduce(c.signed(lane)) {
                $0 + part(a, lane, $1, 16, wide == "S16")
                  * part(b, lane, start + $1, 8, second == "S8")
              }
              d.set(UInt32(truncatingIfNeeded: sum))
            }
          })
      }
    }
    return forms
  }()

  private static let differences: [Form] = {
    var forms: [Form] = []
    for (name, isSigned) in [("VABSDIFF", true), ("VABSDIFF.S32", true), ("VABSDIFF.U32", false)] {
      forms.append(
        Form(name, trials: 6) { t in
          let d = t.destination()
          let (a, b, c) = (t.word(), t.word(), t.word())
          return { lane in
            let x = isSigned ? a.signed(lane) : Int64(a[lane])
            let y = isSigned ? b.signed(lane) : Int64(b[lane])
            d.set(UInt32(truncatingIfNeeded: abs(x - y) + Int64(c[lane])))
          }
        })
    }
    for (name, isSigned, adds) in [
      ("U8", false, false), ("S8", true, false), ("U8.ACC", false, true), ("S8.ACC", true, true),
    ] {
      forms.append(
        Form("VABSDIFF4.\(name)", trials: 6) { t in
          let d = t.destination()
          let (a, b, c) = (t.word(), t.word(), adds ? t.word() : Value(reading: .integer, words: 1))
          if !adds { t.add(text: "RZ") }
          return { lane in
            let parts = (0..<4).map {
              abs(part(a, lane, $0, 8, isSigned) - part(b, lane, $0, 8, isSigned))
            }
            if adds {
              return d.set(UInt32(truncatingIfNeeded: parts.reduce(0, +) + Int64(c[lane])))
            }
            d.set(
              UInt32(truncatingIfNeeded: parts.enumerated().reduce(0) { $0 + $1.1 << (8 * $1.0) }))
          }
        })
    }
    return forms
  }()

  private static let extrema: [Form] = {
    var forms: [Form] = []
    for (suffix, isSigned, rectifies) in [
      ("", true, false), (".S32", true, false), (".U32", false, false), (".RELU", true, true),
    ] {
      @Sendable func number(_ word: UInt32) -> Int64 {
        isSigned ? Int64(Int32(bitPattern: word)) : Int64(word)
      }
      @Sendable func final(_ value: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: rectifies ? max(value, 0) : value)
      }
      forms.append(
        Form("VIADDMNMX" + suffix, architecture: 90, trials: 6) { t in
          let d = t.destination()
          let (a, b, c, p) = (t.word(), t.word(), t.word(), t.predicate())
          return { lane in
            let (x, y) = (number(a.word(lane) &+ b.word(lane)), number(c.word(lane)))
            d.set(final(p[lane] ? min(x, y) : max(x, y)))
          }
        })
      forms.append(
        Form("VIMNMX3" + suffix, architecture: 90, trials: 6) { t in
          let d = t.destination()
          let (a, b, c, p) = (t.word(), t.word(), t.word(), t.predicate())
          return { lane in
            let all = [a, b, c].map { number($0.word(lane)) }
            d.set(final(p[lane] ? all.min()! : all.max()!))
          }
        })
    }
    return forms
  }()
}
