/// `HMMA`, `IMMA`, `BMMA`, `QMMA` and `DMMA`: D = A·B + C for one warp, B and D 8 columns wide.
///
/// SASS keeps the fragments of PTX's `mma.sync` and `mma.sp` register for register: NVIDIA's
/// assembler makes one instruction of each shape that a chip has.
enum MatrixMultiply {
  /// Registers, each as the words of its 32 lanes in turn. The result may overlap the operands.
  struct Operands {
    var a: UnsafePointer<UInt32>
    var b: UnsafePointer<UInt32>
    var c: UnsafePointer<UInt32>
    var d: UnsafeMutablePointer<UInt32>
    /// The metadata register of an `.SP` instruction; nil for dense matrices.
    var metadata: UnsafePointer<UInt32>?
    /// The instruction's last operand: which lanes of each four hold the metadata.
    var selector = 0
  }

  /// 16 by 8 by 16 is `rows` 16, `inner` 16.
  struct Shape: Equatable, Sendable {
    var rows: Int
    var inner: Int
  }

  static let columns = 8
}

/// Where elements lie. [PTX ISA, Matrix Fragments for mma.m8n8k16 … mma.m16n8k256, and those for
/// sparse mma]
///
/// All of PTX's figures follow one rule. Lane l belongs to group l / 4 and is number l % 4 in it.
/// A register holds `perRegister` consecutive elements; four lanes make a slice of 4·`perRegister`
/// along the inner dimension. A's registers alternate between row `group` and row `group` + 8 and
/// then go on to the next slice; B's go from slice to slice of column `group`.
struct FragmentLayout {
  var shape: MatrixMultiply.Shape
  /// Elements in a register: 1 for TF32 and doubles, 2 for halves, 4 bytes, 8 nibbles.
  var perRegister: Int

  /// Elements in a row of A as it is stored: half of a sparse one's.
  var stored: Int
  /// Of A.
  var registers: Int { stored / (4 * perRegister) * (shape.rows / 8) }

  init(_ shape: MatrixMultiply.Shape, perRegister: Int, isSparse: Bool) {
    self.shape = shape
    self.perRegister = perRegister
    stored = isSparse ? shape.inner / 2 : shape.inner
  }

  /// Row of A, and the first of the register's elements in it.
  @inline(__always)
  func positionInA(register: Int, lane: Int) -> (row: Int, inner: Int) {
    let (half, slice) = shape.rows == 16 ? (register & 1, register >> 1) : (0, register)
    return (lane >> 2 &+ half &* 8, (slice &* 4 &+ lane & 3) &* perRegister)
  }

  /// Column of B, and the first of the register's elements in it.
  @inline(__always)
  func positionInB(register: Int, lane: Int) -> (column: Int, inner: Int) {
    (lane >> 2, (register &* 4 &+ lane & 3) &* perRegister)
  }

  /// Registers of B: the whole inner dimension, for a sparse A too.
  var registersOfB: Int { shape.inner / (4 * perRegister) }

  /// Row and column of a 32-bit or 64-bit element of C and D.
  @inline(__always)
  static func positionInC(element: Int, lane: Int) -> (row: Int, column: Int) {
    (lane >> 2 &+ (element >> 1) &* 8, (lane & 3) &* 2 &+ element & 1)
  }
}

/// Which elements of a sparse row are stored. [PTX ISA, Sparse matrix storage and the metadata
/// figures of mma.sp]
///
/// Every four units of a row have a code of four bits: two indices of two bits, naming the units
/// that are stored. Units are halves of 16 bits (two to a TF32 number) or bytes (two nibbles). A
/// row's codes are cut into blocks, and a group of four lanes has the metadata of two rows:
///
/// * 16-bit units: a lane's word has four codes of row `group` below four of row `group` + 8, so
///   blocks are four codes and lie in consecutive lanes;
/// * bytes: a word has eight codes of one row; rows `group` and `group` + 8 alternate, then comes
///   the next block. (The figures are images; this is the order in which CUTLASS stores metadata
///   for `ldmatrix` to load: two by two blocks of words, row by row within a column.)
///
/// The instruction's selector names the first of the lanes where not all four are needed.
struct SparsityMap {
  /// What a two-bit index counts.
  enum Unit { case nibblePair, byte, half, halfOfTensorFloat }

  private let metadata: UnsafePointer<UInt32>
  private let unit: Unit
  private let hasWideBlocks: Bool
  private let firstLane: Int

  init(metadata: UnsafePointer<UInt32>, selector: Int, inner: Int, unit: Unit) {
    self.metadata = metadata
    self.unit = unit
    hasWideBlocks = unit == .nibblePair || unit == .byte
    let codes =
      switch unit {
      case .nibblePair: inner / 8
      case .byte, .half: inner / 4
      case .halfOfTensorFloat: inner / 2
      }
    let lanes = hasWideBlocks ? codes / 4 : (codes + 3) / 4
    firstLane = selector &* lanes & 3
  }

  /// The inner index of the stored element `stored` of `row`.
  @inline(__always)
  func inner(row: Int, stored: Int) -> Int {
    switch unit {
    case .byte, .half:
      return stored >> 1 &* 4 &+ index(row, code: stored >> 1, stored & 1)
    case .nibblePair:
      let pair = stored >> 1
      return (pair >> 1 &* 4 &+ index(row, code: pair >> 1, pair & 1)) &* 2 &+ stored & 1
    case .halfOfTensorFloat:
      // The codes are 0100 and 1110: the units of the first or the second of two numbers.
      return stored &* 2 &+ index(row, code: stored, 0) >> 1
    }
  }

  @inline(__always)
  private func index(_ row: Int, code: Int, _ which: Int) -> Int {
    let (half, lane, position) =
      hasWideBlocks
      ? (0, code >> 3 &* 2 &+ row >> 3, code & 7) : (row >> 3 &* 16, code >> 2, code & 3)
    let word = metadata[(row & 7) &* 4 &+ (firstLane &+ lane) & 3]
    return Int(word &>> UInt32(truncatingIfNeeded: half &+ position &* 4 &+ which &* 2) & 3)
  }
}
