import ISA

/// What a timeline or a pipeline view shows: everything, unless it is bounded.
public struct TimelineSelection: Sendable {
  public var sms: Set<Int>?
  /// Linear numbers in the grid.
  public var ctas: Set<Int>?
  /// Numbers in the CTA.
  public var warps: Set<Int>?
  /// Core cycles since the run began.
  public var cycles: ClosedRange<Int64> = 0...(never - 1)

  public init() {}
}

/// Something that an SM did for a while, or a counter's new value.
public struct TimelineEvent: Sendable, BitwiseCopyable {
  public enum Kind: UInt8, Sendable, BitwiseCopyable { case cta, warp, counter }

  public var kind: Kind
  /// Warp: the `StallReason`. Counter: the `TimelineCounter`.
  public var detail: UInt8
  public var sm: Int32
  /// CTA slot or warp slot.
  public var slot: Int32
  /// CTA: its kernel's number in the trace, from 0.
  public var kernel: Int32
  /// Cycles from `start` up to `end`; a counter changes at `start`.
  public var start: Int64
  public var end: Int64
  /// CTA: its linear number. Warp: its number in the CTA. Counter: the value.
  public var value: Int64
}

/// Counters of an SM over time, sampled in fixed steps.
public enum TimelineCounter: UInt8, CaseIterable, Sendable {
  case residentWarps, memoryQueues, pendingRequests, missingLines
  case fp32, imad, integer, half, tensor, fp64, sfu

  /// The name in a timeline.
  public var title: String {
    switch self {
    case .residentWarps: "resident warps"
    case .memoryQueues: "memory queues"
    case .pendingRequests: "memory requests in flight"
    case .missingLines: "L1 lines awaited"
    default: "\(self) issues per \(Self.interval) cycles"
    }
  }

  /// What is counted.
  public var unitName: String {
    switch self {
    case .residentWarps: "warps"
    case .memoryQueues: "instructions"
    case .pendingRequests: "requests"
    case .missingLines: "lines"
    default: "issues"
    }
  }

  /// Cycles between samples.
  public static let interval: Int64 = 32

  /// The unit whose issues it counts.
  var unit: Unit? {
    switch self {
    case .fp32: .fp32
    case .imad: .imad
    case .integer: .integer
    case .half: .half
    case .tensor: .tensor
    case .fp64: .fp64
    case .sfu: .sfu
    default: nil
    }
  }
}

/// The timeline of one SM.
struct Timeline: ~Copyable {
  private let selection: TimelineSelection
  private let sm: Int32
  /// What has ended and was not taken yet.
  private(set) var events = GrowableBuffer<TimelineEvent>()
  /// The state that each warp slot is in, not yet among the events.
  private var open: [TimelineEvent?]
  private var ctas: [TimelineEvent?]
  private var nextSample: Cycle
  private var samples = [Int64](repeating: 0, count: TimelineCounter.allCases.count)
  private var issued = [Int64](repeating: 0, count: Unit.allCases.count)

  /// Nil where the selection leaves the SM out.
  init?(_ selection: TimelineSelection, sm: Int, spec: SMSpec) {
    guard selection.sms?.contains(sm) ?? true else { return nil }
    self.selection = selection
    self.sm = Int32(sm)
    open = Array(repeating: nil, count: spec.warps)
    ctas = Array(repeating: nil, count: spec.ctas)
    nextSample = selection.cycles.lowerBound
  }

  // MARK: CTAs and warps

  mutating func begin(cta: Int, slot: Int, kernel: Int, at cycle: Cycle) {
    guard selection.ctas?.contains(cta) ?? true else { return }
    ctas[slot] = TimelineEvent(
      kind: .cta, detail: 0, sm: sm, slot: Int32(slot), kernel: Int32(kernel), start: cycle,
      end: cycle, value: Int64(cta))
  }

  mutating func end(slot: Int, at cycle: Cycle) {
    guard var event = ctas[slot] else { return }
    event.end = cycle
    ctas[slot] = nil
    append(event)
  }

  /// The warp in `warp` spends `cycles` from `start` on for `reason`. States come in order.
  mutating func state(
    warp: Int, number: Int, ctaSlot: Int, _ reason: StallReason, from start: Cycle, cycles: Int64
  ) {
    guard let cta = ctas[ctaSlot], selection.warps?.contains(number) ?? true else { return }
    if let last = open[warp] {
      if last.detail == reason.rawValue, last.end == start {
        open[warp]?.end = start + cycles
        return
      }
      append(last)
    }
    open[warp] = TimelineEvent(
      kind: .warp, detail: reason.rawValue, sm: sm, slot: Int32(warp), kernel: cta.kernel,
      start: start, end: start + cycles, value: Int64(number))
  }

  /// The warp left its slot.
  mutating func close(warp: Int) {
    if let last = open[warp] { append(last) }
    open[warp] = nil
  }

  private mutating func append(_ event: TimelineEvent) {
    var event = event
    event.start = max(event.start, selection.cycles.lowerBound)
    event.end = min(event.end, selection.cycles.upperBound + 1)
    if event.start < event.end { events.append(event) }
  }

  // MARK: Counters

  mutating func count(_ unit: UInt8) { issued[Int(unit)] += 1 }

  /// A sample is due before what happens in `cycle`.
  func isDue(_ cycle: Cycle) -> Bool { nextSample <= cycle }

  /// Notes what changed: nothing did since the cycle that was simulated last.
  mutating func sample(_ values: [Int64], before cycle: Cycle) {
    while nextSample <= cycle {
      for counter in TimelineCounter.allCases {
        let index = Int(counter.rawValue)
        let value = counter.unit.map { issued[Int($0.rawValue)] } ?? values[index]
        if value != samples[index], selection.cycles.contains(nextSample) {
          events.append(
            TimelineEvent(
              kind: .counter, detail: counter.rawValue, sm: sm, slot: 0, kernel: 0,
              start: nextSample, end: nextSample, value: value))
          samples[index] = value
        }
      }
      for unit in issued.indices { issued[unit] = 0 }
      if values.allSatisfy({ $0 == 0 }), samples.allSatisfy({ $0 == 0 }) {
        // Nothing goes on: the next sample is the first one from `cycle` on.
        let step = TimelineCounter.interval
        nextSample += max(1, (cycle - nextSample + step) / step) * step
        return
      }
      nextSample += TimelineCounter.interval
    }
  }

  /// States that have not ended end where they are.
  mutating func finish() {
    for warp in open.indices { close(warp: warp) }
  }

  /// Hands over the events so far, in no order.
  mutating func drain(_ take: (UnsafeBufferPointer<TimelineEvent>) -> Void) { events.drain(take) }
}

extension SM {
  /// Values of the sampled counters; issues are counted by the timeline itself.
  private var samples: [Int64] {
    var values = [Int64](repeating: 0, count: TimelineCounter.allCases.count)
    values[Int(TimelineCounter.residentWarps.rawValue)] = Int64(state.pointee.residentWarps)
    values[Int(TimelineCounter.memoryQueues.rawValue)] = Int64(
      (0..<subCoreCount).reduce(0) { $0 + cores[$1].queueSlots })
    values[Int(TimelineCounter.pendingRequests.rawValue)] = Int64(memory.pointee.inFlight)
    values[Int(TimelineCounter.missingLines.rawValue)] = Int64(memory.pointee.misses.count)
    return values
  }

  /// Samples the counters, if it is time, before anything of cycle `now` happens.
  @inline(never)
  func sampleCounters(_ now: Cycle) {
    guard let timeline = probe?.pointee.timeline, timeline.pointee.isDue(now) else { return }
    timeline.pointee.sample(samples, before: now)
  }
}
