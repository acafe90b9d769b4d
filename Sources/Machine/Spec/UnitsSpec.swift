/// Execution units of a sub-core (and the FP64 unit of the SM).
public struct UnitsSpec: Codable, Hashable, Sendable {
  /// Cycles that each unit's dispatch latch is held by a warp instruction.
  public var fp32: Int
  public var integer: Int
  public var imad: Int
  public var half: Int
  public var predicate: Int
  public var uniform: Int
  /// MUFU, and what no other value of the unit covers.
  public var sfu: Int
  /// POPC, FLO and BREV, on the same unit.
  public var bitCount: Int
  /// F2I, I2F, F2F and FRND, on the same unit.
  public var conversion: Int
  /// REDUX, on the same unit.
  public var warpReduce: Int
  /// MOVM, on the same unit.
  public var matrixMove: Int
  /// F2FP, I2FP and their kin, on the integer pipe.
  public var packedConversion: Int
  public var fp64: Int
  public var branch: Int
  public var miscellaneous: Int
  public var miscellaneousQueue: Int
  /// FP32 instructions may also use the integer pipe (GA10x, Ada).
  public var fp32OnIntegerPipe: Bool
  /// One FP64 unit serves the SM; false: each sub-core has its own.
  public var fp64Shared: Bool
  /// Shared FP64: cycles from issue until the operands are with the unit, without registers, and
  /// for each register operand.
  public var fp64Transfer: Int
  public var fp64TransferPerOperand: Int
  /// Entries of a variable-latency unit's queue.
  public var queueEntries: Int
}
