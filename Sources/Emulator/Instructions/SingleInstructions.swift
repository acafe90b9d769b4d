/// Single-precision arithmetic and the multifunction unit.
extension InstructionRules {
  static let single: [String: Rule] = [
    "FADD": { c in
      try c.takeFloatModes()
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.run = c.isPlain ? Singles.add : Singles.addSlow
    },
    "FMUL": { c in
      let scale: Double =
        c.choice([
          "D2": 0.5, "D4": 0.25, "D8": 0.125, "M2": 2.0, "M4": 4.0, "M8": 8.0,
        ]) ?? 1
      try c.takeFloatModes()
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.offset = Int64(bitPattern: scale.bitPattern)
      c.operation.run = c.isPlain && scale == 1 ? Singles.multiply : Singles.multiplySlow
    },
    "FFMA": { c in
      try c.takeFloatModes()
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.c = try c.source(.float)
      c.operation.run = c.isPlain ? Singles.multiplyAdd : Singles.multiplyAddSlow
    },
    // Packed pairs of Blackwell: two independent operations on register pairs.
    "FADD2": { c in try packedPair(&c, addends: 1) },
    "FMUL2": { c in try packedPair(&c, addends: 0) },
    "FFMA2": { c in try packedPair(&c, addends: 2) },
    "FMNMX": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.flag = c.take("NAN")
      c.operation.secondFlag = c.take("XORSIGN")
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.p = try c.predicate()
      if c.operation.secondFlag { c.keepSigns() }
      c.operation.run = Singles.minimum
    },
    // Three operands, Blackwell.
    "FMNMX3": { c in
      c.operation.flushes = c.take("FTZ")
      c.operation.flag = c.take("NAN")
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.c = try c.source(.float)
      c.operation.p = try c.predicate()
      c.operation.run = Singles.minimum3
    },
    "FSEL": { c in
      c.operation.flushes = c.take("FTZ")
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let (p, d, flushes) = (w.predicate(o.pointee.p), w.write(o), o.pointee.flushes)
        w.eachLane { lane in
          let value = p >> UInt32(lane) & 1 == 1 ? a[lane] : b[lane]
          d[lane] = flushes ? SinglePrecision.flushed(value) : value
        }
      }
    },
    "FSETP": { c in
      c.operation.mode = try c.comparison()
      c.operation.flushes = c.take("FTZ")
      c.operation.immediate = try c.logic()
      try c.setResults()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in w.setCompared(o, Singles.compared(w, o)) }
    },
    "FSET": { c in
      c.operation.flag = c.take("BF")
      c.operation.mode = try c.comparison()
      c.operation.flushes = c.take("FTZ")
      c.operation.immediate = try c.logic()
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        let lanes = Singles.compared(w, o)
        let (d, p) = (w.write(o), w.predicate(o.pointee.p))
        let combined =
          o.pointee.immediate == 0 ? lanes & p : o.pointee.immediate == 1 ? lanes | p : lanes ^ p
        let one: UInt32 = o.pointee.flag ? Float(1).bitPattern : .max
        w.eachLane { d[$0] = combined >> UInt32($0) & 1 == 1 ? one : 0 }
      }
    },
    // Adds with signs by lane of the quad, for derivatives.
    "FSWZADD": { c in
      c.operation.rounding = c.takeRounding()
      c.operation.flushes = c.take("FTZ")
      // That the quad may be divergent.
      c.ignore("NDV")
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      guard case .other(let pattern) = try c.next().kind, pattern.count == 4 else {
        throw c.unsupported("no pattern")
      }
      for (lane, sign) in pattern.enumerated() {
        // P: a + b, N: a − b, R: b − a, Z: neither.
        guard let code = ["P": 0, "N": 1, "R": 2, "Z": 3][sign] else {
          throw c.unsupported("pattern \(pattern)")
        }
        c.operation.immediate |= UInt32(code) << UInt32(2 * lane)
      }
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let d = w.write(o)
        w.eachLane { lane in
          let code = o.pointee.immediate >> UInt32(2 * (lane & 3)) & 3
          let x = code == 2 ? a[lane] ^ 0x8000_0000 : a[lane]
          let y = code == 1 ? b[lane] ^ 0x8000_0000 : b[lane]
          d[lane] =
            code == 3
            ? 0
            : SinglePrecision.add(
              x, y, rounding: o.pointee.rounding, flush: o.pointee.flushes)
        }
      }
    },
    "MUFU": { c in
      guard
        let function = c.choice([
          "RCP": Transcendental.Function.reciprocal, "RSQ": .reciprocalRoot, "SQRT": .root,
          "SIN": .sine, "COS": .cosine, "EX2": .exponential, "LG2": .logarithm,
          "TANH": .tangent, "RCP64H": .reciprocal64, "RSQ64H": .reciprocalRoot64,
        ])
      else { throw c.unsupported("no function") }
      let packed = c.take("F16") ? 1 : c.take("BF16_V2") || c.take("BF16") ? 2 : 0
      guard packed == 0 || function == .exponential || function == .tangent else {
        throw c.unsupported("this function of halves")
      }
      c.operation.mode = function.rawValue
      c.operation.width = packed
      try c.destination()
      c.operation.a = try c.source(.float)
      c.operation.run = Singles.multifunction
    },
    "FCHK": { c in
      c.ignore("DIVIDE")
      try c.predicateResult(\.result)
      c.operation.a = try c.source(.float)
      c.operation.b = try c.source(.float)
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        w.set(o.pointee.result, w.lanes { FCHK.needsSlowPath(a[$0], b[$0]) })
      }
    },
  ]

  private static func packedPair(_ c: inout DecodeContext, addends: Int) throws {
    c.operation.rounding = c.takeRounding()
    c.operation.flushes = c.take("FTZ")
    try c.destination(words: 2)
    c.operation.mode = addends
    c.operation.a = try c.source(.float)
    c.operation.b = try c.source(.float)
    if addends == 2 { c.operation.c = try c.source(.float) }
    c.operation.run = { w, o in
      let a = w.read(o.pointee.a, slot: 0, words: 2)
      let b = w.read(o.pointee.b, slot: 1, words: 2)
      let c = w.read(o.pointee.c, slot: 2, words: 2)
      let (d, rounding, flush) = (w.write(o), o.pointee.rounding, o.pointee.flushes)
      w.eachLane { lane in
        for at in [lane, lane + 32] {
          let value =
            switch o.pointee.mode {
            case 0: SinglePrecision.multiply(a[at], b[at], rounding: rounding, flush: flush)
            case 1: SinglePrecision.add(a[at], b[at], rounding: rounding, flush: flush)
            default:
              SinglePrecision.multiplyAdd(a[at], b[at], c[at], rounding: rounding, flush: flush)
            }
          d[at] = value
        }
      }
    }
  }
}

extension DecodeContext {
  mutating func takeFloatModes() throws {
    operation.rounding = takeRounding()
    operation.flushes = take("FTZ")
    operation.saturates = take("SAT")
  }

  /// `.XORSIGN` compares magnitudes but wants the signs: the bars of its operands take no part.
  mutating func keepSigns() {
    operation.a.keep = .max
    operation.b.keep = .max
  }

  /// Nearest, no flushing, no clamping: the host's own arithmetic.
  var isPlain: Bool {
    operation.rounding == .nearest && !operation.flushes && !operation.saturates
  }
}

enum Singles {
  static let add: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    w.eachLane {
      d[$0] = SinglePrecision.add(a[$0], b[$0])
    }
  }

  static let multiply: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    w.eachLane {
      d[$0] = SinglePrecision.multiply(a[$0], b[$0])
    }
  }

  static let multiplyAdd: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    w.eachLane {
      d[$0] = SinglePrecision.multiplyAdd(a[$0], b[$0], c[$0])
    }
  }

  @inline(__always)
  private static func modes(
    _ o: UnsafePointer<Operation>
  ) -> (rounding: Rounding, flush: Bool, saturate: Bool) {
    (o.pointee.rounding, o.pointee.flushes, o.pointee.saturates)
  }

  @inline(__always)
  private static func input(_ o: UnsafePointer<Operation>, _ bits: UInt32) -> UInt32 {
    o.pointee.flushes ? SinglePrecision.flushed(bits) : bits
  }

  static let addSlow: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    let (rounding, flush, saturate) = modes(o)
    w.eachLane {
      d[$0] = SinglePrecision.add(
        a[$0], b[$0], rounding: rounding, flush: flush, saturate: saturate)
    }
  }

  static let multiplySlow: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let d = w.write(o)
    let scale = Double(bitPattern: UInt64(bitPattern: o.pointee.offset))
    let (rounding, flush, saturate) = modes(o)
    w.eachLane {
      d[$0] = SinglePrecision.multiply(
        a[$0], b[$0], scale: scale, rounding: rounding, flush: flush, saturate: saturate)
    }
  }

  static let multiplyAddSlow: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let (rounding, flush, saturate) = modes(o)
    w.eachLane {
      d[$0] = SinglePrecision.multiplyAdd(
        a[$0], b[$0], c[$0], rounding: rounding, flush: flush, saturate: saturate)
    }
  }

  static let minimum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    w.eachLane { lane in
      let (x, y) = (input(o, a[lane]), input(o, b[lane]))
      d[lane] = SinglePrecision.extremum(
        x, y, isMaximum: p >> UInt32(lane) & 1 == 0, propagatesNaN: o.pointee.flag,
        exclusiveSign: o.pointee.secondFlag)
    }
  }

  static let minimum3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    w.eachLane { lane in
      let isMaximum = p >> UInt32(lane) & 1 == 0
      let first = SinglePrecision.extremum(
        input(o, a[lane]), input(o, b[lane]), isMaximum: isMaximum, propagatesNaN: o.pointee.flag)
      d[lane] = SinglePrecision.extremum(
        first, input(o, c[lane]), isMaximum: isMaximum, propagatesNaN: o.pointee.flag)
    }
  }

  @inline(__always)
  static func compared(_ w: Warp, _ o: UnsafePointer<Operation>) -> UInt32 {
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let mode = o.pointee.mode
    return w.lanes {
      Comparison(mode).holds(
        Float(bitPattern: input(o, a[$0])), Float(bitPattern: input(o, b[$0])))
    }
  }

  static let multifunction: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    guard let function = Transcendental.Function(rawValue: o.pointee.mode) else { return }
    let halves = o.pointee.a.halves
    w.eachLane { lane in
      if o.pointee.width == 0 {
        d[lane] = Transcendental.evaluate(function, a[lane])
        return
      }
      let bits = UInt16(truncatingIfNeeded: halves == .high ? a[lane] >> 16 : a[lane])
      let format: FloatFormat = o.pointee.width == 1 ? .half : .brain
      let single = Float(format.value(UInt64(bits))).bitPattern
      let result = Float(bitPattern: Transcendental.evaluate(function, single))
      d[lane] = UInt32(truncatingIfNeeded: format.bits(Double(result)))
    }
  }
}
