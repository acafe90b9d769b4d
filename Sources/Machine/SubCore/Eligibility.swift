import ISA

/// Which warps may issue, and what the others wait for. A warp is looked at again only when
/// something happened to it, so a waiting warp costs nothing per cycle.
extension SM {
  /// Decides whether `index` may issue from cycle `cycle` on, and charges what it did before.
  func evaluate(_ index: Int, at cycle: Cycle) {
    let warp = warps + index
    guard warp.pointee.resident else { return }
    let core = core(of: index)
    let bit = bit(of: index)
    let reason = stallReason(index, at: cycle)
    if let reason {
      if core.pointee.eligible & bit != 0 { removeEligible(core, bit) }
      setReason(warp, reason, cycle)
      if reason == .drain, warp.pointee.outstanding == 0, warp.pointee.block == .none {
        retire(index, cycle)
      }
    } else {
      let record = warp.pointee.records + Int(warp.pointee.stream[warp.pointee.cursor].index)
      if core.pointee.eligible & bit != 0 { removeEligible(core, bit) }
      setReason(warp, .notSelected, cycle)
      let unit = Int(record.pointee.unit)
      core.pointee.eligible |= bit
      core.pointee.eligibleByUnit[unit] |= bit
      core.pointee.unitOfWarp[bit.trailingZeroBitCount] = UInt8(unit)
      if record.pointee.flags.contains(.shortScoreboard) {
        core.pointee.eligibleShort |= bit
      } else {
        core.pointee.eligibleShort &= ~bit
      }
      core.pointee.next = min(core.pointee.next, cycle)
    }
  }

  /// Why the warp cannot issue at `cycle`, or nil when it can. Arranges the wake-up for reasons
  /// that end by themselves.
  private func stallReason(_ index: Int, at cycle: Cycle) -> StallReason? {
    let warp = warps + index
    switch warp.pointee.block {
    case .none: break
    case .barrier: return .barrier
    case .fence, .fenceEnding: return .membar
    case .sleep: return .sleeping
    case .constant: return .imcMiss
    }
    if warp.pointee.cursor >= warp.pointee.end { return .drain }
    let stallEnd = warp.pointee.stallUntil + core(of: index).pointee.frozen
    if stallEnd > cycle {
      wake(index, at: stallEnd)
      return .wait
    }
    if warp.pointee.bufferCount == 0 { return .noInstruction }
    let ready = warp.pointee.bufferReady[warp.pointee.bufferHead]
    if ready > cycle {
      wake(index, at: ready)
      return .noInstruction
    }
    let record = warp.pointee.records + Int(warp.pointee.stream[warp.pointee.cursor].index)
    return dependenceStall(index, record)
  }

  private func dependenceStall(
    _ index: Int, _ record: UnsafeMutablePointer<IssueRecord>
  ) -> StallReason? {
    let warp = warps + index
    if record.pointee.flags.contains(.scoreboard) {
      let use = warp.pointee.uses + (record - warp.pointee.records)
      return scoreboards[index].stall(
        use, consumers: spec.dependence.scoreboardConsumers, readers: readers(index))
    }
    var mask = record.pointee.waitMask
    if record.pointee.effect == .depbar {
      mask |= UInt8(truncatingIfNeeded: record.pointee.argument2) & 63
    }
    let busy = mask & warp.pointee.busyCounters
    if busy != 0 {
      return busy & warp.pointee.longCounters != 0 ? .longScoreboard : .shortScoreboard
    }
    let counter = Int(warp.pointee.depbarCounter)
    if counter < 6, warp.pointee.counters[counter] > warp.pointee.depbarThreshold {
      return warp.pointee.longCounters >> UInt8(counter) & 1 == 1
        ? .longScoreboard : .shortScoreboard
    }
    return nil
  }

  func removeEligible(_ core: UnsafeMutablePointer<SubCoreState>, _ bit: UInt16) {
    core.pointee.eligible &= ~bit
    core.pointee.eligibleByUnit[Int(core.pointee.unitOfWarp[bit.trailingZeroBitCount])] &= ~bit
  }

  /// From `cycle` on the warp is in `reason`; the time before is charged to the reason it had.
  /// Eligible warps are charged cycle by cycle by the scheduler instead.
  func setReason(_ warp: UnsafeMutablePointer<Warp>, _ reason: StallReason, _ cycle: Cycle) {
    let old = warp.pointee.reason
    if old != .notSelected, cycle > warp.pointee.reasonSince {
      statistics[warp.pointee.kernelSlot].stalls[Int(old.rawValue)] +=
        UInt64(cycle - warp.pointee.reasonSince)
      if probe != nil {
        observe(
          warp, old, from: warp.pointee.reasonSince, cycles: cycle - warp.pointee.reasonSince)
      }
    }
    warp.pointee.reason = reason
    warp.pointee.reasonSince = cycle
  }

  // MARK: Wake-ups

  /// Looks at the warp again in `cycle`, at most 63 cycles ahead.
  func wake(_ index: Int, at cycle: Cycle) {
    let core = core(of: index)
    let slot = Int(cycle) & 63
    core.pointee.wakes[slot] |= bit(of: index)
    core.pointee.wakeBits |= 1 << UInt64(slot)
    core.pointee.next = min(core.pointee.next, cycle)
  }

  /// Looks again at the warps whose wait ends in this cycle.
  func wakeWarps(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let slot = Int(now) & 63
    guard core.pointee.wakeBits >> UInt64(slot) & 1 == 1 else { return }
    var mask = core.pointee.wakes[slot]
    core.pointee.wakes[slot] = 0
    core.pointee.wakeBits &= ~(1 << UInt64(slot))
    while mask != 0 {
      let bit = mask.trailingZeroBitCount
      mask &= mask - 1
      let index = warp(core, bit)
      // An eligible warp was woken already by something else.
      if core.pointee.eligible >> UInt16(bit) & 1 == 0 { evaluate(index, at: now) }
    }
  }

  func nextWake(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) -> Cycle {
    let bits = core.pointee.wakeBits
    if bits == 0 { return never }
    let shift = UInt64((now + 1) & 63)
    let rotated = shift == 0 ? bits : bits >> shift | bits << (64 - shift)
    return now + 1 + Cycle(rotated.trailingZeroBitCount)
  }
}
