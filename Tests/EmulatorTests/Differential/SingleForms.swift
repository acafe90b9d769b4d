import Foundation

@testable import Emulator

/// Single precision.
enum SingleForms {
  static let all: [Form] =
    arithmetic + packed + extrema + comparisons + functions + [select, selectFlushing] + swizzled

  private static let modes: [(String, Rounding, Bool, Bool)] = FloatOracle.directions.flatMap {
    direction in
    [("", false, false), (".FTZ", true, false), (".SAT", false, true), (".FTZ.SAT", true, true)]
      .map { (direction.name + $0.0, direction.rounding, $0.1, $0.2) }
  }

  private static let arithmetic: [Form] = modes.flatMap { name, rounding, flush, saturate in
    let add = Form("FADD" + name) { t in
      let d = t.destination()
      let (a, b) = (t.single(), t.single())
      return { lane in
        d.set(
          FloatOracle.single(
            a.word(lane), 0x3f80_0000, b.word(lane), rounding, flush: flush, saturate: saturate))
      }
    }
    let scales: [(String, Float)] = [
      ("", 1), (".D2", 0.5), (".D4", 0.25), (".D8", 0.125), (".M2", 2), (".M4", 4), (".M8", 8),
    ]
    let multiply = ([("", Float(1))] + (name.isEmpty ? scales : [scales[name.count % 7]])).map {
      suffix, scale in
      Form("FMUL" + suffix + name) { t in
        let d = t.destination()
        let (a, b) = (t.single(), t.single())
        return { lane in
          let (x, y) = (a.word(lane), b.word(lane))
          d.set(
            FloatOracle.single(
              x, y, (x ^ y) & 0x8000_0000, scale: scale, rounding, flush: flush,
              saturate: saturate))
        }
      }
    }
    let fused = Form("FFMA" + name, trials: 6) { t in
      let d = t.destination()
      let (a, b, c) = (t.single([.negate]), t.single([.negate]), t.single([.negate]))
      return { lane in
        d.set(
          FloatOracle.single(
            a.word(lane), b.word(lane), c.word(lane), rounding, flush: flush, saturate: saturate))
      }
    }
    return [add, fused] + multiply + (name.isEmpty ? [add.uniform, fused.uniform] : [])
  }

  private static let packed: [Form] = FloatOracle.directions.flatMap { name, rounding in
    [false, true].flatMap { flush in
      ["FADD2", "FMUL2", "FFMA2"].map { opcode in
        Form(opcode + name + (flush ? ".FTZ" : ""), architecture: 120) { t in
          let d = t.destination(words: 2)
          let (a, b) = (t.singles(), t.singles())
          let c = opcode == "FFMA2" ? t.singles() : a
          return { lane in
            func one(_ shift: UInt64) -> UInt64 {
              let words = [a, b, c].map { UInt32(truncatingIfNeeded: $0[lane] >> shift) }
              let (x, y, z) =
                opcode == "FFMA2"
                ? (words[0], words[1], words[2])
                : opcode == "FADD2"
                  ? (words[0], 0x3f80_0000, words[1])
                  : (words[0], words[1], (words[0] ^ words[1]) & 0x8000_0000)
              let bits = FloatOracle.single(x, y, z, rounding, flush: flush, saturate: false)
              return UInt64(bits) << shift
            }
            d.set(one(0) | one(32))
          }
        }
      }
    }
  }

  /// IEEE 754-2019 minimumNumber and maximumNumber, or minimum and maximum (`.NAN`).
  static func extremum(_ a: Float, _ b: Float, takesLess: Bool, keepsNaN: Bool) -> Float {
    if a.isNaN || b.isNaN {
      return keepsNaN || a.isNaN && b.isNaN ? .nan : a.isNaN ? b : a
    }
    if a == b { return (a.sign == .minus) == takesLess ? a : b }
    return (a < b) == takesLess ? a : b
  }

  private static let extrema: [Form] = {
    var forms: [Form] = []
    for (name, flush, keepsNaN, xors) in [
      ("", false, false, false), (".FTZ", true, false, false), (".NAN", false, true, false),
      (".FTZ.NAN", true, true, false), (".XORSIGN", false, false, true),
      (".FTZ.NAN.XORSIGN", true, true, true),
    ] {
      @Sendable func input(_ bits: UInt32) -> Float {
        Float(bitPattern: flush ? FloatOracle.flushed(bits) : bits)
      }
      forms.append(
        Form("FMNMX" + name, trials: 8) { t in
          let d = t.destination()
          let marks: [Trial.Mark] = xors ? [.absolute] : [.negate, .absolute]
          let (a, b, p) = (t.single(marks), t.single(marks), t.predicate())
          return { lane in
            let (x, y) = (input(a.word(lane)), input(b.word(lane)))
            // With `.XORSIGN` magnitudes are compared, and the signs before that multiplied.
            let sign = UInt32((a.raw[lane] ^ b.raw[lane]) & 0x8000_0000)
            let result = FloatOracle.canonical(
              extremum(
                xors ? abs(x) : x, xors ? abs(y) : y, takesLess: p[lane], keepsNaN: keepsNaN))
            let isNumber = result & 0x7fff_ffff <= 0x7f80_0000
            d.set(xors && isNumber && !x.isNaN && !y.isNaN ? result | sign : result)
            // Which sign a lone number gets is not documented.
            if xors, x.isNaN != y.isNaN {
              d.set(acceptable: { UInt32($0) & 0x7fff_ffff == result & 0x7fff_ffff })
            }
          }
        })
      guard !xors else { continue }
      forms.append(
        Form("FMNMX3" + name, architecture: 120, trials: 6) { t in
          let d = t.destination()
          let (a, b, c, p) = (t.single(), t.single(), t.single(), t.predicate())
          return { lane in
            let all = [a, b, c].map { input($0.word(lane)) }
            let first = extremum(all[0], all[1], takesLess: p[lane], keepsNaN: keepsNaN)
            d.set(
              FloatOracle.canonical(
                extremum(first, all[2], takesLess: p[lane], keepsNaN: keepsNaN)))
          }
        })
    }
    return forms
  }()

  /// Comparisons by name; those that end in U hold for NaNs too.
  static func holds<T: BinaryFloatingPoint>(_ name: String, _ a: T, _ b: T) -> Bool {
    let isUnordered = a.isNaN || b.isNaN
    switch name {
    case "F": return false
    case "T": return true
    case "NUM": return !isUnordered
    case "NAN": return isUnordered
    default:
      if isUnordered { return name.hasSuffix("U") }
      switch name.prefix(2) {
      case "LT": return a < b
      case "EQ": return a == b
      case "LE": return a <= b
      case "GT": return a > b
      case "NE": return a != b
      default: return a >= b
      }
    }
  }

  static let comparisonNames = [
    "F", "LT", "EQ", "LE", "GT", "NE", "GE", "NUM", "NAN", "LTU", "EQU", "LEU", "GTU", "NEU",
    "GEU", "T",
  ]

  private static let comparisons: [Form] = comparisonNames.enumerated().flatMap { index, name in
    let (logic, flush) = (["AND", "OR", "XOR"][index % 3], index % 2 == 0)
    let ending = ".\(name)\(flush ? ".FTZ" : "").\(logic)"
    @Sendable func compare(_ a: Value, _ b: Value, _ lane: Int) -> Bool {
      let bits = [a, b].map { flush ? FloatOracle.flushed($0.word(lane)) : $0.word(lane) }
      return holds(name, Float(bitPattern: bits[0]), Float(bitPattern: bits[1]))
    }
    let predicate = Form("FSETP" + ending) { t in
      let (p, q) = (t.predicateResult(), t.predicateResult())
      let (a, b, r) = (t.single(), t.single(), t.predicate())
      return { lane in
        let result = compare(a, b, lane)
        p.set(IntegerForms.combined(result, logic, r[lane]))
        q.set(IntegerForms.combined(!result, logic, r[lane]))
      }
    }
    let register = Form("FSET\(index % 4 < 2 ? ".BF" : "")" + ending) { t in
      let d = t.destination()
      let (a, b, r) = (t.single(), t.single(), t.predicate())
      return { lane in
        let one: UInt32 = index % 4 < 2 ? 0x3f80_0000 : .max
        d.set(IntegerForms.combined(compare(a, b, lane), logic, r[lane]) ? one : 0)
      }
    }
    return [predicate, register]
  }

  private static let select = Form("FSEL", trials: 8) { t in
    let d = t.destination()
    let (a, b, p) = (t.single(), t.single(), t.predicate())
    return { d.set(p[$0] ? a[$0] : b[$0]) }
  }

  private static let selectFlushing = Form("FSEL.FTZ", trials: 8) { t in
    let d = t.destination()
    let (a, b, p) = (t.single(), t.single(), t.predicate())
    return { d.set(FloatOracle.flushed(UInt32(p[$0] ? a[$0] : b[$0]))) }
  }

  private static let swizzled: [Form] = [false, true].flatMap { flush in
    FloatOracle.directions.map { name, rounding in
      swizzled("FSWZADD" + (flush ? ".FTZ" : "") + name, rounding, flush: flush)
    }
  }

  private static func swizzled(_ name: String, _ rounding: Rounding, flush: Bool) -> Form {
    Form(name) { t in
      let d = t.destination()
      let (a, b) = (t.single([]), t.single([]))
      let pattern = (0..<4).map { _ in Array("PNRZ")[Int(t.samples.next() % 4)] }
      t.add(text: String(pattern))
      return { lane in
        let (x, y) = (a.word(lane), b.word(lane))
        func sum(_ x: UInt32, _ y: UInt32) -> UInt32 {
          FloatOracle.single(x, 0x3f80_0000, y, rounding, flush: flush, saturate: false)
        }
        switch pattern[lane % 4] {
        case "P": d.set(sum(x, y))
        case "N": d.set(sum(x, y ^ 0x8000_0000))
        case "R": d.set(sum(x ^ 0x8000_0000, y))
        default: d.set(UInt32(0))
        }
      }
    }
  }

  /// The functions of MUFU, within the error that PTX ISA allows; sine and cosine near zero.
  private static let functions: [Form] = {
    let exact: [(String, @Sendable (Double) -> Double, Double)] = [
      ("RCP", { 1 / $0 }, 0), ("RSQ", { 1 / $0.squareRoot() }, 0), ("SQRT", { $0.squareRoot() }, 0),
      ("EX2", { exp2($0) }, 0), ("LG2", { log2($0) }, 0x1p-22), ("TANH", { tanh($0) }, 0),
      ("SIN", { sin(2 * .pi * $0) }, 0x1p-20), ("COS", { cos(2 * .pi * $0) }, 0x1p-20),
    ]
    var forms = exact.map { name, function, absolute in
      Form("MUFU." + name, trials: 8) { t in
        let d = t.destination()
        let a = t.single()
        return { lane in
          let x = Double(Float(bitPattern: FloatOracle.flushed(a.word(lane))))
          let y = function(x)
          d.set(acceptable: { bits in
            let found = Double(Float(bitPattern: UInt32(bits)))
            // Angles beyond some turns have no fraction left.
            if absolute == 0x1p-20, !(abs(x) < 1000) { return true }
            if y.isNaN { return bits == 0x7fff_ffff }
            if y.isInfinite || abs(y) > 0x1.fffffep127 {
              return found == (y < 0 ? -1 : 1) * .infinity
            }
            if abs(y) < 0x1.01p-126 { return abs(found) < 0x1.02p-126 }
            let error = name == "TANH" ? 0x1p-10 : 0x1p-21
            return abs(found - y) <= max(abs(y) * error, absolute)
          })
        }
      }
    }
    forms += exact.filter { $0.0 == "EX2" || $0.0 == "TANH" }.flatMap { name, function, _ in
      [("F16", false), ("BF16", true), ("BF16_V2", true)].map { type, isBrain in
        Form("MUFU.\(name).\(type)", architecture: 90) { t in
          let d = t.destination()
          let a = t.source(registersOnly: true) { UInt64(isBrain ? $0.brain() : $0.half()) }
          @Sendable func value(_ bits: UInt64) -> Double {
            let half = UInt16(truncatingIfNeeded: bits)
            return Double(
              isBrain ? Float(bitPattern: UInt32(half) << 16) : Float(Float16(bitPattern: half)))
          }
          return { lane in
            let x = value(a[lane])
            let y = function(x)
            d.set(acceptable: { bits in
              let found = value(bits)
              if y.isNaN { return bits == 0x7fff }
              // About the ends of the range either neighbour will do.
              let (least, greatest) = isBrain ? (0x1p-125, 0x1p127) : (0x1p-14, 65000)
              if abs(y) > greatest { return abs(found) >= greatest && (found < 0) == (y < 0) }
              if abs(y) < least { return abs(found) <= least * 1.1 }
              return abs(found - y) <= abs(y) * (isBrain ? 0x1p-8 : 0x1p-10) + 0x1p-19
            })
          }
        }
      }
    }
    for name in ["RCP64H", "RSQ64H"] {
      forms.append(
        Form("MUFU." + name, trials: 8) { t in
          let d = t.destination()
          let a = t.source(registersOnly: true) { $0.double() >> 32 }
          return { lane in
            let x = Double(bitPattern: a[lane] << 32)
            let y = 1 / (name == "RCP64H" ? x : x.squareRoot())
            d.set(acceptable: { bits in
              let found = Double(bitPattern: bits << 32)
              if !x.isNormal || !y.isNaN && !y.isNormal { return true }
              if y.isNaN { return found.isNaN }
              return abs(found / y - 1) < 0x1p-19
            })
          }
        })
    }
    forms.append(
      Form("FCHK.DIVIDE", trials: 8) { t in
        let p = t.predicateResult()
        let (a, b) = (t.single(), t.single())
        return { lane in
          let (x, y) = (Float(bitPattern: a.word(lane)), Float(bitPattern: b.word(lane)))
          guard x.isNormal, y.isNormal else { return p.set(true) }
          // Between the two the boundary is an assumption; see DivisionCheckTests.
          let isEasy = abs(x.exponent) < 60 && abs(y.exponent) < 60
          p.set(acceptable: { !isEasy || $0 == 0 })
        }
      })
    return forms
  }()
}
