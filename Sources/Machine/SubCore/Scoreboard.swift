import ISA

/// Scoreboards of one warp: the alternative to control bits, and the rule for code without them.
/// A pending bit per register (RAW, WAW) and a count of readers per register (WAR)
/// (arXiv 2503.20481 §7, dependence mechanisms).
struct Scoreboard {
  /// Register spaces laid end to end: general, uniform, predicates, uniform predicates.
  private var pending = InlineArray<9, UInt64>(repeating: 0)
  private var long = InlineArray<9, UInt64>(repeating: 0)
  private var readers = InlineArray<528, UInt16>(repeating: 0)

  static func index(_ file: RegisterFile, _ register: Int) -> Int {
    switch file {
    case .general: register & 255
    case .uniform: 256 + register & 255
    case .predicate: 512 + register & 7
    case .uniformPredicate: 520 + register & 7
    }
  }

  /// Why `instruction` may not issue, or nil. `consumers` = highest count of readers (0: no limit).
  func stall(_ instruction: UnsafeMutablePointer<Instruction>, consumers: Int) -> StallReason? {
    for operand in 0..<Int(instruction.pointee.sourceCount) {
      let range = instruction.pointee.sources[operand]
      for offset in 0..<Int(range.count) {
        let index = Self.index(range.file, Int(range.first) + offset)
        if let reason = pendingReason(index) { return reason }
        if consumers > 0, Int(readers[index]) >= consumers { return .shortScoreboard }
      }
    }
    for operand in 0..<Int(instruction.pointee.destinationCount) {
      let range = instruction.pointee.destinations[operand]
      for offset in 0..<Int(range.count) {
        let index = Self.index(range.file, Int(range.first) + offset)
        if let reason = pendingReason(index) { return reason }
        if readers[index] > 0 { return .shortScoreboard }
      }
    }
    return nil
  }

  private func pendingReason(_ index: Int) -> StallReason? {
    guard pending[index >> 6] >> UInt64(index & 63) & 1 == 1 else { return nil }
    return long[index >> 6] >> UInt64(index & 63) & 1 == 1 ? .longScoreboard : .wait
  }

  mutating func occupy(_ instruction: UnsafeMutablePointer<Instruction>, long isLong: Bool) {
    for operand in 0..<Int(instruction.pointee.sourceCount) {
      let range = instruction.pointee.sources[operand]
      for offset in 0..<Int(range.count) {
        readers[Self.index(range.file, Int(range.first) + offset)] += 1
      }
    }
    for operand in 0..<Int(instruction.pointee.destinationCount) {
      let range = instruction.pointee.destinations[operand]
      for offset in 0..<Int(range.count) {
        let index = Self.index(range.file, Int(range.first) + offset)
        pending[index >> 6] |= 1 << UInt64(index & 63)
        if isLong {
          long[index >> 6] |= 1 << UInt64(index & 63)
        } else {
          long[index >> 6] &= ~(1 << UInt64(index & 63))
        }
      }
    }
  }

  mutating func releaseSources(_ instruction: UnsafeMutablePointer<Instruction>) {
    for operand in 0..<Int(instruction.pointee.sourceCount) {
      let range = instruction.pointee.sources[operand]
      for offset in 0..<Int(range.count) {
        let index = Self.index(range.file, Int(range.first) + offset)
        if readers[index] > 0 { readers[index] -= 1 }
      }
    }
  }

  mutating func releaseResults(_ instruction: UnsafeMutablePointer<Instruction>) {
    for operand in 0..<Int(instruction.pointee.destinationCount) {
      let range = instruction.pointee.destinations[operand]
      for offset in 0..<Int(range.count) {
        let index = Self.index(range.file, Int(range.first) + offset)
        pending[index >> 6] &= ~(1 << UInt64(index & 63))
      }
    }
  }
}

extension SM {
  /// Marks the registers of an instruction issued now. Fixed-latency results become usable at
  /// issue + latency, not at retirement: consumers get them by bypass.
  func occupyScoreboard(
    _ warp: Int, _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle
  ) {
    let index = record - warps[warp].records
    let long =
      !record.pointee.flags.contains(.fixedLatency)
      && !record.pointee.flags.contains(.shortScoreboard)
    scoreboards[warp].occupy(warps[warp].instructions + index, long: long)
    if record.pointee.flags.contains(.fixedLatency) {
      events.pointee.schedule(
        Event(.scoreboardRelease, warp: warp, a: 0, b: index, address: warps[warp].age),
        at: now + Cycle(max(1, record.pointee.latency)))
    }
  }

  /// `age` tells whether the warp slot still holds the warp that issued the instruction.
  func releaseScoreboard(
    warp: Int, age: UInt64, instruction: Int, sources: Bool, _ now: Cycle
  ) {
    guard warps[warp].resident, warps[warp].age == age else { return }
    let pointer = warps[warp].instructions + instruction
    if sources {
      scoreboards[warp].releaseSources(pointer)
    } else {
      scoreboards[warp].releaseResults(pointer)
    }
    if warps[warp].reason != .notSelected { evaluate(warp, at: now) }
  }
}
