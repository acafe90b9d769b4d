import ISA

/// Initiation interval and completion latency of a tensor instruction, from its shape and the
/// tensor core's rates: the two are separate, as measured on hardware.
struct TensorTiming {
  /// Cycles that the tensor core is busy.
  var initiation: Int
  /// Cycles to the earliest dependent issue.
  var latency: Int

  init(_ shape: TensorShape, spec: TensorSpec, units: UnitsSpec, latencies: LatencySpec) {
    guard shape.m > 0 else {
      initiation = 2
      latency = spec.onePass
      return
    }
    var work = Int(shape.m) * Int(shape.n) * Int(shape.k)
    if shape.sparse { work /= 2 }
    let rate: Int
    switch (shape.inputBits, shape.accumulatorBits) {
    case (1, _): rate = spec.binary
    case (4, _): rate = spec.int4
    case (8, _): rate = spec.int8
    case (19, _): rate = spec.tf32
    case (64, _): rate = spec.fp64
    case (_, 16): rate = spec.f16F16
    default: rate = spec.f16F32
    }
    initiation = rate > 0 ? max(1, work / rate) : units.fp64
    switch (shape.inputBits, Self.passes(shape)) {
    case (64, _): latency = latencies.fp64FMA
    case (4, 0), (8, 0): latency = spec.imma88
    case (_, 0), (_, 1): latency = spec.onePass
    case (16, _) where shape.accumulatorBits == 32: latency = spec.twoPassF32
    default: latency = spec.twoPass
    }
  }

  /// Passes through the unit, as the compiler's latency classes count them: 0 for 8×8 shapes.
  private static func passes(_ shape: TensorShape) -> Int {
    if shape.m <= 8 { return 0 }
    let bits = Int(shape.k) * (shape.inputBits == 19 ? 32 : Int(shape.inputBits))
    return bits <= (shape.sparse ? 256 : 128) ? 1 : 2
  }
}
