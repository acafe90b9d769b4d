import ISA

/// FP64 on parts where one unit serves the whole SM: operands travel from the sub-core, the unit
/// takes one warp instruction at a time (arXiv 2503.20481 §5).
extension SM {
  func enterDoubleQueue(
    _ core: UnsafeMutablePointer<SubCoreState>, _ latch: Latch, _ now: Cycle
  ) -> Bool {
    guard core.pointee.doubleSlots < min(8, spec.units.queueEntries) else { return false }
    let record = latch.record!
    let operands = (Int(record.pointee.readCount) + 1) / 2
    let transfer = spec.units.fp64Transfer + spec.units.fp64TransferPerOperand * operands
    let slot = (core.pointee.doubleHead + core.pointee.doubleCount) & 7
    core.pointee.doubleQueue[slot] = MemoryQueueEntry(
      warp: UInt8(latch.warp), record: record, dynamic: latch.dynamic,
      earliest: max(now + 1, now - 1 + Cycle(transfer)))
    core.pointee.doubleCount += 1
    memory.pointee.waitingDoubles += 1
    core.pointee.doubleSlots += 1
    return true
  }

  func acceptDouble(_ now: Cycle) {
    guard memory.pointee.waitingDoubles > 0, now >= memory.pointee.doubleFree else { return }
    for turn in 0..<subCoreCount {
      let index = (memory.pointee.doubleTurn + turn) % subCoreCount
      let core = cores + index
      guard core.pointee.doubleCount > 0 else { continue }
      let entry = core.pointee.doubleQueue[core.pointee.doubleHead]
      guard entry.earliest <= now else { continue }
      core.pointee.doubleHead = (core.pointee.doubleHead + 1) & 7
      core.pointee.doubleCount -= 1
      memory.pointee.waitingDoubles -= 1
      memory.pointee.doubleTurn = (index + 1) % subCoreCount
      let record = entry.record!
      memory.pointee.doubleFree = now + Cycle(record.pointee.initiation)
      events.pointee.schedule(Event(.fp64SlotFree, a: index), at: now + 1)
      let operands = (Int(record.pointee.readCount) + 1) / 2
      let transfer = spec.units.fp64Transfer + spec.units.fp64TransferPerOperand * operands
      releaseSources(Int(entry.warp), record, at: now + 1)
      let result = now + Cycle(max(1, Int(record.pointee.latency) - transfer))
      releaseResult(Int(entry.warp), record, at: result)
      follow(.started, warp: Int(entry.warp), dynamic: entry.dynamic, at: now)
      follow(.done, warp: Int(entry.warp), dynamic: entry.dynamic, at: result)
      return
    }
  }
}
