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
        w.eachLane { lane in
          let less =
            isSigned
            ? Int32(bitPattern: a[lane]) < Int32(bitPattern: b[lane]) : a[lane] < b[lane]
          d[lane] = (less ? b[lane] &- a[lane] : a[lane] &- b[lane]) &+ c[lane]
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
  @inline(__always)
  static func extremum(
    _ o: UnsafePointer<Operation>, _ x: UInt32, _ y: UInt32, isMinimum: Bool
  ) -> UInt32 {
    let less = o.pointee.isSigned ? Int32(bitPattern: x) < Int32(bitPattern: y) : x < y
    let value = less == isMinimum ? x : y
    return o.pointee.flag && Int32(bitPattern: value) < 0 ? 0 : value
  }

  static let sumExtremum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    w.eachLane { lane in
      d[lane] = extremum(o, a[lane] &+ b[lane], c[lane], isMinimum: p >> UInt32(lane) & 1 == 1)
    }
  }

  static let extremum3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, q, d) = (w.predicate(o.pointee.p), w.predicate(o.pointee.q), w.write(o))
    w.eachLane { lane in
      let first = extremum(o, a[lane], b[lane], isMinimum: p >> UInt32(lane) & 1 == 1)
      d[lane] = extremum(o, first, c[lane], isMinimum: q >> UInt32(lane) & 1 == 1)
    }
  }

  /// PTX ISA, `dp4a` and `dp2a`.
  static let dotProduct: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let (firstSigned, secondSigned) = (o.pointee.isSigned, o.pointee.secondFlag)
    func byte(_ word: UInt32, _ index: Int, _ isSigned: Bool) -> Int32 {
      let value = UInt8(truncatingIfNeeded: word >> UInt32(8 * index))
      return isSigned ? Int32(Int8(bitPattern: value)) : Int32(value)
    }
    func half(_ word: UInt32, _ index: Int, _ isSigned: Bool) -> Int32 {
      let value = UInt16(truncatingIfNeeded: word >> UInt32(16 * index))
      return isSigned ? Int32(Int16(bitPattern: value)) : Int32(value)
    }
    w.eachLane { lane in
      var sum = Int32(bitPattern: c[lane])
      if o.pointee.mode == 4 {
        for index in 0..<4 {
          sum = sum &+ byte(a[lane], index, firstSigned) &* byte(b[lane], index, secondSigned)
        }
      } else {
        let first = o.pointee.flag ? 2 : 0
        for index in 0..<2 {
          sum =
            sum &+ half(a[lane], index, firstSigned)
            &* byte(b[lane], first + index, secondSigned)
        }
      }
      d[lane] = UInt32(bitPattern: sum)
    }
  }

  static let absoluteDifferences: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    w.eachLane { lane in
      var packed: UInt32 = 0
      var sum: UInt32 = 0
      for shift in [UInt32(0), 8, 16, 24] {
        let x = UInt8(truncatingIfNeeded: a[lane] >> shift)
        let y = UInt8(truncatingIfNeeded: b[lane] >> shift)
        let difference: UInt32
        if o.pointee.isSigned {
          let (p, q) = (Int32(Int8(bitPattern: x)), Int32(Int8(bitPattern: y)))
          difference = (p - q).magnitude
        } else {
          difference = UInt32(x > y ? x - y : y - x)
        }
        packed |= (difference & 0xff) << shift
        sum &+= difference
      }
      d[lane] = o.pointee.flag ? sum &+ c[lane] : packed &+ c[lane]
    }
  }
}
