import ISA

/// A whole GPU: SMs that run alone for a window, and the memory system that serves their messages
/// between windows. No message crosses in less than a window, so the result is the same for any
/// number of threads (conservative parallel discrete-event simulation).
public final class Engine {
  public struct Options: Sendable {
    /// Jump over cycles in which nothing happens.
    public var leap = true
    /// Stop after this cycle.
    public var maximumCycles: Cycle = never
    /// Keep every issue for timelines.
    public var logsIssue = false
    /// Count by static instruction.
    public var profiles = false
    /// Keep what SMs did when.
    public var timeline: TimelineSelection?
    /// Keep each instruction's way through the pipeline.
    public var pipeline: TimelineSelection?
    public init() {}
  }

  let spec: GPUSpec
  let options: Options
  let sms: SMArray
  var memory: MemorySystem
  var dispatcher: CTADispatcher
  private(set) var now: Cycle = 0
  private let runner: any WindowRunner
  private let window: Cycle
  /// Called now and then with the cycle and the CTAs completed so far.
  public var progress: ((Cycle, Int) -> Void)?
  /// Takes the timeline's events and the pipeline view's, in no order, as they come.
  public var observer: (any EngineObserver)?

  public init(spec: GPUSpec, options: Options, runner: any WindowRunner = SerialRunner()) {
    self.spec = spec
    self.options = options
    self.runner = runner
    let sms = SMArray(count: spec.smCount) {
      SM(index: $0, spec: spec, options: options)
    }
    self.sms = sms
    memory = MemorySystem(spec: spec, sms: sms)
    dispatcher = CTADispatcher(spec: spec)
    window = Cycle(
      max(
        1,
        min(
          spec.memory.interconnect.latency, spec.launch.ctaLatency, spec.launch.kernelLatency,
          spec.launch.drainLatency)))
  }

  /// Runs the kernels, in order within a stream, to their end or to the cycle limit.
  /// Outcomes come in the order of `kernels`.
  public func run(_ kernels: [EngineKernel]) throws -> (outcomes: [KernelOutcome], truncated: Bool)
  {
    dispatcher.begin(kernels)
    var windows = 0
    while true {
      try dispatcher.dispatch(now, sms: sms, memory: &memory)
      if dispatcher.isDone { break }
      try leapToActivity()
      if now >= options.maximumCycles {
        return (dispatcher.outcomes(sms: sms, memory: &memory), true)
      }
      let end = min(now + window, max(now, dispatcher.nextEnd))
      runWindow(until: end)
      exchange(end)
      now = end
      self.sms.now = end
      if observer != nil { handOver(atLeast: Self.heldEvents) }
      windows += 1
      if windows & 255 == 0 { progress?(now, dispatcher.completedCTAs) }
    }
    return (dispatcher.outcomes(sms: sms, memory: &memory), false)
  }

  /// The SMs' window, and beside it what the memory system owes from the one before.
  private func runWindow(until end: Cycle) {
    let sms = self.sms.inUse
    runner.run(parts: 1 + sms.count) { part in
      if part == 0 { return memory.work() }
      let sm = sms[part - 1]
      sm.receive()
      if sm.nextActivity() < end || !sm.leap {
        sm.run(until: end)
      } else {
        sm.state.pointee.now = end
      }
    }
  }

  /// Nothing happens before the earliest event anywhere; if there is none, the warps wait for
  /// each other.
  private func leapToActivity() throws {
    if dispatcher.nextEnd <= now { return }
    for sm in sms.inUse where sm.nextActivity() <= now { return }
    memory.settle()
    var next = min(memory.nextActivity(), dispatcher.nextEnd)
    for sm in sms.inUse { next = min(next, sm.nextActivity()) }
    if next >= never {
      throw EngineError.deadlock(cycle: now, waiting: sms.inUse.flatMap { $0.waitingWarps() })
    }
    if options.leap, next > now {
      now = next
      sms.now = next
      for sm in sms.inUse { sm.state.pointee.now = now }
      // So that work beside the next window again replies to the one after it.
      memory.exchange(windowEnd: now)
      memory.settle()
    }
  }

  /// What the SMs sent and finished in the window that ends at `end`.
  private func exchange(_ end: Cycle) {
    for sm in sms.inUse { dispatcher.collect(sm.completions) }
    memory.exchange(windowEnd: end)
  }
}

extension SM {
  /// One line for each resident warp: what it waits for, and since when.
  func waitingWarps() -> [String] {
    (0..<warpSlots).compactMap { index in
      let warp = warps + index
      guard warp.pointee.resident else { return nil }
      let linear = ctas[warp.pointee.ctaSlot].launch?.linear ?? 0
      var place = "at its end"
      if warp.pointee.cursor < warp.pointee.end {
        let pc = warp.pointee.records[Int(warp.pointee.stream[warp.pointee.cursor].index)].pc
        place = "at pc 0x\(String(pc, radix: 16))"
      }
      return "SM \(self.index) CTA \(linear) warp \(warp.pointee.warpInCTA) \(place): "
        + "\(warp.pointee.reason.name) since cycle \(warp.pointee.reasonSince)"
    }
  }
}
