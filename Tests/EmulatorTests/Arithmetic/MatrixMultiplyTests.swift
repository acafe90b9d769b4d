import Testing

@testable import Emulator

/// Small integers, whose products any unit adds up exactly: this tests where elements lie.
@Suite struct MatrixMultiplyTests {
  /// Every element differs from its neighbours, in both directions.
  private func small(_ row: Int, _ column: Int, _ salt: Int, _ range: Int) -> Int {
    let mixed = (row &* 31 &+ column &* 17 &+ salt &* 101) &* 2_654_435_761
    return (mixed >> 8) % range - range / 2
  }

  private func product(_ row: Int, _ column: Int, _ inner: Int, _ range: Int) -> Int {
    (0..<inner).reduce(small(row, column, 3, 50)) {
      $0 + small(row, $1, 1, range) * small($1, column, 2, range)
    }
  }

  @Test func `HMMA in all formats and shapes`() {
    let shapes: [(WarpMatrix, FloatFormat)] = [
      (.half16x8x8, .half), (.half16x8x16, .half), (.half16x8x8, .brain), (.half16x8x16, .brain),
      (.tensor16x8x4, .tensor), (.tensor16x8x8, .tensor),
    ]
    for (warp, format) in shapes {
      for unit in [TensorUnit.turing, .ampere, .ada, .hopper, .blackwell] {
        for accumulator in [FloatFormat.single, .half]
        where format == .half || accumulator == .single {
          let result = warp.run(
            a: { format.bits(Double(small($0, $1, 1, 16))) },
            b: { format.bits(Double(small($0, $1, 2, 16))) },
            c: { accumulator.bits(Double(small($0, $1, 3, 50))) },
            bitsOfC: accumulator == .half ? 16 : 32
          ) {
            MatrixMultiply.float(
              $0, shape: $1, a: format, b: format, accumulator: accumulator, unit: unit)
          }
          for row in 0..<16 {
            for column in 0..<8 {
              let exact = Double(product(row, column, warp.inner, 16))
              check(result[row][column] == accumulator.bits(exact), "\(format) \(warp.inner)")
            }
          }
        }
      }
    }
  }

  @Test func `QMMA with mixed eight-bit floats`() {
    for (a, b) in [(FloatFormat.e4m3, FloatFormat.e5m2), (.e5m2, .e4m3), (.e4m3, .e4m3)] {
      for warp in [WarpMatrix.byte16x8x16, .byte16x8x32] {
        let result = warp.run(
          a: { a.bits(Double(small($0, $1, 1, 8))) }, b: { b.bits(Double(small($0, $1, 2, 8))) },
          c: { FloatFormat.single.bits(Double(small($0, $1, 3, 50))) }
        ) { MatrixMultiply.float($0, shape: $1, a: a, b: b, accumulator: .single, unit: .ada) }
        for row in 0..<16 {
          for column in 0..<8 {
            let exact = Float(product(row, column, warp.inner, 8))
            check(result[row][column] == UInt64(exact.bitPattern))
          }
        }
      }
    }
  }

  @Test func `IMMA in all shapes and signs`() {
    let shapes: [WarpMatrix] = [
      .byte8x8x16, .byte16x8x16, .byte16x8x32, .nibble8x8x32, .nibble16x8x32, .nibble16x8x64,
    ]
    for warp in shapes {
      for (aIsSigned, bIsSigned) in [(true, true), (true, false), (false, true), (false, false)] {
        func value(_ row: Int, _ column: Int, _ salt: Int, _ isSigned: Bool) -> Int {
          let range = 1 << warp.bits
          return small(row, column, salt, range) + (isSigned ? 0 : range / 2)
        }
        let result = warp.run(
          a: { UInt64(bitPattern: Int64(value($0, $1, 1, aIsSigned))) },
          b: { UInt64(bitPattern: Int64(value($0, $1, 2, bIsSigned))) },
          c: { UInt64(bitPattern: Int64(small($0, $1, 3, 1000))) }
        ) {
          MatrixMultiply.integer(
            $0, shape: $1, a: .init(bits: warp.bits, isSigned: aIsSigned),
            b: .init(bits: warp.bits, isSigned: bIsSigned), saturate: false)
        }
        for row in 0..<warp.rows {
          for column in 0..<8 {
            let exact = (0..<warp.inner).reduce(small(row, column, 3, 1000)) {
              $0 + value(row, $1, 1, aIsSigned) * value($1, column, 2, bIsSigned)
            }
            check(Int(Int32(truncatingIfNeeded: result[row][column])) == exact)
          }
        }
      }
    }
  }

  @Test func `IMMA saturates or wraps`() {
    for saturate in [false, true] {
      let result = WarpMatrix.byte16x8x16.run(
        a: { _, _ in 1 }, b: { _, column in column < 4 ? 1 : 0xff },
        c: { _, column in column < 4 ? 0x7fff_fff8 : 0x8000_0008 }
      ) {
        let byte = MatrixMultiply.IntegerElement(bits: 8, isSigned: true)
        MatrixMultiply.integer($0, shape: $1, a: byte, b: byte, saturate: saturate)
      }
      #expect(result[3][0] == (saturate ? 0x7fff_ffff : 0x8000_0008))
      #expect(result[9][7] == (saturate ? 0x8000_0000 : 0x7fff_fff8))
    }
  }

  @Test func `BMMA counts bits`() {
    for warp in [WarpMatrix.bit8x8x128, .bit16x8x128, .bit16x8x256] {
      for operation in [MatrixMultiply.BinaryOperation.and, .exclusiveOr] {
        let result = warp.run(
          a: { UInt64(small($0, $1, 1, 2) & 1) }, b: { UInt64(small($0, $1, 2, 2) & 1) },
          c: { UInt64(bitPattern: Int64(small($0, $1, 3, 9))) }
        ) { MatrixMultiply.binary($0, shape: $1, operation: operation) }
        for row in 0..<warp.rows {
          for column in 0..<8 {
            let exact = (0..<warp.inner).reduce(small(row, column, 3, 9)) {
              let (x, y) = (small(row, $1, 1, 2) & 1, small($1, column, 2, 2) & 1)
              return $0 + (operation == .and ? x & y : x ^ y)
            }
            check(Int(Int32(truncatingIfNeeded: result[row][column])) == exact)
          }
        }
      }
    }
  }

  @Test func `DMMA is a chain of fused multiply-adds`() {
    for warp in [WarpMatrix.double8x8x4, .double16x8x16] {
      func value(_ row: Int, _ column: Int, _ salt: Int) -> Double {
        Double(small(row, column, salt, 1 << 20)) / 3
      }
      let result = warp.run(
        a: { value($0, $1, 1).bitPattern }, b: { value($0, $1, 2).bitPattern },
        c: { value($0, $1, 3).bitPattern }, bitsOfC: 64
      ) { MatrixMultiply.double($0, shape: $1) }
      for row in 0..<warp.rows {
        for column in 0..<8 {
          let exact = (0..<warp.inner).reduce(value(row, column, 3)) {
            $0.addingProduct(value(row, $1, 1), value($1, column, 2))
          }
          check(result[row][column] == exact.bitPattern)
        }
      }
    }
  }

  @Test func `a unit matrix passes the other through`() {
    let format = FloatFormat.half
    let left = WarpMatrix.half16x8x16.run(
      a: { format.bits($0 == $1 ? 1 : 0) }, b: { format.bits(Double($0 * 8 + $1)) },
      c: { _, _ in 0 }
    ) {
      MatrixMultiply.float(
        $0, shape: $1, a: format, b: format, accumulator: .single, unit: .ampere)
    }
    for row in 0..<16 {
      for column in 0..<8 {
        #expect(left[row][column] == UInt64(Float(row * 8 + column).bitPattern))
      }
    }
  }
}
