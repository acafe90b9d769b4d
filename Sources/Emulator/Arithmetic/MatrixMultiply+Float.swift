extension MatrixMultiply {
  /// `HMMA` and `QMMA`. `accumulator` is `.half` or `.single`: the format of C and D.
  static func float(
    _ operands: Operands, shape: Shape, a: FloatFormat, b: FloatFormat, accumulator: FloatFormat,
    unit: TensorUnit
  ) {
    let layout = FragmentLayout(
      shape, perRegister: a.perRegister, isSparse: operands.metadata != nil)
    let (stored, inner) = (layout.stored, shape.inner)
    withUnsafeTemporaryAllocation(
      of: MatrixElement.self, capacity: shape.rows * stored + columns * inner + columns * stored
    ) { scratch in
      guard let left = scratch.baseAddress else { return }
      let right = left + shape.rows * stored
      let gathered = right + columns * inner
      unpackA(operands.a, layout, a, into: left)
      unpackB(operands.b, layout, b, into: right)
      let sum = StepSum(a: a, b: b, accumulator: accumulator, unit: unit)
      accumulate(operands, shape, accumulator) { row, results in
        var factors = UnsafePointer(right)
        if let metadata = operands.metadata {
          let map = SparsityMap(
            metadata: metadata, selector: operands.selector, inner: inner,
            unit: a == .tensor ? .halfOfTensorFloat : a.perRegister == 4 ? .byte : .half)
          for index in 0..<stored {
            let from = map.inner(row: row, stored: index)
            for column in 0..<columns {
              gathered[column &* stored &+ index] = right[column &* inner &+ from]
            }
          }
          factors = UnsafePointer(gathered)
        }
        for column in 0..<columns {
          results[column] = sum.dotProduct(
            left + row &* stored, factors + column &* stored, count: stored, results[column])
        }
      }
    }
  }

  private static func unpackA(
    _ words: UnsafePointer<UInt32>, _ layout: FragmentLayout, _ format: FloatFormat,
    into elements: UnsafeMutablePointer<MatrixElement>
  ) {
    for register in 0..<layout.registers {
      for lane in 0..<32 {
        let (row, inner) = layout.positionInA(register: register, lane: lane)
        unpack(
          words[register &* 32 &+ lane], format, into: elements + (row &* layout.stored &+ inner))
      }
    }
  }

  private static func unpackB(
    _ words: UnsafePointer<UInt32>, _ layout: FragmentLayout, _ format: FloatFormat,
    into elements: UnsafeMutablePointer<MatrixElement>
  ) {
    for register in 0..<layout.registersOfB {
      for lane in 0..<32 {
        let (column, inner) = layout.positionInB(register: register, lane: lane)
        unpack(
          words[register &* 32 &+ lane], format,
          into: elements + (column &* layout.shape.inner &+ inner))
      }
    }
  }

  @inline(__always)
  private static func unpack(
    _ word: UInt32, _ format: FloatFormat, into elements: UnsafeMutablePointer<MatrixElement>
  ) {
    let count = format.perRegister
    for index in 0..<count {
      elements[index] = MatrixElement(
        word &>> UInt32(truncatingIfNeeded: index &* 32 / count), format)
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

/// Dot products in steps, as `TensorUnit` tells.
struct StepSum {
  private let a: FloatFormat
  private let b: FloatFormat
  private let accumulator: FloatFormat
  private let fractionBits: Int
  private let productsPerStep: Int
  /// From a product's binary point to the sum's.
  private let productShift: UInt32
  /// The bits that a single-precision result keeps.
  private let resultBits: Int

  init(a: FloatFormat, b: FloatFormat, accumulator: FloatFormat, unit: TensorUnit) {
    let step = unit.step(a)
    self.a = a
    self.b = b
    self.accumulator = accumulator
    fractionBits = step.fractionBits
    productsPerStep = step.products
    productShift = UInt32(truncatingIfNeeded: step.fractionBits - a.fractionBits - b.fractionBits)
    // A sum of 13 bits is kept as a number of 13 bits (E8M13 in MMA-Sim).
    resultBits = min(step.fractionBits, 23)
  }

  @inline(__always)
  func dotProduct(
    _ x: UnsafePointer<MatrixElement>, _ y: UnsafePointer<MatrixElement>, count: Int, _ c: UInt32
  ) -> UInt32 {
    var result = c
    var first = 0
    while first < count {
      let products = min(productsPerStep, count &- first)
      result = step(x + first, y + first, count: products, result)
      first = first &+ products
    }
    return result
  }

  private func step(
    _ x: UnsafePointer<MatrixElement>, _ y: UnsafePointer<MatrixElement>, count: Int, _ c: UInt32
  ) -> UInt32 {
    let addend = MatrixElement(c, accumulator)
    var greatest = addend.exponent
    for index in 0..<count {
      greatest = max(greatest, x[index].exponent &+ y[index].exponent)
    }
    if greatest > MatrixElement.greatestExponent { return special(x, y, count: count, addend) }
    var sum: Int64 = 0
    for index in 0..<count {
      let product = (x[index].significand &* y[index].significand) &<< productShift
      let exponent = x[index].exponent &+ y[index].exponent
      sum &+= Int64(cut(product, greatest &- exponent))
    }
    let up = fractionBits &- accumulator.fractionBits
    let term =
      up >= 0
      ? cut(addend.significand &<< UInt32(truncatingIfNeeded: up), greatest &- addend.exponent)
      : cut(addend.significand, greatest &- addend.exponent &- Int32(truncatingIfNeeded: up))
    sum &+= Int64(term)
    return encode(sum, exponent: Int(greatest) &- fractionBits)
  }

  /// Shifted right towards zero.
  @inline(__always)
  private func cut(_ value: Int32, _ shift: Int32) -> Int32 {
    let sign = value >> 31
    let magnitude = (value ^ sign) &- sign
    return ((magnitude &>> min(shift, 31)) ^ sign) &- sign
  }

  /// `sum`·2^`exponent` in the accumulator's format.
  @inline(__always)
  private func encode(_ sum: Int64, exponent: Int) -> UInt32 {
    if sum == 0 { return 0 }
    // Exact: sums have at most 34 bits.
    let value = ElementaryFunctions.scaled(Double(sum), exponent)
    if accumulator == .half { return UInt32(HalfPrecision.bits(value)) }
    let bits = SinglePrecision.rounded(value, .zero)
    let kept = bits & ~((1 &<< UInt32(truncatingIfNeeded: 23 &- resultBits)) &- 1)
    // Cutting leaves the greatest number where the sum is beyond it: that is an infinity.
    return value.magnitude >= 0x1p128
      ? bits & SinglePrecision.signBit | SinglePrecision.infinity : kept
  }

  /// With infinities or NaNs among the operands: the one infinity, or NaN.
  private func special(
    _ x: UnsafePointer<MatrixElement>, _ y: UnsafePointer<MatrixElement>, count: Int,
    _ addend: MatrixElement
  ) -> UInt32 {
    var hasNaN = false
    var signs: (positive: Bool, negative: Bool) = (false, false)
    func meet(_ sign: Int32) {
      if sign == 0 { hasNaN = true }
      if sign > 0 { signs.positive = true }
      if sign < 0 { signs.negative = true }
    }
    if addend.exponent == MatrixElement.specialExponent { meet(addend.significand) }
    for index in 0..<count {
      let (p, q) = (x[index], y[index])
      guard max(p.exponent, q.exponent) == MatrixElement.specialExponent else { continue }
      // A zero and a NaN have no sign: both make the product a NaN.
      meet(p.significand.signum() &* q.significand.signum())
    }
    let isHalf = accumulator == .half
    if hasNaN || signs.positive && signs.negative {
      return isHalf ? UInt32(HalfPrecision.nan) : SinglePrecision.nan
    }
    let infinity: UInt32 = isHalf ? 0x7c00 : SinglePrecision.infinity
    let signBit: UInt32 = isHalf ? 0x8000 : SinglePrecision.signBit
    return signs.negative ? infinity | signBit : infinity
  }
}
