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

  /// LDGDEPBAR: raises counter 0 until the group is done.
  func closeAsyncGroup(_ index: Int, _ now: Cycle) {
    let warp = warps + index
    // A ring of 32 groups: the compiler keeps a handful in flight.
    if warp.pointee.asyncOpen &- warp.pointee.asyncHead >= 31 { return }
    warp.pointee.asyncOpen &+= 1
    if Int(warp.pointee.counters[0]) < spec.dependence.counterMaximum {
      warp.pointee.counters[0] += 1
    }
    warp.pointee.busyCounters |= 1
    warp.pointee.longCounters |= 1
    retireAsyncGroups(index, now)
  }

  private func retireAsyncGroups(_ index: Int, _ now: Cycle) {
    let warp = warps + index
    while warp.pointee.asyncHead != warp.pointee.asyncOpen,
      warp.pointee.asyncGroups[Int(warp.pointee.asyncHead & 31)] == 0
    {
      warp.pointee.asyncHead &+= 1
      events.pointee.schedule(Event(.counterRelease, warp: index, a: 0), at: now + 1)
    }
  }
}
