@testable import Emulator

/// Packed halves and bfloat16.
enum HalfForms {
  static let all: [Form] = arithmetic + extrema + exclusiveSigns + comparisons

  private static let formats: [(String, Bool)] = [("", false), (".BF16_V2", true)]

  private static let arithmetic: [Form] = formats.flatMap { format, isBrain -> [Form] in
    let modes: [(String, Bool, Bool, Bool, Bool)] = [
      ("", false, false, false, false), (".FTZ", true, false, false, false),
      (".SAT", false, true, false, false), (".FTZ.SAT", true, true, false, false),
      (".RELU", false, false, true, false), (".F32", false, false, false, true),
      (".FTZ.F32", true, false, false, true),
    ]
    return modes.flatMap { name, flush, saturate, rectify, toSingle in
      ["HADD2", "HMUL2", "HFMA2", "HFMA2.MMA"].map { mnemonic in
        let opcode = String(mnemonic.prefix(5))
        return Form(mnemonic + format + name, trials: 6) { t in
          let d = t.destination()
          let (a, b) = (t.halves(isBrain: isBrain), t.halves(isBrain: isBrain))
          let c = opcode == "HFMA2" ? t.halves(isBrain: isBrain, [.negate]) : a
          return { lane in
            func one(_ pick: (Halves2, Int) -> UInt16) -> UInt32 {
              let (x, y) = (pick(a, lane), pick(b, lane))
              let one: UInt16 = isBrain ? 0x3f80 : 0x3c00
              let operands =
                opcode == "HFMA2"
                ? (x, y, pick(c, lane))
                : opcode == "HADD2" ? (x, one, y) : (x, y, (x ^ y) & 0x8000)
              return FloatOracle.half(
                operands.0, operands.1, operands.2, isBrain: isBrain, toSingle: toSingle,
                flush: flush, saturate: saturate, rectify: rectify)
            }
            let low = one { $0.low($1) }
            d.set(toSingle ? low : low | one { $0.high($1) } << 16)
          }
        }
      }
    }
  }

  private static func float(_ bits: UInt16, _ isBrain: Bool, _ flush: Bool) -> Float {
    if isBrain { return Float(bitPattern: UInt32(bits) << 16) }
    let half = Float16(bitPattern: bits)
    return flush && half.isSubnormal ? (half.sign == .minus ? -0.0 : 0) : Float(half)
  }

  private static let extrema: [Form] = formats.flatMap { format, isBrain -> [Form] in
    [("", false, false), (".NAN", false, true), (".FTZ", true, false)].flatMap {
      name, flush, keepsNaN in
      ["HMNMX2", "VHMNMX"].map { opcode in
        let type = opcode == "VHMNMX" && !isBrain ? ".F16x2" : format
        return Form(opcode + type + name, architecture: 90, trials: 6) { t in
          let d = t.destination()
          let (a, b) = (t.halves(isBrain: isBrain), t.halves(isBrain: isBrain))
          let p = t.predicate()
          return { lane in
            func one(_ x: UInt16, _ y: UInt16) -> UInt32 {
              let result = SingleForms.extremum(
                float(x, isBrain, flush), float(y, isBrain, flush), takesLess: p[lane],
                keepsNaN: keepsNaN)
              if result.isNaN { return 0x7fff }
              return isBrain ? result.bitPattern >> 16 : UInt32(Float16(result).bitPattern)
            }
            d.set(one(a.low(lane), b.low(lane)) | one(a.high(lane), b.high(lane)) << 16)
          }
        }
      }
    }
  }

  /// Magnitudes are compared and the signs before the bars multiplied.
  private static let exclusiveSigns: [Form] = formats.map { format, isBrain in
    Form("HMNMX2\(format).XORSIGN", trials: 8) { t in
      let d = t.destination()
      let (a, b) = (
        t.halves(isBrain: isBrain, [.absolute]), t.halves(isBrain: isBrain, [.absolute])
      )
      let p = t.predicate()
      return { lane in
        let signed = [a, b].map { halves in
          var plain = halves
          plain.value.marks = []
          return (plain.low(lane), plain.high(lane))
        }
        func one(_ x: UInt16, _ y: UInt16) -> UInt64? {
          let (first, second) = (float(x, isBrain, false), float(y, isBrain, false))
          if first.isNaN && second.isNaN { return 0x7fff }
          // Which sign a lone number gets is not documented.
          if first.isNaN || second.isNaN { return nil }
          let magnitude = p[lane] ? min(x & 0x7fff, y & 0x7fff) : max(x & 0x7fff, y & 0x7fff)
          return UInt64(magnitude | (x ^ y) & 0x8000)
        }
        let low = one(signed[0].0, signed[1].0)
        let high = one(signed[0].1, signed[1].1)
        d.set(acceptable: {
          (low ?? $0 & 0xffff) == $0 & 0xffff && (high ?? $0 >> 16) == $0 >> 16
        })
      }
    }
  }

  private static let comparisons: [Form] = SingleForms.comparisonNames.enumerated().flatMap {
    index, name in
    let (format, isBrain) = formats[index / 2 % 2]
    let logic = ["AND", "OR", "XOR"][index % 3]
    let flush = !isBrain && index % 2 == 1
    let modes = format + (flush ? ".FTZ" : "")
    @Sendable func compare(_ a: UInt16, _ b: UInt16) -> Bool {
      SingleForms.holds(name, float(a, isBrain, flush), float(b, isBrain, flush))
    }
    let usesBoth = index % 4 == 0 && logic == "AND"
    let predicate = Form("HSETP2\(modes).\(name).\(logic)" + (usesBoth ? ".H_AND" : "")) { t in
      let (p, q) = (t.predicateResult(), t.predicateResult())
      let (a, b) = (t.halves(isBrain: isBrain), t.halves(isBrain: isBrain))
      let r = t.predicate()
      return { lane in
        let low = compare(a.low(lane), b.low(lane))
        let high = compare(a.high(lane), b.high(lane))
        p.set(IntegerForms.combined(usesBoth ? low && high : low, logic, r[lane]))
        q.set(IntegerForms.combined(usesBoth ? !(low && high) : high, logic, r[lane]))
      }
    }
    let register = Form("HSET2\(index % 4 < 2 ? ".BF" : "")\(modes).\(name).\(logic)") { t in
      let d = t.destination()
      let (a, b) = (t.halves(isBrain: isBrain), t.halves(isBrain: isBrain))
      let r = t.predicate()
      return { lane in
        let one: UInt32 = index % 4 >= 2 ? 0xffff : isBrain ? 0x3f80 : 0x3c00
        let low = IntegerForms.combined(compare(a.low(lane), b.low(lane)), logic, r[lane])
        let high = IntegerForms.combined(compare(a.high(lane), b.high(lane)), logic, r[lane])
        d.set((low ? one : 0) | (high ? one << 16 : 0))
      }
    }
    return [predicate, register]
  }
}
