/// Conversions between number formats.
extension InstructionRules {
  static let conversions: [String: Rule] = [
    "F2I": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.secondFlag = c.take("NTZ")
      c.operation.rounding = c.takeIntegerRounding()
      // The source's type stands behind the destination's.
      let source = try c.takeFloatType(among: [.single, .half, .double])
      let target = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
      c.operation.mode = source.rawValue
      c.operation.width = target.bits
      c.operation.isSigned = target.isSigned
      try c.destination(words: target.bits == 64 ? 2 : 1)
      c.operation.a = try c.source(source.reading)
      c.operation.run = Conversions.toInteger
    },
    "I2F": { c in try integerToFloat(&c, selectsByte: true) },
    "I2FP": { c in try integerToFloat(&c, selectsByte: false) },
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
      let type = try c.takeFloatType(among: [.single, .half, .double])
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
        let format = try c.takeEightBitFormat()
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
        let format = try c.takeEightBitFormat()
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

  private static func integerToFloat(_ c: inout DecodeContext, selectsByte: Bool) throws {
    c.operation.rounding = c.takeRounding()
    let target = try c.takeFloatType(among: [.single, .half, .brain, .double])
    let source = c.takeIntegerType() ?? .init(bits: 32, isSigned: true)
    guard source.bits == 32 || selectsByte else { throw c.unsupported("this width") }
    c.operation.mode = target.rawValue
    c.operation.width = source.bits
    c.operation.isSigned = source.isSigned
    try c.destination(words: target == .double ? 2 : 1)
    if selectsByte { c.operation.immediate = c.byteSelection() }
    c.operation.a = try c.source()
    c.operation.run = Conversions.toFloat
  }
}

extension FloatFormat {
  var reading: DecodeContext.Reading {
    switch self {
    case .single, .tensor: .float
    case .double: .double
    case .half: .half
    case .brain: .brain
    case .e4m3, .e5m2: .integer
    }
  }
}

struct IntegerType {
  var bits: Int
  var isSigned: Bool
}

extension DecodeContext {
  fileprivate mutating func takeEightBitFormat() throws -> FloatFormat {
    guard let format = choice(["E4M3": FloatFormat.e4m3, "E5M2": .e5m2]) else {
      throw unsupported("no eight-bit format")
    }
    return format
  }

  /// The first float type among the modifiers, in the order of the text.
  mutating func takeFloatType() -> FloatFormat? {
    let names: [String: FloatFormat] = [
      "F32": .single, "F64": .double, "F16": .half, "BF16": .brain, "BF16_V2": .brain,
      "TF32": .tensor,
    ]
    guard let index = modifiers.firstIndex(where: { names[$0] != nil }) else { return nil }
    return names[modifiers.remove(at: index)]
  }

  /// The type that is given, or single precision; only one of `types`.
  fileprivate mutating func takeFloatType(among types: [FloatFormat]) throws -> FloatFormat {
    let type = takeFloatType() ?? .single
    guard types.contains(type) else { throw unsupported("this type") }
    return type
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
    choice(["FLOOR": .down, "CEIL": .up, "TRUNC": .zero]) ?? .nearest
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
  /// A lane's bits in one of the float formats.
  @inline(__always)
  private static func bits(
    _ format: FloatFormat, _ a: UnsafePointer<UInt32>, _ lane: Int, _ o: UnsafePointer<Operation>
  ) -> UInt64 {
    switch format {
    case .half, .brain: UInt64(Halves.pick(o.pointee.a, a[lane], high: false))
    case .double: a.wide(lane)
    default:
      UInt64(o.pointee.flushes ? SinglePrecision.flushed(a[lane]) : a[lane])
    }
  }

  @inline(__always)
  private static func set(
    _ d: UnsafeMutablePointer<UInt32>, _ lane: Int, _ bits: UInt64, isWide: Bool
  ) {
    if isWide { d.setWide(lane, bits) } else { d[lane] = UInt32(truncatingIfNeeded: bits) }
  }

  static let toInteger: Handler = { w, o in
    let source = FloatFormat(rawValue: o.pointee.mode) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: source == .double ? 2 : 1)
    let d = w.write(o)
    let (width, isSigned) = (UInt32(o.pointee.width), o.pointee.isSigned)
    let (rounding, nanIsZero) = (o.pointee.rounding, o.pointee.secondFlag)
    w.eachLane { lane in
      let result = Conversion.integer(
        source.value(bits(source, a, lane, o)), width: width, isSigned: isSigned,
        rounding: rounding, nanIsZero: nanIsZero)
      set(d, lane, result, isWide: width == 64)
    }
  }

  static let toFloat: Handler = { w, o in
    let (bits, isSigned) = (o.pointee.width, o.pointee.isSigned)
    let a = w.read(o.pointee.a, slot: 0, words: bits == 64 ? 2 : 1)
    let d = w.write(o)
    let target = FloatFormat(rawValue: o.pointee.mode) ?? .single
    let rounding = o.pointee.rounding
    w.eachLane { lane in
      let word = bits == 64 ? a.wide(lane) : UInt64(a[lane] >> o.pointee.immediate)
      let integer = Conversion.narrow(
        Int64(bitPattern: word), width: UInt32(bits), isSigned: isSigned, saturate: false)
      let result = Conversion.float(integer, isSigned: isSigned, to: target, rounding: rounding)
      set(d, lane, result, isWide: target == .double)
    }
  }

  static let toOtherFloat: Handler = { w, o in
    let source = FloatFormat(rawValue: o.pointee.mode) ?? .single
    let target = FloatFormat(rawValue: o.pointee.width) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: source == .double ? 2 : 1)
    let d = w.write(o)
    let (rounding, flush) = (o.pointee.rounding, o.pointee.flushes)
    let saturate = o.pointee.saturates
    w.eachLane { lane in
      let result = Conversion.float(
        bits(source, a, lane, o), from: source, to: target, rounding: rounding, flush: flush,
        saturate: saturate)
      set(d, lane, result, isWide: target == .double)
    }
  }

  static let roundToIntegral: Handler = { w, o in
    let format = FloatFormat(rawValue: o.pointee.mode) ?? .single
    let a = w.read(o.pointee.a, slot: 0, words: format == .double ? 2 : 1)
    let d = w.write(o)
    let rounding = o.pointee.rounding
    w.eachLane { lane in
      let result = Conversion.roundToIntegral(
        bits(format, a, lane, o), format, rounding: rounding)
      set(d, lane, result, isWide: format == .double)
    }
  }

  /// The first operand goes into the high half.
  static let packHalves: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    let (isBrain, rounding) = (o.pointee.width == 2, o.pointee.rounding)
    let (rectify, staysFinite) = (o.pointee.secondFlag, o.pointee.saturates)
    w.eachLane {
      d[$0] = Conversion.packHalves(
        high: a[$0], low: b[$0], isBrain: isBrain, rounding: rounding, rectify: rectify,
        staysFinite: staysFinite)
    }
  }

  static let packEight: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let (isE5M2, rectify) = (o.pointee.mode == FloatFormat.e5m2.rawValue, o.pointee.secondFlag)
    w.eachLane {
      d[$0] = Conversion.packEightBitFloats(
        high: a[$0], low: b[$0], merged: c[$0], isE5M2: isE5M2, rectify: rectify)
    }
  }

  static let unpackEight: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    let (isE5M2, shift) = (o.pointee.mode == FloatFormat.e5m2.rawValue, o.pointee.immediate)
    w.eachLane { d[$0] = Conversion.unpackEightBitFloats(a[$0] >> shift, isE5M2: isE5M2) }
  }

  static let narrow: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    w.eachLane { d[$0] = narrowed(o, a[$0], sourceIsSigned: o.pointee.secondFlag) }
  }

  private static func narrowed(
    _ o: UnsafePointer<Operation>, _ bits: UInt32, sourceIsSigned: Bool
  ) -> UInt32 {
    let width = o.pointee.width
    let value = sourceIsSigned ? Int64(Int32(bitPattern: bits)) : Int64(bits)
    return UInt32(
      truncatingIfNeeded: Conversion.narrow(
        value, width: UInt32(width), isSigned: o.pointee.isSigned, saturate: o.pointee.flag))
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
