/// Loads, stores and asynchronous copies.
extension InstructionRules {
  static let memory: [String: Rule] = [
    "LDG": { c in try load(&c, .global) },
    "LD": { c in try load(&c, .generic) },
    "LDS": { c in try load(&c, .shared) },
    "LDL": { c in try load(&c, .local) },
    "STG": { c in try store(&c, .global) },
    "ST": { c in try store(&c, .generic) },
    "STS": { c in try store(&c, .shared) },
    "STL": { c in try store(&c, .local) },
    "LDC": constant,
    "LDCU": constant,
    "ULDC": constant,
    "LDGSTS": { c in
      c.takeCacheHints()
      let bytes = c.choice(["128": 16, "64": 8, "32": 4]) ?? 4
      c.ignore("BYPASS")
      c.operation.flag = c.take("ZFILL")
      c.operation.width = bytes
      // Shared destination, then global source; both addresses are recorded.
      guard case .memory(let target) = try c.next().kind else {
        throw c.unsupported("an address is expected")
      }
      c.operation.b.index = target.register ?? OperandText.zeroRegister
      c.operation.mode = Int(truncatingIfNeeded: target.offset)
      c.operation.destination = target.uniform ?? OperandText.zeroRegister
      if c.architecture.number < 100, c.operation.destination == 63 {
        c.operation.destination = OperandText.zeroRegister
      }
      c.operation.immediate = UInt32(truncatingIfNeeded: target.scale)
      c.operation.space = .global
      try c.address()
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.run = Loads.copyToShared
    },
    "LDSM": { c in
      let transposes = c.take("MT88")
      if !transposes { c.ignore("M88") }
      c.ignore("16")
      let count = c.choice(["4": 4, "2": 2]) ?? 1
      try c.destination(words: count)
      c.operation.space = .shared
      c.operation.flag = transposes
      c.operation.mode = count
      try c.address()
      c.operation.run = Loads.matrix
    },
    "QSPC": { c in
      guard let space = c.choice(["S": 0, "L": 1, "G": 2]) else { throw c.unsupported("no space") }
      c.hasWideAddresses = c.take("E")
      c.operation.mode = space
      try c.predicateResult(\.result)
      try c.destination()
      c.operation.space = .generic
      try c.address()
      c.operation.run = { w, o in
        let recorded = w.stream
        w.stream = nil
        w.computeAddresses(o)
        w.stream = recorded
        let d = w.write(o)
        let lanes = w.lanes { lane in
          let window = w.addresses[lane] & 0xffff_ffff_0000_0000
          return switch o.pointee.mode {
          case 0: window == LaunchContext.sharedWindow
          case 1: window == LaunchContext.localWindow
          default:
            window != LaunchContext.sharedWindow && window != LaunchContext.localWindow
          }
        }
        w.eachLane { d[$0] = lanes >> UInt32($0) & 1 }
        w.set(o.pointee.result, lanes)
      }
    },
  ]

  private static func load(_ c: inout DecodeContext, _ space: Space) throws {
    c.takeCacheHints()
    c.ignore("U")
    try c.takeWidth()
    try c.predicateOperandOfLoad()
    try c.destination(words: max(1, c.operation.width / 4))
    c.operation.space = space
    try c.address()
    // A predicate behind the address only hints at a prefetch.
    if c.nextIsPredicate { _ = try c.predicate() }
    c.operation.run = Loads.load
  }

  private static func store(_ c: inout DecodeContext, _ space: Space) throws {
    c.takeCacheHints()
    try c.takeWidth()
    c.operation.space = space
    try c.address()
    let register = c.operation.a
    c.operation.b = try c.source()
    c.operation.a = register
    if c.nextIsPredicate { _ = try c.predicate() }
    c.operation.run = Loads.store
  }

  private static let constant: Rule = { c in
    let indexed = c.choice(["IL": 1, "IS": 2, "ISL": 3]) ?? 0
    if indexed != 0 { throw c.unsupported("an index with bounds") }
    c.ignore("E")
    try c.takeWidth()
    try c.destination(words: max(1, c.operation.width / 4))
    switch try c.next().kind {
    case .constant(let bank, let offset, let register):
      c.operation.mode = bank
      c.operation.offset = Int64(offset)
      c.operation.a.index = register ?? OperandText.zeroRegister
    case .uniformlyIndexedConstant(let bank, let offset, let uniform):
      c.operation.mode = bank
      c.operation.offset = Int64(offset)
      c.operation.a.place = .uniform
      c.operation.a.index = uniform
    default: throw c.unsupported("a constant is expected")
    }
    c.operation.run = Loads.constant
  }
}

extension DecodeContext {
  /// Takes what only chooses where data are cached and who sees them when.
  mutating func takeCacheHints() {
    hasWideAddresses = take("E")
    ignore(
      "CONSTANT", "SYS", "STRONG", "WEAK", "GPU", "SM", "CTA", "VC", "LTC64B", "LTC128B",
      "LTC256B", "EF", "EL", "LU", "EU", "NA", "MMIO", "PRIVATE", "ACCESS", "EN", "DEFER_BLOCKING",
      "STRONG", "CI", "CS", "CG", "ENL2", "PF", "ARRIVE1")
  }

  /// Access width and extension.
  mutating func takeWidth() throws {
    let widths: KeyValuePairs<String, (Int, Bool)> = [
      "U8": (1, false), "S8": (1, true), "U16": (2, false), "S16": (2, true), "128": (16, false),
      "64": (8, false), "32": (4, false),
    ]
    let (width, isSigned) = choice(widths) ?? (4, false)
    operation.width = width
    operation.isSigned = isSigned
  }

  /// Some loads write a predicate first.
  mutating func predicateOperandOfLoad() throws {
    if nextIsPredicate { try predicateResult(\.result) }
  }
}

enum Loads {
  static let load: Handler = { w, o in
    w.computeAddresses(o)
    let d = w.write(o)
    let (space, width) = (o.pointee.space, o.pointee.width)
    let isSigned = o.pointee.isSigned
    if width == 4 {
      try w.eachLaneThrowing { lane in
        d[lane] = try w.pointer(space, w.addresses[lane], bytes: 4, lane: lane)
          .load(as: UInt32.self)
      }
      return
    }
    try w.eachLaneThrowing { lane in
      let pointer = try w.pointer(space, w.addresses[lane], bytes: width, lane: lane)
      switch width {
      case 1:
        let value = pointer.load(as: UInt8.self)
        d[lane] = isSigned ? UInt32(bitPattern: Int32(Int8(bitPattern: value))) : UInt32(value)
      case 2:
        let value = pointer.load(as: UInt16.self)
        d[lane] = isSigned ? UInt32(bitPattern: Int32(Int16(bitPattern: value))) : UInt32(value)
      default:
        for word in 0..<(width / 4) {
          d[word * 32 + lane] = pointer.load(fromByteOffset: 4 * word, as: UInt32.self)
        }
      }
    }
  }

  static let store: Handler = { w, o in
    w.computeAddresses(o)
    let (space, width) = (o.pointee.space, o.pointee.width)
    let b = w.read(o.pointee.b, slot: 1, words: max(1, width / 4))
    try w.eachLaneThrowing { lane in
      let pointer = try w.pointer(space, w.addresses[lane], bytes: width, lane: lane)
      switch width {
      case 1: pointer.storeBytes(of: UInt8(truncatingIfNeeded: b[lane]), as: UInt8.self)
      case 2: pointer.storeBytes(of: UInt16(truncatingIfNeeded: b[lane]), as: UInt16.self)
      default:
        for word in 0..<(width / 4) {
          pointer.storeBytes(of: b[word * 32 + lane], toByteOffset: 4 * word, as: UInt32.self)
        }
      }
    }
  }

  static let constant: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let d = w.write(o)
    let (bank, offset, width) = (o.pointee.mode, Int(o.pointee.offset), o.pointee.width)
    let constants = w.cta.context.constants
    let isSigned = o.pointee.isSigned
    if w.stream != nil {
      w.eachLane {
        w.addresses[$0] = UInt64(bitPattern: Int64(offset)) &+ UInt64(a[$0]) & 0xffff_ffff
      }
      w.recordAddresses()
    }
    w.eachLane { lane in
      let place = (offset &+ Int(Int32(bitPattern: a[lane]))) & 0xffff_ffff
      switch width {
      case 1:
        let value = UInt8(
          truncatingIfNeeded: constants.word(bank: bank, offset: place & ~3)
            >> UInt32(8 * (place & 3)))
        d[lane] = isSigned ? UInt32(bitPattern: Int32(Int8(bitPattern: value))) : UInt32(value)
      case 2:
        let value = UInt16(
          truncatingIfNeeded: constants.word(bank: bank, offset: place & ~3)
            >> UInt32(8 * (place & 2)))
        d[lane] = isSigned ? UInt32(bitPattern: Int32(Int16(bitPattern: value))) : UInt32(value)
      default:
        for word in 0..<(width / 4) {
          d[word * 32 + lane] = constants.word(bank: bank, offset: place + 4 * word)
        }
      }
    }
  }

  /// cp.async: complete at once, as the group waits allow.
  static let copyToShared: Handler = { w, o in
    let width = o.pointee.width
    let b = w.registers + o.pointee.b.index * 32
    let scale = o.pointee.immediate
    var base = UInt32(truncatingIfNeeded: o.pointee.mode)
    if o.pointee.destination != OperandText.zeroRegister {
      base = base &+ w.uniform[o.pointee.destination]
    }
    try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 32) { targets in
      w.eachLane { lane in
        targets[lane] = UInt64(b[lane] &* scale &+ base)
        w.addresses[lane] = targets[lane]
      }
      if w.stream != nil { w.recordAddresses() }
      w.computeAddresses(o)
      // With ZFILL, lanes whose predicate is false write zeros and read nothing.
      let reads = o.pointee.flag ? w.predicate(o.pointee.p) : .max
      try w.eachLaneThrowing { lane in
        let target = try w.pointer(.shared, targets[lane], bytes: width, lane: lane)
        if reads >> UInt32(lane) & 1 == 1 {
          let source = try w.pointer(.global, w.addresses[lane], bytes: width, lane: lane)
          target.copyMemory(from: source, byteCount: width)
        } else {
          target.initializeMemory(as: UInt8.self, repeating: 0, count: width)
        }
      }
    }
  }

  /// ldmatrix: eight lanes give the row addresses of each 8×8 matrix of halves; every lane gets
  /// two neighbouring elements of a row (of a column when transposed). PTX ISA, `ldmatrix`.
  static let matrix: Handler = { w, o in
    w.computeAddresses(o)
    let d = w.write(o)
    let (count, transposes) = (o.pointee.mode, o.pointee.flag)
    for matrix in 0..<count {
      for lane in 0..<32 {
        var value: UInt32 = 0
        for half in 0..<2 {
          let row = transposes ? (lane % 4) * 2 + half : lane / 4
          let column = transposes ? lane / 4 : (lane % 4) * 2 + half
          let provider = matrix * 8 + row
          let pointer = try w.pointer(
            .shared, w.addresses[provider], bytes: 16, lane: provider)
          value |=
            UInt32(pointer.load(fromByteOffset: 2 * column, as: UInt16.self))
            << UInt32(16 * half)
        }
        if w.mask >> UInt32(lane) & 1 == 1 { d[matrix * 32 + lane] = value }
      }
    }
  }
}
