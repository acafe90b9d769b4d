extension MatrixMultiply {
  /// The elements of `IMMA`: `.S8`, `.U8`, `.S4` and `.U4`.
  struct IntegerElement: Equatable, Sendable {
    var bits: Int
    var isSigned: Bool
  }

  /// `IMMA`. The sum is exact; with `saturate` (`.SAT`) it is clamped to 32 bits, else it wraps.
  static func integer(
    _ operands: Operands, shape: Shape, a: IntegerElement, b: IntegerElement, saturate: Bool
  ) {
    let layout = FragmentLayout(
      shape, perRegister: 32 / a.bits, isSparse: operands.metadata != nil)
    let (stored, inner) = (layout.stored, shape.inner)
    withUnsafeTemporaryAllocation(
      of: Int32.self, capacity: shape.rows * stored + columns * inner + columns * stored
    ) { scratch in
      guard let left = scratch.baseAddress else { return }
      let right = left + shape.rows * stored
      let gathered = right + columns * inner
      for register in 0..<layout.registers {
        for lane in 0..<32 {
          let at = layout.positionInA(register: register, lane: lane)
          unpack(operands.a[register &* 32 &+ lane], a, into: left + (at.row &* stored &+ at.inner))
        }
      }
      for register in 0..<layout.registersOfB {
        for lane in 0..<32 {
          let at = layout.positionInB(register: register, lane: lane)
          unpack(
            operands.b[register &* 32 &+ lane], b, into: right + (at.column &* inner &+ at.inner))
        }
      }
      accumulate(operands, shape, .single) { row, results in
        let factors = factors(operands, layout, a, row, UnsafePointer(right), gathered)
        for column in 0..<columns {
          var sum = Int64(Int32(bitPattern: results[column]))
          let (x, y) = (left + row &* stored, factors + column &* stored)
          for index in 0..<stored { sum &+= Int64(x[index] &* y[index]) }
          if saturate { sum = min(max(sum, Int64(Int32.min)), Int64(Int32.max)) }
          results[column] = UInt32(truncatingIfNeeded: sum)
        }
      }
    }
  }

  /// B as it stands, or for a sparse row of A those of its elements that the row meets.
  private static func factors(
    _ operands: Operands, _ layout: FragmentLayout, _ a: IntegerElement, _ row: Int,
    _ right: UnsafePointer<Int32>, _ gathered: UnsafeMutablePointer<Int32>
  ) -> UnsafePointer<Int32> {
    guard let metadata = operands.metadata else { return right }
    let map = SparsityMap(
      metadata: metadata, selector: operands.selector, inner: layout.shape.inner,
      unit: a.bits == 4 ? .nibblePair : .byte)
    for index in 0..<layout.stored {
      let from = map.inner(row: row, stored: index)
      for column in 0..<columns {
        gathered[column &* layout.stored &+ index] = right[column &* layout.shape.inner &+ from]
      }
    }
    return UnsafePointer(gathered)
  }

  @inline(__always)
  private static func unpack(
    _ word: UInt32, _ element: IntegerElement, into elements: UnsafeMutablePointer<Int32>
  ) {
    let rest = UInt32(truncatingIfNeeded: 32 &- element.bits)
    for index in 0..<(element.bits == 4 ? 8 : 4) {
      let top = (word &>> UInt32(truncatingIfNeeded: index &* element.bits)) &<< rest
      elements[index] =
        element.isSigned
        ? Int32(bitPattern: top) &>> Int32(truncatingIfNeeded: rest)
        : Int32(bitPattern: top &>> rest)
    }
  }

  enum BinaryOperation: Sendable { case and, exclusiveOr }

  /// `BMMA`: the number of ones in a combination of single bits, 32 of them in a register.
  static func binary(_ operands: Operands, shape: Shape, operation: BinaryOperation) {
    let layout = FragmentLayout(shape, perRegister: 32, isSparse: false)
    let words = shape.inner / 32
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: (shape.rows + columns) * words) {
      scratch in
      guard let left = scratch.baseAddress else { return }
      let right = left + shape.rows * words
      for register in 0..<layout.registers {
        for lane in 0..<32 {
          let at = layout.positionInA(register: register, lane: lane)
          left[at.row &* words &+ at.inner / 32] = operands.a[register &* 32 &+ lane]
        }
      }
      for register in 0..<layout.registersOfB {
        for lane in 0..<32 {
          let at = layout.positionInB(register: register, lane: lane)
          right[at.column &* words &+ at.inner / 32] = operands.b[register &* 32 &+ lane]
        }
      }
      accumulate(operands, shape, .single) { row, results in
        for column in 0..<columns {
          for word in 0..<words {
            let (x, y) = (left[row &* words &+ word], right[column &* words &+ word])
            let bits = operation == .and ? x & y : x ^ y
            results[column] &+= IntegerArithmetic.populationCount(bits)
          }
        }
      }
    }
  }
}
