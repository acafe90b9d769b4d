import ISA

/// An instruction compiled for one machine: every latency, wait and operand read resolved, so that
/// the hot path looks nothing up.
struct IssueRecord {
  struct Flags: OptionSet {
    let rawValue: UInt32
    /// Passes through Allocate and reads its operands in the fixed window.
    static let fixedLatency = Flags(rawValue: 1 << 0)
    /// Goes through the memory local unit.
    static let memory = Flags(rawValue: 1 << 1)
    /// Has a constant operand that is looked up at issue.
    static let constantOperand = Flags(rawValue: 1 << 2)
    static let readsClock = Flags(rawValue: 1 << 3)
    static let readsClockSlow = Flags(rawValue: 1 << 4)
    /// The instruction word has no control bits: scoreboard rules hold for it.
    static let scoreboard = Flags(rawValue: 1 << 5)
    /// Sources stay in use until the result is there (LDC with a register index).
    static let holdsSources = Flags(rawValue: 1 << 6)
    static let narrowAddress = Flags(rawValue: 1 << 7)
    static let bypassL1 = Flags(rawValue: 1 << 8)
    static let shortScoreboard = Flags(rawValue: 1 << 9)
    static let systemScope = Flags(rawValue: 1 << 10)
    static let noAllocate = Flags(rawValue: 1 << 11)
    /// Of variable latency, but its unit is taken at issue (tensor core, a sub-core's FP64 unit).
    static let startsAtIssue = Flags(rawValue: 1 << 12)
  }

  var pc: UInt32 = 0
  var unit: UInt8 = 0
  var effect: ControlEffect = .none
  /// Cycles until the warp may issue again, 1 or more: stall and yield in one.
  var wait: UInt8 = 1
  var waitMask: UInt8 = 0
  var writeCounter: UInt8 = ControlCode.noBarrier
  var readCounter: UInt8 = ControlCode.noBarrier
  var flags: Flags = []
  /// Cycles that the unit's dispatch latch is held.
  var initiation: UInt16 = 1
  /// Issue-to-issue latency of the result in cycles.
  var latency: UInt16 = 0
  var readWindow: UInt8 = 0
  /// Extra cycles that the issue port stays closed.
  var issueBusy: UInt8 = 0

  /// Registers to read: number, slot (255 = not cached), reuse flag.
  var readCount: UInt8 = 0
  var reads = InlineArray<16, OperandRead>(
    repeating: OperandRead(register: 0, slot: 255, reuse: false))
  /// Registers written per bank (0…3).
  var writes = InlineArray<4, UInt8>(repeating: 0)

  var constant: UInt32 = 0

  var action: MemoryAction = .none
  var space: MemorySpace = .none
  var accessBytes: UInt8 = 0
  /// Lanes whose addresses count, and the bytes that are read or written at each.
  var addressLanes = UInt32.max
  var addressBytes: UInt8 = 0
  var scope: MemoryScope = .weak
  var eviction: EvictionPriority = .normal
  /// Address phase and data phase in cycles; see `MemoryUnitSpec.Phases`.
  var addressPhase: UInt16 = 0
  var dataPhase: UInt16 = 0
  var argument0: UInt32 = 0
  var argument1: UInt32 = 0
  var argument2: UInt32 = 0

  struct OperandRead {
    var register: UInt8
    var slot: UInt8
    var reuse: Bool
  }

  /// 32-bit words that one thread accesses, at least 1.
  var words: Int { max(1, (Int(accessBytes) + 3) / 4) }
}
