@testable import Emulator

/// Puts matrices into fragments by the formulas of PTX ISA, one per shape as they stand there, and
/// takes results out.
struct WarpMatrix: Sendable {
  typealias Position = @Sendable (_ i: Int, _ group: Int, _ thread: Int) -> (row: Int, column: Int)

  var rows: Int
  var inner: Int
  var bits: Int
  var a: Position
  var b: Position

  static let columns = 8

  func words(
    _ position: Position, count: Int, value: (_ row: Int, _ column: Int) -> UInt64
  ) -> [UInt32] {
    let elementsPerWord = max(32 / bits, 1)
    let wordsPerElement = max(bits / 32, 1)
    var words = [UInt32](repeating: 0, count: count / elementsPerWord * wordsPerElement * 32)
    for lane in 0..<32 {
      for i in 0..<count {
        let (row, column) = position(i, lane / 4, lane % 4)
        let bitPattern = value(row, column)
        if bits == 64 {
          words[i * 64 + lane] = UInt32(truncatingIfNeeded: bitPattern)
          words[i * 64 + 32 + lane] = UInt32(truncatingIfNeeded: bitPattern >> 32)
        } else {
          let mask: UInt64 = 1 << UInt64(bits) - 1
          words[i / elementsPerWord * 32 + lane] |=
            UInt32(truncatingIfNeeded: bitPattern & mask) << UInt32(i % elementsPerWord * bits)
        }
      }
    }
    return words
  }

  @Sendable static func positionInC(_ i: Int, _ group: Int, _ thread: Int) -> (
    row: Int, column: Int
  ) {
    (i < 2 ? group : group + 8, thread * 2 + (i & 1))
  }

  /// Runs an instruction on matrices given by functions; the result is indexed [row][column].
  func run(
    a valueOfA: (Int, Int) -> UInt64, b valueOfB: (Int, Int) -> UInt64,
    c valueOfC: (Int, Int) -> UInt64, bitsOfC: Int = 32, storedInner: Int? = nil,
    metadata: [UInt32]? = nil, selector: Int = 0,
    _ body: (MatrixMultiply.Operands, MatrixMultiply.Shape) -> Void
  ) -> [[UInt64]] {
    let countOfA = rows * (storedInner ?? inner) / 32
    let wordsOfA = words(a, count: countOfA, value: valueOfA)
    let wordsOfB = words(b, count: Self.columns * inner / 32, value: valueOfB)
    let target = WarpMatrix(rows: rows, inner: 0, bits: bitsOfC, a: a, b: b)
    let wordsOfC = target.words(Self.positionInC, count: rows / 4, value: valueOfC)
    // The result goes where C was, as in most code.
    var result = wordsOfC
    result.withUnsafeMutableBufferPointer { d in
      wordsOfA.withUnsafeBufferPointer { a in
        wordsOfB.withUnsafeBufferPointer { b in
          var operands = MatrixMultiply.Operands(
            a: a.baseAddress!, b: b.baseAddress!, c: UnsafePointer(d.baseAddress!),
            d: d.baseAddress!)
          guard let metadata else {
            return body(operands, .init(rows: rows, inner: inner))
          }
          metadata.withUnsafeBufferPointer { words in
            operands.metadata = words.baseAddress!
            operands.selector = selector
            body(operands, .init(rows: rows, inner: inner))
          }
        }
      }
    }
    var matrix = [[UInt64]](
      repeating: [UInt64](repeating: 0, count: Self.columns), count: rows)
    for lane in 0..<32 {
      for i in 0..<rows / 4 {
        let (row, column) = Self.positionInC(i, lane / 4, lane % 4)
        switch bitsOfC {
        case 16:
          matrix[row][column] = UInt64(result[i / 2 * 32 + lane] >> UInt32(i % 2 * 16) & 0xffff)
        case 32: matrix[row][column] = UInt64(result[i * 32 + lane])
        default:
          matrix[row][column] =
            UInt64(result[i * 64 + 32 + lane]) << 32 | UInt64(result[i * 64 + lane])
        }
      }
    }
    return matrix
  }
}

/// The shapes, with PTX ISA's formulas for the elements a_i and b_i.
extension WarpMatrix {
  static let half16x8x8 = WarpMatrix(
    rows: 16, inner: 8, bits: 16, a: { i, g, t in (i < 2 ? g : g + 8, t * 2 + (i & 1)) },
    b: { i, g, t in (t * 2 + i, g) })
  static let half16x8x16 = WarpMatrix(
    rows: 16, inner: 16, bits: 16,
    a: { i, g, t in
      (i < 2 || i >= 4 && i < 6 ? g : g + 8, i < 4 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8)
    },
    b: { i, g, t in (i < 2 ? t * 2 + (i & 1) : t * 2 + (i & 1) + 8, g) })
  static let tensor16x8x4 = WarpMatrix(
    rows: 16, inner: 4, bits: 32, a: { i, g, t in (i == 0 ? g : g + 8, t) },
    b: { _, g, t in (t, g) })
  static let tensor16x8x8 = WarpMatrix(
    rows: 16, inner: 8, bits: 32,
    a: { i, g, t in (i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4) },
    b: { i, g, t in (i == 0 ? t : t + 4, g) })
  static let byte8x8x16 = WarpMatrix(
    rows: 8, inner: 16, bits: 8, a: { i, g, t in (g, t * 4 + i) }, b: { i, g, t in (t * 4 + i, g) })
  static let byte16x8x16 = WarpMatrix(
    rows: 16, inner: 16, bits: 8, a: { i, g, t in (i < 4 ? g : g + 8, t * 4 + (i & 3)) },
    b: { i, g, t in (t * 4 + i, g) })
  static let byte16x8x32 = WarpMatrix(
    rows: 16, inner: 32, bits: 8,
    a: { i, g, t in
      (i < 4 || i >= 8 && i < 12 ? g : g + 8, i < 8 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16)
    },
    b: { i, g, t in (i < 4 ? t * 4 + (i & 3) : t * 4 + (i & 3) + 16, g) })
  static let nibble8x8x32 = WarpMatrix(
    rows: 8, inner: 32, bits: 4, a: { i, g, t in (g, t * 8 + i) }, b: { i, g, t in (t * 8 + i, g) })
  static let nibble16x8x32 = WarpMatrix(
    rows: 16, inner: 32, bits: 4, a: { i, g, t in (i < 8 ? g : g + 8, t * 8 + (i & 7)) },
    b: { i, g, t in (t * 8 + i, g) })
  static let nibble16x8x64 = WarpMatrix(
    rows: 16, inner: 64, bits: 4,
    a: { i, g, t in
      (i < 8 || i >= 16 && i < 24 ? g : g + 8, i < 16 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32)
    },
    b: { i, g, t in (i < 8 ? t * 8 + (i & 7) : t * 8 + (i & 7) + 32, g) })
  static let bit8x8x128 = WarpMatrix(
    rows: 8, inner: 128, bits: 1, a: { i, g, t in (g, t * 32 + i) },
    b: { i, g, t in (t * 32 + i, g) })
  static let bit16x8x128 = WarpMatrix(
    rows: 16, inner: 128, bits: 1, a: { i, g, t in (i < 32 ? g : g + 8, t * 32 + (i & 31)) },
    b: { i, g, t in (t * 32 + i, g) })
  static let bit16x8x256 = WarpMatrix(
    rows: 16, inner: 256, bits: 1,
    a: { i, g, t in
      (i < 32 || i >= 64 && i < 96 ? g : g + 8, t * 32 + (i & 31) + (i < 64 ? 0 : 128))
    },
    b: { i, g, t in (t * 32 + (i & 31) + (i < 32 ? 0 : 128), g) })
  static let double8x8x4 = WarpMatrix(
    rows: 8, inner: 4, bits: 64, a: { _, g, t in (g, t) }, b: { _, g, t in (t, g) })
  static let double16x8x16 = WarpMatrix(
    rows: 16, inner: 16, bits: 64, a: { i, g, t in (i % 2 == 0 ? g : g + 8, i / 2 * 4 + t) },
    b: { i, g, t in (t + i * 4, g) })
}
