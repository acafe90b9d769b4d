extension MatrixMultiply {
  /// `DMMA`: fused multiply-adds one after the other along the inner dimension, each rounded
  /// once. [MMA-Sim, arXiv 2511.10909]
  ///
  /// Doubles lie in pairs of registers, low word first.
  static func double(_ operands: Operands, shape: Shape, rounding: Rounding = .nearest) {
    let layout = FragmentLayout(shape, perRegister: 1, isSparse: false)
    let inner = shape.inner
    let (left, right) = (shape.rows * inner, columns * inner)
    withUnsafeTemporaryAllocation(
      of: UInt64.self, capacity: left + right + shape.rows * columns
    ) { scratch in
      guard let a = scratch.baseAddress else { return }
      let (b, c) = (a + left, a + left + right)
      for register in 0..<layout.registers {
        for lane in 0..<32 {
          let at = layout.positionInA(register: register, lane: lane)
          a[at.row &* inner &+ at.inner] = wide(operands.a, register, lane)
        }
      }
      for register in 0..<layout.registersOfB {
        for lane in 0..<32 {
          let at = layout.positionInB(register: register, lane: lane)
          b[at.column &* inner &+ at.inner] = wide(operands.b, register, lane)
        }
      }
      let elements = shape.rows / 4
      for element in 0..<elements {
        for lane in 0..<32 {
          let at = FragmentLayout.positionInC(element: element, lane: lane)
          c[at.row &* columns &+ at.column] = wide(operands.c, element, lane)
        }
      }
      for element in 0..<elements {
        for lane in 0..<32 {
          let at = FragmentLayout.positionInC(element: element, lane: lane)
          var sum = c[at.row &* columns &+ at.column]
          for index in 0..<inner {
            sum = DoublePrecision.multiplyAdd(
              a[at.row &* inner &+ index], b[at.column &* inner &+ index], sum,
              rounding: rounding)
          }
          operands.d[element &* 64 &+ lane] = UInt32(truncatingIfNeeded: sum)
          operands.d[element &* 64 &+ 32 &+ lane] = UInt32(truncatingIfNeeded: sum >> 32)
        }
      }
    }
  }

  @inline(__always)
  private static func wide(_ words: UnsafePointer<UInt32>, _ pair: Int, _ lane: Int) -> UInt64 {
    UInt64(words[pair &* 64 &+ 32 &+ lane]) << 32 | UInt64(words[pair &* 64 &+ lane])
  }
}
