/// Addition, multiplication, comparison and selection of integers.
extension InstructionRules {
  static let integer: [String: Rule] = [
    "IADD3": { c in
      c.operation.flag = c.take("X")
      let words = c.take("64") ? 2 : 1
      try c.destination(words: words)
      try c.predicateResult(\.result)
      try c.predicateResult(\.secondResult)
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      if c.operation.flag {
        c.operation.p = try c.predicate()
        c.operation.q = try c.carry()
      }
      c.operation.run = words == 2 ? Integers.add64 : Integers.add3
    },
    // Two-operand additions of Blackwell and Hopper.
    "IADD": { c in
      c.operation.flag = c.take("X")
      let words = c.take("64") ? 2 : 1
      try c.destination(words: words)
      try c.predicateResult(\.result)
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.q = PredicateSource(isNegated: true)
      if c.operation.flag { c.operation.p = try c.predicate() }
      c.operation.run = words == 2 ? Integers.add64 : Integers.add3
    },
    "VIADD": { c in
      c.ignore("U32", "S32")
      c.operation.mode = c.takePacking(["16x2", "U8x4"])?.bits ?? 32
      try c.destination()
      c.operation.a = try c.packedSource(\.flag)
      c.operation.b = try c.packedSource(\.secondFlag)
      c.operation.run = c.operation.mode == 32 ? Integers.add3 : PackedIntegers.add
    },
    "IMAD": multiplyAdd,
    "UIMAD": multiplyAdd,
    "IABS": { c in
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        w.eachLane { d[$0] = IntegerArithmetic.absolute(a[$0]) }
      }
    },
    "ISETP": { c in
      c.operation.mode = try c.comparison()
      let extended = c.take("EX")
      let unsigned = c.take("U32")
      let wide = c.take("U64") ? 1 : c.take("S64") ? 2 : 0
      c.operation.isSigned = wide == 0 ? !unsigned : wide == 2
      c.operation.immediate = try c.logic()
      try c.setResults()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.p = try c.predicate()
      c.operation.flag = extended
      if extended { c.operation.q = try c.predicate() }
      c.operation.run = wide != 0 ? Integers.compare64 : Integers.compare
    },
    "LEA": { c in
      c.operation.flag = c.take("HI")
      let extended = c.take("X")
      let signExtended = c.take("SX32")
      try c.destination()
      try c.predicateResult(\.result)
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      if c.operation.flag, !signExtended { c.operation.c = try c.source() }
      c.operation.secondFlag = signExtended
      c.operation.immediate = UInt32(truncatingIfNeeded: try c.integer()) & 31
      c.operation.p = extended ? try c.carry() : PredicateSource(isNegated: true)
      if extended, !c.operation.flag { throw c.unsupported("LEA.X") }
      c.operation.run = c.operation.flag ? Integers.leaHigh : Integers.lea
    },
    "IMNMX": { c in try minimumMaximum(&c, packs: false) },
    "VIMNMX": { c in try minimumMaximum(&c, packs: true) },
    "SEL": { c in
      let words = c.take("64") ? 2 : 1
      try c.destination(words: words)
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        let words = o.pointee.words
        let a = w.read(o.pointee.a, slot: 0, words: words)
        let b = w.read(o.pointee.b, slot: 1, words: words)
        let (p, d) = (w.predicate(o.pointee.p), w.write(o))
        for word in 0..<words {
          w.eachLane { lane in
            let at = word * 32 + lane
            d[at] = p >> UInt32(lane) & 1 == 1 ? a[at] : b[at]
          }
        }
      }
    },
    // A multiplication with 16-bit halves is not emitted since Volta; IMUL is IMAD's short form.
    "IMUL": { c in
      c.operation.isSigned = !c.take("U32")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.p = PredicateSource(isNegated: true)
      c.operation.run = Integers.multiplyAdd
    },
  ]

  private static let multiplyAdd: Rule = { c in
    let high = c.take("HI")
    let wide = c.take("WIDE")
    c.operation.isSigned = !c.take("U32")
    let extended = c.take("X")
    c.ignore("MOV", "SHL", "IADD", "S32")
    try c.destination(words: wide ? 2 : 1)
    try c.predicateResult(\.result)
    c.operation.a = try c.source()
    c.operation.b = try c.source()
    c.operation.c = try c.source()
    c.operation.p = extended ? try c.carry() : PredicateSource(isNegated: true)
    c.operation.run =
      high ? Integers.multiplyAddHigh : wide ? Integers.multiplyAddWide : Integers.multiplyAdd
  }

  private static func minimumMaximum(_ c: inout DecodeContext, packs: Bool) throws {
    let wide = c.take("U64") ? 1 : c.take("S64") ? 2 : 0
    c.operation.isSigned = wide == 2 || wide == 0 && !c.take("U32")
    c.ignore("S32")
    c.operation.flag = packs && c.take("RELU")
    // sm_120 writes `IMNMX.S64 PT, PT, R4, R4, R6, PT, !PT`.
    let hasFrame = wide != 0 && c.nextIsPredicate
    if hasFrame { for _ in 0..<2 { try c.expectPredicate("PT") } }
    let packing = packs ? c.takePacking(["S16x2", "U16x2", "U8x4"]) : nil
    if packing?.bits == 8, c.operation.flag { throw c.unsupported("rectified bytes") }
    try c.destination(words: wide != 0 ? 2 : 1)
    // Of packed halves, the low one's predicate comes first.
    if try c.predicateResult(\.result), let packing {
      guard packing.bits == 16 else { throw c.unsupported("predicates of bytes") }
      try c.predicateResult(\.secondResult)
    }
    c.operation.a = try c.source()
    c.operation.b = try c.source()
    c.operation.p = try c.predicate()
    if hasFrame { try c.expectPredicate("!PT") }
    if let packing {
      c.operation.isSigned = packing.isSigned
      c.operation.mode = packing.bits
      c.operation.run = PackedIntegers.extremum
    } else {
      c.operation.run = wide != 0 ? Integers.minimumMaximum64 : Integers.minimumMaximum
    }
  }
}

extension DecodeContext {
  /// Comparisons by name; unordered ones for floats only.
  mutating func comparison() throws -> Int {
    guard
      let mode = choice([
        "F": 0, "LT": 1, "EQ": 2, "LE": 3, "GT": 4, "NE": 5, "GE": 6, "NUM": 7, "NAN": 8,
        "LTU": 9, "EQU": 10, "LEU": 11, "GTU": 12, "NEU": 13, "GEU": 14, "T": 15,
      ])
    else { throw unsupported("no comparison") }
    return mode
  }

  /// How a comparison's result meets the predicate operand: 0 AND, 1 OR, 2 XOR.
  mutating func logic() throws -> UInt32 {
    choice(["AND": 0, "OR": 1, "XOR": 2]) ?? 0
  }

  /// The two predicates that a set instruction writes.
  mutating func setResults() throws {
    guard try predicateResult(\.result) else { throw unsupported("no predicate result") }
    _ = try predicateResult(\.secondResult)
  }

  /// A carry-in; none means no carry.
  mutating func carry() throws -> PredicateSource {
    nextIsPredicate ? try predicate() : PredicateSource(isNegated: true)
  }
}

extension Warp {
  /// Writes a comparison's lanes, and their complement, combined with the predicate operand.
  @inline(__always)
  func setCompared(_ o: UnsafePointer<Operation>, _ lanes: UInt32) {
    let p = predicate(o.pointee.p)
    let complement = ~lanes
    switch o.pointee.immediate {
    case 0:
      set(o.pointee.result, lanes & p)
      set(o.pointee.secondResult, complement & p)
    case 1:
      set(o.pointee.result, lanes | p)
      set(o.pointee.secondResult, complement | p)
    default:
      set(o.pointee.result, lanes ^ p)
      set(o.pointee.secondResult, complement ^ p)
    }
  }
}

enum Integers {
  static let add3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let wantsCarry =
      o.pointee.result != Predicates.discard
      || o.pointee.secondResult != Predicates.discard
    guard wantsCarry || o.pointee.flag else {
      w.eachLane { d[$0] = a[$0] &+ b[$0] &+ c[$0] }
      return
    }
    let p = o.pointee.flag ? w.predicate(o.pointee.p) : 0
    let q = o.pointee.flag ? w.predicate(o.pointee.q) : 0
    var first: UInt32 = 0
    var second: UInt32 = 0
    // A negated operand is its complement plus one, so that zero carries.
    let negates = (
      o.pointee.a.change == .integerNegate, o.pointee.b.change == .integerNegate,
      o.pointee.c.change == .integerNegate
    )
    w.eachLane { lane in
      var sum = UInt64(a[lane]) + UInt64(b[lane]) + UInt64(c[lane])
      sum += UInt64(p >> UInt32(lane) & 1) + UInt64(q >> UInt32(lane) & 1)
      if negates.0, a[lane] == 0 { sum += 1 << 32 }
      if negates.1, b[lane] == 0 { sum += 1 << 32 }
      if negates.2, c[lane] == 0 { sum += 1 << 32 }
      d[lane] = UInt32(truncatingIfNeeded: sum)
      let carries = sum >> 32
      if carries >= 1 { first |= 1 << UInt32(lane) }
      if carries >= 2 { second |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, first)
    w.set(o.pointee.secondResult, second)
  }

  static let add64: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    let c = w.read(o.pointee.c, slot: 2, words: 2)
    let d = w.write(o)
    let p = o.pointee.flag ? w.predicate(o.pointee.p) : 0
    // A negated zero carries, as in `add3`.
    let negated = [(a, o.pointee.a), (b, o.pointee.b), (c, o.pointee.c)].filter {
      $0.1.change == .integerNegate
    }
    var carry: UInt32 = 0
    w.eachLane { lane in
      let (first, overflow) = a.wide(lane).addingReportingOverflow(b.wide(lane))
      let (second, more) = first.addingReportingOverflow(c.wide(lane))
      let (third, most) = second.addingReportingOverflow(UInt64(p >> UInt32(lane) & 1))
      let carries = overflow || more || most || negated.contains { $0.0.wide(lane) == 0 }
      d.setWide(lane, third)
      if carries { carry |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, carry)
  }

  static let multiplyAdd: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let p = w.predicate(o.pointee.p)
    if p & w.mask == 0 {
      w.eachLane { d[$0] = a[$0] &* b[$0] &+ c[$0] }
    } else {
      w.eachLane { d[$0] = a[$0] &* b[$0] &+ c[$0] &+ (p >> UInt32($0) & 1) }
    }
  }

  /// The full product plus a register pair and a carry, with the carry out; `store` takes a lane's
  /// sum.
  @inline(__always)
  private static func multiplyAddWide(
    _ w: Warp, _ o: UnsafePointer<Operation>, _ store: (Int, UInt64) -> Void
  ) {
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2, words: 2)
    let p = w.predicate(o.pointee.p)
    let isSigned = o.pointee.isSigned
    var carries: UInt32 = 0
    w.eachLane { lane in
      let (value, carry) = IntegerArithmetic.multiplyAddWide(
        a[lane], b[lane], c.wide(lane), isSigned: isSigned, carryIn: p >> UInt32(lane) & 1)
      store(lane, value)
      if carry { carries |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, carries)
  }

  static let multiplyAddWide: Handler = { w, o in
    let d = w.write(o)
    multiplyAddWide(w, o) { d.setWide($0, $1) }
  }

  /// The high word of product plus addend; the addend is a register pair: so the code of real
  /// programs uses it.
  static let multiplyAddHigh: Handler = { w, o in
    let d = w.write(o)
    multiplyAddWide(w, o) { d[$0] = UInt32(truncatingIfNeeded: $1 >> 32) }
  }

  static let compare: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let comparison = Comparison(o.pointee.mode)
    let isSigned = o.pointee.isSigned
    var lanes: UInt32
    if o.pointee.flag {
      let low = w.predicate(o.pointee.q)
      lanes = w.lanes { lane in
        IntegerArithmetic.extendedComparison(
          comparison, a[lane], b[lane], lowHolds: low >> UInt32(lane) & 1 == 1, isSigned: isSigned)
      }
    } else if isSigned {
      lanes = w.lanes { comparison.holds(Int32(bitPattern: a[$0]), Int32(bitPattern: b[$0])) }
    } else {
      lanes = w.lanes { comparison.holds(a[$0], b[$0]) }
    }
    w.setCompared(o, lanes)
  }

  static let compare64: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    let comparison = Comparison(o.pointee.mode)
    let lanes =
      o.pointee.isSigned
      ? w.lanes {
        comparison.holds(Int64(bitPattern: a.wide($0)), Int64(bitPattern: b.wide($0)))
      }
      : w.lanes { comparison.holds(a.wide($0), b.wide($0)) }
    w.setCompared(o, lanes)
  }

  static let lea: Handler = { w, o in
    // The sign belongs to the shifted operand; shifting a negated one gives the same low word.
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    let shift = o.pointee.immediate
    let negatesBase = o.pointee.b.change == .integerNegate
    var carries: UInt32 = 0
    w.eachLane { lane in
      let (value, carry) = IntegerArithmetic.shiftedAdd(a[lane], b[lane], shift: shift)
      d[lane] = value
      if carry || negatesBase && b[lane] == 0 { carries |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, carries)
  }

  static let leaHigh: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let shift = o.pointee.immediate
    let p = w.predicate(o.pointee.p)
    let (signExtends, negatesBase) = (
      o.pointee.secondFlag, o.pointee.b.change == .integerNegate
    )
    var carries: UInt32 = 0
    w.eachLane { lane in
      let (value, carry) = IntegerArithmetic.shiftedAddHigh(
        a[lane], b[lane], high: signExtends ? IntegerArithmetic.signWord(a[lane]) : c[lane],
        shift: shift, carryIn: p >> UInt32(lane) & 1)
      d[lane] = value
      if carry || negatesBase && b[lane] == 0 { carries |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, carries)
  }

  static let minimumMaximum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let (isSigned, clamps) = (o.pointee.isSigned, o.pointee.flag)
    var firsts: UInt32 = 0
    w.eachLane { lane in
      let (value, tookFirst) = IntegerArithmetic.extremum(
        a[lane], b[lane], isSigned: isSigned, isMaximum: p >> UInt32(lane) & 1 == 0)
      if tookFirst { firsts |= 1 << UInt32(lane) }
      d[lane] = clamps ? IntegerArithmetic.rectified(value) : value
    }
    w.set(o.pointee.result, firsts)
  }

  static let minimumMaximum64: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let isSigned = o.pointee.isSigned
    w.eachLane { lane in
      let found = IntegerArithmetic.extremum(
        a.wide(lane), b.wide(lane), isSigned: isSigned, isMaximum: p >> UInt32(lane) & 1 == 0)
      d.setWide(lane, found.value)
    }
  }
}
