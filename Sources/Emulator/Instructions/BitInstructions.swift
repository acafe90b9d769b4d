/// Shifts, look-up logic and bit counts.
extension InstructionRules {
  static let shifts: [String: Rule] = [
    "SHF": { c in
      let isLeft = c.take("L")
      guard isLeft || c.take("R") else { throw c.unsupported("no direction") }
      let wraps = c.take("W")
      guard let type = c.choice(["U32": 0, "S32": 1, "U64": 2, "S64": 3]) else {
        throw c.unsupported("no type")
      }
      let high = c.take("HI")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.isSigned = type & 1 == 1
      c.operation.immediate = type >= 2 ? 64 : 32
      c.operation.flag = wraps
      c.operation.secondFlag = high
      c.operation.run = isLeft ? Bits.shiftLeft : Bits.shiftRight
    },
    "SHL": { c in
      c.operation.flag = c.take("W")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.immediate = 32
      c.operation.run = Bits.shiftLeft
    },
    "SHR": { c in
      c.operation.flag = c.take("W")
      c.operation.isSigned = !c.take("U32")
      c.ignore("S32")
      try c.destination()
      c.operation.c = try c.source()
      c.operation.b = try c.source()
      c.operation.immediate = 32
      c.operation.secondFlag = true
      c.operation.run = Bits.shiftRight
    },
  ]

  static let bits: [String: Rule] = [
    "LOP3": { c in
      c.ignore("LUT")
      c.operation.flag = c.take("PAND")
      c.ignore("POR")
      try c.predicateResult(\.result)
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.immediate = UInt32(truncatingIfNeeded: try c.integer()) & 0xff
      c.operation.p = c.nextIsPredicate ? try c.predicate() : PredicateSource(isNegated: true)
      c.operation.run = Bits.lop3
    },
    "POPC": { c in
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        w.eachLane { d[$0] = IntegerArithmetic.populationCount(a[$0]) }
      }
    },
    "BREV": { c in
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        w.eachLane { d[$0] = IntegerArithmetic.bitReversed(a[$0]) }
      }
    },
    "FLO": { c in
      c.operation.isSigned = !c.take("U32")
      c.operation.flag = c.take("SH")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        let (isSigned, countsFromTop) = (o.pointee.isSigned, o.pointee.flag)
        w.eachLane {
          d[$0] = IntegerArithmetic.leadingOne(
            a[$0], isSigned: isSigned, countsFromTop: countsFromTop)
        }
      }
    },
    // A mask of `b` bits from bit `a` on.
    "BMSK": { c in
      c.operation.flag = c.take("W")
      c.ignore("C")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let (d, wraps) = (w.write(o), o.pointee.flag)
        w.eachLane {
          d[$0] = IntegerArithmetic.bitMask(position: a[$0], width: b[$0], wraps: wraps)
        }
      }
    },
    // Keeps the low `b` bits, extended by sign or zero.
    "SGXT": { c in
      c.operation.isSigned = !c.take("U32")
      c.operation.flag = c.take("W")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let (d, isSigned, wraps) = (w.write(o), o.pointee.isSigned, o.pointee.flag)
        w.eachLane {
          d[$0] = IntegerArithmetic.extended(
            a[$0], width: b[$0], isSigned: isSigned, wraps: wraps)
        }
      }
    },
    "PRMT": { c in
      let permutation = c.choice([
        "F4E": IntegerArithmetic.Permutation.forward4Extract, "B4E": .backward4Extract,
        "RC8": .replicate8, "ECL": .edgeClampLeft, "ECR": .edgeClampRight, "RC16": .replicate16,
        "IDX": .index,
      ])
      c.operation.mode = Int((permutation ?? .index).rawValue)
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let c = w.read(o.pointee.c, slot: 2)
        let d = w.write(o)
        let mode = IntegerArithmetic.Permutation(rawValue: UInt8(o.pointee.mode)) ?? .index
        w.eachLane {
          d[$0] = IntegerArithmetic.permute(a[$0], c[$0], selector: b[$0], mode: mode)
        }
      }
    },
  ]
}

enum Bits {
  static let shiftLeft: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, isWide) = (w.write(o), o.pointee.immediate == 64)
    let (wraps, takesHigh) = (o.pointee.flag, o.pointee.secondFlag)
    w.eachLane {
      d[$0] = IntegerArithmetic.shiftLeft(
        low: a[$0], high: c[$0], amount: b[$0], isWide: isWide, wraps: wraps, takesHigh: takesHigh)
    }
  }

  static let shiftRight: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, isWide, isSigned) = (w.write(o), o.pointee.immediate == 64, o.pointee.isSigned)
    let (wraps, takesHigh) = (o.pointee.flag, o.pointee.secondFlag)
    w.eachLane {
      d[$0] = IntegerArithmetic.shiftRight(
        low: a[$0], high: c[$0], amount: b[$0], isWide: isWide, isSigned: isSigned, wraps: wraps,
        takesHigh: takesHigh)
    }
  }

  static let lop3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let table = o.pointee.immediate
    switch table {
    case 0xc0: w.eachLane { d[$0] = a[$0] & b[$0] }
    case 0xfc: w.eachLane { d[$0] = a[$0] | b[$0] }
    case 0x3c: w.eachLane { d[$0] = a[$0] ^ b[$0] }
    case 0x33: w.eachLane { d[$0] = ~b[$0] }
    default: w.eachLane { d[$0] = IntegerArithmetic.lookup(a[$0], b[$0], c[$0], table: table) }
    }
    guard o.pointee.result != Predicates.discard else { return }
    let nonzero = w.lanes { d[$0] != 0 }
    let p = w.predicate(o.pointee.p)
    w.set(o.pointee.result, o.pointee.flag ? nonzero & p : nonzero | p)
  }
}
