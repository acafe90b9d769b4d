/// Executes one instruction for the executing lanes of a warp.
typealias Handler = @Sendable (Warp, UnsafePointer<Operation>) throws -> Void

/// Where an operand's 32-lane vector is found, and what is done to its words.
struct Source {
  enum Place: UInt8 {
    /// `index` is a register.
    case register
    /// `index` is a word in the launch's pool of broadcast constants.
    case pool
    /// `index` is a uniform register, broadcast when read.
    case uniform
  }

  /// What the sign marks of the text mean for a word.
  enum Change: UInt8 {
    case none
    case integerNegate
    case invert
    /// Float: `(word & keep) ^ flip`; on the high word of a double.
    case sign
  }

  /// Which half of a register an operation on packed halves takes for its low and high result.
  enum Halves: UInt8 { case both, low, high, swapped, single }

  var place: Place = .register
  var index = OperandText.zeroRegister
  var change: Change = .none
  var keep: UInt32 = .max
  var flip: UInt32 = 0
  var halves: Halves = .both
}

/// A predicate operand; 0–7 are the warp's, 8–15 the uniform ones, 16 takes what nobody reads.
struct PredicateSource {
  var index = Predicates.true
  var isNegated = false
}

enum Predicates {
  static let `true` = 7
  static let uniform = 8
  static let discard = 16
  static let count = 17
}

/// A decoded instruction: which handler, which operands. Static; shared by all warps.
struct Operation {
  var run: Handler
  var guardPredicate = PredicateSource()
  /// Executed once for the warp; results go to uniform registers.
  var isUniform = false
  /// Runs even when no lane executes (branches must see their guard fail).
  var runsAlways = false

  /// Destination register, `Warp.discard` for RZ; uniform number when `isUniform`.
  var destination = Warp.discard
  /// 32-bit words written to `destination`.
  var words = 1
  /// Predicate results.
  var result = Predicates.discard
  var secondResult = Predicates.discard

  var a = Source()
  var b = Source()
  var c = Source()
  var d = Source()
  var p = PredicateSource()
  var q = PredicateSource()
  var r = PredicateSource()

  /// What the mnemonic's modifiers say, in the handler's own terms.
  var mode = 0
  var isSigned = false
  var flag = false
  var secondFlag = false
  var flushes = false
  var saturates = false
  var rounding: Rounding = .nearest
  /// Look-up tables, byte masks, fixed operands.
  var immediate: UInt32 = 0

  /// A matrix product takes metadata.
  var isSparse = false

  // Memory
  /// Bytes per lane.
  var width = 4
  var offset: Int64 = 0
  var scale = 1
  var space: Space = .global
  var addressIsWide = false
  var addressUniform = OperandText.zeroRegister
  var addressUniformIsWide = false

  /// Index of the branch target in the kernel's code.
  var target = -1

  init(run: @escaping Handler) { self.run = run }
}

/// Address spaces of memory instructions.
enum Space: UInt8, Sendable { case global, shared, local, generic, constant }
