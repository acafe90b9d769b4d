import ISA

/// A CTA placed on an SM, on its way there.
struct CTALaunch {
  /// Cycle in which it starts.
  var cycle: Cycle
  var trace: Unmanaged<ResidentTrace>
  var program: Unmanaged<Program>
  var kernelSlot: Int
  var x: UInt32
  var y: UInt32
  var z: UInt32
  var linear: Int
  var sharedWindow: UInt64
  var localWindow: UInt64
}

/// A CTA resident on an SM.
struct CTASlot {
  var resident = false
  var launch: CTALaunch?
  var warps = 0
  var warpsLeft = 0
  /// Warps that can still arrive at a barrier.
  var warpsRunning = 0
  /// Arrived warps and expected warps (0 = all) by barrier.
  var arrived = InlineArray<16, UInt16>(repeating: 0)
  var expected = InlineArray<16, UInt16>(repeating: 0)
  /// Warps that wait at each barrier, as a mask over SM warp slots.
  var waiting = InlineArray<16, UInt64>(repeating: 0)
}

/// A CTA that ended, told to the dispatcher at the end of the window.
struct CTACompletion {
  var cycle: Cycle
  var sm: Int
  var kernelSlot: Int
}

/// A reading of the clock register.
public struct ClockRead: Sendable, Hashable, BitwiseCopyable {
  /// Linear CTA index, and warp within the CTA.
  public var cta: Int
  public var warp: Int
  /// The value read: core cycles since the simulation began.
  public var cycle: Int64
  var kernelSlot: Int = 0
}

/// One streaming multiprocessor. Every method takes the cycle as an argument; within a window the
/// SM runs alone, over its own state only.
///
/// The parts are extensions of this type, one file per box of the hardware diagram; state is flat
/// and lives behind pointers.
final class SM {
  let index: Int
  let spec: SMSpec
  /// Core clock in MHz, to turn nanoseconds into cycles.
  let clock: Double
  /// Bytes per cycle of the port into the interconnect, and the writes that it may have under way.
  let requestBytes: Int
  let writeCredits: Int
  let leap: Bool
  let subCoreCount: Int
  let warpSlots: Int

  let warps: UnsafeMutablePointer<Warp>
  let cores: UnsafeMutablePointer<SubCoreState>
  /// Sub-core of each warp slot, and its bit in the sub-core's masks.
  private let coreOfWarp: UnsafeMutablePointer<UnsafeMutablePointer<SubCoreState>>
  private let bitOfWarp: UnsafeMutablePointer<UInt16>
  let events: UnsafeMutablePointer<EventWheel<Event>>
  /// What comes from outside, between windows. It is handled before the cycle's own events, so that
  /// their order does not depend on where windows end.
  let inbox: UnsafeMutablePointer<EventWheel<Event>>
  let ctas: UnsafeMutablePointer<CTASlot>
  let statistics: UnsafeMutablePointer<Statistics>
  static let kernelSlots = 32

  // Instruction and constant caches.
  let l0: UnsafeMutablePointer<TagArray>
  let l0Constant: UnsafeMutablePointer<TagArray>
  let l1Instruction: UnsafeMutablePointer<TagArray>
  let constantLoads: UnsafeMutablePointer<TagArray>
  let front: UnsafeMutablePointer<FrontEndState>

  // Memory.
  let l1: UnsafeMutablePointer<TagArray>
  let memory: UnsafeMutablePointer<MemoryState>
  let requests: UnsafeMutablePointer<PendingRequest>
  let coalescer: UnsafeMutablePointer<Coalescer>
  let scoreboards: UnsafeMutablePointer<Scoreboard>
  let registerReaders: UnsafeMutablePointer<UInt16>

  // Ports and messages of this window.
  let outbox: UnsafeMutablePointer<Port<MemoryMessage>>
  let replies: UnsafeMutablePointer<Port<MemoryReply>>
  let completions: UnsafeMutablePointer<GrowableBuffer<CTACompletion>>
  let clockReads: UnsafeMutablePointer<GrowableBuffer<ClockRead>>
  let issueLog: UnsafeMutablePointer<GrowableBuffer<IssueLogEntry>>
  let logsIssue: Bool
  /// Who watches, if anybody does.
  let probe: UnsafeMutablePointer<Probe>?
  /// CTAs on their way from the dispatcher, in the order of their starts.
  let launches: UnsafeMutablePointer<GrowableBuffer<CTALaunch>>

  let state: UnsafeMutablePointer<SMState>

  init(index: Int, spec: GPUSpec, options: Engine.Options) {
    self.index = index
    self.spec = spec.sm
    leap = options.leap
    logsIssue = options.logsIssue
    probe =
      options.profiles || options.timeline != nil || options.pipeline != nil
      ? .one(Probe(options, sm: index, spec: spec.sm)) : nil
    clock = spec.clocks.core.value
    requestBytes = spec.memory.interconnect.requestBytes
    writeCredits = spec.memory.interconnect.writeCredits
    subCoreCount = spec.sm.subCores
    warpSlots = spec.sm.warps
    let placeholder = UnsafeMutableRawPointer(bitPattern: 16)
    warps = .allocate(capacity: warpSlots)
    for slot in 0..<warpSlots {
      (warps + slot).initialize(
        to: Warp(
          records: placeholder!.assumingMemoryBound(to: IssueRecord.self),
          uses: placeholder!.assumingMemoryBound(to: RegisterUse.self),
          stream: placeholder!.assumingMemoryBound(to: DynamicInstruction.self),
          references: placeholder!.assumingMemoryBound(to: AddressReference.self),
          addresses: placeholder!.assumingMemoryBound(to: UInt64.self)))
    }
    cores = .allocate(capacity: subCoreCount)
    coreOfWarp = .allocate(capacity: warpSlots)
    bitOfWarp = .allocate(capacity: warpSlots)
    for slot in 0..<warpSlots {
      (coreOfWarp + slot).initialize(to: cores + slot % subCoreCount)
      (bitOfWarp + slot).initialize(to: 1 << UInt16(slot / subCoreCount))
    }
    l0 = .allocate(capacity: subCoreCount)
    l0Constant = .allocate(capacity: subCoreCount)
    for core in 0..<subCoreCount {
      (cores + core).initialize(to: SubCoreState(index: core))
      (l0 + core).initialize(to: TagArray(spec.sm.frontEnd.l0))
      (l0Constant + core).initialize(to: TagArray(spec.sm.constantCache.l0))
    }
    events = .one(EventWheel())
    inbox = .one(EventWheel())
    ctas = .allocate(capacity: spec.sm.ctas)
    ctas.initialize(repeating: CTASlot(), count: spec.sm.ctas)
    statistics = .allocate(capacity: Self.kernelSlots)
    statistics.initialize(repeating: Statistics(), count: Self.kernelSlots)
    l1Instruction = .one(TagArray(spec.sm.frontEnd.l1))
    constantLoads = .one(TagArray(spec.sm.constantCache.loadPath))
    front = .one(FrontEndState())
    let l1Lines = spec.sm.sharedMemory.unifiedCapacity.count / spec.sm.l1.line.count
    l1 = .one(
      TagArray(
        lines: l1Lines, ways: max(1, l1Lines / spec.sm.l1.sets), placement: .scattered,
        replacement: spec.sm.l1.replacement))
    memory = .one(MemoryState(requests: spec.sm.memoryUnit.pendingRequests))
    requests = .allocate(capacity: spec.sm.memoryUnit.pendingRequests)
    requests.initialize(repeating: PendingRequest(), count: spec.sm.memoryUnit.pendingRequests)
    coalescer = .one(Coalescer())
    scoreboards = .allocate(capacity: warpSlots)
    scoreboards.initialize(repeating: Scoreboard(), count: warpSlots)
    registerReaders = .allocate(capacity: warpSlots * RegisterSet.capacity)
    registerReaders.initialize(repeating: 0, count: warpSlots * RegisterSet.capacity)
    outbox = .one(Port())
    replies = .one(Port())
    completions = .one(GrowableBuffer())
    clockReads = .one(GrowableBuffer())
    issueLog = .one(GrowableBuffer())
    launches = .one(GrowableBuffer())
    state = .one(SMState())
  }

  deinit {
    warps.deallocate()
    for core in 0..<subCoreCount {
      (l0 + core).deinitialize(count: 1)
      (l0Constant + core).deinitialize(count: 1)
    }
    cores.deallocate()
    coreOfWarp.deallocate()
    bitOfWarp.deallocate()
    l0.deallocate()
    l0Constant.deallocate()
    ctas.deallocate()
    statistics.deallocate()
    requests.deallocate()
    scoreboards.deallocate()
    registerReaders.deallocate()
    events.release()
    inbox.release()
    l1Instruction.release()
    constantLoads.release()
    front.release()
    l1.release()
    memory.release()
    coalescer.release()
    outbox.release()
    replies.release()
    completions.release()
    clockReads.release()
    issueLog.release()
    launches.release()
    state.release()
    probe?.release()
  }

  /// Runs the SM alone until `end`, which becomes its current cycle.
  func run(until end: Cycle) {
    var now = state.pointee.now
    while now < end {
      if probe != nil { sampleCounters(now) }
      while nextLaunch() <= now { launchNext(now) }
      inbox.pointee.advance(to: now)
      while let event = inbox.pointee.next() { handle(event, now) }
      events.pointee.advance(to: now)
      while let event = events.pointee.next() { handle(event, now) }
      acceptMemory(now)
      acceptDouble(now)
      // The first sub-core changes from cycle to cycle, so that none is always served first.
      var turn = Int(UInt32(truncatingIfNeeded: now) % UInt32(subCoreCount))
      for _ in 0..<subCoreCount {
        if cores[turn].next <= now || !leap { step(cores + turn, now) }
        turn = turn + 1 == subCoreCount ? 0 : turn + 1
      }
      now = leap ? min(end, nextCycle(after: now)) : now + 1
    }
    state.pointee.now = end
  }

  /// The earliest cycle after `now` in which anything can happen, or `never`.
  private func nextCycle(after now: Cycle) -> Cycle {
    var next = min(
      events.pointee.nextCycle(), inbox.pointee.nextCycle(), nextLaunch(), nextAcceptance(now))
    for core in 0..<subCoreCount { next = min(next, cores[core].next) }
    return max(next, now + 1)
  }

  /// The earliest cycle in which anything can happen here, seen from outside the window.
  func nextActivity() -> Cycle {
    var next = min(
      events.pointee.nextCycle(), inbox.pointee.nextCycle(), nextLaunch(),
      nextAcceptance(state.pointee.now - 1))
    for core in 0..<subCoreCount { next = min(next, cores[core].next) }
    return next
  }

  /// One cycle of a sub-core: pipeline stages back to front, so that a stage emptied in this
  /// cycle can be filled in it.
  private func step(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    if core.pointee.blockedUntil != 0 { chargeSkipped(core, now) }
    wakeWarps(core, now)
    stepAllocate(core, now)
    let raised = stepControl(core, now)
    issue(core, now)
    if raised >= 0 { raiseCounters(core, warp: raised, now) }
    fetch(core, now)
    prefetch(core, now)
    core.pointee.next = nextStep(core, now)
  }

  private func nextStep(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) -> Cycle {
    if core.pointee.control.occupied || core.pointee.allocate.occupied
      || core.pointee.fetchable != 0 || canPrefetch(core)
    {
      return now + 1
    }
    if core.pointee.eligible == 0 { return nextWake(core, now) }
    // Eligible warps have to be looked at in every cycle, unless all wait for units.
    return core.pointee.blockedUntil > now
      ? min(core.pointee.blockedUntil, nextWake(core, now)) : now + 1
  }

  private func handle(_ event: Event, _ now: Cycle) {
    switch event.kind {
    case .counterRelease:
      lowerCounter(warp: Int(event.warp), Int(event.a), now)
    case .wakeWarp:
      warps[Int(event.warp)].block = .none
      evaluate(Int(event.warp), at: now)
    case .memoryOperandRead: readMemoryOperands(cores + Int(event.a), now)
    case .memoryRequest: memory.pointee.waitingHeads |= 1 << UInt32(event.a)
    case .memorySlotFree:
      cores[Int(event.a)].queueSlots -= 1
      cores[Int(event.a)].next = min(cores[Int(event.a)].next, now)
    case .dataReady: dataReady(Int(event.b), now)
    case .writeBack: writeBack(Int(event.b), now)
    case .complete: complete(Int(event.b), now)
    case .operationDone: operationDone(warp: Int(event.warp), memory: event.a == 1, now)
    case .l1InstructionLookup: lookUpL1Instruction(Int(event.b), now)
    case .lineArrives: lineArrives(Int(event.b), now)
    case .memoryReply:
      memoryReply(token: event.b, line: event.address, sectors: UInt32(event.a), now)
    case .scoreboardRelease:
      releaseScoreboard(
        warp: Int(event.warp), age: event.address, instruction: Int(event.b), sources: event.a == 1,
        now)
    case .fp64Request: break
    case .fp64SlotFree:
      cores[Int(event.a)].doubleSlots -= 1
      cores[Int(event.a)].next = min(cores[Int(event.a)].next, now)
    case .barrierRelease: openBarrier(waiting: event.address, now)
    case .schedulerWake: cores[Int(event.a)].next = min(cores[Int(event.a)].next, now)
    }
  }

  // MARK: Warp slots

  /// Sub-core of a warp slot.
  func core(of warp: Int) -> UnsafeMutablePointer<SubCoreState> { coreOfWarp[warp] }
  /// Bit of a warp slot in its sub-core's masks.
  func bit(of warp: Int) -> UInt16 { bitOfWarp[warp] }
  /// Warp slot of a bit in a sub-core's masks.
  func warp(_ core: UnsafeMutablePointer<SubCoreState>, _ bit: Int) -> Int {
    bit * subCoreCount + core.pointee.index
  }
}

/// Scalars of an SM.
struct SMState {
  var now: Cycle = 0
  var warpsLaunched: UInt64 = 0
  var residentCTAs = 0
  var residentWarps = 0
}

/// A warp instruction's issue, logged for tests and timelines.
public struct IssueLogEntry: Sendable, Hashable, BitwiseCopyable {
  public var cycle: Int64
  public var cta: Int
  public var warp: Int
  /// Index in the kernel's static code.
  public var instruction: Int
  var kernelSlot: Int
}

extension UnsafeMutablePointer where Pointee: ~Copyable {
  /// One value on the heap.
  static func one(_ value: consuming Pointee) -> Self {
    let pointer = allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }

  func release() {
    deinitialize(count: 1)
    deallocate()
  }
}
