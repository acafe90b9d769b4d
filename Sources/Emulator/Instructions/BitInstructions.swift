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
        w.eachLane { d[$0] = UInt32(truncatingIfNeeded: a[$0].nonzeroBitCount) }
      }
    },
    "BREV": { c in
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        w.eachLane { d[$0] = Bits.reversed(a[$0]) }
      }
    },
    "FLO": { c in
      c.operation.isSigned = !c.take("U32")
      c.operation.flag = c.take("SH")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        let (isSigned, gives) = (o.pointee.isSigned, o.pointee.flag)
        w.eachLane { lane in
          let value = isSigned && Int32(bitPattern: a[lane]) < 0 ? ~a[lane] : a[lane]
          let leading = UInt32(truncatingIfNeeded: value.leadingZeroBitCount)
          d[lane] = value == 0 ? .max : gives ? leading : 31 - leading
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
        w.eachLane { lane in
          let start = wraps ? a[lane] & 31 : min(a[lane], 32)
          let width = wraps ? b[lane] & 31 : min(b[lane], 32)
          let ones = UInt64(1) << UInt64(width) &- 1
          d[lane] = UInt32(truncatingIfNeeded: ones << UInt64(start))
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
        w.eachLane { lane in
          let width = wraps ? b[lane] & 31 : min(b[lane], 32)
          let rest = 32 - width
          if width == 0 {
            d[lane] = 0
          } else if isSigned {
            d[lane] = UInt32(bitPattern: Int32(bitPattern: a[lane] << rest) >> Int32(rest))
          } else {
            d[lane] = (a[lane] << rest) >> rest
          }
        }
      }
    },
    "PRMT": { c in
      c.operation.mode =
        c.choice(["F4E": 1, "B4E": 2, "RC8": 3, "ECL": 4, "ECR": 5, "RC16": 6, "IDX": 0]) ?? 0
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let c = w.read(o.pointee.c, slot: 2)
        let (d, mode) = (w.write(o), o.pointee.mode)
        w.eachLane { d[$0] = Bits.permute(a[$0], b[$0], c[$0], mode: mode) }
      }
    },
  ]
}

enum Bits {
  @inline(__always)
  private static func amount(_ o: UnsafePointer<Operation>, _ value: UInt32) -> UInt64 {
    let width = o.pointee.immediate
    return UInt64(o.pointee.flag ? value & (width - 1) : min(value, width))
  }

  static let shiftLeft: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, high) = (w.write(o), o.pointee.secondFlag)
    w.eachLane { lane in
      // Smart shifts: 64 gives zero.
      let value = (UInt64(c[lane]) << 32 | UInt64(a[lane])) << amount(o, b[lane])
      d[lane] = UInt32(truncatingIfNeeded: high ? value >> 32 : value)
    }
  }

  static let shiftRight: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, high, isSigned) = (w.write(o), o.pointee.secondFlag, o.pointee.isSigned)
    w.eachLane { lane in
      let pair = UInt64(c[lane]) << 32 | UInt64(a[lane])
      let shift = amount(o, b[lane])
      let value =
        isSigned ? UInt64(bitPattern: Int64(bitPattern: pair) >> Int64(shift)) : pair >> shift
      d[lane] = UInt32(truncatingIfNeeded: high ? value >> 32 : value)
    }
  }

  /// Any function of three bits, by its truth table.
  @inline(__always)
  static func lookup(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ table: UInt32) -> UInt32 {
    var result: UInt32 = 0
    if table & 0x01 != 0 { result |= ~a & ~b & ~c }
    if table & 0x02 != 0 { result |= ~a & ~b & c }
    if table & 0x04 != 0 { result |= ~a & b & ~c }
    if table & 0x08 != 0 { result |= ~a & b & c }
    if table & 0x10 != 0 { result |= a & ~b & ~c }
    if table & 0x20 != 0 { result |= a & ~b & c }
    if table & 0x40 != 0 { result |= a & b & ~c }
    if table & 0x80 != 0 { result |= a & b & c }
    return result
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
    default: w.eachLane { d[$0] = lookup(a[$0], b[$0], c[$0], table) }
    }
    guard o.pointee.result != Predicates.discard else { return }
    let nonzero = w.lanes { d[$0] != 0 }
    let p = w.predicate(o.pointee.p)
    w.set(o.pointee.result, o.pointee.flag ? nonzero & p : nonzero | p)
  }

  @inline(__always)
  static func reversed(_ value: UInt32) -> UInt32 {
    var x = value
    x = (x & 0x5555_5555) << 1 | x >> 1 & 0x5555_5555
    x = (x & 0x3333_3333) << 2 | x >> 2 & 0x3333_3333
    x = (x & 0x0f0f_0f0f) << 4 | x >> 4 & 0x0f0f_0f0f
    return x.byteSwapped
  }

  /// Picks four bytes of the pair (c, a); PTX ISA, `prmt`.
  @inline(__always)
  static func permute(_ a: UInt32, _ selector: UInt32, _ c: UInt32, mode: Int) -> UInt32 {
    let pair = UInt64(c) << 32 | UInt64(a)
    func byte(_ index: UInt32) -> UInt32 {
      UInt32(truncatingIfNeeded: pair >> UInt64((index & 7) * 8)) & 0xff
    }
    var result: UInt32 = 0
    let s = selector & 3
    for position in 0..<UInt32(4) {
      let value: UInt32
      switch mode {
      case 0:
        let nibble = selector >> (4 * position) & 15
        let picked = byte(nibble & 7)
        value = nibble & 8 == 0 ? picked : (picked & 0x80 != 0 ? 0xff : 0)
      case 1: value = byte(s + position)
      case 2: value = byte(s &- position)
      case 3: value = byte(s)
      case 4: value = byte(max(s, position))
      case 5: value = byte(min(s, position))
      default: value = byte((s & 1) * 2 + (position & 1))
      }
      result |= value << (8 * position)
    }
    return result
  }
}
