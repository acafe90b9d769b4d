import ISA

/// A set of registers of all spaces: general, uniform, predicates and uniform predicates.
struct RegisterSet {
  /// 256 general and 256 uniform registers.
  private var registers = SIMD8<UInt64>(repeating: 0)
  /// Eight predicates, and eight uniform ones from bit 8 on.
  private var predicates: UInt64 = 0

  /// Numbers that registers have in the set, from 0.
  static let capacity = 528

  /// The registers of some operands.
  init(_ operands: InlineArray<8, RegisterOperand>, count: UInt8) {
    for index in 0..<Int(count) {
      let operand = operands[index]
      for offset in 0..<Int(operand.count) {
        insert(Self.index(operand.file, Int(operand.first) + offset))
      }
    }
  }

  init() {}

  /// A register's number.
  static func index(_ file: RegisterFile, _ register: Int) -> Int {
    switch file {
    case .general: register & 255
    case .uniform: 256 + register & 255
    case .predicate: 512 + register & 7
    case .uniformPredicate: 520 + register & 7
    }
  }

  mutating func insert(_ index: Int) {
    if index < 512 {
      registers[index >> 6] |= 1 << UInt64(index & 63)
    } else {
      predicates |= 1 << UInt64(index & 63)
    }
  }

  @inline(__always)
  mutating func remove(_ index: Int) {
    if index < 512 {
      registers[index >> 6] &= ~(1 << UInt64(index & 63))
    } else {
      predicates &= ~(1 << UInt64(index & 63))
    }
  }

  @inline(__always)
  static func & (left: Self, right: Self) -> Self {
    var result = left
    result.registers &= right.registers
    result.predicates &= right.predicates
    return result
  }

  @inline(__always)
  mutating func formUnion(_ other: Self) {
    registers |= other.registers
    predicates |= other.predicates
  }

  @inline(__always)
  mutating func subtract(_ other: Self) {
    registers &= ~other.registers
    predicates &= ~other.predicates
  }

  @inline(__always)
  var isEmpty: Bool {
    let pairs = registers.lowHalf | registers.highHalf
    let one = pairs.lowHalf | pairs.highHalf
    return one[0] | one[1] | predicates == 0
  }

  /// Calls `body` with the number of each register.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) {
    for word in 0..<9 {
      var bits = word < 8 ? registers[word] : predicates
      while bits != 0 {
        body(word * 64 + bits.trailingZeroBitCount)
        bits &= bits - 1
      }
    }
  }
}

/// What an instruction reads and writes.
struct RegisterUse {
  /// Numbers of the first registers that it reads: of all that it reads, almost always.
  private var firstReads = InlineArray<16, UInt16>(repeating: 0)
  private var firstCount = 0
  /// Those that did not fit.
  private var otherReads = RegisterSet()
  var reads: RegisterSet
  var writes: RegisterSet
  /// Both.
  var touched: RegisterSet

  init(_ instruction: Instruction) {
    reads = RegisterSet(instruction.sources, count: instruction.sourceCount)
    writes = RegisterSet(instruction.destinations, count: instruction.destinationCount)
    touched = reads
    touched.formUnion(writes)
    reads.forEach { register in
      if firstCount < firstReads.count {
        firstReads[firstCount] = UInt16(register)
        firstCount += 1
      } else {
        otherReads.insert(register)
      }
    }
  }

  /// Calls `body` with the number of each register that is read.
  @inline(__always)
  func forEachRead(_ body: (Int) -> Void) {
    for index in 0..<firstCount { body(Int(firstReads[index])) }
    if firstCount == firstReads.count { otherReads.forEach(body) }
  }
}

/// Scoreboards of one warp: the alternative to control bits, and the rule for code without them.
/// A pending bit per register (RAW, WAW) and a count of readers per register (WAR)
/// (arXiv 2503.20481 §7, dependence mechanisms).
struct Scoreboard {
  private var pending = RegisterSet()
  /// Results of long instructions, among others that are not pending any more.
  private var long = RegisterSet()
  /// Registers with readers.
  private var read = RegisterSet()

  /// Why an instruction may not issue, or nil. `consumers` = highest count of readers (0: no
  /// limit); `readers` counts them by register.
  @inline(__always)
  func stall(
    _ use: UnsafeMutablePointer<RegisterUse>, consumers: Int,
    readers: UnsafeMutablePointer<UInt16>
  ) -> StallReason? {
    let missing = pending & use.pointee.touched
    if !missing.isEmpty { return (missing & long).isEmpty ? .wait : .longScoreboard }
    if !(read & use.pointee.writes).isEmpty { return .shortScoreboard }
    if consumers > 0 {
      var full = false
      use.pointee.forEachRead { full = full || Int(readers[$0]) >= consumers }
      if full { return .shortScoreboard }
    }
    return nil
  }

  @inline(__always)
  mutating func occupy(
    _ use: UnsafeMutablePointer<RegisterUse>, long isLong: Bool,
    readers: UnsafeMutablePointer<UInt16>
  ) {
    use.pointee.forEachRead { readers[$0] += 1 }
    read.formUnion(use.pointee.reads)
    pending.formUnion(use.pointee.writes)
    if isLong { long.formUnion(use.pointee.writes) } else { long.subtract(use.pointee.writes) }
  }

  @inline(__always)
  mutating func releaseSources(
    _ use: UnsafeMutablePointer<RegisterUse>, readers: UnsafeMutablePointer<UInt16>
  ) {
    use.pointee.forEachRead { register in
      if readers[register] > 0 { readers[register] -= 1 }
      if readers[register] == 0 { read.remove(register) }
    }
  }

  @inline(__always)
  mutating func releaseResults(_ use: UnsafeMutablePointer<RegisterUse>) {
    pending.subtract(use.pointee.writes)
  }
}

extension SM {
  /// Readers of each register of a warp.
  func readers(_ warp: Int) -> UnsafeMutablePointer<UInt16> {
    registerReaders + warp * RegisterSet.capacity
  }

  /// Marks the registers of an instruction issued now. Fixed-latency results become usable at
  /// issue + latency, not at retirement: consumers get them by bypass.
  func occupyScoreboard(
    _ warp: Int, _ record: UnsafeMutablePointer<IssueRecord>, _ now: Cycle
  ) {
    let index = record - warps[warp].records
    let long =
      !record.pointee.flags.contains(.fixedLatency)
      && !record.pointee.flags.contains(.shortScoreboard)
    scoreboards[warp].occupy(warps[warp].uses + index, long: long, readers: readers(warp))
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
    let use = warps[warp].uses + instruction
    if sources {
      scoreboards[warp].releaseSources(use, readers: readers(warp))
    } else {
      scoreboards[warp].releaseResults(use)
    }
    if warps[warp].reason != .notSelected { evaluate(warp, at: now) }
  }
}
