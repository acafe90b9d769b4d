/// Conversions between number formats.
extension InstructionRules {
  static let conversions: [String: Rule] = [
    "F2I": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.secondFlag = c.take("NTZ")
      c.operation.rounding = c.takeIntegerRounding()
      // The source's type stands behind the destination's.
      let source = c.takeFloatType() ?? .single
      let target = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      c.operation.mode = source.rawValue
      c.operation.width = target.bits
      c.operation.isSigned = target.isSigned
      try c.destination(words: target.bits == 64 ? 2 : 1)
      c.operation.a = try c.source(source.reading)
      c.operation.run = Conversions.toInteger
    },
    "I2F": { c in
      c.operation.rounding = c.takeRounding()
      let target = c.takeFloatType() ?? .single
      let source = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      c.operation.mode = target.rawValue
      c.operation.width = source.bits
      c.operation.isSigned = source.isSigned
      try c.destination(words: target == .double ? 2 : 1)
      c.operation.immediate = c.byteSelection()
      c.operation.a = try c.source()
      c.operation.run = Conversions.toFloat
    },
    "I2FP": { c in
      c.operation.rounding = c.takeRounding()
      let target = c.takeFloatType() ?? .single
      let source = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      c.operation.mode = target.rawValue
      c.operation.width = source.bits
      c.operation.isSigned = source.isSigned
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = Conversions.toFloat
    },
    "F2F": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.saturates = c.take("SAT")
      c.operation.rounding = c.takeRounding()
      let target = c.takeFloatType() ?? .single
      let source = c.takeFloatType() ?? .single
      c.operation.mode = source.rawValue
      c.operation.width = target.rawValue
      try c.destination(words: target == .double ? 2 : 1)
      c.operation.a = try c.source(source.reading)
      c.operation.run = Conversions.toOtherFloat
    },
    "FRND": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.rounding = c.takeIntegerRounding()
      let type = c.takeFloatType() ?? .single
      c.operation.mode = type.rawValue
      try c.destination(words: type == .double ? 2 : 1)
      c.operation.a = try c.source(type.reading)
      c.operation.run = Conversions.roundToIntegral
    },
    // Two floats rounded into the halves of a register, or small floats packed and unpacked.
    "F2FP": { c in
      c.operation.rounding = c.takeRounding()
      c.operation.secondFlag = c.take("RELU")
      c.operation.saturates = c.take("SATFINITE")
      if c.take("PACK_AB_MERGE_C") {
        guard let format = c.choice(["E4M3": EightBitFormat.e4m3, "E5M2": .e5m2]) else {
          throw c.unsupported("no eight-bit format")
        }
        c.ignore("F32")
        c.operation.mode = format.rawValue
        try c.destination()
        c.operation.a = try c.source(.float)
        c.operation.b = try c.source(.float)
        c.operation.c = try c.source()
        c.operation.run = Conversions.packEight
        return
      }
      if c.take("UNPACK_B") {
        guard let format = c.choice(["E4M3": EightBitFormat.e4m3, "E5M2": .e5m2]) else {
          throw c.unsupported("no eight-bit format")
        }
        c.ignore("F16")
        c.operation.mode = format.rawValue
        try c.destination()
        c.operation.immediate = c.byteSelection()
        c.operation.a = try c.source()
        c.operation.run = Conversions.unpackEight
        return
      }
      guard c.take("PACK_AB") || c.take("PACK_B") else { throw c.unsupported("no packing") }
      c.operation.width = c.take("BF16") ? 2 : 1
      c.ignore("F16", "F32")
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.run = Conversions.packHalves
    },
    "I2I": { c in
      let clamps = c.take("SAT")
      let target = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      let source = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      c.operation.flag = clamps
      c.operation.width = target.bits
      c.operation.isSigned = target.isSigned
      c.operation.secondFlag = source.isSigned
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = Conversions.narrow
    },
    "I2IP": { c in
      guard let target = c.takeIntegerType() else { throw c.unsupported("no type") }
      _ = c.takeIntegerType()
      c.operation.flag = c.take("SAT")
      c.operation.width = target.bits
      c.operation.isSigned = target.isSigned
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = Conversions.packIntegers
    },
  ]
}

/// Float formats of conversions.
enum FloatType: Int {
  case single, double, half, brain, tensor

  var reading: DecodeContext.Reading {
    switch self {
    case .single, .tensor: .float
    case .double: .double
    case .half: .half
    case .brain: .brain
    }
  }
}

struct IntegerType {
  var bits: Int
  var isSigned: Bool
}

extension DecodeContext {
  /// The first float type among the modifiers, in the order of the text.
  mutating func takeFloatType() -> FloatType? {
    let names: [String: FloatType] = [
      "F32": .single, "F64": .double, "F16": .half, "BF16": .brain, "BF16_V2": .brain,
      "TF32": .tensor,
    ]
    guard let index = modifiers.firstIndex(where: { names[$0] != nil }) else { return nil }
    return names[modifiers.remove(at: index)]
  }

  mutating func takeIntegerType() -> IntegerType? {
    let names: [String: IntegerType] = [
      "U8": .init(bits: 8, isSigned: false), "S8": .init(bits: 8, isSigned: true),
      "U16": .init(bits: 16, isSigned: false), "S16": .init(bits: 16, isSigned: true),
      "U32": .init(bits: 32, isSigned: false), "S32": .init(bits: 32, isSigned: true),
      "U64": .init(bits: 64, isSigned: false), "S64": .init(bits: 64, isSigned: true),
    ]
    guard let index = modifiers.firstIndex(where: { names[$0] != nil }) else { return nil }
    return names[modifiers.remove(at: index)]
  }

  mutating func takeIntegerRounding() -> Rounding {
    choice(["FLOOR": .down, "CEIL": .up, "TRUNC": .zero, "ROUND": .nearest]) ?? takeRounding()
  }

  /// First bit of the byte or half that the next operand's suffix names.
  func byteSelection() -> UInt32 {
    for suffix in operands.first?.suffixes ?? [] {
      if let bit = ["B0": 0, "B1": 8, "B2": 16, "B3": 24, "H0": 0, "H1": 16][suffix] {
        return UInt32(bit)
      }
    }
    return 0
  }
}

enum Conversions {
  @inline(__always)
  static func rounded(_ value: Double, _ rounding: Rounding) -> Double {
    switch rounding {
    case .nearest: value.rounded(.toNearestOrEven)
    case .down: value.rounded(.down)
    case .up: value.rounded(.up)
    case .zero: value.rounded(.towardZero)
    }
  }

  /// A lane's value in one of the float formats.
  @inline(__always)
  private static func value(
    _ type: FloatType, _ a: UnsafePointer<UInt32>, _ lane: Int, _ o: UnsafePointer<Operation>
  ) -> Double {
    switch type {
    case .single, .tensor:
      let bits = o.pointee.flushes ? SinglePrecision.flushed(a[lane]) : a[lane]
      return Double(Float(bitPattern: bits))
    case .double: return Double(bitPattern: a.wide(lane))
    case .half:
      return Double(HalfBits.toFloat(Halves.pick(o.pointee.a, a[lane], high: false)))
    case .brain:
      return Double(BrainBits.toFloat(Halves.pick(o.pointee.a, a[lane], high: false)))
    }
  }

  /// Out of range clamps; a NaN gives 0, or the sign bit alone where the mnemonic does not say
  /// `.NTZ` (PTX ISA, `cvt`).
  static let toInteger: Handler = { w, o in
    let type = FloatType(rawValue: o.pointee.mode) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: type == .double ? 2 : 1)
    let d = w.write(o)
    let (bits, isSigned) = (o.pointee.width, o.pointee.isSigned)
    let high = isSigned ? (1.0 as Double).scaled(bits - 1) : (1.0 as Double).scaled(bits)
    let low = isSigned ? -high : 0
    w.eachLane { lane in
      let value = rounded(value(type, a, lane, o), o.pointee.rounding)
      let result: UInt64
      if value.isNaN {
        result = o.pointee.secondFlag ? 0 : 1 << UInt64(bits - 1)
      } else if value >= high {
        result = isSigned ? (1 << UInt64(bits - 1)) - 1 : (bits == 64 ? .max : 1 << UInt64(bits) - 1)
      } else if value < low {
        result = isSigned ? 0 &- (1 << UInt64(bits - 1)) : 0
      } else if isSigned {
        result = UInt64(bitPattern: Int64(value))
      } else {
        result = UInt64(value)
      }
      if bits == 64 {
        d.setWide(lane, result)
      } else {
        d[lane] = UInt32(truncatingIfNeeded: result)
      }
    }
  }

  static let toFloat: Handler = { w, o in
    let (bits, isSigned) = (o.pointee.width, o.pointee.isSigned)
    let a = w.read(o.pointee.a, slot: 0, words: bits == 64 ? 2 : 1)
    let d = w.write(o)
    let type = FloatType(rawValue: o.pointee.mode) ?? .single
    let rounding = o.pointee.rounding
    w.eachLane { lane in
      var raw = bits == 64 ? a.wide(lane) : UInt64(a[lane] >> o.pointee.immediate)
      if bits < 64 { raw &= 1 << UInt64(bits) - 1 }
      let isNegative = isSigned && raw >> UInt64(bits - 1) & 1 == 1
      if isNegative, bits < 64 { raw |= .max << UInt64(bits) }
      let magnitude = isNegative ? 0 &- raw : raw
      // Exact as the sum of its halves.
      let (sum, error) = ExactSum.add(
        Double(magnitude >> 32) * 0x1p32, Double(magnitude & 0xffff_ffff))
      let sign: Double = isNegative ? -1 : 1
      switch type {
      case .double:
        var value = sign * sum
        let lost = sign * error
        switch rounding {
        case .nearest: break
        case .down: if lost < 0 { value = value.nextDown }
        case .up: if lost > 0 { value = value.nextUp }
        case .zero: if error < 0 { value = sign * sum.nextDown }
        }
        d.setWide(lane, value.bitPattern)
      case .single, .tensor:
        d[lane] = ExactSum.single(sign * ExactSum.odd(sum, error: error), rounding).bitPattern
      case .half:
        d[lane] = UInt32(HalfBits.fromDouble(sign * ExactSum.odd(sum, error: error), rounding))
      case .brain:
        d[lane] = UInt32(BrainBits.fromDouble(sign * ExactSum.odd(sum, error: error), rounding))
      }
    }
  }

  static let toOtherFloat: Handler = { w, o in
    let source = FloatType(rawValue: o.pointee.mode) ?? .single
    let target = FloatType(rawValue: o.pointee.width) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: source == .double ? 2 : 1)
    let d = w.write(o)
    let rounding = o.pointee.rounding
    w.eachLane { lane in
      let value = value(source, a, lane, o)
      switch target {
      case .double: d.setWide(lane, DoublePrecision.canonical(value))
      case .single:
        var bits = SinglePrecision.canonical(ExactSum.single(value, rounding))
        if o.pointee.flushes { bits = SinglePrecision.flushed(bits) }
        d[lane] = o.pointee.saturates ? SinglePrecision.saturated(bits) : bits
      case .half: d[lane] = UInt32(HalfBits.fromDouble(value, rounding))
      case .brain: d[lane] = UInt32(BrainBits.fromDouble(value, rounding))
      case .tensor:
        // Ten fraction bits in a single's layout.
        d[lane] =
          value.isNaN
          ? SinglePrecision.nan
          : SmallFloat.round(value, exponentBits: 8, fractionBits: 10, rounding: rounding) << 13
      }
    }
  }

  static let roundToIntegral: Handler = { w, o in
    let type = FloatType(rawValue: o.pointee.mode) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: type == .double ? 2 : 1)
    let d = w.write(o)
    w.eachLane { lane in
      let value = rounded(value(type, a, lane, o), o.pointee.rounding)
      switch type {
      case .double: d.setWide(lane, DoublePrecision.canonical(value))
      case .half: d[lane] = UInt32(HalfBits.fromDouble(value))
      case .brain: d[lane] = UInt32(BrainBits.fromDouble(value))
      case .single, .tensor: d[lane] = SinglePrecision.canonical(Float(value))
      }
    }
  }

  /// The first operand goes into the high half.
  static let packHalves: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    func half(_ bits: UInt32) -> UInt32 {
      var value = Double(Float(bitPattern: bits))
      if o.pointee.secondFlag, value < 0 { value = 0 }
      return UInt32(
        o.pointee.width == 2
          ? BrainBits.fromDouble(value, o.pointee.rounding)
          : HalfBits.fromDouble(value, o.pointee.rounding))
    }
    w.eachLane { d[$0] = half(a[$0]) << 16 | half(b[$0]) }
  }

  static let packEight: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let format = EightBitFormat(rawValue: o.pointee.mode) ?? .e4m3
    func byte(_ bits: UInt32) -> UInt32 {
      var value = Double(Float(bitPattern: bits))
      if o.pointee.secondFlag, value < 0 { value = 0 }
      return UInt32(format.bits(value))
    }
    w.eachLane { d[$0] = byte(a[$0]) << 8 | byte(b[$0]) | c[$0] << 16 }
  }

  static let unpackEight: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    let format = EightBitFormat(rawValue: o.pointee.mode) ?? .e4m3
    let shift = o.pointee.immediate
    w.eachLane { lane in
      let low = format.value(UInt8(truncatingIfNeeded: a[lane] >> shift))
      let high = format.value(UInt8(truncatingIfNeeded: a[lane] >> (shift + 8)))
      d[lane] = UInt32(HalfBits.fromDouble(low)) | UInt32(HalfBits.fromDouble(high)) << 16
    }
  }

  static let narrow: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    w.eachLane { d[$0] = narrowed(o, a[$0], sourceIsSigned: o.pointee.secondFlag) }
  }

  private static func narrowed(
    _ o: UnsafePointer<Operation>, _ bits: UInt32, sourceIsSigned: Bool
  ) -> UInt32 {
    let width = o.pointee.width
    var value = sourceIsSigned ? Int64(Int32(bitPattern: bits)) : Int64(bits)
    if o.pointee.flag {
      let high: Int64 = o.pointee.isSigned ? 1 << Int64(width - 1) - 1 : 1 << Int64(width) - 1
      let low: Int64 = o.pointee.isSigned ? -high - 1 : 0
      value = min(max(value, low), high)
    }
    return UInt32(truncatingIfNeeded: value)
  }

  /// Narrowed `a` and `b` shift `c` up.
  static let packIntegers: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let width = UInt32(o.pointee.width)
    guard width < 32 else { return }
    let keep: UInt32 = 1 << width - 1
    w.eachLane { lane in
      let high = narrowed(o, a[lane], sourceIsSigned: true) & keep
      let low = narrowed(o, b[lane], sourceIsSigned: true) & keep
      d[lane] = c[lane] << (2 * width) | high << width | low
    }
  }
}

extension Double {
  func scaled(_ exponent: Int) -> Double { self * Double(sign: .plus, exponent: exponent, significand: 1) }
}

/// Eight-bit floats: OCP 8-bit Floating Point Specification, revision 1.0.
enum EightBitFormat: Int {
  case e4m3, e5m2

  func value(_ bits: UInt8) -> Double {
    let sign: Double = bits & 0x80 == 0 ? 1 : -1
    let magnitude = bits & 0x7f
    switch self {
    case .e5m2: return sign * Double(HalfBits.toFloat(UInt16(magnitude) << 8))
    case .e4m3:
      if magnitude == 0x7f { return .nan }
      let exponent = Int(magnitude >> 3)
      let fraction = Double(magnitude & 7)
      return exponent == 0
        ? sign * fraction * 0x1p-9 : sign * (8 + fraction) * (1.0 as Double).scaled(exponent - 10)
    }
  }

  /// Nearest even; beyond the range the greatest finite value (`.satfinite`).
  func bits(_ value: Double) -> UInt8 {
    if value.isNaN { return 0x7f }
    let sign: UInt8 = value.sign == .minus ? 0x80 : 0
    switch self {
    case .e5m2:
      let bits = SmallFloat.round(
        value.magnitude, exponentBits: 5, fractionBits: 2, rounding: .nearest)
      return sign | UInt8(truncatingIfNeeded: min(bits, 0x7b))
    case .e4m3:
      if value.magnitude >= 464 { return sign | 0x7e }
      // One exponent more than IEEE would give: round as if the format went on.
      let bits = SmallFloat.round(
        value.magnitude * 0x1p-120, exponentBits: 8, fractionBits: 3, rounding: .nearest)
      return sign | UInt8(truncatingIfNeeded: min(bits, 0x7e))
    }
  }
}
