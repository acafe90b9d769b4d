import ISA

/// Places CTAs on SMs and keeps kernels in order: within a stream one after the other, the default
/// stream with nothing beside it.
struct CTADispatcher: ~Copyable {
  private struct Active {
    var kernel: Int
    var slot: Int
    var occupancy: Occupancy
    var start: Cycle
    var nextCTA = 0
    var completed = 0
    var lastEnd: Cycle = 0
  }

  private struct Resources {
    var ctas: Int
    var warps: Int
    var registerWarps: Double = 0
    var shared: Int
    /// Earliest cycle for the next CTA on this SM.
    var ready: Cycle = 0
  }

  private let spec: GPUSpec
  private var kernels: [EngineKernel] = []
  private var active: [Active] = []
  private var finished: [Int: KernelOutcome] = [:]
  private var started: Set<Int> = []
  private var freeSlots = Array((0..<SM.kernelSlots).reversed())
  private var resources: [Resources]
  private var turn = 0
  /// SMs in the order in which they get CTAs: the first of every TPC, then the second ones.
  private let order: [Int]
  /// Earliest cycle for the next CTA anywhere.
  private var nextStart: Cycle = 0
  private var streamReady: [UInt64: Cycle] = [:]
  private var allReady: Cycle = 0
  private var ended = GrowableBuffer<CTACompletion>()
  private(set) var completedCTAs = 0

  init(spec: GPUSpec) {
    self.spec = spec
    let perTPC = spec.memory.interconnect.smsPerTPC
    order = (0..<spec.smCount).sorted { ($0 % perTPC, $0) < ($1 % perTPC, $1) }
    resources = Array(
      repeating: Resources(
        ctas: spec.sm.ctas, warps: spec.sm.warps,
        shared: spec.sm.sharedMemory.carveOuts.map(\.count).max() ?? 0),
      count: spec.smCount)
  }

  mutating func begin(_ kernels: [EngineKernel]) { self.kernels = kernels }

  var isDone: Bool { finished.count == kernels.count }

  /// Kernels that could be made active later without any event of an SM: none, as kernels become
  /// active in `dispatch`.
  var nextActivation: Cycle? { nil }

  mutating func collect(_ completions: UnsafeMutablePointer<GrowableBuffer<CTACompletion>>) {
    for index in 0..<completions.pointee.count { ended.append(completions.pointee[index]) }
    completions.pointee.removeAll()
  }

  /// Accounts for the CTAs that ended, makes kernels active and places CTAs. Nothing takes effect
  /// before `now`.
  mutating func dispatch(_ now: Cycle, sms: SMArray, memory: inout MemorySystem) throws {
    try retireCTAs(now, sms)
    try activate(now, sms, &memory)
    try place(now, sms)
    // A kernel without CTAs ends at once and may let the next one start.
    while finishKernels(sms) {
      try activate(now, sms, &memory)
      try place(now, sms)
    }
  }

  // MARK: Kernels

  private mutating func activate(
    _ now: Cycle, _ sms: SMArray, _ memory: inout MemorySystem
  ) throws {
    for index in kernels.indices where !started.contains(index) {
      guard active.count < min(spec.launch.concurrentKernels, SM.kernelSlots),
        let slot = freeSlots.last
      else { return }
      let kernel = kernels[index]
      let stream = kernel.launch.stream
      let blocked = (0..<index).contains { earlier in
        finished[earlier] == nil
          && (stream == 0 || kernels[earlier].launch.stream == 0
            || kernels[earlier].launch.stream == stream)
      }
      if blocked { continue }
      let occupancy = Occupancy(kernel.launch, spec: spec.sm)
      guard occupancy.ctasPerSM > 0 || kernel.ctaCount == 0 else {
        throw EngineError.doesNotFit(
          kernel: kernel.launch.name,
          reason: "limited by \(occupancy.limiter) (\(occupancy.warpsPerCTA) warps, "
            + "\(kernel.launch.registers) registers per thread, \(occupancy.sharedPerCTA) bytes of shared memory)"
        )
      }
      freeSlots.removeLast()
      started.insert(index)
      for copy in kernel.copies {
        memory.warm(address: copy.address, bytes: copy.bytes)
      }
      if active.isEmpty { memory.flush() }
      memory.warm(kernel.program)
      let ready = max(streamReady[stream] ?? 0, stream == 0 ? allReady : 0)
      if active.isEmpty { sms.setCarveOut(occupancy.carveOut) }
      for sm in sms.inUse { sm.statistics[slot] = Statistics() }
      active.append(
        Active(
          kernel: index, slot: slot, occupancy: occupancy,
          start: max(ready, active.isEmpty ? ready : now)))
    }
  }

  private mutating func finishKernels(_ sms: SMArray) -> Bool {
    var any = false
    for position in active.indices.reversed() {
      let entry = active[position]
      guard entry.completed == kernels[entry.kernel].ctaCount else { continue }
      finished[entry.kernel] = outcome(entry, sms)
      let end = end(of: entry)
      streamReady[kernels[entry.kernel].launch.stream] = end
      allReady = max(allReady, end)
      freeSlots.append(entry.slot)
      active.remove(at: position)
      any = true
    }
    if any, active.isEmpty { for sm in sms.inUse { sm.endKernel() } }
    return any
  }

  /// When the kernel counts as ended: its results have to be seen by whoever comes next.
  private func end(of entry: Active) -> Cycle {
    max(entry.lastEnd, entry.start + Cycle(spec.launch.kernelLatency))
      + Cycle(spec.launch.drainLatency)
  }

  private func outcome(_ entry: Active, _ sms: SMArray) -> KernelOutcome {
    var sum = Statistics()
    var reads: [ClockRead] = []
    var log: [IssueLogEntry] = []
    for sm in sms.inUse {
      sum.add(sm.statistics[entry.slot])
      sm.clockReads.pointee.extract(into: &reads, where: { $0.kernelSlot == entry.slot })
      sm.issueLog.pointee.extract(into: &log, where: { $0.kernelSlot == entry.slot })
    }
    reads.sort { ($0.cta, $0.warp, $0.cycle) < ($1.cta, $1.warp, $1.cycle) }
    log.sort { ($0.cycle, $0.cta, $0.warp) < ($1.cycle, $1.cta, $1.warp) }
    return KernelOutcome(
      id: kernels[entry.kernel].id, start: entry.start, end: end(of: entry),
      completedCTAs: entry.completed, occupancy: entry.occupancy, statistics: sum,
      clockReads: reads,
      issueLog: log)
  }

  /// Outcomes in the order of the kernels; kernels cut off by the cycle limit come with what they
  /// did so far.
  func outcomes(sms: SMArray) -> [KernelOutcome] {
    kernels.indices.compactMap { index in
      finished[index]
        ?? active.first { $0.kernel == index }.map { entry in
          var partial = entry
          partial.lastEnd = sms.now
          return outcome(partial, sms)
        }
    }
  }

  // MARK: CTAs

  /// Takes CTAs that ended out of the books, in the order of their ends, and gives each SM what
  /// then fits there.
  private mutating func retireCTAs(_ now: Cycle, _ sms: SMArray) throws {
    let order = (0..<ended.count).sorted {
      (ended[$0].cycle, ended[$0].sm, $0) < (ended[$1].cycle, ended[$1].sm, $1)
    }
    for index in order {
      let end = ended[index]
      guard let position = active.firstIndex(where: { $0.slot == end.kernelSlot }) else { continue }
      active[position].completed += 1
      active[position].lastEnd = max(active[position].lastEnd, end.cycle)
      completedCTAs += 1
      let occupancy = active[position].occupancy
      resources[end.sm].ctas += 1
      resources[end.sm].warps += occupancy.warpsPerCTA
      resources[end.sm].shared += occupancy.sharedPerCTA
      resources[end.sm].registerWarps -= occupancy.registerShare
      resources[end.sm].ready = max(
        resources[end.sm].ready, end.cycle + Cycle(spec.launch.ctaLatency))
      for position in active.indices { while try placeOne(position, end.sm, now, sms) {} }
    }
    ended.removeAll()
    _ = finishKernels(sms)
  }

  private mutating func place(_ now: Cycle, _ sms: SMArray) throws {
    for position in active.indices {
      switch spec.launch.placement {
      case .roundRobin: try placeRoundRobin(position, now, sms)
      case .fill:
        for sm in 0..<sms.count { while try placeOne(position, sm, now, sms) {} }
      }
    }
  }

  private mutating func placeRoundRobin(_ position: Int, _ now: Cycle, _ sms: SMArray) throws {
    var idle = 0
    while idle < sms.count {
      if try placeOne(position, order[turn], now, sms) { idle = 0 } else { idle += 1 }
      turn = (turn + 1) % sms.count
      if active[position].nextCTA >= kernels[active[position].kernel].ctaCount { return }
    }
  }

  private mutating func placeOne(
    _ position: Int, _ sm: Int, _ now: Cycle, _ sms: SMArray
  ) throws -> Bool {
    let entry = active[position]
    let kernel = kernels[entry.kernel]
    guard entry.nextCTA < kernel.ctaCount, fits(entry.occupancy, sm) else { return false }
    let trace = try kernel.source.cta(entry.nextCTA)
    try validate(trace, kernel, entry)
    let first = entry.start + Cycle(spec.launch.kernelLatency)
    let cycle = max(now, first, resources[sm].ready, nextStart)
    nextStart = cycle + Cycle(spec.launch.ctaInterval)
    sms[sm].accept(
      CTALaunch(
        trace: Unmanaged.passRetained(trace), program: Unmanaged.passUnretained(kernel.program),
        kernelSlot: entry.slot, x: trace.x, y: trace.y, z: trace.z, linear: entry.nextCTA,
        sharedWindow: kernel.launch.sharedWindow, localWindow: kernel.launch.localWindow), at: cycle
    )
    active[position].nextCTA += 1
    resources[sm].ctas -= 1
    resources[sm].warps -= entry.occupancy.warpsPerCTA
    resources[sm].shared -= entry.occupancy.sharedPerCTA
    resources[sm].registerWarps += entry.occupancy.registerShare
    return true
  }

  private func fits(_ occupancy: Occupancy, _ sm: Int) -> Bool {
    let left = resources[sm]
    return left.ctas > 0 && left.warps >= occupancy.warpsPerCTA
      && left.shared >= occupancy.sharedPerCTA
      && left.registerWarps + occupancy.registerShare <= 1 + 1e-9
  }

  /// A hostile trace must not reach the hot path.
  private func validate(_ trace: CTATrace, _ kernel: EngineKernel, _ entry: Active) throws {
    func fail(_ reason: String) -> EngineError {
      .invalidTrace(kernel: kernel.launch.name, cta: entry.nextCTA, reason: reason)
    }
    guard trace.warpCount <= entry.occupancy.warpsPerCTA else {
      throw fail("has \(trace.warpCount) warps, but its block only \(entry.occupancy.warpsPerCTA)")
    }
    for instruction in trace.instructions {
      guard instruction.index < kernel.program.count else {
        throw fail("refers to code that is not there")
      }
      guard instruction.referenceCount > 0 else { continue }
      let (end, overflow) = Int(instruction.reference).addingReportingOverflow(
        Int(instruction.referenceCount))
      guard !overflow, end <= trace.references.count else {
        throw fail("refers to addresses that are not there")
      }
      for reference in trace.references[Int(instruction.reference)..<end]
      where reference.list != AddressReference.none {
        guard Int(reference.list) + instruction.mask.nonzeroBitCount <= trace.addresses.count else {
          throw fail("refers to an address list that is not there")
        }
      }
    }
  }
}

extension SM {
  /// Takes a CTA from the dispatcher; it starts in `cycle`.
  func accept(_ launch: CTALaunch, at cycle: Cycle) {
    if state.pointee.pendingLaunches == 0 { launches.pointee.removeAll() }
    state.pointee.pendingLaunches += 1
    inbox.pointee.schedule(Event(.launchCTA, b: launches.pointee.count), at: cycle)
    launches.pointee.append(launch)
  }
}
