/// Prefetch on miss: the lines behind one that missed come into the L0 instruction cache itself, where
/// they take the places of others whether they are needed or not.
extension SM {
  /// Whether a prefetch of `line` is under way. If not, the lines behind it follow.
  func isAmongNextLines(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    for offset in 0..<core.pointee.prefetched.count {
      let slot = (core.pointee.prefetched.head + offset) & 31
      if core.pointee.prefetched.lines[slot] == line,
        core.pointee.prefetched.arrived >> UInt32(slot) & 1 == 0
      {
        return true
      }
    }
    core.pointee.prefetched.active = true
    core.pointee.prefetched.nextLine = line + 1
    core.pointee.prefetched.lastLine = line + UInt64(spec.frontEnd.prefetcher.lines)
    return false
  }

  /// Fills L0. Lines may overtake each other; the ring lets its oldest go as far as they are here.
  func nextLineArrives(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    for offset in 0..<core.pointee.prefetched.count {
      let slot = (core.pointee.prefetched.head + offset) & 31
      if core.pointee.prefetched.lines[slot] == line {
        core.pointee.prefetched.arrived |= 1 << UInt32(slot)
      }
    }
    while core.pointee.prefetched.count > 0,
      core.pointee.prefetched.arrived >> UInt32(core.pointee.prefetched.head) & 1 == 1
    {
      popPrefetched(core)
    }
    l0[core.pointee.index].fill(line)
    answerFetches(core, line: line, now)
  }
}
