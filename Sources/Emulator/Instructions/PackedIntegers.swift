/// Two halves or four bytes in a word, each added and compared on its own (VIADD, VIMNMX, VIMNMX3,
/// VIADDMNMX).
enum PackedIntegers {
  struct Packing: Equatable {
    var bits: Int
    var isSigned: Bool
  }

  static let add: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (d, bits) = (w.write(o), o.pointee.mode)
    let (negatesA, negatesB) = (o.pointee.flag, o.pointee.secondFlag)
    w.eachLane { lane in
      d[lane] = sum(
        negatesA ? negated(a[lane], bits) : a[lane], negatesB ? negated(b[lane], bits) : b[lane],
        bits)
    }
  }

  /// The predicates, low half first, say that the result is the first operand.
  static let extremum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let (isSigned, rectifies) = (o.pointee.isSigned, o.pointee.flag)
    var (low, high): (UInt32, UInt32) = (0, 0)
    w.eachLane { lane in
      let isMaximum = p >> UInt32(lane) & 1 == 0
      if o.pointee.mode == 8 {
        d[lane] = bytes(a[lane], b[lane], isSigned: isSigned, isMaximum: isMaximum)
        return
      }
      let found = IntegerArithmetic.extremum16x2(
        a[lane], b[lane], isSigned: isSigned, isMaximum: isMaximum, rectifies: rectifies)
      d[lane] = found.value
      if found.lowTookFirst { low |= 1 << UInt32(lane) }
      if found.highTookFirst { high |= 1 << UInt32(lane) }
    }
    w.set(o.pointee.result, low)
    w.set(o.pointee.secondResult, high)
  }

  static let extremum3: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, q, d) = (w.predicate(o.pointee.p), w.predicate(o.pointee.q), w.write(o))
    let (isSigned, rectifies) = (o.pointee.isSigned, o.pointee.flag)
    w.eachLane { lane in
      let first = IntegerArithmetic.extremum16x2(
        a[lane], b[lane], isSigned: isSigned, isMaximum: p >> UInt32(lane) & 1 == 0)
      d[lane] =
        IntegerArithmetic.extremum16x2(
          first.value, c[lane], isSigned: isSigned, isMaximum: q >> UInt32(lane) & 1 == 0,
          rectifies: rectifies
        ).value
    }
  }

  static let sumExtremum: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let (p, d) = (w.predicate(o.pointee.p), w.write(o))
    let (negatesA, negatesB) = (o.pointee.secondFlag, o.pointee.saturates)
    w.eachLane { lane in
      d[lane] = IntegerArithmetic.sumExtremum16x2(
        negatesA ? negated(a[lane], 16) : a[lane], negatesB ? negated(b[lane], 16) : b[lane],
        c[lane], isSigned: o.pointee.isSigned, isMaximum: p >> UInt32(lane) & 1 == 0,
        rectifies: o.pointee.flag)
    }
  }

  /// Sums of halves or of bytes; no carry leaves one.
  @inline(__always)
  static func sum(_ a: UInt32, _ b: UInt32, _ bits: Int) -> UInt32 {
    // All bits but each part's highest add up without a carry into the next part.
    let tops: UInt32 = bits == 16 ? 0x8000_8000 : 0x8080_8080
    return (a & ~tops) &+ (b & ~tops) ^ (a ^ b) & tops
  }

  @inline(__always)
  static func negated(_ a: UInt32, _ bits: Int) -> UInt32 {
    sum(~a, bits == 16 ? 0x0001_0001 : 0x0101_0101, bits)
  }

  @inline(__always)
  private static func bytes(
    _ a: UInt32, _ b: UInt32, isSigned: Bool, isMaximum: Bool
  ) -> UInt32 {
    var result: UInt32 = 0
    for shift: UInt32 in [0, 8, 16, 24] {
      // In the upper byte of a word, bytes compare as words do.
      let up = 24 - shift
      let found = IntegerArithmetic.extremum(
        a << up & 0xff00_0000, b << up & 0xff00_0000, isSigned: isSigned, isMaximum: isMaximum)
      result |= found.value >> up
    }
    return result
  }
}

extension DecodeContext {
  /// Takes what says that a word holds several numbers; only these names.
  mutating func takePacking(_ names: [String]) -> PackedIntegers.Packing? {
    for name in names where take(name) {
      return .init(bits: name.hasSuffix("8x4") ? 8 : 16, isSigned: name.hasPrefix("S"))
    }
    return nil
  }

  /// A source whose minus, in a packed operation (`mode` below 32), is that of each number: it goes
  /// to `field`.
  mutating func packedSource(_ field: WritableKeyPath<Operation, Bool>) throws -> Source {
    var source = try source()
    if operation.mode < 32, source.change == .integerNegate {
      operation[keyPath: field] = true
      source.change = .none
    }
    return source
  }
}
