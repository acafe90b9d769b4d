import ISA

/// cp.async groups: LDGDEPBAR closes the warp's open group; a group counts as done when it and all
/// groups before it have landed in shared memory.
extension SM {
  /// An LDGSTS issues: it belongs to the group that is open now.
  func joinAsyncGroup(_ warp: Int) -> UInt32 {
    let group = warps[warp].asyncOpen
    warps[warp].asyncGroups[Int(group & 31)] += 1
    return group
  }

  func leaveAsyncGroup(_ warp: Int, _ group: UInt32, _ now: Cycle) {
    warps[warp].asyncGroups[Int(group & 31)] -= 1
    retireAsyncGroups(warp, now)
  }

  /// LDGDEPBAR: raises a counter until the group is done; compilers use counter 0.
  func closeAsyncGroup(_ index: Int, counter: Int, _ now: Cycle) {
    let warp = warps + index
    warp.pointee.asyncCounter = UInt8(truncatingIfNeeded: counter)
    // A ring of 32 groups: the compiler keeps a handful in flight.
    if warp.pointee.asyncOpen &- warp.pointee.asyncHead >= 31 { return }
    warp.pointee.asyncOpen &+= 1
    if Int(warp.pointee.counters[counter]) < spec.dependence.counterMaximum {
      warp.pointee.counters[counter] += 1
    }
    warp.pointee.busyCounters |= 1 << UInt8(counter)
    warp.pointee.longCounters |= 1 << UInt8(counter)
    retireAsyncGroups(index, now)
  }

  private func retireAsyncGroups(_ index: Int, _ now: Cycle) {
    let warp = warps + index
    while warp.pointee.asyncHead != warp.pointee.asyncOpen,
      warp.pointee.asyncGroups[Int(warp.pointee.asyncHead & 31)] == 0
    {
      warp.pointee.asyncHead &+= 1
      events.pointee.schedule(
        Event(.counterRelease, warp: index, a: Int(warp.pointee.asyncCounter)), at: now + 1)
    }
  }
}
