/// Packed half-precision and bfloat16 arithmetic: two lanes in a register.
extension InstructionRules {
  static let half: [String: Rule] = [
    "HADD2": { c in try arithmetic(&c, Halves.add) },
    "HMUL2": { c in try arithmetic(&c, Halves.multiply) },
    "HFMA2": { c in try arithmetic(&c, Halves.multiplyAdd, addend: true) },
    "HMNMX2": { c in
      let reading = c.takeHalfFormat()
      c.operation.flag = c.take("NAN")
      c.operation.immediate = c.take("XORSIGN") ? 1 : 0
      try c.destination()
      c.operation.a = try c.source(reading)
      c.operation.b = try c.source(reading)
      c.operation.p = try c.predicate()
      if c.operation.immediate == 1 { c.keepSigns() }
      c.operation.run = Halves.minimum
    },
    "VHMNMX": { c in
      let reading = c.takeHalfFormat()
      c.ignore("F16x2")
      c.operation.flag = c.take("NAN")
      try c.destination()
      c.operation.a = try c.source(reading)
      c.operation.b = try c.source(reading)
      c.operation.p = try c.predicate()
      c.operation.run = Halves.minimum
    },
    "HSETP2": { c in
      let reading = c.takeHalfFormat()
      c.operation.mode = try c.comparison()
      c.operation.immediate = try c.logic()
      c.operation.flag = c.take("H_AND")
      try c.setResults()
      c.operation.a = try c.source(reading)
      c.operation.b = try c.source(reading)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        var low = Halves.compared(w, o, high: false)
        var high = Halves.compared(w, o, high: true)
        if o.pointee.flag {
          // Both halves must hold; the second result is the complement.
          low &= high
          high = ~low
        }
        let p = w.predicate(o.pointee.p)
        func combined(_ lanes: UInt32) -> UInt32 {
          o.pointee.immediate == 0 ? lanes & p : o.pointee.immediate == 1 ? lanes | p : lanes ^ p
        }
        w.set(o.pointee.result, combined(low))
        w.set(o.pointee.secondResult, combined(high))
      }
    },
    "HSET2": { c in
      let reading = c.takeHalfFormat()
      c.operation.flag = c.take("BF")
      c.operation.mode = try c.comparison()
      c.operation.immediate = try c.logic()
      try c.destination()
      c.operation.a = try c.source(reading)
      c.operation.b = try c.source(reading)
      c.operation.p = try c.predicate()
      c.operation.run = { w, o in
        let low = Halves.compared(w, o, high: false)
        let high = Halves.compared(w, o, high: true)
        let (p, d) = (w.predicate(o.pointee.p), w.write(o))
        let one: UInt32 =
          !o.pointee.flag
          ? 0xffff : o.pointee.width == 2 ? 0x3f80 : 0x3c00
        func combined(_ lanes: UInt32) -> UInt32 {
          o.pointee.immediate == 0 ? lanes & p : o.pointee.immediate == 1 ? lanes | p : lanes ^ p
        }
        let (first, second) = (combined(low), combined(high))
        w.eachLane { lane in
          let bit = UInt32(lane)
          d[lane] = (first >> bit & 1) * one | (second >> bit & 1) * one << 16
        }
      }
    },
  ]

  private static func arithmetic(
    _ c: inout DecodeContext, _ handler: @escaping Handler, addend: Bool = false
  ) throws {
    let reading = c.takeHalfFormat()
    c.operation.saturates = c.take("SAT")
    c.operation.secondFlag = c.take("RELU")
    c.operation.mode = c.take("F32") ? 1 : 0
    // The unit that computes it.
    if addend { c.ignore("MMA") }
    try c.destination()
    c.operation.a = try c.source(reading)
    c.operation.b = try c.source(reading)
    if addend { c.operation.c = try c.source(reading) }
    c.operation.run = handler
  }
}

extension DecodeContext {
  /// Format in `width` (1 half, 2 bfloat16), and flushing.
  mutating func takeHalfFormat() -> Reading {
    let isBrain = take("BF16_V2")
    operation.width = isBrain ? 2 : 1
    operation.flushes = take("FTZ")
    return isBrain ? .brain : .half
  }
}

enum Halves {
  /// The half that an operand gives for the low or the high result.
  @inline(__always)
  static func pick(_ source: borrowing Source, _ bits: UInt32, high: Bool) -> UInt16 {
    let takesHigh =
      switch source.halves {
      case .both, .single: high
      case .low: false
      case .high: true
      case .swapped: !high
      }
    return UInt16(truncatingIfNeeded: takesHigh ? bits >> 16 : bits)
  }

  @inline(__always)
  private static func lane(_ o: UnsafePointer<Operation>) -> HalfLane {
    HalfLane(
      isBrain: o.pointee.width == 2, flush: o.pointee.flushes, saturate: o.pointee.saturates,
      rectify: o.pointee.secondFlag)
  }

  /// An operand for the low or high result; `.F32` operands hold one single instead, cut to the
  /// format: compilers turn `cvt.rz.f16.f32` into such an addition of zero.
  @inline(__always)
  private static func operand(
    _ lane: HalfLane, _ source: borrowing Source, _ bits: UInt32, high: Bool
  ) -> UInt16 {
    guard source.halves == .single else { return pick(source, bits, high: high) }
    let value = Double(Float(bitPattern: bits))
    return lane.isBrain ? BrainFloat.bits(value, .zero) : HalfPrecision.bits(value, .zero)
  }

  /// `body` gives a lane's half, `single` its single-precision result (`.F32`).
  @inline(__always)
  private static func apply(
    _ w: Warp, _ o: UnsafePointer<Operation>,
    _ body: (HalfLane, UInt16, UInt16, UInt16) -> UInt16,
    single: (HalfLane, UInt16, UInt16, UInt16) -> UInt32
  ) {
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let (half, isSingle) = (lane(o), o.pointee.mode == 1)
    w.eachLane { lane in
      let low = (
        operand(half, o.pointee.a, a[lane], high: false),
        operand(half, o.pointee.b, b[lane], high: false),
        operand(half, o.pointee.c, c[lane], high: false)
      )
      if isSingle {
        d[lane] = single(half, low.0, low.1, low.2)
        return
      }
      let high = body(
        half, operand(half, o.pointee.a, a[lane], high: true),
        operand(half, o.pointee.b, b[lane], high: true),
        operand(half, o.pointee.c, c[lane], high: true))
      d[lane] = UInt32(body(half, low.0, low.1, low.2)) | UInt32(high) << 16
    }
  }

  static let add: Handler = { w, o in
    apply(w, o) { lane, a, b, _ in
      lane.add(a, b)
    } single: { lane, a, b, _ in
      lane.addToSingle(a, b)
    }
  }

  static let multiply: Handler = { w, o in
    apply(w, o) { lane, a, b, _ in
      lane.multiply(a, b)
    } single: { lane, a, b, _ in
      lane.multiplyToSingle(a, b)
    }
  }

  static let multiplyAdd: Handler = { w, o in
    apply(w, o) { lane, a, b, c in
      lane.multiplyAdd(a, b, c)
    } single: { lane, a, b, c in
      lane.multiplyAddToSingle(a, b, c)
    }
  }

  static let minimum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let (half, propagatesNaN) = (lane(o), o.pointee.flag)
    let exclusiveSign = o.pointee.immediate == 1
    w.eachLane { lane in
      let isMaximum = p >> UInt32(lane) & 1 == 0
      func one(_ high: Bool) -> UInt32 {
        UInt32(
          half.extremum(
            pick(o.pointee.a, a[lane], high: high), pick(o.pointee.b, b[lane], high: high),
            isMaximum: isMaximum, propagatesNaN: propagatesNaN, exclusiveSign: exclusiveSign))
      }
      d[lane] = one(false) | one(true) << 16
    }
  }

  static func compared(_ w: Warp, _ o: UnsafePointer<Operation>, high: Bool) -> UInt32 {
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (half, comparison) = (lane(o), Comparison(o.pointee.mode))
    return w.lanes { lane in
      half.compare(
        comparison, pick(o.pointee.a, a[lane], high: high),
        pick(o.pointee.b, b[lane], high: high))
    }
  }
}
