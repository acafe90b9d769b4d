import ISA

/// Starts and ends kernels, and places their CTAs on SMs.
///
/// What happens at the start and the end of a kernel happens in exactly those cycles: the engine ends
/// a window there, so that nothing depends on where windows end otherwise.
struct CTADispatcher: ~Copyable {
  private struct Active {
    var kernel: Int
    var slot: Int
    var occupancy: Occupancy
    var start: Cycle
    var nextCTA = 0
    /// Earliest cycle for it.
    var nextStart: Cycle = 0
    var completed = 0
    var lastEnd: Cycle = 0
    var waveEnds: [Cycle] = []
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
  private var queue = KernelQueue([])
  private var finished: [Int: KernelOutcome] = [:]
  private var freeSlots = Array((0..<SM.kernelSlots).reversed())
  private var resources: [Resources]
  private var turn = 0
  private var streams = StreamPool()
  /// SMs in the order in which they get CTAs: the first of every TPC, then the second ones.
  private let order: [Int]
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

  mutating func begin(_ kernels: [EngineKernel]) {
    self.kernels = kernels
    queue = KernelQueue(kernels)
  }

  var isDone: Bool { finished.count == kernels.count }

  /// When the next kernel ends whose CTAs are all done, or `never`: a window has to end there.
  var nextEnd: Cycle {
    var next = never
    for entry in active where isComplete(entry) { next = min(next, end(of: entry)) }
    return next
  }

  private func isComplete(_ entry: Active) -> Bool {
    entry.completed == kernels[entry.kernel].ctaCount
  }

  mutating func collect(_ completions: UnsafeMutablePointer<GrowableBuffer<CTACompletion>>) {
    for index in 0..<completions.pointee.count { ended.append(completions.pointee[index]) }
    completions.pointee.removeAll()
  }

  /// Accounts for the CTAs and kernels that ended, starts kernels and places CTAs. Nothing takes
  /// effect before `now`.
  mutating func dispatch(_ now: Cycle, sms: SMArray, memory: inout MemorySystem) throws {
    try retireCTAs(now, sms)
    finishKernels(now, sms, &memory)
    try activate(now, sms, &memory)
    try place(now, sms)
  }

  // MARK: Kernels

  private mutating func activate(
    _ now: Cycle, _ sms: SMArray, _ memory: inout MemorySystem
  ) throws {
    while active.count < min(spec.launch.concurrentKernels, SM.kernelSlots),
      let slot = freeSlots.last, let index = queue.next
    {
      let kernel = kernels[index]
      let occupancy = Occupancy(kernel.launch, spec: spec.sm)
      guard occupancy.ctasPerSM > 0 || kernel.ctaCount == 0 else {
        throw EngineError.doesNotFit(
          kernel: kernel.launch.name,
          reason: "limited by \(occupancy.limiter) (\(occupancy.warpsPerCTA) warps, "
            + "\(kernel.launch.registers) registers per thread, \(occupancy.sharedPerCTA) bytes of shared memory)"
        )
      }
      freeSlots.removeLast()
      queue.start(index)
      memory.settle()
      for copy in kernel.copies {
        memory.warm(address: copy.address, bytes: copy.bytes)
      }
      if active.isEmpty {
        memory.flush()
        for sm in sms.inUse { sm.endKernel() }
        sms.setCarveOut(occupancy.carveOut)
      }
      memory.warm(kernel.program)
      for sm in sms.inUse { sm.statistics[slot] = Statistics() }
      memory.statistics[slot] = Statistics()
      active.append(Active(kernel: index, slot: slot, occupancy: occupancy, start: now))
    }
  }

  private mutating func finishKernels(
    _ now: Cycle, _ sms: SMArray, _ memory: inout MemorySystem
  ) {
    for position in active.indices.reversed() {
      let entry = active[position]
      guard isComplete(entry), end(of: entry) <= now else { continue }
      memory.settle()
      finished[entry.kernel] = outcome(entry, sms, memory)
      queue.finish(entry.kernel)
      freeSlots.append(entry.slot)
      active.remove(at: position)
    }
  }

  /// When the kernel counts as ended: its results have to be seen by whoever comes next.
  private func end(of entry: Active) -> Cycle {
    max(entry.lastEnd, entry.start + Cycle(spec.launch.kernelLatency))
      + Cycle(spec.launch.drainLatency)
  }

  private func outcome(
    _ entry: Active, _ sms: SMArray, _ memory: borrowing MemorySystem
  ) -> KernelOutcome {
    var sum = memory.statistics[entry.slot]
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
      completedCTAs: entry.completed, waveEnds: entry.waveEnds, occupancy: entry.occupancy,
      statistics: sum,
      clockReads: reads,
      issueLog: log, counts: counts(entry, sms))
  }

  /// A kernel's profile, where SMs keep one.
  private func counts(_ entry: Active, _ sms: SMArray) -> KernelCounts? {
    guard sms.inUse.contains(where: { $0.probe != nil }) else { return nil }
    var counts = KernelCounts(
      instructions: Array(
        repeating: InstructionProfile(), count: kernels[entry.kernel].program.count),
      sms: [])
    for sm in sms.inUse {
      sm.probe?.pointee.end(entry.slot, into: &counts.instructions)
      let statistics = sm.statistics[entry.slot]
      if statistics.residentWarpCycles > 0 || statistics.warpInstructions > 0 {
        counts.sms.append((sm.index, statistics))
      }
    }
    return counts
  }

  /// Outcomes in the order of the kernels; kernels cut off by the cycle limit come with what they
  /// did so far.
  func outcomes(sms: SMArray, memory: inout MemorySystem) -> [KernelOutcome] {
    memory.settle()
    return kernels.indices.compactMap { index in
      finished[index]
        ?? active.first { $0.kernel == index }.map { entry in
          var partial = entry
          partial.lastEnd = sms.now
          return outcome(partial, sms, memory)
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
      if active[position].completed % (occupancy.ctasPerSM * spec.smCount) == 0 {
        active[position].waveEnds.append(end.cycle)
      }
      resources[end.sm].ctas += 1
      resources[end.sm].warps += occupancy.warpsPerCTA
      resources[end.sm].shared += occupancy.sharedPerCTA
      resources[end.sm].registerWarps -= occupancy.registerShare
      resources[end.sm].ready = max(
        resources[end.sm].ready, end.cycle + Cycle(spec.launch.ctaLatency))
      for position in active.indices { while try placeOne(position, end.sm, now, sms) {} }
    }
    ended.removeAll()
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
    let count = kernels[active[position].kernel].ctaCount
    while idle < sms.count, active[position].nextCTA < count {
      if try placeOne(position, order[turn], now, sms) { idle = 0 } else { idle += 1 }
      turn = (turn + 1) % sms.count
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
    let cycle = max(now, first, resources[sm].ready, entry.nextStart)
    active[position].nextStart = cycle + Cycle(spec.launch.ctaInterval)
    sms[sm].accept(
      CTALaunch(
        cycle: cycle, trace: Unmanaged.passRetained(ResidentTrace(trace, sharing: &streams)),
        program: Unmanaged.passUnretained(kernel.program), kernelSlot: entry.slot, x: trace.x,
        y: trace.y, z: trace.z, linear: entry.nextCTA, sharedWindow: kernel.launch.sharedWindow,
        localWindow: kernel.launch.localWindow))
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
  /// Takes a CTA from the dispatcher, behind those that start no later.
  func accept(_ launch: CTALaunch) {
    var place = launches.pointee.count
    launches.pointee.append(launch)
    while place > 0, launches.pointee[place - 1].cycle > launch.cycle {
      launches.pointee[place] = launches.pointee[place - 1]
      place -= 1
    }
    launches.pointee[place] = launch
  }

  /// When the next CTA on its way starts, or `never`.
  func nextLaunch() -> Cycle {
    launches.pointee.count == 0 ? never : launches.pointee[0].cycle
  }

  func launchNext(_ now: Cycle) {
    let next = launches.pointee[0]
    launches.pointee.remove(at: 0)
    launch(next, now)
  }
}
