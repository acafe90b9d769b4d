import ISA

/// What watches an SM for a profile, a timeline or a pipeline view. An SM has none unless it was asked for, so that the hot path
/// pays one test of a constant pointer.
struct Probe: ~Copyable {
  /// Counts by static instruction, for each kernel slot with a CTA that came here.
  private let kernels: UnsafeMutablePointer<UnsafeMutableBufferPointer<InstructionProfile>?>

  let timeline: UnsafeMutablePointer<Timeline>?

  let pipeline: UnsafeMutablePointer<PipelineLog>?

  init(_ options: Engine.Options, sm: Int, spec: SMSpec) {
    if let selection = options.pipeline, let log = PipelineLog(selection, sm: sm) {
      pipeline = .one(log)
    } else {
      pipeline = nil
    }
    if let selection = options.timeline, let timeline = Timeline(selection, sm: sm, spec: spec) {
      self.timeline = .one(timeline)
    } else {
      timeline = nil
    }
    kernels = .allocate(capacity: SM.kernelSlots)
    kernels.initialize(repeating: nil, count: SM.kernelSlots)
  }

  deinit {
    for slot in 0..<SM.kernelSlots { kernels[slot]?.deallocate() }
    kernels.deallocate()
    timeline?.release()
    pipeline?.release()
  }

  /// Events that nobody has taken yet.
  var heldEvents: Int {
    (timeline?.pointee.events.count ?? 0) + (pipeline?.pointee.events.count ?? 0)
  }

  /// A CTA of a kernel with `instructions` static instructions starts.
  func begin(_ slot: Int, instructions: Int) {
    guard kernels[slot] == nil else { return }
    let counts = UnsafeMutableBufferPointer<InstructionProfile>.allocate(capacity: instructions)
    counts.initialize(repeating: InstructionProfile())
    kernels[slot] = counts
  }

  /// Adds a kernel's counts to `sums` and forgets them.
  func end(_ slot: Int, into sums: inout [InstructionProfile]) {
    guard let counts = kernels[slot] else { return }
    for index in sums.indices { sums[index].add(counts[index]) }
    counts.deallocate()
    kernels[slot] = nil
  }

  func counts(_ slot: Int, _ instruction: Int) -> UnsafeMutablePointer<InstructionProfile> {
    kernels[slot]!.baseAddress! + instruction
  }
}

extension SM {
  /// The profile's counts of `record`, which an instruction of the warp has; nil without a profile.
  @inline(__always)
  func profile(
    _ warp: UnsafeMutablePointer<Warp>, _ record: UnsafeMutablePointer<IssueRecord>
  ) -> UnsafeMutablePointer<InstructionProfile>? {
    guard let probe else { return nil }
    return probe.pointee.counts(warp.pointee.kernelSlot, record - warp.pointee.records)
  }

  /// The warp spends `cycles` from `start` on for `reason`, at the instruction that it is to issue.
  @inline(never)
  func observe(
    _ warp: UnsafeMutablePointer<Warp>, _ reason: StallReason, from start: Cycle, cycles: Int64
  ) {
    guard let probe, cycles > 0 else { return }
    // An exited warp waits at its last instruction; one with none never waits.
    let position = min(warp.pointee.cursor, warp.pointee.end - 1)
    let counts = probe.pointee.counts(
      warp.pointee.kernelSlot, Int(warp.pointee.stream[position].index))
    counts.pointee.stalls[Int(reason.rawValue)] += UInt64(cycles)
    probe.pointee.timeline?.pointee.state(
      warp: warp - warps, number: warp.pointee.warpInCTA, ctaSlot: warp.pointee.ctaSlot, reason,
      from: start, cycles: cycles)
  }

  /// The same for every warp of the sub-core in `mask`.
  @inline(never)
  func observeAll(
    _ core: UnsafeMutablePointer<SubCoreState>, _ mask: UInt16, _ reason: StallReason,
    from start: Cycle, cycles: Int64
  ) {
    var left = mask
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      observe(warps + warp(core, bit), reason, from: start, cycles: cycles)
    }
  }
}
