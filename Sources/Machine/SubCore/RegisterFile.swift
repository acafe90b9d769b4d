import ISA

/// Allocate, the register banks' port calendar, the register-file cache and write-back ports
/// (arXiv 2503.20481 §6). One read port per bank in hardware; no operand collectors.
extension SM {
  /// Lets the fixed-latency instruction in Allocate go once its operand reads fit into the window
  /// of the next cycles; until then it stays, and everything behind it.
  func stepAllocate(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    guard core.pointee.allocate.occupied else { return }
    let latch = core.pointee.allocate
    let record = latch.record!
    advanceCalendar(core, now)
    if !latch.visited {
      core.pointee.allocate.visited = true
      lookUpOperands(core, latch.warp, record)
    }
    if spec.registerFile.readPorts > 0, record.pointee.readCount > 0 {
      guard reserveReads(core, window: Int(record.pointee.readWindow)) else {
        // Stall counts stand still with the held instruction: its consumer must not come nearer to it
        // (arXiv 2503.20481 §5: stall counts need not know of port conflicts). It also keeps warps
        // fair to each other, as the RTX 3060 warp-scheduling rows show.
        core.pointee.frozen += 1
        delayUnits(core, record, now)
        statistics[warps[latch.warp].kernelSlot].readPortStalls += 1
        profile(warps + latch.warp, record)?.pointee.portStalls += 1
        return
      }
    }
    core.pointee.allocate.occupied = false
    follow(.started, warp: latch.warp, dynamic: latch.dynamic, at: now + 1)
    follow(
      .done, warp: latch.warp, dynamic: latch.dynamic,
      at: now + 1 + Cycle(record.pointee.readWindow) + Cycle(record.pointee.latency))
    reserveWrites(core, record)
    if record.pointee.flags.contains(.scoreboard) {
      // The reads are certain to come before any write of an instruction that issues from here on.
      releaseSources(latch.warp, record, at: now + 1)
    }
  }

  // MARK: Port calendar

  /// Bit 0 of every calendar is `now` afterwards.
  func advanceCalendar(_ core: UnsafeMutablePointer<SubCoreState>, _ now: Cycle) {
    let elapsed = now - core.pointee.calendarBase
    guard elapsed > 0 else { return }
    core.pointee.calendarBase = now
    let banks = spec.registerFile.banks
    if elapsed >= 64 {
      for index in 0..<16 { core.pointee.portBusy[index] = 0 }
      for bank in 0..<4 { core.pointee.writeBusy[bank] = 0 }
      return
    }
    for bank in 0..<banks {
      core.pointee.writeBusy[bank] >>= UInt64(elapsed)
      for port in 0..<max(1, spec.registerFile.readPorts) {
        core.pointee.portBusy[bank * 4 + port] >>= UInt64(elapsed)
      }
    }
  }

  /// Takes ports for `core.needed` registers of each bank in the cycles 1…`window` from now,
  /// earliest first; takes none and returns false if they do not fit.
  private func reserveReads(_ core: UnsafeMutablePointer<SubCoreState>, window: Int) -> Bool {
    let cycles = (UInt64(1) << UInt64(window) - 1) << 1
    let ports = spec.registerFile.readPorts
    for bank in 0..<spec.registerFile.banks {
      var free = 0
      for port in 0..<ports {
        free += (~core.pointee.portBusy[bank * 4 + port] & cycles).nonzeroBitCount
      }
      if free < Int(core.pointee.needed[bank]) { return false }
    }
    for bank in 0..<spec.registerFile.banks {
      for _ in 0..<core.pointee.needed[bank] { takeEarliestPort(core, bank, cycles) }
    }
    return true
  }

  private func takeEarliestPort(
    _ core: UnsafeMutablePointer<SubCoreState>, _ bank: Int, _ cycles: UInt64
  ) {
    var best = 64
    var bestPort = 0
    for port in 0..<spec.registerFile.readPorts {
      let first = (~core.pointee.portBusy[bank * 4 + port] & cycles).trailingZeroBitCount
      if first < best {
        best = first
        bestPort = port
      }
    }
    if best < 64 { core.pointee.portBusy[bank * 4 + bestPort] |= 1 << UInt64(best) }
  }

  /// Whether a variable-latency instruction can read its registers now: fixed-latency
  /// instructions took their ports before it. Takes the ports if so.
  func readNow(
    _ core: UnsafeMutablePointer<SubCoreState>, _ record: UnsafeMutablePointer<IssueRecord>,
    _ now: Cycle
  ) -> Bool {
    let ports = spec.registerFile.readPorts
    guard ports > 0 else { return true }
    advanceCalendar(core, now)
    var banks: UInt8 = 0
    for index in 0..<min(2, Int(record.pointee.readCount)) {
      banks |= 1 << UInt8(Int(record.pointee.reads[index].register) % spec.registerFile.banks)
    }
    for bank in 0..<spec.registerFile.banks where banks >> UInt8(bank) & 1 == 1 {
      var free = false
      for port in 0..<ports where core.pointee.portBusy[bank * 4 + port] & 1 == 0 { free = true }
      if !free { return false }
    }
    for bank in 0..<spec.registerFile.banks where banks >> UInt8(bank) & 1 == 1 {
      takeEarliestPort(core, bank, 1)
    }
    return true
  }

  // MARK: Register-file cache

  /// Counts the registers that must come from each bank, after hits in the register-file cache;
  /// a register named twice by one instruction is read once. Keeps or drops cached values.
  private func lookUpOperands(
    _ core: UnsafeMutablePointer<SubCoreState>, _ warp: Int,
    _ record: UnsafeMutablePointer<IssueRecord>
  ) {
    for bank in 0..<4 { core.pointee.needed[bank] = 0 }
    let counts = statistics + warps[warp].kernelSlot
    let profile = profile(warps + warp, record)
    var missed = InlineArray<16, UInt8>(repeating: 0)
    var misses = 0
    for index in 0..<Int(record.pointee.readCount) {
      let read = record.pointee.reads[index]
      let bank = Int(read.register) % spec.registerFile.banks
      if spec.registerFile.cache, read.slot < 3 {
        let entry = bank * 3 + Int(read.slot)
        let tag = UInt32(warp) << 8 | UInt32(read.register) | 1 << 31
        let kept = core.pointee.cached[entry]
        let hit = kept == tag
        core.pointee.cached[entry] = read.reuse ? tag : 0
        if hit {
          counts.pointee.registerCacheHits += 1
          profile?.pointee.registerCacheHits += 1
          continue
        }
        if kept != 0 { profile?.pointee.registerCacheLosses += 1 }
      }
      var known = false
      for earlier in 0..<misses where missed[earlier] == read.register { known = true }
      if known { continue }
      missed[misses] = read.register
      misses += 1
      core.pointee.needed[bank] += 1
      counts.pointee.registerReads += 1
      profile?.pointee.registerReads += 1
    }
  }

  // MARK: Write-back

  /// Takes the write ports for a fixed-latency result. Two results for one bank in one cycle are
  /// both on time for their consumers (bypass); the result queue writes the second one later.
  private func reserveWrites(
    _ core: UnsafeMutablePointer<SubCoreState>, _ record: UnsafeMutablePointer<IssueRecord>
  ) {
    let stages =
      Int(record.pointee.readWindow) + Int(record.pointee.latency)
      + spec.registerFile.writeBackStages
    guard stages < 64 else { return }
    for bank in 0..<spec.registerFile.banks {
      for _ in 0..<record.pointee.writes[bank] {
        let free = ~core.pointee.writeBusy[bank] & (~0 << UInt64(stages))
        if free == 0 { break }
        core.pointee.writeBusy[bank] |= 1 << UInt64(free.trailingZeroBitCount)
      }
    }
  }

  /// Whether a returning load finds the write ports of its banks free in this cycle: fixed-latency
  /// results go first.
  func writePortFree(
    _ core: UnsafeMutablePointer<SubCoreState>, _ record: UnsafeMutablePointer<IssueRecord>,
    _ now: Cycle
  ) -> Bool {
    advanceCalendar(core, now)
    for bank in 0..<spec.registerFile.banks where record.pointee.writes[bank] > 0 {
      if core.pointee.writeBusy[bank] & 1 == 1 { return false }
    }
    return true
  }
}
