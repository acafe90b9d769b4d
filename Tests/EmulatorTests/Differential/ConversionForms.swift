import Foundation

@testable import Emulator

/// Conversions, by integers of 128 bits and exact numbers.
enum ConversionForms {
  static let all: [Form] =
    toIntegers + toFloats + betweenFloats + integral + packedFloats + eightBit + integers

  /// Name, exponent and fraction bits.
  private static let formats: [(name: String, exponent: Int, fraction: Int)] = [
    ("F16", 5, 10), ("BF16", 8, 7), ("F32", 8, 23), ("F64", 11, 52),
  ]

  private static func value(_ bits: UInt64, _ format: String) -> Double {
    switch format {
    case "F16": Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
    case "BF16": Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits & 0xffff) << 16))
    case "F32": Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    default: Double(bitPattern: bits)
    }
  }

  private static func nan(_ format: String) -> UInt64 {
    format == "F64" ? 0xfff8_0000_0000_0000 : format == "F32" ? 0x7fff_ffff : 0x7fff
  }

  /// A finite or infinite value in a format, rounded once.
  private static func bits(_ value: Double, _ format: String, _ rounding: Rounding) -> UInt64 {
    let (_, exponent, fraction) = formats.first { $0.name == format }!
    if value.isNaN { return nan(format) }
    if value.isInfinite {
      let sign: UInt64 = value < 0 ? 1 << UInt64(exponent + fraction) : 0
      return sign | (1 << UInt64(exponent) - 1) << UInt64(fraction)
    }
    return ExactNumber(value).bits(
      exponentBits: exponent, fractionBits: fraction, rounding)
  }

  private static func source(_ t: Trial, _ format: String) -> (Value, (Int) -> UInt64) {
    switch format {
    case "F64":
      let a = t.double()
      return (a, { a[$0] })
    case "F32":
      let a = t.single()
      return (a, { a[$0] })
    default:
      let a = t.halves(isBrain: format == "BF16")
      return (a.value, { UInt64(a.low($0)) })
    }
  }

  private static let integerModes: [(String, Rounding)] = [
    ("", .nearest), (".FLOOR", .down), (".CEIL", .up), (".TRUNC", .zero),
  ]

  private static func whole(_ value: Double, _ rounding: Rounding) -> Double {
    switch rounding {
    case .nearest: value.rounded(.toNearestOrEven)
    case .down: value.rounded(.down)
    case .up: value.rounded(.up)
    case .zero: value.rounded(.towardZero)
    }
  }

  private static let toIntegers: [Form] = ["F16", "F32", "F64"].flatMap { format in
    [
      ("", 32, true), (".U32", 32, false), (".S64", 64, true), (".U64", 64, false),
      (".U16", 16, false), (".S8", 8, true), (".S16", 16, true), (".U8", 8, false),
    ].flatMap { type, width, isSigned in
      integerModes.enumerated().map { index, mode in
        let flush = format == "F32" && index % 2 == 0
        let nanIsZero = index == 3
        let target = type.isEmpty && format != "F32" ? ".S32" : type
        let name =
          "F2I" + (flush ? ".FTZ" : "") + target + (format == "F32" ? "" : "." + format)
          + mode.0 + (nanIsZero ? ".NTZ" : "")
        return Form(name, trials: 2) { t in
          let d = t.destination(words: width == 64 ? 2 : 1)
          let (_, bits) = source(t, format)
          return { lane in
            var x = value(bits(lane), format)
            if flush, Float(x).isSubnormal { x = 0 }
            let top = Int128(1) << Int128(width - 1)
            let (low, high) = isSigned ? (-top, top - 1) : (0, 2 * top - 1)
            let result: Int128
            if x.isNaN {
              result = nanIsZero ? 0 : isSigned ? low : top
            } else if abs(x) > 0x1p100 {
              result = x < 0 ? low : high
            } else {
              result = min(max(Int128(whole(x, mode.1)), low), high)
            }
            let shown = UInt64(truncatingIfNeeded: result)
            d.set(width == 64 ? shown : shown & 0xffff_ffff)
          }
        }
      }
    }
  }

  private static let toFloats: [Form] = formats.flatMap { target, exponent, fraction in
    [
      ("", 32, true), (".U32", 32, false), (".S64", 64, true), (".U64", 64, false),
      (".U16", 16, false), (".S16", 16, true), (".U8", 8, false), (".S8", 8, true),
    ].flatMap {
      type, width, isSigned in
      FloatOracle.directions.flatMap { direction, rounding -> [Form] in
        let body: @Sendable (Trial) -> (Int) -> Void = { t in
          let d = t.destination(words: target == "F64" ? 2 : 1)
          let bytes = ["", ".B1", ".B2", ".B3"]
          let index = width == 8 ? Int(t.samples.next() % 4) : 0
          let a =
            width == 64
            ? t.pair()
            : t.source(registersOnly: index > 0, suffix: bytes[index]) { UInt64($0.word()) }
          return { lane in
            let field = a[lane] >> UInt64(8 * index)
            let cut = Int128(width == 64 ? field : field & (1 << UInt64(width) - 1))
            let isNegative = isSigned && cut >> Int128(width - 1) == 1
            let magnitude = UInt64(isNegative ? 1 << Int128(width) - cut : cut)
            d.set(
              ExactNumber(magnitude, isNegative: isNegative).bits(
                exponentBits: exponent, fractionBits: fraction, rounding))
          }
        }
        let suffix = (target == "F32" ? "" : "." + target) + type + direction
        let plain = Form("I2F" + suffix, trials: 1, body)
        if target == "BF16", type.isEmpty, direction.isEmpty {
          return [plain, Form("I2F.BF16_V2", body)]
        }
        return width == 32 && target == "F32"
          ? [plain, Form("I2FP.F32" + type + direction, trials: 2, body)] : [plain]
      }
    }
  }

  private static let betweenFloats: [Form] = formats.flatMap { target, _, _ in
    formats.flatMap { from, _, _ in
      FloatOracle.directions.enumerated().map { index, direction in
        let flush = index % 2 == 1 && (target == "F32" || from == "F32")
        let saturate = index == 2
        let name =
          "F2F" + (flush ? ".FTZ" : "") + (saturate ? ".SAT" : "") + ".\(target).\(from)"
          + direction.name
        return Form(name, trials: 2) { t in
          let d = t.destination(words: target == "F64" ? 2 : 1)
          let (_, bits) = source(t, from)
          return { lane in
            let raw = bits(lane)
            var x = value(raw, from)
            if flush, from == "F32", Float(x).isSubnormal { x = x.sign == .minus ? -0.0 : 0 }
            if saturate {
              x = x > 0 ? min(x, 1) : 0
            } else if x.isNaN, Set([target, from]) == ["F32", "F64"] {
              // Sign and payload are kept, and the NaN is quiet.
              if target == "F64" {
                let payload = raw & 0x003f_ffff
                return d.set((raw >> 31) << 63 | 0x7ff8 << 48 | payload << 29)
              }
              return d.set((raw >> 63) << 31 | 0x7fc0_0000 | raw >> 29 & 0x003f_ffff)
            }
            let result = ConversionForms.bits(x, target, direction.rounding)
            if flush, target == "F32", from == "F64", x != 0, x.isFinite {
              let wide =
                ExactNumber(x).bits(
                  exponentBits: 12, fractionBits: 23, direction.rounding) & 0x7_ffff_ffff
              if wide < UInt64(2047 - 126) << 23 { return d.set(result & 0x8000_0000) }
            }
            if flush, target == "F32" { return d.set(FloatOracle.flushed(UInt32(result))) }
            d.set(result)
          }
        }
      }
    }
  }

  private static let integral: [Form] = ["F16", "F32", "F64"].flatMap { format in
    integerModes.map { mode, rounding in
      let flush = format == "F32" && rounding == .up
      let name = "FRND" + (flush ? ".FTZ" : "") + (format == "F32" ? "" : "." + format) + mode
      return Form(name, trials: 4) { t in
        let d = t.destination(words: format == "F64" ? 2 : 1)
        let (_, bits) = source(t, format)
        return { lane in
          var x = value(bits(lane), format)
          if flush, Float(x).isSubnormal { x = x.sign == .minus ? -0.0 : 0 }
          d.set(ConversionForms.bits(whole(x, rounding), format, .nearest))
        }
      }
    }
  }

  private static let packedFloats: [Form] = ["F16", "BF16"].flatMap { format in
    FloatOracle.directions.flatMap { direction, rounding in
      [("", false), (".RELU", true)].map { suffix, rectify in
        Form("F2FP\(suffix).\(format).F32.PACK_AB\(direction)", trials: 3) { t in
          let d = t.destination()
          let (a, b) = (t.single(), t.single())
          return { lane in
            func one(_ source: Value) -> UInt64 {
              let x = value(source[lane], "F32")
              return rectify && x <= 0 ? 0 : bits(x, format, rounding)
            }
            d.set(one(a) << 16 | one(b))
          }
        }
      }
    }
  }

  /// E4M3 has no infinity and one NaN; both formats saturate.
  private static let eightBit: [Form] = [("E4M3", 4, 3), ("E5M2", 5, 2)].flatMap {
    format, exponent, fraction -> [Form] in
    @Sendable func packed(_ x: Double) -> UInt64 {
      if x.isNaN { return 0x7f }
      let sign: UInt64 = x.sign == .minus ? 0x80 : 0
      let greatest: UInt64 = format == "E4M3" ? 0x7e : 0x7b
      if abs(x) > 1e6 { return sign | greatest }
      let wide = ExactNumber(abs(x)).bits(
        exponentBits: exponent + 2, fractionBits: fraction, bias: 1 << (exponent - 1) - 1,
        .nearest)
      return sign | min(wide, greatest)
    }
    let pack = Form("F2FP.SATFINITE.\(format).F32.PACK_AB_MERGE_C", architecture: 90, trials: 8) {
      t in
      let d = t.destination()
      let (a, b, c) = (t.single(), t.single(), t.word())
      return { lane in
        let (high, low) = (packed(value(a[lane], "F32")), packed(value(b[lane], "F32")))
        d.set(c[lane] << 16 & 0xffff_0000 | high << 8 | low)
      }
    }
    let unpack = Form("F2FP.F16.\(format).UNPACK_B", architecture: 90, trials: 8) { t in
      let d = t.destination()
      let a = t.word(registersOnly: true)
      return { lane in
        func half(_ byte: UInt64) -> UInt64 {
          let (sign, magnitude) = (byte >> 7, byte & 0x7f)
          if format == "E5M2" { return magnitude > 0x7c ? 0x7fff : byte << 8 }
          if magnitude == 0x7f { return 0x7fff }
          let (field, rest) = (Int(magnitude >> 3), Double(magnitude & 7))
          let x = (field == 0 ? rest : rest + 8) * pow(2, Double(max(field, 1) - 10))
          return UInt64(Float16(sign == 1 ? -x : x).bitPattern)
        }
        d.set(half(a[lane] >> 8 & 0xff) << 16 | half(a[lane] & 0xff))
      }
    }
    return [pack, unpack]
  }

  private static let types: [(String, Int, Bool)] = [
    ("U8", 8, false), ("S8", 8, true), ("U16", 16, false), ("S16", 16, true),
  ]

  private static let integers: [Form] = types.flatMap { type, width, isSigned -> [Form] in
    let top: Int64 = 1 << Int64(width - 1)
    let (low, high) = isSigned ? (-top, top - 1) : (0, 2 * top - 1)
    @Sendable func clamped(_ x: Int64) -> Int64 { min(max(x, low), high) }
    var forms: [Form] = []
    for from in ["S32", "U32"] {
      for saturates in [true, false] {
        forms.append(
          Form("I2I.\(type).\(from)\(saturates ? ".SAT" : "")", trials: 4) { t in
            let d = t.destination()
            let a = t.word()
            return { lane in
              let x = from == "S32" ? a.signed(lane) : Int64(a[lane])
              // Without a clamp, the low bits extended again.
              let cut = isSigned && x & top != 0 ? x | -top : x & (2 * top - 1)
              d.set(UInt32(truncatingIfNeeded: saturates ? clamped(x) : cut))
            }
          })
      }
    }
    forms.append(
      Form("I2IP.\(type).S32.SAT", trials: 4) { t in
        let d = t.destination()
        let (a, b, c) = (t.word(), t.word(), t.word())
        return { lane in
          let mask = 2 * top - 1
          let (x, y) = (clamped(a.signed(lane)) & mask, clamped(b.signed(lane)) & mask)
          let merged = Int64(c[lane]) << Int64(2 * width)
          d.set(UInt32(truncatingIfNeeded: merged | x << Int64(width) | y))
        }
      })
    return forms
  }
}
