/// Matrix multiplication on the tensor cores, and moves between their layouts.
extension InstructionRules {
  static let tensor: [String: Rule] = [
    "HMMA": { c in
      let isSparse = c.take("SP")
      guard
        let depth = isSparse
          ? c.choice(["16832": 32, "16816": 16, "1688": 8])
          : c.choice(["16816": 16, "1688": 8, "1684": 4])
      else { throw c.unsupported("this shape") }
      let halfResults = c.take("F16")
      c.ignore("F32")
      let format: FloatFormat = c.take("BF16") ? .brain : c.take("TF32") ? .tensor : .half
      let accumulators = halfResults ? 2 : 4
      try c.destination(words: accumulators)
      c.operation.mode = depth
      (c.operation.width, c.operation.scale) = (format.rawValue, format.rawValue)
      c.operation.flag = halfResults
      try c.matrices(isSparse: isSparse)
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
      c.operation.width = first.rawValue
      c.operation.scale = second.rawValue
      c.operation.flag = halfResults
      try c.matrices()
      c.operation.run = Matrices.float
    },
    "IMMA": { c in
      let isSparse = c.take("SP")
      guard
        let shape = isSparse
          ? c.choice(["16832": (16, 32), "16864": (16, 64), "168128": (16, 128)])
          : c.choice([
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
      try c.matrices(isSparse: isSparse)
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
      guard
        let shape = c.choice([
          "884": (8, 4), "8x8x4": (8, 4), "16x8x4": (16, 4), "16x8x8": (16, 8), "16x8x16": (16, 16),
        ])
      else { throw c.unsupported("this shape") }
      (c.operation.scale, c.operation.mode) = shape
      try c.destination(words: shape.0 / 2)
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

extension DecodeContext {
  /// The sources A, B and C; of a sparse A also the metadata, and which lanes hold it.
  mutating func matrices(isSparse: Bool = false) throws {
    operation.a = try source()
    operation.b = try source()
    operation.c = try source()
    guard isSparse else { return }
    operation.d = try source()
    let selector = try integer()
    guard (0...3).contains(selector) else { throw unsupported("this selector") }
    operation.immediate = UInt32(selector)
    operation.isSparse = true
  }

  mutating func takeEightBit() -> FloatFormat? {
    let names: [String: FloatFormat] = ["E4M3": .e4m3, "E5M2": .e5m2]
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
  private static func operands(
    _ w: Warp, _ o: UnsafePointer<Operation>
  ) -> MatrixMultiply.Operands {
    MatrixMultiply.Operands(
      a: w.read(o.pointee.a, slot: 0), b: w.read(o.pointee.b, slot: 1),
      c: w.read(o.pointee.c, slot: 2), d: w.write(o),
      metadata: o.pointee.isSparse ? w.read(o.pointee.d, slot: 3) : nil,
      selector: Int(o.pointee.immediate))
  }

  static let float: Handler = { w, o in
    let capability = w.cta.context.launch.kernel.architecture.number
    MatrixMultiply.float(
      operands(w, o), shape: .init(rows: 16, inner: o.pointee.mode),
      a: FloatFormat(rawValue: o.pointee.width) ?? .half,
      b: FloatFormat(rawValue: o.pointee.scale) ?? .half,
      accumulator: o.pointee.flag ? .half : .single,
      unit: .of(computeCapability: capability))
  }

  static let integer: Handler = { w, o in
    let bits = o.pointee.width
    MatrixMultiply.integer(
      operands(w, o), shape: .init(rows: o.pointee.scale, inner: o.pointee.mode),
      a: .init(bits: bits, isSigned: o.pointee.isSigned),
      b: .init(bits: bits, isSigned: o.pointee.secondFlag), saturate: o.pointee.saturates)
  }

  static let binary: Handler = { w, o in
    MatrixMultiply.binary(
      operands(w, o), shape: .init(rows: o.pointee.scale, inner: o.pointee.mode),
      operation: o.pointee.flag ? .and : .exclusiveOr)
  }

  static let double: Handler = { w, o in
    MatrixMultiply.double(
      operands(w, o), shape: .init(rows: o.pointee.scale, inner: o.pointee.mode),
      rounding: o.pointee.rounding)
  }
}
