/// Exchanges and votes among the lanes of a warp.
extension InstructionRules {
  static let warp: [String: Rule] = [
    "SHFL": { c in
      guard let mode = c.choice(["IDX": 0, "UP": 1, "DOWN": 2, "BFLY": 3]) else {
        throw c.unsupported("no mode")
      }
      c.operation.mode = mode
      try c.predicateResult(\.result)
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = Exchanges.shuffle
    },
    "VOTE": vote,
    "VOTEU": vote,
    "MATCH": { c in
      c.operation.flag = c.take("ALL")
      if !c.operation.flag, !c.take("ANY") { throw c.unsupported("no mode") }
      let words = c.take("U64") ? 2 : 1
      c.ignore("U32")
      try c.predicateResult(\.result)
      try c.destination()
      c.operation.a = try c.source()
      c.operation.width = words
      c.operation.run = Exchanges.match
    },
    "REDUX": { c in
      // AND goes without saying.
      c.operation.mode =
        c.choice(["SUM": 0, "MIN": 1, "MAX": 2, "AND": 3, "OR": 4, "XOR": 5]) ?? 3
      c.operation.isSigned = c.take("S32")
      c.ignore("U32")
      try c.destination()
      c.operation.a = try c.source()
      // All lanes count, though the result is uniform.
      c.operation.flag = c.operation.isUniform
      c.operation.isUniform = false
      c.operation.run = Exchanges.reduce
    },
    // One lane of those that execute: the lowest.
    "ELECT": { c in
      try c.predicateResult(\.result)
      try c.destination()
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.isUniform = false
      c.operation.run = { w, o in
        let lane = w.mask.trailingZeroBitCount
        w.set(o.pointee.result, 1 << UInt32(lane))
        if o.pointee.destination < OperandText.zeroRegister {
          w.uniform[o.pointee.destination] = UInt32(lane)
        }
      }
    },
  ]

  private static let vote: Rule = { c in
    guard let mode = c.choice(["ANY": 0, "ALL": 1, "EQ": 2]) else { throw c.unsupported("no mode") }
    c.operation.mode = mode
    var hasRegister = false
    if let first = c.operands.first {
      switch first.kind {
      case .register, .uniform:
        try c.destination()
        hasRegister = true
      default: break
      }
    }
    // All lanes vote, though the results may be uniform.
    try c.predicateResult(\.result)
    c.operation.flag = c.operation.isUniform && hasRegister
    c.operation.isUniform = false
    c.operation.p = try c.predicate()
    c.operation.run = Exchanges.vote
  }
}

enum Exchanges {
  /// PTX ISA, `shfl.sync`: the lane read, and whether it is in range.
  static let shuffle: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    var inRange: UInt32 = 0
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 32) { copy in
      for lane in 0..<32 { copy[lane] = a[lane] }
      w.eachLane { lane in
        let amount = Int(b[lane] & 31)
        let clamp = Int(c[lane] & 31)
        let segment = Int(c[lane] >> 8 & 31)
        let maximum = lane & segment | clamp & ~segment & 31
        let source: Int
        let valid: Bool
        switch o.pointee.mode {
        case 0:
          source = lane & segment | amount & ~segment & 31
          valid = source <= maximum
        case 1:
          source = lane - amount
          valid = source >= maximum
        case 2:
          source = lane + amount
          valid = source <= maximum
        default:
          source = lane ^ amount
          valid = source <= maximum
        }
        d[lane] = copy[valid ? source & 31 : lane]
        if valid { inRange |= 1 << UInt32(lane) }
      }
    }
    w.set(o.pointee.result, inRange)
  }

  static let vote: Handler = { w, o in
    let ballot = w.predicate(o.pointee.p) & w.mask
    let holds =
      switch o.pointee.mode {
      case 0: ballot != 0
      case 1: ballot == w.mask
      default: ballot == 0 || ballot == w.mask
      }
    if o.pointee.flag {
      if o.pointee.destination < OperandText.zeroRegister {
        w.uniform[o.pointee.destination] = ballot
      }
    } else {
      let d = w.registers + o.pointee.destination * 32
      w.eachLane { d[$0] = ballot }
    }
    if o.pointee.result >= Predicates.uniform {
      w.predicates[o.pointee.result] = holds ? .max : 0
    } else {
      w.set(o.pointee.result, holds ? .max : 0)
    }
  }

  static let match: Handler = { w, o in
    let words = o.pointee.width
    let a = w.read(o.pointee.a, slot: 0, words: words)
    let d = w.write(o)
    func value(_ lane: Int) -> UInt64 { words == 2 ? a.wide(lane) : UInt64(a[lane]) }
    if o.pointee.flag {
      let first = value(w.mask.trailingZeroBitCount)
      let equal = w.lanes { value($0) == first }
      let all = equal == w.mask
      w.eachLane { d[$0] = all ? w.mask : 0 }
      w.set(o.pointee.result, all ? .max : 0)
      return
    }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 32) { found in
      w.eachLane { lane in
        let own = value(lane)
        found[lane] = w.lanes { value($0) == own }
      }
      w.eachLane { d[$0] = found[$0] }
    }
  }

  static let reduce: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    var result = a[w.mask.trailingZeroBitCount]
    var isFirst = true
    let isSigned = o.pointee.isSigned
    w.eachLane { lane in
      let value = a[lane]
      if isFirst {
        isFirst = false
        return
      }
      let less =
        isSigned ? Int32(bitPattern: value) < Int32(bitPattern: result) : value < result
      switch o.pointee.mode {
      case 0: result = result &+ value
      case 1: if less { result = value }
      case 2: if !less { result = value }
      case 3: result &= value
      case 4: result |= value
      default: result ^= value
      }
    }
    if o.pointee.flag {
      if o.pointee.destination < OperandText.zeroRegister {
        w.uniform[o.pointee.destination] = result
      }
    } else {
      let d = w.registers + o.pointee.destination * 32
      w.eachLane { d[$0] = result }
    }
  }
}
