/// The stream buffer between an L0 instruction cache and the SM's L1 (arXiv 2503.20481 §4): on a
/// miss it runs ahead, line after line. Only its head can be taken.
extension SM {
  /// Whether `line` is the head of the stream buffer and has arrived; moves it into L0 if so.
  func takeFromStreamBuffer(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    guard head(core) == line,
      core.pointee.prefetched.arrived >> UInt32(core.pointee.prefetched.head) & 1 == 1
    else { return false }
    popPrefetched(core)
    l0[core.pointee.index].fill(line)
    return true
  }

  /// Whether `line` comes as the buffer's head. The buffer starts anew behind another line, unless
  /// it is there already or a warp waits for its head.
  func isInStreamBuffer(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    let head = head(core)
    if head == line { return true }
    if head != line + 1, spec.frontEnd.prefetcher.lines > 0, !headIsAwaited(core, head) {
      core.pointee.prefetched.head = 0
      core.pointee.prefetched.count = 0
      core.pointee.prefetched.arrived = 0
      core.pointee.prefetched.active = true
      core.pointee.prefetched.nextLine = line + 1
    }
    return false
  }

  /// Marks the line's place; gives the line away at once if it is the head and a warp waits for it.
  func streamArrives(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    for offset in 0..<core.pointee.prefetched.count {
      let slot = (core.pointee.prefetched.head + offset) & 31
      guard core.pointee.prefetched.lines[slot] == line else { continue }
      core.pointee.prefetched.arrived |= 1 << UInt32(slot)
      if offset == 0, headIsAwaited(core, line) {
        popPrefetched(core)
        l0[core.pointee.index].fill(line)
        answerFetches(core, line: line, now)
      }
      return
    }
  }

  /// The buffer's first line; `.max` when it is empty.
  private func head(_ core: UnsafeMutablePointer<SubCoreState>) -> UInt64 {
    core.pointee.prefetched.count > 0
      ? core.pointee.prefetched.lines[core.pointee.prefetched.head] : .max
  }

  private func headIsAwaited(_ core: UnsafeMutablePointer<SubCoreState>, _ head: UInt64) -> Bool {
    guard head != .max else { return false }
    var left = core.pointee.resident
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      if warps[warp(core, bit)].awaitedLine == head { return true }
    }
    return false
  }
}
