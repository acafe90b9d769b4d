import ISA

/// The SM's shared memory unit behind the local units: shared memory, L1 data cache, constants,
/// atomics, asynchronous copies, and the way back to the register files.
extension SM {
  func hasPendingRoom() -> Bool {
    memory.pointee.inFlight < spec.memoryUnit.pendingRequests
      && memory.pointee.misses.count + 64 <= min(spec.l1.mshrs + 64, MissTable.capacity)
      && memory.pointee.unacknowledged < writeCredits
  }

  // MARK: Acceptance

  func access(
    _ core: UnsafeMutablePointer<SubCoreState>, _ entry: MemoryQueueEntry, _ now: Cycle
  ) {
    let warp = warps + Int(entry.warp)
    let record = entry.record!
    let dynamic = warp.pointee.stream[entry.dynamic]
    if record.pointee.flags.contains(.readsClockSlow) { readClock(Int(entry.warp), now) }
    follow(.started, warp: Int(entry.warp), dynamic: entry.dynamic, at: now)
    let isStore = record.pointee.action == .store || record.pointee.action == .reduction
    var sourcesFree = now
    if isStore {
      // Data leaves over a link of its own before the registers are free (Table 2).
      let link = spec.memoryUnit.globalLinkBytes
      let cycles = (record.pointee.words * 4 * 32 + link - 1) / link
      sourcesFree = max(now, core.pointee.storeLinkFree) + Cycle(cycles)
      core.pointee.storeLinkFree = sourcesFree
    }
    if !record.pointee.flags.contains(.holdsSources) {
      releaseSources(Int(entry.warp), record, at: sourcesFree + 1)
    }
    if dynamic.referenceCount > 0, dynamic.mask != 0 {
      // The last reference is the one that goes to the L1 (LDGSTS has its shared one first).
      let reference = warp.pointee.references[Int(dynamic.reference + dynamic.referenceCount - 1)]
      coalescer.pointee.load(
        reference, warp.pointee.addresses, mask: dynamic.mask & record.pointee.addressLanes)
    } else {
      coalescer.pointee.lanes = 0
    }
    let space = resolve(record.pointee.space, entry, dynamic)
    countBytes(space, entry)
    if isStore {
      store(space, entry, sourcesFree)
    } else {
      load(core, space, entry, now)
    }
  }

  /// Tells which memory a generic access means, by the windows of the launch.
  private func resolve(
    _ space: MemorySpace, _ entry: MemoryQueueEntry, _ dynamic: DynamicInstruction
  ) -> MemorySpace {
    guard space == .generic, coalescer.pointee.lanes > 0,
      let launch = ctas[warps[Int(entry.warp)].ctaSlot].launch
    else { return space == .generic ? .global : space }
    let address = coalescer.pointee.addresses[0]
    let window: UInt64 = 1 << 24
    if launch.sharedWindow != 0, address >= launch.sharedWindow,
      address - launch.sharedWindow < window
    {
      return .shared
    }
    if launch.localWindow != 0, address >= launch.localWindow, address - launch.localWindow < window
    {
      return .local
    }
    return .global
  }

  /// Adds what the executing lanes ask a memory for; textures and surfaces have no share.
  private func countBytes(_ space: MemorySpace, _ entry: MemoryQueueEntry) {
    let record = entry.record!
    let counts = statistics + warps[Int(entry.warp)].kernelSlot
    let bytes = UInt64(coalescer.pointee.lanes * Int(record.pointee.addressBytes))
    switch space {
    case .global: counts.pointee.globalBytes += bytes
    case .local: counts.pointee.localBytes += bytes
    case .shared: counts.pointee.sharedBytes += bytes
    case .constant: counts.pointee.constantBytes += bytes
    default: break
    }
    // A copy writes to shared memory what it reads.
    if record.pointee.action == .copyAsync { counts.pointee.sharedBytes += bytes }
  }

  /// Adds what the access in the coalescer asks of the L1 to a profile.
  private func count(
    _ profile: UnsafeMutablePointer<InstructionProfile>, cycles: Int, turns: Int
  ) {
    profile.pointee.requests += 1
    profile.pointee.lines += UInt64(coalescer.pointee.count)
    for line in 0..<coalescer.pointee.count {
      profile.pointee.sectors += UInt64(coalescer.pointee.sectors[line].nonzeroBitCount)
    }
    profile.pointee.l1Cycles += UInt64(cycles)
    profile.pointee.replays += UInt64(max(0, turns - 1))
  }

  /// Adds an access to shared memory to the profile, if there is one.
  private func profileShared(_ entry: MemoryQueueEntry, passes: Int) {
    let record = entry.record!
    guard let profile = profile(warps + Int(entry.warp), record) else { return }
    profile.pointee.requests += 1
    profile.pointee.sharedCycles += UInt64(passes)
    profile.pointee.conflictCycles += UInt64(max(0, passes - record.pointee.words))
  }

  // MARK: Loads

  private func load(
    _ core: UnsafeMutablePointer<SubCoreState>, _ space: MemorySpace, _ entry: MemoryQueueEntry,
    _ now: Cycle
  ) {
    let record = entry.record!
    let index = newRequest(Int(entry.warp), record)
    let counts = statistics + warps[Int(entry.warp)].kernelSlot
    let data = Cycle(record.pointee.dataPhase)
    requests[index].group = entry.group
    requests[index].dynamic = entry.dynamic
    guard coalescer.pointee.lanes > 0 || space == .constant else {
      requests[index].ready = now + data
      events.pointee.schedule(Event(.dataReady, b: index), at: now + data)
      return
    }
    switch space {
    case .shared:
      counts.pointee.sharedAccesses += 1
      var passes = coalescer.pointee.sharedPasses(
        bytes: Int(record.pointee.addressBytes), banks: spec.sharedMemory.banks)
      if record.pointee.action == .atomic {
        passes = max(passes, coalescer.pointee.sameAddressLanes())
      }
      let start = max(now, memory.pointee.sharedFree)
      memory.pointee.sharedFree = start + Cycle(passes)
      let conflicts = max(0, passes - record.pointee.words)
      counts.pointee.sharedConflictCycles += UInt64(conflicts)
      profileShared(entry, passes: passes)
      events.pointee.schedule(Event(.dataReady, b: index), at: start + data + Cycle(conflicts))
    case .constant: loadConstant(index, Int(entry.warp), now)
    default: loadGlobal(index, space, entry, now)
    }
  }

  private func newRequest(_ warp: Int, _ record: UnsafeMutablePointer<IssueRecord>) -> Int {
    let index: Int
    if memory.pointee.free > 0 {
      index = memory.pointee.free - 1
      memory.pointee.free = requests[index].next + 1
    } else {
      memory.pointee.nextFree -= 1
      index = memory.pointee.nextFree
    }
    memory.pointee.inFlight += 1
    requests[index] = PendingRequest(warp: warp, record: record)
    return index
  }

  private func loadGlobal(
    _ index: Int, _ space: MemorySpace, _ entry: MemoryQueueEntry, _ now: Cycle
  ) {
    let record = entry.record!
    let kernelSlot = warps[Int(entry.warp)].kernelSlot
    let counts = statistics + kernelSlot
    if space == .local {
      interleaveLocal(Int(entry.warp), mask: warps[Int(entry.warp)].stream[entry.dynamic].mask)
    }
    coalescer.pointee.coalesce(
      bytes: Int(record.pointee.accessBytes), lineBytes: UInt64(spec.l1.line.count),
      sectorBytes: UInt64(spec.l1.sector.count))
    let lines = coalescer.pointee.count
    let start = max(now, memory.pointee.tagFree)
    let tagCycles = lookUpTags()
    let held = max(tagCycles, dataCycles(record.pointee.words))
    memory.pointee.tagFree = start + Cycle(held)
    let profile = profile(warps + Int(entry.warp), record)
    if let profile { count(profile, cycles: held, turns: tagCycles) }
    let atomic = record.pointee.action == .atomic
    let eviction = record.pointee.eviction
    let bypass = record.pointee.flags.contains(.bypassL1) || atomic
    var missing = 0
    for line in 0..<lines {
      let number = coalescer.pointee.lines[line]
      let wanted = coalescer.pointee.sectors[line]
      let leaves = start + Cycle(coalescer.pointee.turns[line] + spec.l1.missLatency)
      if bypass {
        missing += 1
        profile?.pointee.sectorMisses += UInt64(wanted.nonzeroBitCount)
        send(
          atomic ? .atomic : .read, line: number, sectors: wanted, token: UInt32(index),
          kernelSlot: kernelSlot, eviction: eviction, at: leaves)
        continue
      }
      counts.pointee.l1Accesses += 1
      counts.pointee.l1SectorAccesses += UInt64(wanted.nonzeroBitCount)
      let absent = wanted & ~l1.pointee.lookup(number, eviction)
      if absent == 0 { continue }
      counts.pointee.l1SectorMisses += UInt64(absent.nonzeroBitCount)
      profile?.pointee.sectorMisses += UInt64(absent.nonzeroBitCount)
      missing += 1
      if record.pointee.flags.contains(.noAllocate) {
        send(
          .read, line: number, sectors: absent, token: UInt32(index), kernelSlot: kernelSlot,
          eviction: eviction, at: leaves)
        continue
      }
      let new = memory.pointee.misses.wait(number, sectors: absent, request: index)
      if new != 0 {
        send(
          .read, line: number, sectors: new, token: Token.line(eviction), kernelSlot: kernelSlot,
          eviction: eviction, at: leaves)
      }
    }
    requests[index].missing = missing
    requests[index].ready =
      start + Cycle(record.pointee.dataPhase) + Cycle(max(0, tagCycles - record.pointee.words))
    if missing == 0 {
      events.pointee.schedule(Event(.dataReady, b: index), at: requests[index].ready)
    }
  }

  /// Says in which cycle each line is looked up in its bank of the tags; returns how many it takes.
  private func lookUpTags() -> Int {
    var inBank = InlineArray<8, Int>(repeating: 0)
    var most = 0
    for line in 0..<coalescer.pointee.count {
      let bank = Int(coalescer.pointee.lines[line] % UInt64(spec.l1.tagBanks))
      let turn = inBank[bank] / spec.l1.tagsPerCycle
      coalescer.pointee.turns[line] = turn
      inBank[bank] += 1
      most = max(most, turn + 1)
    }
    return most
  }

  /// Cycles that the access occupies the L1's data stage and the way back.
  private func dataCycles(_ words: Int) -> Int {
    var sectors = 0
    for line in 0..<coalescer.pointee.count {
      sectors += coalescer.pointee.sectors[line].nonzeroBitCount
    }
    let registerBytes = 128
    let bytes = max(
      sectors * spec.l1.sector.count, coalescer.pointee.returnCycles(words: words) * registerBytes)
    return (bytes + spec.l1.dataBytesPerCycle - 1) / spec.l1.dataBytesPerCycle
  }

  /// Local memory lies interleaved: the same word of neighbouring threads is adjacent.
  private func interleaveLocal(_ warp: Int, mask: UInt32) {
    var left = mask
    for position in 0..<coalescer.pointee.lanes {
      let lane = UInt64(left.trailingZeroBitCount)
      left &= left &- 1
      let address = coalescer.pointee.addresses[position] & 0xff_ffff
      let space = UInt64(1) << 60 | UInt64(index) << 44 | UInt64(warp) << 36
      coalescer.pointee.addresses[position] = space | (address / 4 * 128 + lane * 4 + address % 4)
    }
  }

  // MARK: Constant loads

  private func loadConstant(_ index: Int, _ warpIndex: Int, _ now: Cycle) {
    let record = requests[index].record!
    let warp = warps + warpIndex
    let counts = statistics + warp.pointee.kernelSlot
    let lineBytes = UInt64(spec.constantCache.loadPath.line.count)
    if coalescer.pointee.lanes == 0 {
      coalescer.pointee.addresses[0] = 0
      coalescer.pointee.lanes = 1
    }
    for lane in 0..<coalescer.pointee.lanes {
      let offset = UInt32(truncatingIfNeeded: coalescer.pointee.addresses[lane])
      coalescer.pointee.addresses[lane] = constantAddress(warp, record.pointee.constant &+ offset)
    }
    coalescer.pointee.coalesce(
      bytes: Int(record.pointee.accessBytes), lineBytes: lineBytes, sectorBytes: lineBytes)
    var missing = 0
    for line in 0..<coalescer.pointee.count {
      let number = coalescer.pointee.lines[line]
      counts.pointee.constantAccesses += 1
      if spec.constantCache.perfect || constantLoads.pointee.lookup(number) != 0 { continue }
      counts.pointee.constantMisses += 1
      missing += 1
      requestLine(
        .constantLoad, core: 0, line: number, kernelSlot: warp.pointee.kernelSlot, pending: index,
        now)
    }
    requests[index].missing = missing
    // Lanes with different addresses take turns.
    let turns = Cycle(max(0, coalescer.pointee.count - 1))
    requests[index].ready = now + Cycle(record.pointee.dataPhase) + turns
    if missing == 0 {
      events.pointee.schedule(Event(.dataReady, b: index), at: requests[index].ready)
    }
  }

  func constantLoadArrives(_ index: Int, _ now: Cycle) { lineForRequest(index, now) }

  // MARK: Stores

  private func store(_ space: MemorySpace, _ entry: MemoryQueueEntry, _ dataEnd: Cycle) {
    let record = entry.record!
    let warpIndex = Int(entry.warp)
    let kernelSlot = warps[warpIndex].kernelSlot
    let counts = statistics + kernelSlot
    if space == .shared {
      counts.pointee.sharedAccesses += 1
      var passes = coalescer.pointee.sharedPasses(
        bytes: Int(record.pointee.addressBytes), banks: spec.sharedMemory.banks)
      if record.pointee.action == .reduction {
        passes = max(passes, coalescer.pointee.sameAddressLanes())
      }
      let start = max(dataEnd, memory.pointee.sharedFree)
      memory.pointee.sharedFree = start + Cycle(passes)
      counts.pointee.sharedConflictCycles += UInt64(max(0, passes - record.pointee.words))
      profileShared(entry, passes: passes)
      releaseResult(warpIndex, record, memory: true, at: start + Cycle(passes))
      follow(.done, warp: warpIndex, dynamic: entry.dynamic, at: start + Cycle(passes))
      return
    }
    guard coalescer.pointee.lanes > 0 else {
      releaseResult(warpIndex, record, memory: true, at: dataEnd + 1)
      follow(.passed, warp: warpIndex, dynamic: entry.dynamic, at: dataEnd + 1)
      return
    }
    if space == .local {
      interleaveLocal(warpIndex, mask: warps[warpIndex].stream[entry.dynamic].mask)
    }
    coalescer.pointee.coalesce(
      bytes: Int(record.pointee.accessBytes), lineBytes: UInt64(spec.l1.line.count),
      sectorBytes: UInt64(spec.l1.sector.count))
    let lines = coalescer.pointee.count
    let start = max(dataEnd, memory.pointee.tagFree)
    let tagCycles = lookUpTags()
    memory.pointee.tagFree = start + Cycle(tagCycles)
    follow(.done, warp: warpIndex, dynamic: entry.dynamic, at: start + Cycle(tagCycles))
    if let profile = profile(warps + warpIndex, record) {
      count(profile, cycles: tagCycles, turns: tagCycles)
    }
    // Every line's write is acknowledged on its own.
    warps[warpIndex].outstanding += lines - 1
    warps[warpIndex].memoryOutstanding += lines - 1
    memory.pointee.unacknowledged += lines
    warps[warpIndex].unacknowledged += Int32(lines)
    let reduces = record.pointee.action == .reduction
    let eviction = record.pointee.eviction
    if !reduces { coalescer.pointee.markWritten(bytes: Int(record.pointee.accessBytes)) }
    for line in 0..<lines {
      let number = coalescer.pointee.lines[line]
      let sectors = coalescer.pointee.sectors[line]
      if !reduces, !record.pointee.flags.contains(.bypassL1) {
        // Write-through: sectors written whole are in the L1 from now on.
        let whole = coalescer.pointee.wholeSectors(line)
        if whole != 0 { l1.pointee.fill(number, sectors: whole, eviction) }
      }
      send(
        reduces ? .reduction : .write, line: number, sectors: sectors,
        token: Token.writeAcknowledge | UInt32(warpIndex), kernelSlot: kernelSlot,
        eviction: eviction,
        at: start + Cycle(coalescer.pointee.turns[line] + spec.l1.missLatency), slot: line)
    }
    // A fence within the CTA waits for no more than this.
    releaseFence(warpIndex, start)
    if record.pointee.writeCounter < 6 {
      events.pointee.schedule(
        Event(.counterRelease, warp: warpIndex, a: Int(record.pointee.writeCounter)),
        at: dataEnd + 1)
    }
    if record.pointee.flags.contains(.scoreboard) {
      events.pointee.schedule(
        Event(
          .scoreboardRelease, warp: warpIndex, a: 0, b: record - warps[warpIndex].records,
          address: warps[warpIndex].age), at: dataEnd + 1)
    }
  }

  // MARK: Ports

  /// Sends a message through the SM's port, which takes the data of writes and atomics with it.
  /// `slot` is the line's place in the coalescer, for what is written.
  func send(
    _ kind: MemoryMessage.Kind, line: UInt64, sectors: UInt32, token: UInt32, kernelSlot: Int,
    eviction: EvictionPriority = .normal, at cycle: Cycle, slot: Int = 0
  ) {
    let carried = kind == .read ? 0 : sectors.nonzeroBitCount * spec.l1.sector.count
    let start = max(cycle, memory.pointee.requestFree)
    memory.pointee.requestFree = start + Cycle(1 + carried / requestBytes)
    let atomic = kind == .atomic || kind == .reduction
    outbox.pointee.send(
      MemoryMessage(
        cycle: start, line: line, sectors: sectors, token: token,
        written: kind == .write ? coalescer.pointee.written[slot] : SIMD4(repeating: 0),
        sm: UInt16(index), kernelSlot: UInt8(kernelSlot), kind: kind, eviction: eviction,
        lanesOnOneWord: atomic ? UInt8(coalescer.pointee.sameAddressLanes()) : 0))
  }

  func memoryReply(token: UInt32, line: UInt64, sectors: UInt32, _ now: Cycle) {
    if token == Token.instruction {
      fillL1Instruction(line: line, now)
    } else if let eviction = Token.eviction(token) {
      l1.pointee.fill(line, sectors: sectors, eviction)
      memory.pointee.misses.fill(line, sectors: sectors) { request in lineForRequest(request, now) }
    } else if token & Token.writeAcknowledge != 0 {
      memory.pointee.unacknowledged -= 1
      warps[Int(token & 0xff)].unacknowledged -= 1
      operationDone(warp: Int(token & 0xff), memory: true, now)
    } else {
      lineForRequest(Int(token), now)
    }
  }

  private func lineForRequest(_ index: Int, _ now: Cycle) {
    requests[index].missing -= 1
    guard requests[index].missing == 0 else { return }
    var ready = max(now, requests[index].ready)
    let record = requests[index].record!
    if record.pointee.action == .copyAsync {
      // From the L1 on, a copy goes the same way whether it hit or missed.
      let toShared = Int(record.pointee.dataPhase) - spec.memoryUnit.phases.loadGlobalRegular.data
      ready = max(requests[index].ready, now + Cycle(max(0, toShared)))
    }
    events.pointee.schedule(Event(.dataReady, b: index), at: ready)
  }

  // MARK: Return

  func dataReady(_ index: Int, _ now: Cycle) {
    let request = requests[index]
    let record = request.record!
    if record.pointee.action == .copyAsync {
      complete(index, now)
      return
    }
    let core = core(of: request.warp)
    let cycles: Int
    switch record.pointee.space {
    case .shared:
      let link = spec.memoryUnit.sharedLinkBytes
      cycles = max(
        spec.memoryUnit.sharedLinkMinimum, (record.pointee.words * 128 + link - 1) / link)
    case .constant, .none: cycles = 1
    default:
      let link = spec.memoryUnit.globalLinkBytes
      cycles = (record.pointee.words * 128 + link - 1) / link
    }
    let end = max(now, core.pointee.returnLinkFree) + Cycle(max(1, cycles))
    core.pointee.returnLinkFree = end
    events.pointee.schedule(Event(.writeBack, b: index), at: end - 1)
  }

  /// The last register is written, unless a fixed-latency result has the bank's port.
  func writeBack(_ index: Int, _ now: Cycle) {
    let request = requests[index]
    let free = writePortFree(core(of: request.warp), request.record!, now)
    events.pointee.schedule(Event(free ? .complete : .writeBack, b: index), at: now + 1)
  }

  func complete(_ index: Int, _ now: Cycle) {
    let request = requests[index]
    let record = request.record!
    follow(.done, warp: request.warp, dynamic: request.dynamic, at: now)
    requests[index].next = memory.pointee.free - 1
    memory.pointee.free = index + 1
    memory.pointee.inFlight -= 1
    if record.pointee.action == .copyAsync { leaveAsyncGroup(request.warp, request.group, now) }
    if record.pointee.flags.contains(.holdsSources) {
      releaseSources(request.warp, record, at: now)
    }
    if record.pointee.writeCounter < 6 {
      lowerCounter(warp: request.warp, Int(record.pointee.writeCounter), now)
    }
    if record.pointee.flags.contains(.scoreboard) {
      releaseScoreboard(
        warp: request.warp, age: warps[request.warp].age,
        instruction: record - warps[request.warp].records, sources: false, now)
    }
    operationDone(warp: request.warp, memory: true, now)
  }
}
