/// Issue-to-issue latencies in cycles of instructions without memory access.
public struct LatencySpec: Codable, Hashable, Sendable {
  /// Results of fixed latency, by producer: one value for each `ResultReader`, in its order.
  public var alu: [Int]
  /// CS2R of 64 bits and the like.
  public var dispatch64: [Int]
  /// FP32 and 32-bit integer multiply-add.
  public var fma: [Int]
  /// IMAD.WIDE and IMAD.HI.
  public var wideMultiply: [Int]
  /// HADD2.
  public var half: [Int]
  /// HMUL2 and HFMA2.
  public var halfMultiply: [Int]
  /// Comparisons and extrema of packed halves.
  public var halfCompare: [Int]
  /// HADD2.F32.
  public var halfToF32: [Int]
  /// Cycles by which a tensor product may be read earlier by an instruction of variable latency,
  /// and by a memory instruction.
  public var tensorToVariable: Int
  public var tensorToAddress: Int
  /// Predicate to the guard of an instruction, to a branch, to VOTE or to a variable latency.
  public var predicate: Int
  /// Predicate to an operand that is read like a value (SEL, PLOP3, carries): on the writer's
  /// pipe, and on another.
  public var predicateToValue: Int
  public var predicateAcross: Int
  /// Uniform registers, by producer: one value for each `UniformReader`, in its order.
  public var uniform: [Int]
  /// ULDC, UMOV and VOTEU.
  public var uniformMove: [Int]
  /// Uniform predicates: to a uniform operand, a vector operand, a guard, a branch.
  public var uniformPredicate: [Int]
  /// Uniform predicates of VOTEU, likewise.
  public var uniformVote: [Int]
  public var branch: Int
  public var miscellaneous: Int
  /// Variable latencies, to the earliest dependent issue.
  public var sfu: Int
  public var matrixMove: Int
  public var fp64Add: Int
  public var fp64Multiply: Int
  public var fp64FMA: Int
  public var miscellaneousQueue: Int

  /// The lists of one value a reader, by name.
  public var resultLists: [(name: String, values: [Int], count: Int)] {
    let readers = ResultReader.allCases.count
    return [
      ("alu", alu, readers), ("dispatch64", dispatch64, readers), ("fma", fma, readers),
      ("wideMultiply", wideMultiply, readers), ("half", half, readers),
      ("halfMultiply", halfMultiply, readers), ("halfCompare", halfCompare, readers),
      ("halfToF32", halfToF32, readers), ("uniform", uniform, UniformReader.allCases.count),
      ("uniformMove", uniformMove, UniformReader.allCases.count),
      ("uniformPredicate", uniformPredicate, UniformPredicateReader.allCases.count),
      ("uniformVote", uniformVote, UniformPredicateReader.allCases.count),
    ]
  }
}

/// Who reads a register: the columns of the latency lists.
public enum ResultReader: Int, CaseIterable, Sendable {
  case alu, fma
  /// A factor of IMAD.WIDE or IMAD.HI.
  case wideFactor
  case half, halfCompare, halfToF32, fp64, tensor
  /// Special functions, conversions, branches, constant and texture accesses.
  case variable
  /// Loads, stores, atomics and shuffles.
  case address
}

/// Who reads a uniform register.
public enum UniformReader: Int, CaseIterable, Sendable {
  case uniform, vector, variable, branch
  /// An address of ULDC.
  case constantAddress
  /// UMOV and VOTEU.
  case move
}

/// Who reads a uniform predicate.
public enum UniformPredicateReader: Int, CaseIterable, Sendable {
  case uniform, vector, guarded, branch
}
