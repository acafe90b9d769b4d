/// The way of one warp instruction through the pipeline, in core cycles; -1 where it does not pass.
public struct PipelineEvent: Sendable, BitwiseCopyable {
  public var sm: Int32
  /// Number of the kernel in the trace, from 0, and of the instruction in its static code.
  public var kernel: Int32
  public var instruction: Int32
  /// Linear number of the CTA, and of the warp in it.
  public var cta: Int64
  public var warp: Int32
  /// Fetch sent; in the instruction buffer and decoded; issued.
  public var fetched: Int64
  public var decoded: Int64
  public var issued: Int64
  /// Left Control for Allocate, a unit's queue or the memory queue.
  public var dispatched: Int64 = -1
  /// Left Allocate, began in a unit of variable latency, or was accepted by the SM's memory unit.
  public var started: Int64 = -1
  /// Its result can be used, or its store has left.
  public var done: Int64 = -1
  /// It went through the memory queue.
  public var isMemory: Bool
}

/// Follows instructions of chosen warps.
struct PipelineLog: ~Copyable {
  /// `passed`: it has no result to wait for.
  enum Step { case dispatched, started, done, passed }

  private let selection: TimelineSelection
  private let sm: Int32
  /// What has come to its end and was not taken yet.
  private(set) var events = GrowableBuffer<PipelineEvent>()
  /// What is on its way, by warp slot and position in the warp's stream.
  private var open: [UInt64: PipelineEvent] = [:]

  /// Nil where the selection leaves the SM out.
  init?(_ selection: TimelineSelection, sm: Int) {
    guard selection.sms?.contains(sm) ?? true else { return nil }
    self.selection = selection
    self.sm = Int32(sm)
  }

  private func key(_ warp: Int, _ dynamic: Int) -> UInt64 { UInt64(warp) << 48 | UInt64(dynamic) }

  mutating func issue(_ event: PipelineEvent, slot: Int, dynamic: Int) {
    // What the slot's last warp had at this position hears no more.
    if let last = open.removeValue(forKey: key(slot, dynamic)) { events.append(last) }
    guard selection.cycles.contains(event.issued),
      selection.ctas?.contains(Int(event.cta)) ?? true,
      selection.warps?.contains(Int(event.warp)) ?? true
    else { return }
    var event = event
    event.sm = sm
    open[key(slot, dynamic)] = event
  }

  mutating func note(_ step: Step, warp: Int, dynamic: Int, at cycle: Cycle) {
    guard let place = open.index(forKey: key(warp, dynamic)) else { return }
    switch step {
    case .dispatched: open.values[place].dispatched = cycle
    case .started: open.values[place].started = cycle
    case .done: open.values[place].done = cycle
    case .passed: break
    }
    // Units of variable latency tell the end before Control tells that the instruction has left.
    let event = open.values[place]
    if event.dispatched >= 0, event.done >= 0 || step == .passed {
      events.append(event)
      open.remove(at: place)
    }
  }

  /// What is still on its way stays there.
  mutating func finish() {
    for event in open.values { events.append(event) }
    open = [:]
  }

  /// Hands over the events so far, in no order.
  mutating func drain(_ take: (UnsafeBufferPointer<PipelineEvent>) -> Void) { events.drain(take) }
}

extension SM {
  /// An instruction of the warp issues; it is still in the instruction buffer.
  @inline(never)
  func followIssue(_ index: Int, _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle) {
    guard let pipeline = probe?.pointee.pipeline,
      let launch = ctas[warps[index].ctaSlot].launch
    else { return }
    let warp = warps + index
    let decoded = min(now, warp.pointee.bufferReady[warp.pointee.bufferHead])
    pipeline.pointee.issue(
      PipelineEvent(
        sm: 0, kernel: Int32(launch.program.takeUnretainedValue().identity),
        instruction: Int32(record - warp.pointee.records), cta: Int64(launch.linear),
        warp: Int32(warp.pointee.warpInCTA),
        fetched: decoded - Cycle(spec.frontEnd.fetchToIssue), decoded: decoded, issued: now,
        isMemory: record.pointee.flags.contains(.memory)),
      slot: index, dynamic: warp.pointee.cursor)
  }

  /// An instruction comes to a step of its way.
  @inline(__always)
  func follow(_ step: PipelineLog.Step, warp: Int, dynamic: Int, at cycle: Cycle) {
    guard let probe else { return }
    probe.pointee.pipeline?.pointee.note(step, warp: warp, dynamic: dynamic, at: cycle)
  }
}
