import ISA

/// Control: every instruction passes here in the cycle after its issue. Counters rise, the clock
/// is read, and the instruction goes on to Allocate or to its unit's queue, or stays and closes
/// the issue stage (arXiv 2503.20481 §5).
extension SM {
  /// Returns the warp whose counters rise at the end of the cycle, or -1.
  func stepControl(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) -> Int {
    guard core.pointee.control.occupied else { return -1 }
    let latch = core.pointee.control
    let record = latch.record!
    var raised = -1
    if !latch.visited {
      core.pointee.control.visited = true
      if record.pointee.flags.contains(.readsClock) { readClock(latch.warp, now) }
      if record.pointee.writeCounter < 6 || record.pointee.readCounter < 6 {
        core.pointee.raised = record
        raised = latch.warp
      }
    }
    if moveOn(core, latch, now) {
      core.pointee.control.occupied = false
      follow(.dispatched, warp: latch.warp, dynamic: latch.dynamic, at: now + 1)
    }
    return raised
  }

  private func moveOn(
    _ core: UnsafeMutablePointer<SubCoreState>, _ latch: Latch, _ now: Cycle
  ) -> Bool {
    let record = latch.record!
    if record.pointee.flags.contains(.fixedLatency) {
      guard !core.pointee.allocate.occupied else { return false }
      core.pointee.allocate = latch
      core.pointee.allocate.visited = false
      return true
    }
    switch Unit(rawValue: record.pointee.unit) {
    case .memory: enterMemoryQueue(core, latch, now)
    case .fp64 where spec.units.fp64Shared:
      guard enterDoubleQueue(core, latch, now) else {
        core.pointee.throttle = .mathPipeThrottle
        return false
      }
    default: enterVariableUnit(core, latch, now)
    }
    return true
  }

  func readClock(_ index: Int, _ now: Cycle) {
    let warp = warps + index
    clockReads.pointee.append(
      ClockRead(
        cta: ctas[warp.pointee.ctaSlot].launch?.linear ?? 0, warp: warp.pointee.warpInCTA,
        cycle: now, kernelSlot: warp.pointee.kernelSlot))
  }
}
