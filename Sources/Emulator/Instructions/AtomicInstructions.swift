/// Atomic operations and reductions.
extension InstructionRules {
  static let atomics: [String: Rule] = [
    "ATOMG": { c in try atomic(&c, .global, returns: true) },
    "ATOM": { c in try atomic(&c, .generic, returns: true) },
    "ATOMS": { c in
      if c.take("ARRIVE") { return try arrive(&c) }
      try atomic(&c, .shared, returns: true)
    },
    "RED": { c in try atomic(&c, .generic, returns: false) },
    "REDG": { c in try atomic(&c, .global, returns: false) },
    "REDS": { c in try atomic(&c, .shared, returns: false) },
  ]

  private static func atomic(
    _ c: inout DecodeContext, _ space: Space, returns: Bool
  ) throws {
    let testsAndSets = c.take("CAST")
    c.ignore("SPIN")
    let swaps = c.take("CAS") || testsAndSets
    var operation = c.choice([
      "ADD": Atomics.Operation.add, "MIN": .minimum, "MAX": .maximum, "INC": .increment,
      "DEC": .decrement, "AND": .and, "OR": .or, "XOR": .xor, "EXCH": .exchange,
      "SAFEADD": .add,
    ])
    let counts = c.take("POPC")
    if counts { operation = .increment }
    if swaps { operation = .compareAndSwap }
    guard let operation else { throw c.unsupported("no operation") }
    // A counting increment adds one for each lane, without a bound.
    c.operation.mode = counts ? Atomics.Operation.add.rawValue : operation.rawValue
    c.operation.secondFlag = counts
    // Several numbers side by side, or 128 bits as one.
    let bytes = c.modifiers.lazy.compactMap { Atomics.vectors[$0] }.first
    if c.take("128"), operation != .exchange, operation != .compareAndSwap {
      throw c.unsupported("this operation on 128 bits")
    }
    let format: Atomics.Format =
      c.choice([
        "F32x2": .single, "F32x4": .single, "F16x4": .halves, "F16x8": .halves, "BF16x4": .brains,
        "BF16x8": .brains, "F32": .single, "F64": .double, "F16x2": .halves, "BF16x2": .brains,
        "BF16_V2": .brains,
        "S32": .signed, "S64": .signed64, "U64": .unsigned64, "64": .unsigned64,
        "32": .unsigned, "U32": .unsigned,
      ]) ?? .unsigned
    c.operation.width = bytes ?? format.bytes
    c.operation.immediate = UInt32(format.rawValue)
    c.operation.flushes = c.take("FTZ")
    c.ignore("RN", "NOINC")
    c.takeCacheHints()
    c.operation.space = space
    if returns {
      let hasPredicate = try c.predicateResult(\.result)
      // Blackwell's test form answers with the predicate alone.
      c.operation.words = c.operation.width / 4
      if case .memory = c.operands.first?.kind {
        c.operation.isSigned = hasPredicate
      } else {
        try c.destination(words: c.operation.width / 4)
      }
    }
    try c.address()
    let address = c.operation.a
    if !counts || !c.operands.isEmpty { c.operation.b = try c.source() }
    if swaps { c.operation.c = try c.source() }
    c.operation.a = address
    c.operation.flag = testsAndSets
    if c.nextIsPredicate { _ = try c.predicate() }
    if bytes != nil, testsAndSets { throw c.unsupported("this operation on vectors") }
    c.operation.run = bytes == nil ? Atomics.run : Atomics.runVector
  }
}

enum Atomics {
  enum Operation: Int {
    case add, minimum, maximum, increment, decrement, and, or, xor, exchange, compareAndSwap
  }

  enum Format: Int {
    case unsigned, signed, unsigned64, signed64, single, double, halves, brains

    var bytes: Int { self == .unsigned64 || self == .signed64 || self == .double ? 8 : 4 }
  }

  /// Bytes of formats with more than one word, each atomic on its own; of 128 bits all at once.
  static let vectors: [String: Int] = [
    "F32x2": 8, "F16x4": 8, "BF16x4": 8, "F32x4": 16, "F16x8": 16, "BF16x8": 16, "128": 16,
  ]

  static let runVector: Handler = { w, o in
    w.computeAddresses(o)
    let words = o.pointee.width / 4
    let b = w.registers + o.pointee.b.index * 32
    let c = w.registers + o.pointee.c.index * 32
    let d = w.write(o)
    guard let operation = Operation(rawValue: o.pointee.mode),
      let format = Format(rawValue: Int(o.pointee.immediate))
    else { return }
    try w.cta.context.locked {
      try w.eachLaneThrowing { lane in
        let pointer = try w.pointer(
          o.pointee.space, w.addresses[lane], bytes: o.pointee.width, lane: lane)
        var old = SIMD4<UInt32>()
        var isEqual = true
        for word in 0..<words {
          old[word] = pointer.load(fromByteOffset: 4 * word, as: UInt32.self)
          if old[word] != b[word * 32 + lane] { isEqual = false }
        }
        for word in 0..<words {
          let value = b[word * 32 + lane]
          let new =
            operation == .compareAndSwap
            ? (isEqual ? c[word * 32 + lane] : old[word])
            : combined(operation, format, old[word], value, flushes: o.pointee.flushes)
          pointer.storeBytes(of: new, toByteOffset: 4 * word, as: UInt32.self)
        }
        for word in 0..<words { d[word * 32 + lane] = old[word] }
      }
    }
    w.set(o.pointee.result, .max)
  }

  /// Lanes act one after the other, in lane order.
  static let run: Handler = { w, o in
    w.computeAddresses(o)
    let words = o.pointee.width / 4
    let b = w.read(o.pointee.b, slot: 1, words: words)
    let c = w.read(o.pointee.c, slot: 2, words: words)
    let d = w.write(o)
    guard let operation = Operation(rawValue: o.pointee.mode),
      let format = Format(rawValue: Int(o.pointee.immediate))
    else { return }
    let space = o.pointee.space
    var succeeded: UInt32 = 0
    try w.cta.context.locked {
      try w.eachLaneThrowing { lane in
        let pointer = try w.pointer(
          space, w.addresses[lane], bytes: o.pointee.width, lane: lane)
        if words == 2 {
          let old = pointer.load(as: UInt64.self)
          let new =
            operation == .compareAndSwap
            ? (old == b.wide(lane) ? c.wide(lane) : old)
            : combined64(operation, format, old, b.wide(lane))
          pointer.storeBytes(of: new, as: UInt64.self)
          if old == b.wide(lane) { succeeded |= 1 << UInt32(lane) }
          if o.pointee.flag {
            d.setWide(lane, old == b.wide(lane) ? 1 : 0)
          } else {
            d.setWide(lane, old)
          }
        } else {
          let old = pointer.load(as: UInt32.self)
          let value = o.pointee.secondFlag ? 1 : b[lane]
          let new =
            operation == .compareAndSwap
            ? (old == value ? c[lane] : old)
            : combined(operation, format, old, value, flushes: o.pointee.flushes)
          pointer.storeBytes(of: new, as: UInt32.self)
          if old == value { succeeded |= 1 << UInt32(lane) }
          d[lane] = o.pointee.flag ? (old == value ? 1 : 0) : old
        }
      }
    }
    w.set(o.pointee.result, o.pointee.isSigned ? succeeded : .max)
  }

  static func combined(
    _ operation: Operation, _ format: Format, _ old: UInt32, _ value: UInt32, flushes: Bool
  ) -> UInt32 {
    switch format {
    case .single:
      switch operation {
      case .add: return SinglePrecision.add(old, value, flush: flushes)
      case .minimum, .maximum:
        return SinglePrecision.extremum(
          old, value, isMaximum: operation == .maximum, flush: flushes)
      default: return value
      }
    case .halves, .brains:
      func half(_ shift: UInt32) -> UInt32 {
        let x = UInt16(truncatingIfNeeded: old >> shift)
        let y = UInt16(truncatingIfNeeded: value >> shift)
        let isBrain = format == .brains
        let (p, q) =
          isBrain
          ? (BrainFloat.float(x), BrainFloat.float(y))
          : (HalfPrecision.float(x), HalfPrecision.float(y))
        let result: Double
        switch operation {
        case .add: result = Double(p) + Double(q)
        case .minimum, .maximum:
          result = Double(
            Float(
              bitPattern: SinglePrecision.extremum(
                p.bitPattern, q.bitPattern, isMaximum: operation == .maximum)))
        default: return UInt32(y)
        }
        return UInt32(isBrain ? BrainFloat.bits(result) : HalfPrecision.bits(result))
      }
      return half(0) | half(16) << 16
    default: return integer(operation, old, value, isSigned: format == .signed)
    }
  }

  static func combined64(
    _ operation: Operation, _ format: Format, _ old: UInt64, _ value: UInt64
  ) -> UInt64 {
    format == .double && operation == .add
      ? DoublePrecision.add(old, value)
      : integer(operation, old, value, isSigned: format == .signed64)
  }

  private static func integer<Word: FixedWidthInteger & UnsignedInteger>(
    _ operation: Operation, _ old: Word, _ value: Word, isSigned: Bool
  ) -> Word {
    switch operation {
    case .add: old &+ value
    case .minimum, .maximum:
      IntegerArithmetic.extremum(
        old, value, isSigned: isSigned, isMaximum: operation == .maximum
      ).value
    case .increment: old >= value ? 0 : old + 1
    case .decrement: old == 0 || old > value ? value : old - 1
    case .and: old & value
    case .or: old | value
    case .xor: old ^ value
    case .exchange, .compareAndSwap: value
    }
  }
}
