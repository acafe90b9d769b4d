extension MatrixMultiply {
  /// `HMMA` and `QMMA`. `accumulator` is `.half` or `.single`: the format of C and D.
  static func float(
    _ operands: Operands, shape: Shape, a: FloatFormat, b: FloatFormat, accumulator: FloatFormat,
    unit: TensorUnit
  ) {
    let layout = FragmentLayout(
      shape, perRegister: a.perRegister, isSparse: operands.metadata != nil)
    let (stored, inner) = (layout.stored, shape.inner)
    let total = shape.rows * stored + columns * inner + columns * stored
    MatrixElements.withScratch(count: total) { left in
      let right = left.advanced(by: shape.rows * stored)
      let gathered = right.advanced(by: columns * inner)
      for register in 0..<layout.registers {
        for lane in 0..<32 {
          let at = layout.positionInA(register: register, lane: lane)
          left.unpack(operands.a[register &* 32 &+ lane], a, at: at.row &* stored &+ at.inner)
        }
      }
      for register in 0..<layout.registersOfB {
        for lane in 0..<32 {
          let at = layout.positionInB(register: register, lane: lane)
          right.unpack(operands.b[register &* 32 &+ lane], b, at: at.column &* inner &+ at.inner)
        }
      }
      let sum = StepSum(format: a, accumulator: accumulator, unit: unit)
      accumulate(operands, shape, accumulator) { row, results in
        var factors = right
        if let metadata = operands.metadata {
          let map = SparsityMap(
            metadata: metadata, selector: operands.selector, inner: inner,
            unit: a == .tensor ? .halfOfTensorFloat : a.perRegister == 4 ? .byte : .half)
          for index in 0..<stored {
            let from = map.inner(row: row, stored: index)
            for column in 0..<columns {
              gathered.copy(right, from: column &* inner &+ from, to: column &* stored &+ index)
            }
          }
          factors = gathered
        }
        let rowOfA = left.advanced(by: row &* stored)
        for column in 0..<columns {
          results[column] = sum.dotProduct(
            rowOfA, factors.advanced(by: column &* stored), count: stored, results[column])
        }
      }
    }
  }

  /// Reads C, lets `body` turn each row's eight accumulators into results, and writes D.
  static func accumulate(
    _ operands: Operands, _ shape: Shape, _ format: FloatFormat,
    _ body: (_ row: Int, _ results: UnsafeMutablePointer<UInt32>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: shape.rows * columns) { scratch in
      guard let matrix = scratch.baseAddress else { return }
      let isHalf = format == .half
      let elements = shape.rows / 4
      for lane in 0..<32 {
        for element in 0..<elements {
          let (row, column) = FragmentLayout.positionInC(element: element, lane: lane)
          let word = operands.c[(isHalf ? element >> 1 : element) &* 32 &+ lane]
          matrix[row &* columns &+ column] =
            isHalf ? (element & 1 == 0 ? word & 0xffff : word >> 16) : word
        }
      }
      for row in 0..<shape.rows { body(row, matrix + row &* columns) }
      for lane in 0..<32 {
        for element in stride(from: 0, to: elements, by: isHalf ? 2 : 1) {
          let (row, column) = FragmentLayout.positionInC(element: element, lane: lane)
          let first = matrix[row &* columns &+ column]
          if isHalf {
            let second = matrix[row &* columns &+ column &+ 1]
            operands.d[(element >> 1) &* 32 &+ lane] = first | second << 16
          } else {
            operands.d[element &* 32 &+ lane] = first
          }
        }
      }
    }
  }
}
