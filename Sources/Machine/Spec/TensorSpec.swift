import ISA

/// Tensor core: initiation intervals and completion latencies are separate quantities.
public struct TensorSpec: Codable, Hashable, Sendable {
  /// Cycles that the tensor core of a sub-core is busy with one warp instruction.
  public var interval: TensorTable
  /// Cycles from issue to the earliest dependent issue, accumulators included.
  public var latency: TensorTable
  /// Factor on the intervals of products of half, bfloat16, TF32 or FP8 with F32 accumulation:
  /// 1, or 2 on GeForce parts.
  public var f32AccumulateStretch: Int
  /// DMMA runs in the tensor cores; false: in the SM's FP64 unit.
  public var hasDouble: Bool
}

/// One value for each tensor instruction, named after its SASS mnemonic.
public struct TensorTable: Codable, Hashable, Sendable {
  /// HMMA of half or bfloat16 inputs, by shape and accumulator.
  public var hmma1688F16: Int
  public var hmma1688F32: Int
  public var hmma16816F16: Int
  public var hmma16816F32: Int
  /// TF32 inputs.
  public var hmma1684TF32: Int
  public var hmma1688TF32: Int
  /// 2:4 sparse products (`.SP`).
  public var sparseHmma16816F16: Int
  public var sparseHmma16816F32: Int
  public var sparseHmma16832F16: Int
  public var sparseHmma16832F32: Int
  public var sparseHmma1688TF32: Int
  public var sparseHmma16816TF32: Int
  /// 8-bit and 4-bit integers.
  public var imma8816S8: Int
  public var imma16816S8: Int
  public var imma16832S8: Int
  public var imma8832S4: Int
  public var imma16832S4: Int
  public var imma16864S4: Int
  public var sparseImma16832S8: Int
  public var sparseImma16864S8: Int
  public var sparseImma16864S4: Int
  public var sparseImma168128S4: Int
  /// Single bits.
  public var bmma88128: Int
  public var bmma168128: Int
  public var bmma168256: Int
  /// FP8.
  public var qmma16832F16: Int
  public var qmma16832F32: Int
  public var sparseQmma16864F16: Int
  public var sparseQmma16864F32: Int
  /// Doubles.
  public var dmma884: Int

  /// The entry of a shape, if it is listed.
  static func entry(_ shape: TensorShape) -> KeyPath<TensorTable, Int>? {
    shape.sparse ? sparseEntry(shape) : denseEntry(shape)
  }

  private static func denseEntry(_ shape: TensorShape) -> KeyPath<TensorTable, Int>? {
    let isHalf = shape.accumulatorBits == 16
    return switch (shape.inputBits, shape.m, shape.k) {
    case (16, 16, 8): isHalf ? \.hmma1688F16 : \.hmma1688F32
    case (16, 16, 16): isHalf ? \.hmma16816F16 : \.hmma16816F32
    case (19, 16, 4): \.hmma1684TF32
    case (19, 16, 8): \.hmma1688TF32
    case (8, 16, 32) where shape.isFloat: isHalf ? \.qmma16832F16 : \.qmma16832F32
    case (8, 8, 16): \.imma8816S8
    case (8, 16, 16): \.imma16816S8
    case (8, 16, 32): \.imma16832S8
    case (4, 8, 32): \.imma8832S4
    case (4, 16, 32): \.imma16832S4
    case (4, 16, 64): \.imma16864S4
    case (1, 8, 128): \.bmma88128
    case (1, 16, 128): \.bmma168128
    case (1, 16, 256): \.bmma168256
    case (64, 8, 4): \.dmma884
    default: nil
    }
  }

  private static func sparseEntry(_ shape: TensorShape) -> KeyPath<TensorTable, Int>? {
    let isHalf = shape.accumulatorBits == 16
    return switch (shape.inputBits, shape.k) {
    case (16, 16): isHalf ? \.sparseHmma16816F16 : \.sparseHmma16816F32
    case (16, 32): isHalf ? \.sparseHmma16832F16 : \.sparseHmma16832F32
    case (19, 8): \.sparseHmma1688TF32
    case (19, 16): \.sparseHmma16816TF32
    case (8, 64) where shape.isFloat: isHalf ? \.sparseQmma16864F16 : \.sparseQmma16864F32
    case (8, 32): \.sparseImma16832S8
    case (8, 64): \.sparseImma16864S8
    case (4, 64): \.sparseImma16864S4
    case (4, 128): \.sparseImma168128S4
    default: nil
    }
  }
}
