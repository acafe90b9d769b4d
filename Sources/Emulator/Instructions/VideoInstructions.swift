/// Dot products of bytes, absolute differences, and the dynamic-programming forms.
extension InstructionRules {
  static let video: [String: Rule] = [
    "IDP": { c in
      let isFour = c.take("4A")
      if !isFour, !c.take("2A") { throw c.unsupported("no form") }
      c.operation.flag = c.take("HI")
      c.ignore("LO")
      c.operation.mode = isFour ? 4 : 2
      // The first type is that of `a`, the second that of `b`.
      let first = c.takeIntegerType()
      let second = c.takeIntegerType() ?? first
      c.operation.isSigned = first?.isSigned ?? false
      c.operation.secondFlag = second?.isSigned ?? false
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = Video.dotProduct
    },
    "VABSDIFF": { c in
      c.operation.isSigned = !c.take("U32")
      c.ignore("S32")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let c = w.read(o.pointee.c, slot: 2)
        let (d, isSigned) = (w.write(o), o.pointee.isSigned)
        w.eachLane {
          d[$0] = IntegerArithmetic.absoluteDifference(a[$0], b[$0], c[$0], isSigned: isSigned)
        }
      }
    },
    "VABSDIFF4": { c in
      c.operation.isSigned = c.take("S8")
      c.ignore("U8")
      c.operation.flag = c.take("ACC")
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.run = Video.absoluteDifferences
    },
    "VIADDMNMX": { c in
      c.operation.isSigned = !c.take("U32")
      c.operation.flag = c.take("RELU")
      c.ignore("S32")
      let packing = c.takePacking(["S16x2", "U16x2"])
      c.operation.mode = packing?.bits ?? 32
      if let packing { c.operation.isSigned = packing.isSigned }
      try c.destination()
      c.operation.a = try c.packedSource(\.secondFlag)
      c.operation.b = try c.packedSource(\.saturates)
      c.operation.c = try c.source()
      c.operation.p = try c.predicate()
      c.operation.run = packing == nil ? Video.sumExtremum : PackedIntegers.sumExtremum
    },
    "VIMNMX3": { c in
      c.operation.isSigned = !c.take("U32")
      c.operation.flag = c.take("RELU")
      c.ignore("S32")
      let packing = c.takePacking(["S16x2", "U16x2"])
      if let packing { c.operation.isSigned = packing.isSigned }
      try c.destination()
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.c = try c.source()
      c.operation.p = try c.predicate()
      c.operation.q = c.nextIsPredicate ? try c.predicate() : c.operation.p
      c.operation.run = packing == nil ? Video.extremum3 : PackedIntegers.extremum3
    },
  ]
}

enum Video {
  static let sumExtremum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let (isSigned, rectifies) = (o.pointee.isSigned, o.pointee.flag)
    w.eachLane { lane in
      d[lane] = IntegerArithmetic.sumExtremum(
        a[lane], b[lane], c[lane], isSigned: isSigned, isMaximum: p >> UInt32(lane) & 1 == 0,
        rectifies: rectifies)
    }
  }

  static let extremum3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, q, d) = (w.predicate(o.pointee.p), w.predicate(o.pointee.q), w.write(o))
    let (isSigned, rectifies) = (o.pointee.isSigned, o.pointee.flag)
    w.eachLane { lane in
      let first = IntegerArithmetic.extremum(
        a[lane], b[lane], isSigned: isSigned, isMaximum: p >> UInt32(lane) & 1 == 0)
      let result = IntegerArithmetic.extremum(
        first.value, c[lane], isSigned: isSigned, isMaximum: q >> UInt32(lane) & 1 == 0)
      d[lane] = rectifies ? IntegerArithmetic.rectified(result.value) : result.value
    }
  }

  static let dotProduct: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, isFour, high) = (w.write(o), o.pointee.mode == 4, o.pointee.flag)
    let (aIsSigned, bIsSigned) = (o.pointee.isSigned, o.pointee.secondFlag)
    w.eachLane {
      d[$0] =
        isFour
        ? IntegerArithmetic.dotProduct4(
          a[$0], b[$0], c[$0], aIsSigned: aIsSigned, bIsSigned: bIsSigned)
        : IntegerArithmetic.dotProduct2(
          a[$0], b[$0], c[$0], aIsSigned: aIsSigned, bIsSigned: bIsSigned, high: high)
    }
  }

  static let absoluteDifferences: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (d, isSigned, accumulates) = (w.write(o), o.pointee.isSigned, o.pointee.flag)
    w.eachLane {
      d[$0] = IntegerArithmetic.absoluteDifference4(
        a[$0], b[$0], c[$0], isSigned: isSigned, accumulates: accumulates)
    }
  }
}
