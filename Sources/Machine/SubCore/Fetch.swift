import ISA

/// Fetch: one instruction a cycle into the instruction buffers (arXiv 2503.20481 §4). It follows
/// the warp that issued last; when that has no room, the youngest warp with room.
extension SM {
  /// Keeps the mask of warps that want to fetch.
  func updateFetchable(_ core: UnsafeMutablePointer<SubCoreState>, _ index: Int) {
    let warp = warps + index
    let wants =
      warp.pointee.resident && warp.pointee.bufferCount < spec.frontEnd.instructionBufferEntries
      && warp.pointee.awaitedLine == .max && warp.pointee.cursor < warp.pointee.end
      && warp.pointee.fetchPC < warp.pointee.codeEnd
    if wants {
      core.pointee.fetchable |= bit(of: index)
    } else {
      core.pointee.fetchable &= ~bit(of: index)
    }
  }

  func fetch(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let candidates = core.pointee.fetchable
    guard candidates != 0 else { return }
    let preferred = candidates & ~core.pointee.atBarrier
    let mask = preferred != 0 ? preferred : candidates
    let last = core.pointee.lastIssued
    let greedy = last >= 0 && mask >> UInt16(last) & 1 == 1
    let index = warp(core, greedy ? last : extreme(core, mask, youngest: true))
    fetch(core, index, now)
    updateFetchable(core, index)
  }

  private func fetch(_ core: UnsafeMutablePointer<SubCoreState>, _ index: Int, _ now: Cycle) {
    let warp = warps + index
    let counts = statistics + warp.pointee.kernelSlot
    counts.pointee.l0InstructionAccesses += 1
    if spec.frontEnd.perfectInstructionCache {
      deliver(core, index, at: now + Cycle(spec.frontEnd.fetchToIssue))
      return
    }
    let line = instructionLine(warp)
    let cache = l0 + core.pointee.index
    if warp.pointee.hitLine == line, warp.pointee.hitGeneration == cache.pointee.generation {
      deliver(core, index, at: now + Cycle(spec.frontEnd.fetchToIssue))
      return
    }
    if cache.pointee.lookup(line) != 0 || takePrefetched(core, line) {
      warp.pointee.hitLine = line
      warp.pointee.hitGeneration = cache.pointee.generation
      deliver(core, index, at: now + Cycle(spec.frontEnd.fetchToIssue))
      return
    }
    counts.pointee.l0InstructionMisses += 1
    warp.pointee.awaitedLine = line
    missInstruction(core, line, kernelSlot: warp.pointee.kernelSlot, now)
  }

  /// Line number of the warp's next fetch.
  private func instructionLine(_ warp: UnsafeMutablePointer<Warp>) -> UInt64 {
    (warp.pointee.codeBase + UInt64(warp.pointee.fetchPC)) / UInt64(spec.frontEnd.l0.line.count)
  }

  /// Puts one instruction into the warp's buffer, from which it may issue at `ready`.
  private func deliver(_ core: UnsafeMutablePointer<SubCoreState>, _ index: Int, at ready: Cycle) {
    let warp = warps + index
    let slot = (warp.pointee.bufferHead + warp.pointee.bufferCount) & 7
    warp.pointee.bufferReady[slot] = ready
    warp.pointee.bufferCount += 1
    warp.pointee.fetchPC += warp.pointee.instructionBytes
    if warp.pointee.bufferCount == 1, warp.pointee.reason == .noInstruction {
      wake(index, at: ready)
    }
  }

  /// A line is in L0 now: warps that wait for it go on, one a cycle. They do not take decode slots
  /// from the warp that runs: in Figure 4(a) of arXiv 2503.20481 its issue goes on without a bubble.
  func answerFetches(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    var left = core.pointee.resident
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      let index = warp(core, bit)
      let warp = warps + index
      guard warp.pointee.awaitedLine == line else { continue }
      warp.pointee.awaitedLine = .max
      // The warp may have branched elsewhere and come back; it fetches what it needs now.
      if instructionLine(warp) == line,
        warp.pointee.bufferCount < spec.frontEnd.instructionBufferEntries
      {
        let ready = max(now + Cycle(spec.frontEnd.replyToIssue), core.pointee.lastAnswer + 1)
        core.pointee.lastAnswer = ready
        deliver(core, index, at: ready)
      }
      updateFetchable(core, index)
    }
    core.pointee.next = min(core.pointee.next, now)
  }
}
