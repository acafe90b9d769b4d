/// Matrix multiplication on the tensor cores, and moves between their layouts.
extension InstructionRules {
  static let tensor: [String: Rule] = [
    "HMMA": { c in
      if c.take("SP") { throw c.unsupported("sparse matrices") }
      guard let depth = c.choice(["16816": 16, "1688": 8, "1684": 4]) else {
        throw c.unsupported("this shape")
      }
      let halfResults = c.take("F16")
      c.ignore("F32")
      let format: MatrixFormat = c.take("BF16") ? .brain : c.take("TF32") ? .tensor : .half
      let accumulators = halfResults ? 2 : 4
      try c.destination(words: accumulators)
      c.operation.mode = depth
      c.operation.immediate = UInt32(format.rawValue)
      c.operation.flag = halfResults
      try c.matrices()
      c.operation.run = Matrices.float
    },
    "QMMA": { c in
      guard let depth = c.choice(["16832": 32, "16816": 16]) else {
        throw c.unsupported("this shape")
      }
      let halfResults = c.take("F16")
      c.ignore("F32")
      guard let first = c.takeEightBit() else { throw c.unsupported("this format") }
      let second = c.takeEightBit() ?? first
      try c.destination(words: halfResults ? 2 : 4)
      c.operation.mode = depth
      c.operation.immediate = UInt32(MatrixFormat.eight.rawValue)
      c.operation.width = first.rawValue
      c.operation.scale = second.rawValue
      c.operation.flag = halfResults
      try c.matrices()
      c.operation.run = Matrices.float
    },
    "IMMA": { c in
      if c.take("SP") { throw c.unsupported("sparse matrices") }
      guard
        let shape = c.choice([
          "16816": (16, 16), "16832": (16, 32), "16864": (16, 64), "8816": (8, 16),
          "8832": (8, 32),
        ])
      else { throw c.unsupported("this shape") }
      c.operation.saturates = c.take("SAT")
      guard let first = c.takeMatrixInteger() else { throw c.unsupported("this format") }
      let second = c.takeMatrixInteger() ?? first
      c.ignore("ROW", "COL")
      try c.destination(words: shape.0 == 16 ? 4 : 2)
      c.operation.scale = shape.0
      c.operation.mode = shape.1
      c.operation.width = first.bits
      c.operation.isSigned = first.isSigned
      c.operation.secondFlag = second.isSigned
      try c.matrices()
      c.operation.run = Matrices.integer
    },
    "BMMA": { c in
      guard
        let shape = c.choice(["88128": (8, 128), "168128": (16, 128), "168256": (16, 256)])
      else { throw c.unsupported("this shape") }
      c.operation.flag = c.take("AND")
      c.ignore("XOR", "POPC")
      try c.destination(words: shape.0 == 16 ? 4 : 2)
      c.operation.scale = shape.0
      c.operation.mode = shape.1
      c.operation.width = 1
      try c.matrices()
      c.operation.run = Matrices.binary
    },
    "DMMA": { c in
      c.operation.rounding = c.takeRounding()
      guard c.take("884") || c.take("8x8x4") else { throw c.unsupported("this shape") }
      try c.destination(words: 4)
      try c.matrices()
      c.operation.run = Matrices.double
    },
    // Transposes an 8×8 matrix of halves across the warp.
    "MOVM": { c in
      guard c.take("16"), c.take("MT88") else { throw c.unsupported("this form") }
      try c.destination()
      c.operation.a = try c.source()
      c.operation.run = { w, o in
        let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 32) { copy in
          for lane in 0..<32 { copy[lane] = a[lane] }
          w.eachLane { lane in
            var value: UInt32 = 0
            for half in 0..<2 {
              let (row, column) = (lane % 4 * 2 + half, lane / 4)
              let bits = copy[row * 4 + column / 2] >> UInt32(16 * (column % 2)) & 0xffff
              value |= bits << UInt32(16 * half)
            }
            d[lane] = value
          }
        }
      }
    },
  ]
}

/// Formats of matrix elements.
enum MatrixFormat: Int { case half, brain, tensor, eight }

extension DecodeContext {
  /// The sources A, B and C.
  mutating func matrices() throws {
    operation.a = try source()
    operation.b = try source()
    operation.c = try source()
  }

  mutating func takeEightBit() -> EightBitFormat? {
    let names: [String: EightBitFormat] = ["E4M3": .e4m3, "E5M2": .e5m2]
    guard let index = modifiers.firstIndex(where: { names[$0] != nil }) else { return nil }
    return names[modifiers.remove(at: index)]
  }

  mutating func takeMatrixInteger() -> IntegerType? {
    let names: [String: IntegerType] = [
      "S8": .init(bits: 8, isSigned: true), "U8": .init(bits: 8, isSigned: false),
      "S4": .init(bits: 4, isSigned: true), "U4": .init(bits: 4, isSigned: false),
    ]
    guard let index = modifiers.firstIndex(where: { names[$0] != nil }) else { return nil }
    return names[modifiers.remove(at: index)]
  }
}

enum Matrices {
  private static func element(
    _ format: MatrixFormat, _ eight: EightBitFormat, _ word: UInt32, _ index: Int
  ) -> Double {
    switch format {
    case .half:
      Double(HalfBits.toFloat(UInt16(truncatingIfNeeded: word >> UInt32(16 * index))))
    case .brain:
      Double(BrainBits.toFloat(UInt16(truncatingIfNeeded: word >> UInt32(16 * index))))
    // Ten fraction bits count; the rest of the register is ignored.
    case .tensor: Double(Float(bitPattern: word & 0xffff_e000))
    case .eight: eight.value(UInt8(truncatingIfNeeded: word >> UInt32(8 * index)))
    }
  }

  static let float: Handler = { w, o in
    let format = MatrixFormat(rawValue: Int(o.pointee.immediate)) ?? .half
    let depth = o.pointee.mode
    let perRegister = format == .tensor ? 1 : format == .eight ? 4 : 2
    let layout = FragmentLayout(rows: 16, depth: depth, perRegister: perRegister)
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let isTuring = w.cta.context.launch.kernel.architecture.number < 80
    let accumulation = TensorAccumulation(
      block: isTuring ? 4 : format == .tensor ? 4 : format == .eight ? 16 : 8,
      alignedBits: isTuring ? 24 : 25)
    let first = EightBitFormat(rawValue: o.pointee.width) ?? .e4m3
    let second = EightBitFormat(rawValue: o.pointee.scale) ?? .e4m3
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 24 * depth + depth + 128) { space in
      let (left, right) = (space.baseAddress!, space.baseAddress! + 16 * depth)
      let products = right + 8 * depth
      let results = products + depth
      for row in 0..<16 {
        for k in 0..<depth {
          let place = layout.a(row: row, k: k)
          left[row * depth + k] = element(
            format, first, a[place.register * 32 + place.lane], place.element)
        }
      }
      for column in 0..<8 {
        for k in 0..<depth {
          let place = layout.b(k: k, column: column)
          right[column * depth + k] = element(
            format, second, b[place.register * 32 + place.lane], place.element)
        }
      }
      for row in 0..<16 {
        for column in 0..<8 {
          for k in 0..<depth {
            products[k] = left[row * depth + k] * right[column * depth + k]
          }
          let place = FragmentLayout.c(row: row, column: column)
          let start: Double
          if o.pointee.flag {
            let word = c[place.register / 2 * 32 + place.lane]
            start = Double(
              HalfBits.toFloat(UInt16(truncatingIfNeeded: word >> UInt32(16 * (place.register % 2)))))
          } else {
            start = Double(Float(bitPattern: c[place.register * 32 + place.lane]))
          }
          results[row * 8 + column] = accumulation.add(
            UnsafeBufferPointer(start: products, count: depth), to: start)
        }
      }
      for row in 0..<16 {
        for column in 0..<8 {
          let place = FragmentLayout.c(row: row, column: column)
          let value = results[row * 8 + column]
          if o.pointee.flag {
            let at = place.register / 2 * 32 + place.lane
            let shift = UInt32(16 * (place.register % 2))
            d[at] = d[at] & ~(0xffff << shift) | UInt32(HalfBits.fromDouble(value)) << shift
          } else {
            d[place.register * 32 + place.lane] = SinglePrecision.canonical(Float(value))
          }
        }
      }
    }
  }

  /// Sums wrap unless `.SAT` clamps them.
  static let integer: Handler = { w, o in
    let (rows, depth, bits) = (o.pointee.scale, o.pointee.mode, o.pointee.width)
    let layout = FragmentLayout(rows: rows, depth: depth, perRegister: 32 / bits)
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    let (firstSigned, secondSigned) = (o.pointee.isSigned, o.pointee.secondFlag)
    func element(_ word: UInt32, _ index: Int, _ isSigned: Bool) -> Int64 {
      let raw = word >> UInt32(bits * index) & (1 << UInt32(bits) - 1)
      let isNegative = isSigned && raw >> UInt32(bits - 1) & 1 == 1
      return isNegative ? Int64(raw) - (1 << Int64(bits)) : Int64(raw)
    }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 128) { results in
      for row in 0..<rows {
        for column in 0..<8 {
          let place = FragmentLayout.c(row: row, column: column)
          var sum = Int64(Int32(bitPattern: c[place.register * 32 + place.lane]))
          for k in 0..<depth {
            let (p, q) = (layout.a(row: row, k: k), layout.b(k: k, column: column))
            sum +=
              element(a[p.register * 32 + p.lane], p.element, firstSigned)
              * element(b[q.register * 32 + q.lane], q.element, secondSigned)
          }
          if o.pointee.saturates { sum = min(max(sum, Int64(Int32.min)), Int64(Int32.max)) }
          results[row * 8 + column] = UInt32(truncatingIfNeeded: sum)
        }
      }
      for row in 0..<rows {
        for column in 0..<8 {
          let place = FragmentLayout.c(row: row, column: column)
          d[place.register * 32 + place.lane] = results[row * 8 + column]
        }
      }
    }
  }

  /// Single bits: the population count of AND or XOR.
  static let binary: Handler = { w, o in
    let (rows, depth) = (o.pointee.scale, o.pointee.mode)
    let layout = FragmentLayout(rows: rows, depth: depth, perRegister: 32)
    let a = w.read(o.pointee.a, slot: 0)
    let b = w.read(o.pointee.b, slot: 1)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 128) { results in
      for row in 0..<rows {
        for column in 0..<8 {
          let place = FragmentLayout.c(row: row, column: column)
          var sum = c[place.register * 32 + place.lane]
          for k in stride(from: 0, to: depth, by: 32) {
            let (p, q) = (layout.a(row: row, k: k), layout.b(k: k, column: column))
            let (x, y) = (a[p.register * 32 + p.lane], b[q.register * 32 + q.lane])
            sum &+= UInt32((o.pointee.flag ? x & y : x ^ y).nonzeroBitCount)
          }
          results[row * 8 + column] = sum
        }
      }
      for row in 0..<rows {
        for column in 0..<8 {
          let place = FragmentLayout.c(row: row, column: column)
          d[place.register * 32 + place.lane] = results[row * 8 + column]
        }
      }
    }
  }

  /// Doubles: fused multiply-adds along K.
  static let double: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let b = w.read(o.pointee.b, slot: 1, words: 2)
    let c = w.read(o.pointee.c, slot: 2)
    let d = w.write(o)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { results in
      for row in 0..<8 {
        for column in 0..<8 {
          let (lane, half) = (row * 4 + column / 2, column % 2)
          var sum = (c + half * 64).wide(lane)
          for k in 0..<4 {
            sum = DoublePrecision.multiplyAdd(
              a.wide(row * 4 + k), b.wide(column * 4 + k), sum, o.pointee.rounding)
          }
          results[row * 8 + column] = sum
        }
      }
      for row in 0..<8 {
        for column in 0..<8 {
          let (lane, half) = (row * 4 + column / 2, column % 2)
          (d + half * 64).setWide(lane, results[row * 8 + column])
        }
      }
    }
  }
}
