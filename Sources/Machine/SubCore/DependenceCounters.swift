import ISA

/// The six dependence counters of a warp (arXiv 2503.20481 §4).
extension SM {
  /// Raises the counters of the instruction in Control. Runs after Issue, so that the increment is
  /// seen one cycle later: a consumer right behind its producer slips through, as on hardware.
  func raiseCounters(_ core: UnsafeMutablePointer<SubCoreState>, warp index: Int, _ now: Cycle) {
    let record = core.pointee.raised!
    let warp = warps + index
    raise(warp, record.pointee.writeCounter, record)
    raise(warp, record.pointee.readCounter, record)
    evaluate(index, at: now + 1)
  }

  private func raise(
    _ warp: UnsafeMutablePointer<Warp>, _ counter: UInt8,
    _ record: UnsafeMutablePointer<IssueRecord>
  ) {
    guard counter < 6 else { return }
    let value = warp.pointee.counters[Int(counter)]
    if Int(value) < spec.dependence.counterMaximum {
      warp.pointee.counters[Int(counter)] = value + 1
    }
    warp.pointee.busyCounters |= 1 << counter
    if record.pointee.flags.contains(.shortScoreboard) {
      warp.pointee.longCounters &= ~(1 << counter)
    } else {
      warp.pointee.longCounters |= 1 << counter
    }
  }

  func lowerCounter(warp index: Int, _ counter: Int, _ now: Cycle) {
    let warp = warps + index
    guard warp.pointee.resident, counter < 6, warp.pointee.counters[counter] > 0 else { return }
    warp.pointee.counters[counter] -= 1
    if warp.pointee.counters[counter] == 0 { warp.pointee.busyCounters &= ~(1 << UInt8(counter)) }
    if warp.pointee.reason != .notSelected { evaluate(index, at: now) }
  }

  /// A variable-latency operation of the warp ended.
  func operationDone(warp index: Int, memory: Bool, _ now: Cycle) {
    let warp = warps + index
    warp.pointee.outstanding -= 1
    if memory {
      warp.pointee.memoryOutstanding -= 1
      releaseFence(index, now)
    }
    if warp.pointee.cursor >= warp.pointee.end { evaluate(index, at: now) }
  }

  /// Lets a warp go on that waited at a fence for its memory operations.
  func releaseFence(_ index: Int, _ now: Cycle) {
    let warp = warps + index
    guard warp.pointee.block == .fence else { return }
    let left = warp.pointee.fenceWithinCTA ? Int(warp.pointee.unacknowledged) : 0
    guard warp.pointee.memoryOutstanding == left else { return }
    let end = max(now + 1, warp.pointee.fenceEnd)
    if warp.pointee.fenceWrite < 6 {
      events.pointee.schedule(
        Event(.counterRelease, warp: index, a: Int(warp.pointee.fenceWrite)), at: end)
    }
    if warp.pointee.fenceRead < 6 {
      events.pointee.schedule(
        Event(.counterRelease, warp: index, a: Int(warp.pointee.fenceRead)), at: end)
    }
    warp.pointee.block = .fenceEnding
    events.pointee.schedule(Event(.wakeWarp, warp: index), at: end)
  }
}
