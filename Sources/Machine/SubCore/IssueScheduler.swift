import ISA

/// The issue stage: one warp instruction per cycle, chosen by the policy among the eligible warps
/// whose unit can take it.
extension SM {
  func issue(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let eligible = core.pointee.eligible
    guard eligible != 0 else { return }
    if core.pointee.control.occupied || now < core.pointee.issueFree {
      charge(core, eligible, core.pointee.throttle, from: now)
      return
    }
    let blocked = blockedByUnits(core, now)
    var ready = eligible & ~blocked.warps
    if blocked.warps != 0 { throttle(core, blocked.warps, now) }
    if core.pointee.holdUntil > now {
      charge(core, ready, .notSelected, from: now)
      return
    }
    if ready == 0 {
      core.pointee.blockedUntil = blocked.until
      core.pointee.chargedUntil = now
      return
    }
    while ready != 0 {
      let bit = inTurn(core, choose(core, ready), ready)
      let index = warp(core, bit)
      if constantReady(core, index, now) {
        let others = ready & ~(1 << UInt16(bit))
        if others != 0 { charge(core, others, .notSelected, from: now) }
        issue(core, index, now)
        return
      }
      charge(core, 1 << UInt16(bit), .imcMiss, from: now)
      ready &= ~(1 << UInt16(bit))
      if core.pointee.holdUntil > now {
        charge(core, ready, .notSelected, from: now)
        return
      }
    }
  }

  /// Eligible warps whose unit's dispatch latch will not be free when they arrive, and the first
  /// cycle in which one of them finds it free.
  private func blockedByUnits(
    _ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle
  ) -> (warps: UInt16, until: Cycle) {
    var blocked: UInt16 = 0
    var until = never
    var left = core.pointee.eligible
    while left != 0 {
      let unit = Int(core.pointee.unitOfWarp[left.trailingZeroBitCount])
      let warps = core.pointee.eligibleByUnit[unit]
      left &= ~warps
      let free = unitIsFree(core, unit, from: now)
      if free > now {
        blocked |= warps
        until = min(until, free)
      }
    }
    return (blocked, until)
  }

  /// Warps that queue for a full memory unit go in the order in which they came. With the youngest
  /// first the oldest would be left behind to run alone at the end, which the bandwidths measured
  /// with as many warps as the unit can hold rule out (RTX 4090 microbenchmarks: shared_bw, l1_bw).
  private func inTurn(
    _ core: UnsafeMutablePointer<SubCoreState>, _ chosen: Int, _ ready: UInt16
  ) -> Int {
    let memory = core.pointee.eligibleByUnit[Int(Unit.memory.rawValue)] & ready
    guard core.pointee.backedUp, memory >> UInt16(chosen) & 1 == 1,
      chosen != core.pointee.lastIssued
    else { return chosen }
    var best = chosen
    var left = memory
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      if warps[warp(core, bit)].reasonSince < warps[warp(core, best)].reasonSince { best = bit }
    }
    return best
  }

  /// Charges one cycle, or some, from `start` on of each warp in `mask` to `reason`.
  private func charge(
    _ core: UnsafeMutablePointer<SubCoreState>, _ mask: UInt16, _ reason: StallReason,
    from start: Cycle, cycles: UInt64 = 1
  ) {
    if probe != nil { observeAll(core, mask, reason, from: start, cycles: Int64(cycles)) }
    if core.pointee.kernelSlot >= 0 {
      statistics[core.pointee.kernelSlot].stalls[Int(reason.rawValue)] +=
        UInt64(mask.nonzeroBitCount) * cycles
      return
    }
    var left = mask
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      statistics[warps[warp(core, bit)].kernelSlot].stalls[Int(reason.rawValue)] += cycles
    }
  }

  /// Charges warps whose unit is not free; those that wait for the memory unit queue up.
  private func throttle(
    _ core: UnsafeMutablePointer<SubCoreState>, _ warps: UInt16, _ now: Cycle
  ) {
    let memory = warps & core.pointee.eligibleByUnit[Int(Unit.memory.rawValue)]
    core.pointee.throttledMath = warps & ~memory
    core.pointee.throttledShort = memory & core.pointee.eligibleShort
    core.pointee.throttledLong = memory & ~core.pointee.eligibleShort
    if memory != 0 { core.pointee.backedUp = true }
    chargeThrottled(core, from: now, cycles: 1)
  }

  private func chargeThrottled(
    _ core: UnsafeMutablePointer<SubCoreState>, from start: Cycle, cycles: UInt64
  ) {
    charge(core, core.pointee.throttledMath, .mathPipeThrottle, from: start, cycles: cycles)
    charge(core, core.pointee.throttledShort, .mioThrottle, from: start, cycles: cycles)
    charge(core, core.pointee.throttledLong, .lgThrottle, from: start, cycles: cycles)
  }

  /// Charges the cycles since the last step, in which all eligible warps were throttled.
  func chargeSkipped(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let cycles = now - core.pointee.chargedUntil - 1
    if cycles > 0 {
      chargeThrottled(core, from: core.pointee.chargedUntil + 1, cycles: UInt64(cycles))
    }
    core.pointee.blockedUntil = 0
  }

  private func issue(_ core: UnsafeMutablePointer<SubCoreState>, _ index: Int, _ now: Cycle) {
    let warp = warps + index
    let bit = bit(of: index)
    let dynamic = warp.pointee.stream[warp.pointee.cursor]
    let record = warp.pointee.records + Int(dynamic.index)
    let counts = statistics + warp.pointee.kernelSlot
    counts.pointee.stalls[Int(StallReason.selected.rawValue)] += 1
    counts.pointee.warpInstructions += 1
    counts.pointee.threadInstructions += UInt64(dynamic.mask.nonzeroBitCount)
    counts.pointee.issuedByUnit[Int(record.pointee.unit)] += 1
    if logsIssue { logIssue(index, record, now) }
    if let counts = profile(warp, record) {
      counts.pointee.issues += 1
      counts.pointee.threads += UInt64(dynamic.mask.nonzeroBitCount)
      observe(warp, .selected, from: now, cycles: 1)
      followIssue(index, record, now)
      probe?.pointee.timeline?.pointee.count(record.pointee.unit)
    }

    core.pointee.lastIssued = bit.trailingZeroBitCount
    core.pointee.control = Latch(
      occupied: true, warp: index, record: record, dynamic: warp.pointee.cursor, visited: false)
    if record.pointee.action == .copyAsync { core.pointee.control.group = joinAsyncGroup(index) }
    core.pointee.throttle = .dispatchStall
    reserveUnit(core, record, now)
    if record.pointee.issueBusy > 0 {
      core.pointee.issueFree = now + 1 + Cycle(record.pointee.issueBusy)
      core.pointee.throttle = .mathPipeThrottle
    }
    removeEligible(core, bit)
    if core.pointee.backedUp, core.pointee.eligibleByUnit[Int(Unit.memory.rawValue)] == 0 {
      core.pointee.backedUp = false
    }
    warp.pointee.stallUntil = now - core.pointee.frozen + Cycle(record.pointee.wait)
    warp.pointee.depbarCounter = 255
    if !record.pointee.flags.contains(.fixedLatency) { warp.pointee.outstanding += 1 }
    if record.pointee.flags.contains(.memory) { warp.pointee.memoryOutstanding += 1 }
    if record.pointee.flags.contains(.scoreboard) { occupyScoreboard(index, record, now) }
    advance(core, index, record, now)
    takeEffect(index, record, mask: dynamic.mask, now)
    // The cycle of issue is charged to `selected`; what follows begins in the next one.
    warp.pointee.reason = .notSelected
    evaluate(index, at: now + 1)
  }

  /// Takes the instruction out of the buffer; a change of path empties the buffer.
  private func advance(
    _ core: UnsafeMutablePointer<SubCoreState>, _ index: Int,
    _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle
  ) {
    let warp = warps + index
    warp.pointee.bufferHead = (warp.pointee.bufferHead + 1) & 7
    warp.pointee.bufferCount -= 1
    warp.pointee.cursor += 1
    if warp.pointee.cursor >= warp.pointee.end {
      warp.pointee.bufferCount = 0
      core.pointee.fetchable &= ~bit(of: index)
      return
    }
    let next = warp.pointee.records[Int(warp.pointee.stream[warp.pointee.cursor].index)].pc
    if next != record.pointee.pc &+ warp.pointee.instructionBytes {
      warp.pointee.bufferCount = 0
      warp.pointee.awaitedLine = .max
      warp.pointee.fetchPC = next
    }
    updateFetchable(core, index)
  }

  /// What an instruction does to its warp at issue.
  private func takeEffect(
    _ index: Int, _ record: UnsafeMutablePointer<IssueRecord>, mask: UInt32, _ now: Cycle
  ) {
    let warp = warps + index
    switch record.pointee.effect {
    case .none, .branch, .exit: break
    case .depbar:
      warp.pointee.depbarCounter = UInt8(truncatingIfNeeded: record.pointee.argument0)
      warp.pointee.depbarThreshold = UInt8(clamping: Int(record.pointee.argument1))
    case .asyncGroup:
      closeAsyncGroup(index, counter: Int(record.pointee.argument0 & 7) % 6, now)
    case .barrierSync: arriveAtBarrier(index, record, waits: true, now)
    case .barrierArrive: arriveAtBarrier(index, record, waits: false, now)
    case .fence: beginFence(index, record, now)
    case .sleep:
      let cycles = Cycle(
        (Double(min(record.pointee.argument1, 1_000_000)) * clock / 1000).rounded(.up))
      warp.pointee.block = .sleep
      events.pointee.schedule(Event(.wakeWarp, warp: index), at: now + max(1, cycles))
    }
  }

  private func logIssue(_ index: Int, _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle) {
    let warp = warps + index
    issueLog.pointee.append(
      IssueLogEntry(
        cycle: now, cta: ctas[warp.pointee.ctaSlot].launch?.linear ?? 0,
        warp: warp.pointee.warpInCTA, instruction: record - warp.pointee.records,
        kernelSlot: warp.pointee.kernelSlot))
  }
}
