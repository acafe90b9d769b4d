/// How an L0 instruction cache runs ahead of the fetches, chosen by name in the configuration.
public enum InstructionPrefetch: String, Codable, Hashable, Sendable, CaseIterable {
  /// A stream buffer beside the cache (arXiv 2503.20481 §4).
  case streamBuffer
  /// The lines behind one that missed come into the cache itself (Smith, ACM Computing Surveys 14,
  /// 1982).
  case nextLine
}

/// Lines asked for ahead of the fetches of one sub-core.
struct PrefetchState {
  /// There is a line to ask for: `nextLine`, and what follows it up to `lastLine`.
  var active = false
  var nextLine: UInt64 = 0
  var lastLine: UInt64 = .max
  /// Lines requested, in order (ring), and whether each has arrived.
  var lines = InlineArray<32, UInt64>(repeating: 0)
  var arrived: UInt32 = 0
  var head = 0
  var count = 0
}

/// What the front end asks a prefetcher: the three questions below, answered by the policy's own
/// file. Sending is the same for all of them.
extension SM {
  /// A fetch missed in L0: whether the prefetcher holds `line`; moves it into L0 if so.
  func takePrefetched(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    switch spec.frontEnd.prefetcher.policy {
    case .streamBuffer: takeFromStreamBuffer(core, line)
    case .nextLine: false
    }
  }

  /// A fetch waits for `line` and the L1 was not asked for it yet: whether a prefetch of it is under
  /// way. Sets the prefetcher on a new course.
  private func isUnderWay(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    switch spec.frontEnd.prefetcher.policy {
    case .streamBuffer: isInStreamBuffer(core, line)
    case .nextLine: isAmongNextLines(core, line)
    }
  }

  /// A prefetched line arrived from the L1.
  func prefetchArrives(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    switch spec.frontEnd.prefetcher.policy {
    case .streamBuffer: streamArrives(core, line: line, now)
    case .nextLine: nextLineArrives(core, line: line, now)
    }
  }

  /// A fetch of `line` missed: wait for the prefetcher, or ask the L1.
  func missInstruction(
    _ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64, kernelSlot: Int, _ now: Cycle
  ) {
    if isAwaited(core, line) || isUnderWay(core, line) { return }
    if core.pointee.awaitedCount < 32 {
      core.pointee.awaitedLines[core.pointee.awaitedCount] = line
      core.pointee.awaitedCount += 1
    }
    requestLine(.instruction, core: core.pointee.index, line: line, kernelSlot: kernelSlot, now)
  }

  /// Whether the L1 was asked for `line` because a fetch missed.
  private func isAwaited(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    for index in 0..<core.pointee.awaitedCount where core.pointee.awaitedLines[index] == line {
      return true
    }
    return false
  }

  func canPrefetch(_ core: UnsafeMutablePointer<SubCoreState>) -> Bool {
    core.pointee.prefetched.active
      && core.pointee.prefetched.count < spec.frontEnd.prefetcher.lines
  }

  /// Sends prefetches while there is room and the way to the L1 is free: demand goes first.
  func prefetch(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    for _ in 0..<spec.frontEnd.prefetcher.requestsPerCycle {
      guard canPrefetch(core), front.pointee.requestFree <= now else { return }
      let line = core.pointee.prefetched.nextLine
      if l0[core.pointee.index].contains(line) || isAwaited(core, line) {
        core.pointee.prefetched.active = false
        return
      }
      let slot = (core.pointee.prefetched.head + core.pointee.prefetched.count) & 31
      core.pointee.prefetched.lines[slot] = line
      core.pointee.prefetched.arrived &= ~(1 << UInt32(slot))
      core.pointee.prefetched.count += 1
      core.pointee.prefetched.active = line < core.pointee.prefetched.lastLine
      core.pointee.prefetched.nextLine = line + 1
      let slotOfLast = core.pointee.lastIssued >= 0 ? warp(core, core.pointee.lastIssued) : 0
      let kernelSlot = warps[min(slotOfLast, warpSlots - 1)].kernelSlot
      statistics[kernelSlot].instructionPrefetches += 1
      requestLine(.prefetch, core: core.pointee.index, line: line, kernelSlot: kernelSlot, now)
    }
  }

  /// Forgets the oldest of the lines requested.
  func popPrefetched(_ core: UnsafeMutablePointer<SubCoreState>) {
    core.pointee.prefetched.head = (core.pointee.prefetched.head + 1) & 31
    core.pointee.prefetched.count -= 1
  }
}
