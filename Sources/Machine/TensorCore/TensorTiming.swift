import ISA

/// Initiation interval and completion latency of a tensor instruction.
struct TensorTiming {
  /// Cycles that the tensor core is busy.
  var interval: Int
  /// Cycles to the earliest dependent issue.
  var latency: Int

  init(_ shape: TensorShape, spec: TensorSpec) {
    // A shape that no entry names counts by its work.
    let entry = TensorTable.entry(shape)
    let known = entry ?? \.hmma16816F32
    interval = spec.interval[keyPath: known]
    latency = spec.latency[keyPath: known]
    if entry == nil, shape.m > 0 {
      let usual = TensorShape.work(16, 8, 16) * 16
      let bits = max(1, Int(shape.inputBits == 19 ? 32 : shape.inputBits))
      let work = TensorShape.work(Int(shape.m), Int(shape.n), Int(shape.k)) * bits
      interval = max(1, interval * work / (shape.sparse ? 2 : 1) / usual)
    }
    if shape.accumulatorBits == 32, shape.isFloat { interval *= spec.f32AccumulateStretch }
  }
}

extension TensorShape {
  fileprivate static func work(_ m: Int, _ n: Int, _ k: Int) -> Int { m * n * k }
}
