import ISA

/// CTAs and warps coming to the SM and leaving it.
extension SM {
  func launch(_ launch: CTALaunch, _ now: Cycle) {
    var slot = 0
    while ctas[slot].resident { slot += 1 }
    let trace = launch.trace.takeUnretainedValue()
    let program = launch.program.takeUnretainedValue()
    ctas[slot] = CTASlot()
    ctas[slot].resident = true
    ctas[slot].launch = launch
    ctas[slot].warps = trace.warpCount
    ctas[slot].warpsLeft = trace.warpCount
    ctas[slot].warpsRunning = trace.warpCount
    state.pointee.residentCTAs += 1
    if let probe {
      probe.pointee.begin(launch.kernelSlot, instructions: program.count)
      probe.pointee.timeline?.pointee.begin(
        cta: launch.linear, slot: slot, kernel: program.identity, at: now)
    }
    var free = 0
    for warp in 0..<trace.warpCount {
      while warps[free].resident { free += 1 }
      start(free, warp, slot, trace, program, launch.kernelSlot, now)
    }
    prefetchConstants(program)
    if trace.warpCount == 0 { finish(slot, now) }
  }

  /// The launch brings the first constants of bank 0, the parameters, to the L1.5 cache.
  private func prefetchConstants(_ program: Program) {
    let lineBytes = spec.frontEnd.l1.line.count
    let first = (program.base | Self.constantSpace) / UInt64(lineBytes)
    for line in 0..<UInt64(spec.constantCache.launchPrefetch.count / lineBytes)
    where !l1Instruction.pointee.contains(first + line) {
      l1Instruction.pointee.fill(first + line)
    }
  }

  private func start(
    _ index: Int, _ warpInCTA: Int, _ slot: Int, _ trace: ResidentTrace, _ program: Program,
    _ kernelSlot: Int, _ now: Cycle
  ) {
    let own = trace.warps[warpInCTA]
    var warp = Warp(
      records: program.records, uses: program.uses, stream: own.stream, references: own.references,
      addresses: trace.addresses)
    warp.resident = true
    state.pointee.warpsLaunched += 1
    warp.age = state.pointee.warpsLaunched
    warp.ctaSlot = slot
    warp.warpInCTA = warpInCTA
    warp.kernelSlot = kernelSlot
    warp.launched = now
    warp.cursor = 0
    warp.end = own.count
    warp.codeBase = program.base
    warp.codeEnd = program.codeEnd
    warp.instructionBytes = program.instructionBytes
    warp.reasonSince = now
    if warp.cursor < warp.end {
      warp.fetchPC = program.records[Int(warp.stream[warp.cursor].index)].pc
    }
    warps[index] = warp
    scoreboards[index] = Scoreboard()
    readers(index).update(repeating: 0, count: RegisterSet.capacity)
    state.pointee.residentWarps += 1
    let core = core(of: index)
    if core.pointee.resident == 0 {
      core.pointee.kernelSlot = kernelSlot
    } else if core.pointee.kernelSlot != kernelSlot {
      core.pointee.kernelSlot = -1
    }
    core.pointee.resident |= bit(of: index)
    core.pointee.next = min(core.pointee.next, now)
    updateFetchable(core, index)
    evaluate(index, at: now)
  }

  /// The warp has exited and its memory operations are done.
  func retire(_ index: Int, _ cycle: Cycle) {
    let warp = warps + index
    setReason(warp, .drain, cycle)
    statistics[warp.pointee.kernelSlot].residentWarpCycles += UInt64(cycle - warp.pointee.launched)
    probe?.pointee.timeline?.pointee.close(warp: index)
    warp.pointee.resident = false
    state.pointee.residentWarps -= 1
    let core = core(of: index)
    core.pointee.resident &= ~bit(of: index)
    core.pointee.fetchable &= ~bit(of: index)
    core.pointee.atBarrier &= ~bit(of: index)
    let slot = warp.pointee.ctaSlot
    ctas[slot].warpsLeft -= 1
    ctas[slot].warpsRunning -= 1
    if ctas[slot].warpsLeft == 0 {
      finish(slot, cycle)
    } else {
      warpLeavesBarriers(slot, cycle)
    }
  }

  private func finish(_ slot: Int, _ cycle: Cycle) {
    probe?.pointee.timeline?.pointee.end(slot: slot, at: cycle)
    ctas[slot].resident = false
    state.pointee.residentCTAs -= 1
    let kernelSlot = ctas[slot].launch?.kernelSlot ?? 0
    completions.pointee.append(CTACompletion(cycle: cycle, sm: index, kernelSlot: kernelSlot))
    ctas[slot].launch?.trace.release()
    ctas[slot].launch = nil
  }

  /// Empties the caches that do not outlive a kernel.
  func endKernel() {
    if spec.frontEnd.invalidateAtKernelEnd {
      for core in 0..<subCoreCount {
        l0[core].removeAll()
        l0Constant[core].removeAll()
        cores[core].prefetched = PrefetchState()
      }
      l1Instruction.pointee.removeAll()
      constantLoads.pointee.removeAll()
    }
  }

  /// Gives shared memory its share of the unified capacity; the L1 has the rest.
  func setCarveOut(_ bytes: Int) {
    let left = max(0, spec.sharedMemory.unifiedCapacity.count - bytes)
    l1.pointee.resize(lines: max(spec.l1.sets, left / spec.l1.line.count))
  }
}
