import ISA

/// Dispatch latches of the execution units, and the units of variable latency.
extension SM {
  /// First cycle from `now` on in which an instruction for `unit` may issue and will find the unit's
  /// latch free, if nothing else issues until then; `never` where an event has to come first.
  func unitIsFree(
    _ core: UnsafeMutablePointer<SubCoreState>, _ unit: Int, from now: Cycle
  ) -> Cycle {
    switch Unit(rawValue: UInt8(unit)) {
    case .barrier: return now
    case .memory: return memoryQueueHasRoom(core) ? now : never
    case .fp32:
      let own = core.pointee.unitFree[unit]
      return spec.units.fp32OnIntegerPipe
        ? min(own, core.pointee.unitFree[Int(Unit.integer.rawValue)]) : own
    case .imad: return core.pointee.unitFree[Int(Unit.fp32.rawValue)]
    case .predicate: return core.pointee.unitFree[Int(Unit.integer.rawValue)]
    case .sfu, .miscellaneousQueue:
      // Variable-latency units have a queue; the scheduler gates on room in it.
      let initiation =
        unit == Int(Unit.sfu.rawValue) ? spec.units.sfu : spec.units.miscellaneousQueue
      return core.pointee.unitFree[unit] - 2 - Cycle(initiation * (spec.units.queueEntries - 1))
    default: return core.pointee.unitFree[unit]
    }
  }

  /// Takes the unit's latch for an instruction issued now.
  func reserveUnit(
    _ core: UnsafeMutablePointer<SubCoreState>, _ record: UnsafeMutablePointer<IssueRecord>,
    _ now: Cycle
  ) {
    let unit = Unit(rawValue: record.pointee.unit) ?? .miscellaneous
    let until = now + Cycle(record.pointee.initiation)
    switch unit {
    case .memory, .barrier, .sfu, .miscellaneousQueue: break
    case .fp64 where !record.pointee.flags.contains(.startsAtIssue): break
    default: core.pointee.unitFree[pipe(core, unit, now)] = until
    }
  }

  /// The pipe that an instruction of `unit` uses: FP32 takes the FMA pipe, or the integer pipe
  /// where that executes FP32 too and the FMA pipe is taken.
  private func pipe(
    _ core: UnsafeMutablePointer<SubCoreState>, _ unit: Unit, _ now: Cycle
  ) -> Int {
    let fma = Int(Unit.fp32.rawValue)
    switch unit {
    case .fp32: return core.pointee.unitFree[fma] <= now ? fma : Int(Unit.integer.rawValue)
    case .imad: return fma
    case .predicate: return Int(Unit.integer.rawValue)
    default: return Int(unit.rawValue)
    }
  }

  /// A held instruction comes to its unit one cycle later.
  func delayUnits(
    _ core: UnsafeMutablePointer<SubCoreState>, _ record: UnsafeMutablePointer<IssueRecord>,
    _ now: Cycle
  ) {
    let unit = Int(record.pointee.unit)
    if core.pointee.unitFree[unit] > now { core.pointee.unitFree[unit] += 1 }
  }

  /// An SFU or S2UR-like instruction enters its unit's queue from Control in cycle `now`.
  func enterVariableUnit(
    _ core: UnsafeMutablePointer<SubCoreState>, _ latch: Latch, _ now: Cycle
  ) {
    let record = latch.record!
    let unit = Int(record.pointee.unit)
    var start = now + 1
    if !record.pointee.flags.contains(.startsAtIssue) {
      start = max(start, core.pointee.unitFree[unit])
      core.pointee.unitFree[unit] = start + Cycle(record.pointee.initiation)
    }
    if record.pointee.flags.contains(.readsClockSlow) { readClock(latch.warp, start) }
    // Operands are read while the latch is held; the sources are free when the latch is.
    releaseSources(latch.warp, record, at: start + Cycle(record.pointee.initiation))
    let result = max(start + 1, start + Cycle(record.pointee.latency) - 2)
    releaseResult(latch.warp, record, at: result)
    follow(.started, warp: latch.warp, dynamic: latch.dynamic, at: start)
    follow(.done, warp: latch.warp, dynamic: latch.dynamic, at: result)
  }

  /// The sources of an instruction may be overwritten by instructions that issue from `cycle` on.
  func releaseSources(_ warp: Int, _ record: UnsafeMutablePointer<IssueRecord>, at cycle: Cycle) {
    if record.pointee.readCounter < 6 {
      events.pointee.schedule(
        Event(.counterRelease, warp: warp, a: Int(record.pointee.readCounter)), at: cycle)
    }
    if record.pointee.flags.contains(.scoreboard) {
      let index = record - warps[warp].records
      events.pointee.schedule(
        Event(.scoreboardRelease, warp: warp, a: 1, b: index, address: warps[warp].age), at: cycle)
    }
  }

  /// The result of a variable-latency instruction can be used by instructions that issue from
  /// `cycle` on.
  func releaseResult(
    _ warp: Int, _ record: UnsafeMutablePointer<IssueRecord>, memory: Bool = false, at cycle: Cycle
  ) {
    if record.pointee.writeCounter < 6 {
      events.pointee.schedule(
        Event(.counterRelease, warp: warp, a: Int(record.pointee.writeCounter)), at: cycle)
    }
    if record.pointee.flags.contains(.scoreboard) {
      let index = record - warps[warp].records
      events.pointee.schedule(
        Event(.scoreboardRelease, warp: warp, a: 0, b: index, address: warps[warp].age), at: cycle)
    }
    events.pointee.schedule(Event(.operationDone, warp: warp, a: memory ? 1 : 0), at: cycle)
  }
}
