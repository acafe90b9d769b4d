/// The stream buffer between an L0 instruction cache and the SM's L1 (arXiv 2503.20481 §4): on a
/// miss it runs ahead, line after line.
extension SM {
  /// Whether `line` is the head of the stream buffer and has arrived; moves it into L0 if so.
  func takeFromStreamBuffer(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    guard core.pointee.stream.count > 0,
      core.pointee.stream.lines[core.pointee.stream.head] == line,
      core.pointee.stream.arrived >> UInt32(core.pointee.stream.head) & 1 == 1
    else { return false }
    popStream(core)
    l0[core.pointee.index].fill(line)
    return true
  }

  /// A fetch of `line` missed in L0: wait for the stream buffer's head, or ask the L1 and restart
  /// the stream behind the line.
  func missInstruction(
    _ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64, kernelSlot: Int, _ now: Cycle
  ) {
    let head =
      core.pointee.stream.count > 0 ? core.pointee.stream.lines[core.pointee.stream.head] : .max
    if head == line { return }
    for index in 0..<core.pointee.awaitedCount where core.pointee.awaitedLines[index] == line {
      return
    }
    if core.pointee.awaitedCount < 32 {
      core.pointee.awaitedLines[core.pointee.awaitedCount] = line
      core.pointee.awaitedCount += 1
    }
    requestLine(.instruction, core: core.pointee.index, line: line, kernelSlot: kernelSlot, now)
    if head != line + 1, spec.frontEnd.prefetcher.lines > 0, !headIsAwaited(core, head) {
      core.pointee.stream.head = 0
      core.pointee.stream.count = 0
      core.pointee.stream.arrived = 0
      core.pointee.stream.active = true
      core.pointee.stream.nextLine = line + 1
    }
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

  func canPrefetch(_ core: UnsafeMutablePointer<SubCoreState>) -> Bool {
    core.pointee.stream.active && core.pointee.stream.count < spec.frontEnd.prefetcher.lines
  }

  /// Sends prefetches while the buffer has room and the way to the L1 is free: demand goes first.
  func prefetch(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    for _ in 0..<spec.frontEnd.prefetcher.requestsPerCycle {
      guard canPrefetch(core), front.pointee.requestFree <= now else { return }
      let line = core.pointee.stream.nextLine
      var known = l0[core.pointee.index].contains(line)
      for index in 0..<core.pointee.awaitedCount where core.pointee.awaitedLines[index] == line {
        known = true
      }
      if known {
        core.pointee.stream.active = false
        return
      }
      let slot = (core.pointee.stream.head + core.pointee.stream.count) & 31
      core.pointee.stream.lines[slot] = line
      core.pointee.stream.arrived &= ~(1 << UInt32(slot))
      core.pointee.stream.count += 1
      core.pointee.stream.nextLine = line + 1
      let slotOfLast = core.pointee.lastIssued >= 0 ? warp(core, core.pointee.lastIssued) : 0
      let kernelSlot = warps[min(slotOfLast, warpSlots - 1)].kernelSlot
      statistics[kernelSlot].instructionPrefetches += 1
      requestLine(.prefetch, core: core.pointee.index, line: line, kernelSlot: kernelSlot, now)
    }
  }

  /// A prefetched line arrived from the L1.
  func prefetchArrives(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    for offset in 0..<core.pointee.stream.count {
      let slot = (core.pointee.stream.head + offset) & 31
      guard core.pointee.stream.lines[slot] == line else { continue }
      core.pointee.stream.arrived |= 1 << UInt32(slot)
      if offset == 0, headIsAwaited(core, line) {
        popStream(core)
        l0[core.pointee.index].fill(line)
        answerFetches(core, line: line, now)
      }
      return
    }
  }

  private func popStream(_ core: UnsafeMutablePointer<SubCoreState>) {
    core.pointee.stream.head = (core.pointee.stream.head + 1) & 31
    core.pointee.stream.count -= 1
  }
}
