/// Double-precision arithmetic.
extension InstructionRules {
  static let double: [String: Rule] = [
    "DADD": arithmetic(2) { w, o in
      pairwise(w, o) { DoublePrecision.add($0, $1, rounding: $2) }
    },
    "DMUL": arithmetic(2) { w, o in
      pairwise(w, o) { DoublePrecision.multiply($0, $1, rounding: $2) }
    },
    "DFMA": arithmetic(3) { w, o in
      let a = w.read(o.pointee.a, slot: 0, words: 2)
      let b = w.read(o.pointee.b, slot: 1, words: 2)
      let c = w.read(o.pointee.c, slot: 2, words: 2)
      let (d, rounding) = (w.write(o), o.pointee.rounding)
      w.eachLane {
        d.setWide(
          $0, DoublePrecision.multiplyAdd(a.wide($0), b.wide($0), c.wide($0), rounding: rounding))
      }
    },
    // The comparison also chooses for MIN and MAX, which code completes with selections.
    "DSETP": { c in
      let extremum = c.choice(["MIN": 1, "MAX": 4])
      c.operation.mode = try extremum ?? c.comparison()
      c.operation.immediate = try c.logic()
      c.operation.flag = extremum != nil
      try c.setResults()
      c.operation.a = try c.source(.double)
      c.operation.b = try c.source(.double)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0, words: 2)
        let b = w.read(o.pointee.b, slot: 1, words: 2)
        let mode = o.pointee.mode
        if o.pointee.flag {
          // First result: take a; second: some operand is a NaN.
          let first = w.lanes {
            let (x, y) = (Double(bitPattern: a.wide($0)), Double(bitPattern: b.wide($0)))
            if x.isNaN { return false }
            if y.isNaN { return true }
            if x == y { return (x.sign == .minus) == (mode == 1) }
            return mode == 1 ? x < y : x > y
          }
          let nan = w.lanes {
            Double(bitPattern: a.wide($0)).isNaN && Double(bitPattern: b.wide($0)).isNaN
          }
          w.set(o.pointee.result, first)
          w.set(o.pointee.secondResult, nan)
          return
        }
        let lanes = w.lanes {
          Comparison(mode).holds(
            Double(bitPattern: a.wide($0)), Double(bitPattern: b.wide($0)))
        }
        w.setCompared(o, lanes)
      }
    },
  ]

  private static func arithmetic(_ sources: Int, _ run: @escaping Handler) -> Rule {
    { c in
      c.operation.rounding = c.takeRounding()
      try c.destination(words: 2)
      c.operation.a = try c.source(.double)
      c.operation.b = try c.source(.double)
      if sources == 3 { c.operation.c = try c.source(.double) }
      c.operation.run = run
    }
  }

  @inline(__always)
  private static func pairwise(
    _ w: Warp, _ o: UnsafePointer<Operation>, _ result: (UInt64, UInt64, Rounding) -> UInt64
  ) {
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    let (d, rounding) = (w.write(o), o.pointee.rounding)
    w.eachLane { d.setWide($0, result(a.wide($0), b.wide($0), rounding)) }
  }
}
