import ISA

/// CTA barriers with ids, thread counts and arrivals without waiting, and per-warp fences.
extension SM {
  func arriveAtBarrier(
    _ index: Int, _ record: UnsafeMutablePointer<IssueRecord>, waits: Bool, _ now: Cycle
  ) {
    let warp = warps + index
    let cta = ctas + warp.pointee.ctaSlot
    let barrier = Int(record.pointee.argument0) & 15
    if waits {
      warp.pointee.block = .barrier
      cta.pointee.waiting[barrier] |= 1 << UInt64(index)
      core(of: index).pointee.atBarrier |= bit(of: index)
    }
    cta.pointee.arrived[barrier] += 1
    if record.pointee.argument1 > 0 {
      cta.pointee.expected[barrier] = UInt16(clamping: (Int(record.pointee.argument1) + 31) / 32)
    }
    checkBarrier(warp.pointee.ctaSlot, barrier, now)
  }

  /// Opens the barrier if all that it waits for have arrived. Warps that exited count no more.
  private func checkBarrier(_ slot: Int, _ barrier: Int, _ now: Cycle) {
    let cta = ctas + slot
    let arrived = Int(cta.pointee.arrived[barrier])
    let expected = Int(cta.pointee.expected[barrier])
    guard arrived > 0, arrived >= (expected > 0 ? expected : cta.pointee.warpsRunning) else {
      return
    }
    cta.pointee.arrived[barrier] = 0
    cta.pointee.expected[barrier] = 0
    events.pointee.schedule(
      Event(.barrierRelease, a: slot, b: barrier, address: cta.pointee.waiting[barrier]),
      at: now + Cycle(max(1, spec.barrier.releaseLatency)))
    cta.pointee.waiting[barrier] = 0
  }

  func openBarrier(waiting: UInt64, _ now: Cycle) {
    var left = waiting
    while left != 0 {
      let index = left.trailingZeroBitCount
      left &= left - 1
      warps[index].block = .none
      core(of: index).pointee.atBarrier &= ~bit(of: index)
      evaluate(index, at: now)
    }
  }

  /// A warp has exited: barriers that waited for it alone open.
  func warpLeavesBarriers(_ slot: Int, _ now: Cycle) {
    for barrier in 0..<16 where ctas[slot].arrived[barrier] > 0 { checkBarrier(slot, barrier, now) }
  }

  /// MEMBAR: the warp waits until its own memory operations are seen in the scope. Within the CTA,
  /// what left for the L2 is seen by all; else the L2 must have acknowledged it.
  func beginFence(_ index: Int, _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle) {
    let warp = warps + index
    let latency: Int
    switch record.pointee.scope {
    case .system: latency = spec.barrier.fenceSystem
    case .gpu: latency = spec.barrier.fenceGPU
    default:
      latency =
        record.pointee.flags.contains(.systemScope)
        ? spec.barrier.fenceSystem : spec.barrier.fenceCTA
    }
    warp.pointee.fenceEnd = now + Cycle(max(1, latency))
    warp.pointee.fenceWithinCTA =
      record.pointee.scope != .gpu && record.pointee.scope != .system
      && !record.pointee.flags.contains(.systemScope)
    warp.pointee.fenceWrite = record.pointee.writeCounter
    warp.pointee.fenceRead = record.pointee.readCounter
    warp.pointee.block = .fence
    releaseFence(index, now + 1)
  }
}
