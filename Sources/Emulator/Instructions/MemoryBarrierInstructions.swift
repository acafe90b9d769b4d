/// Barriers in shared memory (PTX `mbarrier`): ATOMS.ARRIVE and ARRIVES of sm_80 to 89, SYNCS
/// since sm_90. Asynchronous copies are complete at once, so arrivals that wait for them happen
/// where they stand.
extension InstructionRules {
  static let memoryBarriers: [String: Rule] = [
    "SYNCS": { c in
      c.operation.space = .shared
      if c.take("EXCH") {
        guard c.take("64") else { throw c.unsupported("this width") }
        try c.destination(words: 2)
        try c.address()
        c.operation.b = try c.source()
        c.operation.run = MemoryBarriers.exchange
      } else if c.take("PHASECHK") {
        guard c.take("TRANS64") else { throw c.unsupported("this form") }
        c.ignore("TRYWAIT")
        guard try c.predicateResult(\.result) else { throw c.unsupported("no result") }
        try c.address()
        c.operation.b = try c.source()
        c.operation.run = MemoryBarriers.check
      } else if c.take("ARRIVE") {
        guard c.take("TRANS64") else { throw c.unsupported("this form") }
        c.ignore("RED")
        // Arrivals and transactions: a number, or nil for the register's.
        let counts: (arrivals: Int?, transactions: Int?) =
          c.choice(["A1T0": (1, 0), "ART0": (nil, 0), "A0T1": (0, 1)]) ?? (1, nil)
        let drops = c.take("OPTOUT")
        try c.destination(words: 2)
        try c.address()
        c.operation.b = try c.source()
        c.operation.run = { w, o in
          let b = w.read(o.pointee.b, slot: 1)
          try MemoryBarriers.update(w, o) { value, lane in
            let number = Int(Int32(bitPattern: b[lane]))
            let arrivals = counts.arrivals ?? number
            return TransactionBarrier(value).updated(
              arrivals: arrivals, transactions: counts.transactions ?? number,
              drops: drops ? arrivals : 0)
          }
        }
      } else if c.take("CCTL") {
        // The barrier ends: its memory is free for other use.
        guard c.take("IV") else { throw c.unsupported("this form") }
        c.operands = []
      } else {
        throw c.unsupported("this form")
      }
    },
    "ARRIVES": { c in
      guard c.take("LDGSTSBAR"), c.take("64") else { throw c.unsupported("this form") }
      c.operation.space = .shared
      guard c.architecture.number >= 90 else {
        try c.address()
        c.operation.run = { w, o in
          try MemoryBarriers.update(w, o) { value, _ in MemoryBarriers.arrived(value) }
        }
        return
      }
      guard let counts = c.choice(["TRANSCNT": (0, -1), "ARVCNT": (1, 0)]) else {
        throw c.unsupported("this form")
      }
      try c.address()
      c.operation.run = { w, o in
        try MemoryBarriers.update(w, o) { value, _ in
          TransactionBarrier(value).updated(
            arrivals: counts.0, transactions: counts.1, drops: 0)
        }
      }
    },
  ]

  /// `ATOMS.ARRIVE.64`, after its name.
  static func arrive(_ c: inout DecodeContext) throws {
    guard c.take("64") else { throw c.unsupported("this width") }
    c.operation.space = .shared
    try c.destination(words: 2)
    try c.address()
    c.operation.run = { w, o in
      try MemoryBarriers.update(w, o) { value, _ in MemoryBarriers.arrived(value) }
    }
  }
}

enum MemoryBarriers {
  /// One lane after the other changes the barrier and gets what it was before.
  static func update(
    _ w: Warp, _ o: UnsafePointer<Operation>, _ body: (UInt64, Int) -> UInt64
  ) throws {
    w.computeAddresses(o)
    let d = w.write(o)
    try w.eachLaneThrowing { lane in
      let pointer = try w.pointer(o.pointee.space, w.addresses[lane], bytes: 8, lane: lane)
      let old = pointer.load(as: UInt64.self)
      pointer.storeBytes(of: body(old, lane), as: UInt64.self)
      if o.pointee.words == 2 { d.setWide(lane, old) }
    }
  }

  static let exchange: Handler = { w, o in
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    try update(w, o) { _, lane in b.wide(lane) }
  }

  /// Whether the phase whose parity is the operand's highest bit has ended.
  static let check: Handler = { w, o in
    w.computeAddresses(o)
    let b = w.read(o.pointee.b, slot: 1)
    var ended: UInt32 = 0
    try w.eachLaneThrowing { lane in
      let pointer = try w.pointer(o.pointee.space, w.addresses[lane], bytes: 8, lane: lane)
      let high = pointer.load(fromByteOffset: 4, as: UInt32.self)
      if (high ^ b[lane]) >> 31 == 1 { ended |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, ended)
    if ended == 0 {
      w.convergence.advance(to: w.next)
      w.yieldTurn()
    }
  }

  /// An arrival at a barrier of sm_80 to 89. As compiled code initialises, tests and counts it:
  /// the low word holds 2³⁰ less the expected arrivals, the high one 2³¹ less the pending ones
  /// below a bit for the phase, which the last arrival's carry flips.
  static func arrived(_ value: UInt64) -> UInt64 {
    let low = UInt32(truncatingIfNeeded: value)
    var high = UInt32(truncatingIfNeeded: value >> 32) &+ 1
    if high & 0x7fff_ffff == 0 { high |= 0x4000_0000 | low & 0x3fff_ffff }
    return UInt64(high) << 32 | UInt64(low)
  }
}

/// A barrier of sm_90 and newer, which counts bytes of copies (transactions) too.
///
/// As compiled code initialises, tests and counts it, bits 1 to 20 hold 2²⁰ less the expected
/// arrivals, bits 43 to 62 2²⁰ less the pending ones, bit 63 the phase. Code never looks at the
/// others: that 21 to 42 count transactions, and that bit 0 says that all have arrived, is assumed.
struct TransactionBarrier {
  private static let full = 1 << 20
  private static let transactionMask = 1 << 22 - 1

  private var expected: Int
  private var pending: Int
  private var phase: UInt64
  private var transactions: Int

  init(_ value: UInt64) {
    expected = Int(value >> 1) & (Self.full - 1)
    let everyoneArrived = value & 1 == 1
    pending = everyoneArrived ? Self.full : Int(value >> 43) & (Self.full - 1)
    phase = value >> 63
    let count = Int(value >> 21) & Self.transactionMask
    transactions = count >> 21 == 1 ? count - (Self.transactionMask + 1) : count
  }

  /// The phase ends when all have arrived and no transaction is outstanding.
  func updated(arrivals: Int, transactions more: Int, drops: Int) -> UInt64 {
    var next = self
    next.expected += drops
    next.pending += arrivals
    next.transactions += more
    if next.pending >= Self.full, next.transactions == 0 {
      next.phase ^= 1
      next.pending = next.expected
    }
    let hasAll = next.pending >= Self.full
    return next.phase << 63
      | UInt64(next.pending & (Self.full - 1)) << 43
      | UInt64(next.transactions & Self.transactionMask) << 21
      | UInt64(next.expected & (Self.full - 1)) << 1 | (hasAll ? 1 : 0)
  }
}
