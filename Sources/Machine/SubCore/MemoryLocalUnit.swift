import ISA

/// The memory local unit of a sub-core: a short queue, address generation every few cycles, and
/// operand reads that yield to fixed-latency instructions (arXiv 2503.20481 §7, Tables 1 and 2).
extension SM {
  /// Whether the queue, with the latch in front of it, takes another instruction that issues now.
  /// If not, other warps may still issue to other units.
  func memoryQueueHasRoom(_ core: UnsafeMutablePointer<SubCoreState>) -> Bool {
    let coming =
      core.pointee.control.occupied
      && core.pointee.control.record!.pointee.unit == Unit.memory.rawValue
    return core.pointee.queueSlots + (coming ? 1 : 0) <= spec.memoryUnit.queueEntries
  }

  func enterMemoryQueue(
    _ core: UnsafeMutablePointer<SubCoreState>, _ latch: Latch, _ now: Cycle
  ) {
    let record = latch.record!
    var phase = Int(record.pointee.addressPhase)
    if record.pointee.flags.contains(.narrowAddress) {
      phase -= spec.memoryUnit.narrowAddressSaving
    }
    let slot = (core.pointee.queueHead + core.pointee.queueCount) & 15
    // Control works one cycle after issue, from which the address phase counts.
    core.pointee.queue[slot] = MemoryQueueEntry(
      warp: UInt8(latch.warp), record: record, dynamic: latch.dynamic, group: latch.group,
      earliest: now - 1 + Cycle(max(2, phase)))
    core.pointee.queueCount += 1
    core.pointee.queueSlots += 1
    if core.pointee.queueCount == 1 { prepareHead(core, now) }
  }

  /// Arranges the operand read and the request of the instruction at the queue's head.
  private func prepareHead(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let head = core.pointee.queue[core.pointee.queueHead]
    let interval = Cycle(spec.memoryUnit.addressInterval)
    let request = max(head.earliest, core.pointee.lastAccept + interval, now + 1)
    if head.record!.pointee.readCount == 0 {
      events.pointee.schedule(Event(.memoryRequest, a: core.pointee.index), at: request)
    } else {
      let read = max(now + 1, request - Cycle(spec.memoryUnit.operandReadLead))
      events.pointee.schedule(Event(.memoryOperandRead, a: core.pointee.index), at: read)
    }
  }

  func readMemoryOperands(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let head = core.pointee.queue[core.pointee.queueHead]
    guard readNow(core, head.record!, now) else {
      events.pointee.schedule(Event(.memoryOperandRead, a: core.pointee.index), at: now + 1)
      return
    }
    let request = max(now + Cycle(spec.memoryUnit.operandReadLead), head.earliest)
    events.pointee.schedule(Event(.memoryRequest, a: core.pointee.index), at: request)
  }

  /// The SM's shared unit takes one instruction every few cycles, from the sub-cores in turn.
  func acceptMemory(_ now: Cycle) {
    let waiting = memory.pointee.waitingHeads
    guard waiting != 0, now >= memory.pointee.nextAccept else { return }
    for turn in 0..<subCoreCount {
      let index = (memory.pointee.turn + turn) % subCoreCount
      let core = cores + index
      guard waiting >> UInt32(index) & 1 != 0 else { continue }
      guard hasPendingRoom() else { return }
      memory.pointee.waitingHeads &= ~(1 << UInt32(index))
      memory.pointee.turn = (index + 1) % subCoreCount
      let entry = core.pointee.queue[core.pointee.queueHead]
      let idle = warps[Int(entry.warp)].stream[entry.dynamic].mask == 0
      memory.pointee.nextAccept =
        now + Cycle(idle ? spec.memoryUnit.idleAcceptInterval : spec.memoryUnit.acceptInterval)
      core.pointee.queueHead = (core.pointee.queueHead + 1) & 15
      core.pointee.queueCount -= 1
      core.pointee.lastAccept = now
      events.pointee.schedule(Event(.memorySlotFree, a: index), at: now + 1)
      if core.pointee.queueCount > 0 { prepareHead(core, now) }
      access(core, entry, now)
      return
    }
  }

  /// The earliest cycle after `now` in which a waiting instruction could be accepted.
  func nextAcceptance(_ now: Cycle) -> Cycle {
    var next =
      memory.pointee.waitingHeads == 0 ? never : max(now + 1, memory.pointee.nextAccept)
    if memory.pointee.waitingDoubles == 0 { return next }
    for core in 0..<subCoreCount {
      if cores[core].doubleCount > 0 {
        let ready = cores[core].doubleQueue[cores[core].doubleHead].earliest
        next = min(next, max(now + 1, memory.pointee.doubleFree, ready))
      }
    }
    return next
  }
}
