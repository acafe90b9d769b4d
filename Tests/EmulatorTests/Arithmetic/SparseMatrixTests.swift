import Testing

@testable import Emulator

/// Sparse A: the same products as of the dense matrix that values and metadata describe.
@Suite struct SparseMatrixTests {
  /// The two stored of each four units, by row and code.
  private func kept(_ row: Int, _ code: Int) -> (Int, Int) {
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)][(row * 7 + code * 5) % 6]
  }

  private func small(_ row: Int, _ column: Int, _ salt: Int) -> Int {
    ((row &* 37 &+ column &* 23 &+ salt &* 51) &* 2_654_435_761 >> 9) % 7 - 3
  }

  /// Metadata of 16-bit units: a word has four codes of row `group` and four of `group` + 8.
  private func narrowMetadata(codes: Int, selector: Int, code: (Int, Int) -> UInt32) -> [UInt32] {
    var words = [UInt32](repeating: 0xdead_beef, count: 32)
    let lanes = codes / 4
    for group in 0..<8 {
      for block in 0..<lanes {
        var word: UInt32 = 0
        for index in 0..<4 {
          word |= code(group, block * 4 + index) << UInt32(index * 4)
          word |= code(group + 8, block * 4 + index) << UInt32(index * 4 + 16)
        }
        words[group * 4 + selector * lanes + block] = word
      }
    }
    return words
  }

  /// Metadata of bytes: a word has eight codes of one row.
  private func wideMetadata(codes: Int, selector: Int, code: (Int, Int) -> UInt32) -> [UInt32] {
    var words = [UInt32](repeating: 0xdead_beef, count: 32)
    let lanes = codes / 4
    for group in 0..<8 {
      for lane in 0..<lanes {
        let row = group + lane % 2 * 8
        words[group * 4 + selector * lanes + lane] = (0..<8).reduce(UInt32(0)) {
          $0 | code(row, lane / 2 * 8 + $1) << UInt32($1 * 4)
        }
      }
    }
    return words
  }

  private func pairCode(_ row: Int, _ code: Int) -> UInt32 {
    let (first, second) = kept(row, code)
    return UInt32(first | second << 2)
  }

  private func pairIndex(_ row: Int, _ stored: Int) -> Int {
    let (first, second) = kept(row, stored / 2)
    return stored / 2 * 4 + (stored % 2 == 0 ? first : second)
  }

  @Test(arguments: [16, 32])
  func `half precision, one or two lanes of metadata`(inner: Int) {
    var warp = inner == 16 ? WarpMatrix.half16x8x8 : .half16x8x16
    warp.inner = inner
    warp.b = { i, g, t in (t * 2 + (i & 1) + i / 2 * 8, g) }
    let format = FloatFormat.half
    for selector in 0..<(inner == 16 ? 4 : 2) {
      let result = warp.run(
        a: { format.bits(Double(small($0, $1, 1))) }, b: { format.bits(Double(small($0, $1, 2))) },
        c: { FloatFormat.single.bits(Double(small($0, $1, 3))) }, storedInner: inner / 2,
        metadata: narrowMetadata(codes: inner / 4, selector: selector, code: pairCode),
        selector: selector
      ) {
        MatrixMultiply.float(
          $0, shape: $1, a: format, b: format, accumulator: .single, unit: .ampere)
      }
      for row in 0..<16 {
        for column in 0..<8 {
          let exact = (0..<inner / 2).reduce(small(row, column, 3)) {
            $0 + small(row, $1, 1) * small(pairIndex(row, $1), column, 2)
          }
          check(result[row][column] == UInt64(Float(exact).bitPattern))
        }
      }
    }
  }

  @Test(arguments: [8, 16])
  func `TF32, one of two`(inner: Int) {
    var warp = inner == 8 ? WarpMatrix.tensor16x8x4 : .tensor16x8x8
    warp.inner = inner
    warp.b = { i, g, t in (t + i * 4, g) }
    func second(_ row: Int, _ stored: Int) -> Bool { (row * 3 + stored) % 5 < 2 }
    let format = FloatFormat.tensor
    for selector in 0..<(inner == 8 ? 4 : 2) {
      let result = warp.run(
        a: { format.bits(Double(small($0, $1, 1))) }, b: { format.bits(Double(small($0, $1, 2))) },
        c: { _, _ in 0 }, storedInner: inner / 2,
        metadata: narrowMetadata(codes: inner / 2, selector: selector) {
          second($0, $1) ? 0b1110 : 0b0100
        },
        selector: selector
      ) {
        MatrixMultiply.float(
          $0, shape: $1, a: format, b: format, accumulator: .single, unit: .ampere)
      }
      for row in 0..<16 {
        for column in 0..<8 {
          let exact = (0..<inner / 2).reduce(0) {
            let index = $1 * 2 + (second(row, $1) ? 1 : 0)
            return $0 + small(row, $1, 1) * small(index, column, 2)
          }
          check(result[row][column] == UInt64(Float(exact).bitPattern))
        }
      }
    }
  }

  @Test(arguments: [32, 64])
  func `bytes, two or four lanes of metadata`(inner: Int) {
    var warp = inner == 32 ? WarpMatrix.byte16x8x16 : .byte16x8x32
    warp.inner = inner
    warp.b = { i, g, t in (t * 4 + (i & 3) + i / 4 * 16, g) }
    let byte = MatrixMultiply.IntegerElement(bits: 8, isSigned: true)
    for selector in 0..<(inner == 32 ? 2 : 1) {
      let result = warp.run(
        a: { UInt64(bitPattern: Int64(small($0, $1, 1))) },
        b: { UInt64(bitPattern: Int64(small($0, $1, 2))) }, c: { _, _ in 5 },
        storedInner: inner / 2,
        metadata: wideMetadata(codes: inner / 4, selector: selector, code: pairCode),
        selector: selector
      ) { MatrixMultiply.integer($0, shape: $1, a: byte, b: byte, saturate: true) }
      for row in 0..<16 {
        for column in 0..<8 {
          let exact = (0..<inner / 2).reduce(5) {
            $0 + small(row, $1, 1) * small(pairIndex(row, $1), column, 2)
          }
          check(Int(Int32(truncatingIfNeeded: result[row][column])) == exact)
        }
      }
    }
  }

  @Test(arguments: [64, 128])
  func `nibbles are kept in pairs`(inner: Int) {
    var warp = inner == 64 ? WarpMatrix.nibble16x8x32 : .nibble16x8x64
    warp.inner = inner
    warp.b = { i, g, t in (t * 8 + (i & 7) + i / 8 * 32, g) }
    let nibble = MatrixMultiply.IntegerElement(bits: 4, isSigned: true)
    let result = warp.run(
      a: { UInt64(bitPattern: Int64(small($0, $1, 1))) },
      b: { UInt64(bitPattern: Int64(small($0, $1, 2))) }, c: { _, _ in 0 },
      storedInner: inner / 2,
      metadata: wideMetadata(codes: inner / 8, selector: 0, code: pairCode)
    ) { MatrixMultiply.integer($0, shape: $1, a: nibble, b: nibble, saturate: false) }
    for row in 0..<16 {
      for column in 0..<8 {
        let exact = (0..<inner / 2).reduce(0) {
          let index = pairIndex(row, $1 / 2) * 2 + $1 % 2
          return $0 + small(row, $1, 1) * small(index, column, 2)
        }
        check(Int(Int32(truncatingIfNeeded: result[row][column])) == exact)
      }
    }
  }
}
