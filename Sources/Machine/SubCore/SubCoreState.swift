import ISA

/// A memory instruction in a sub-core's local unit.
struct MemoryQueueEntry {
  var warp: UInt8 = 0
  var record: UnsafeMutablePointer<IssueRecord>? = nil
  var dynamic: Int = 0
  /// cp.async group that the instruction belongs to.
  var group: UInt32 = 0
  /// Earliest cycle of acceptance by the SM, as far as this instruction alone decides.
  var earliest: Cycle = 0
}

/// An instruction in a pipeline latch.
struct Latch {
  var occupied = false
  var warp = 0
  var record: UnsafeMutablePointer<IssueRecord>? = nil
  /// Position in the warp's stream.
  var dynamic = 0
  /// cp.async group that was open at issue.
  var group: UInt32 = 0
  /// Counters were raised, clock was read (Control); reads were looked up (Allocate).
  var visited = false
}

/// One sub-core (processing block): masks are over its warps, bit *n* being SM warp slot
/// `n × subCores + index`.
struct SubCoreState {
  var index = 0
  /// Next cycle in which something may happen here.
  var next = never
  var resident: UInt16 = 0
  /// Kernel of all resident warps, or -1 where there are several.
  var kernelSlot = -1

  // Issue scheduler.
  var eligible: UInt16 = 0
  /// Eligible warps by the unit of their next instruction.
  var eligibleByUnit = InlineArray<16, UInt16>(repeating: 0)
  var unitOfWarp = InlineArray<16, UInt8>(repeating: 0)
  /// Among the eligible warps, those whose next instruction holds a short scoreboard.
  var eligibleShort: UInt16 = 0
  var lastIssued = -1
  var holdUntil: Cycle = 0
  var issueFree: Cycle = 0
  /// Cycles in which Allocate held an instruction: stall counters stood still in them.
  var frozen: Cycle = 0
  /// Wake-ups of warps within the next 63 cycles.
  var wakes = InlineArray<64, UInt16>(repeating: 0)
  var wakeBits: UInt64 = 0

  // Pipeline.
  var control = Latch()
  var allocate = Latch()
  /// The instruction whose counters rise at the end of this cycle.
  var raised: UnsafeMutablePointer<IssueRecord>? = nil
  /// Registers that the instruction in Allocate must read from each bank.
  var needed = InlineArray<4, UInt8>(repeating: 0)
  var throttle: StallReason = .dispatchStall
  /// All eligible warps wait for units, none of which is free before this cycle; 0 otherwise. What
  /// the steps until then would have charged is charged afterwards, from `chargedUntil` on.
  var blockedUntil: Cycle = 0
  var chargedUntil: Cycle = 0
  var throttledMath: UInt16 = 0
  var throttledShort: UInt16 = 0
  var throttledLong: UInt16 = 0
  /// Warps wait for room in the memory local unit's queue.
  var backedUp = false
  /// First cycle in which a unit's dispatch latch is free, by `Unit`.
  var unitFree = InlineArray<16, Cycle>(repeating: 0)

  // Register file: busy[bank × 4 + port] has bit *n* set when the port is taken in cycle base + n.
  var portBusy = InlineArray<16, UInt64>(repeating: 0)
  var writeBusy = InlineArray<4, UInt64>(repeating: 0)
  var calendarBase: Cycle = 0
  /// Register-file cache: warp and register by [bank × 3 + slot]; 0 = empty.
  var cached = InlineArray<12, UInt32>(repeating: 0)

  // Front end.
  var fetchable: UInt16 = 0
  var atBarrier: UInt16 = 0
  /// Last cycle in which an instruction of a late line became issuable: one a cycle.
  var lastAnswer: Cycle = 0
  var prefetched = PrefetchState()
  var awaitedLines = InlineArray<32, UInt64>(repeating: .max)
  var awaitedCount = 0

  // Memory local unit.
  var queue = InlineArray<16, MemoryQueueEntry>(repeating: MemoryQueueEntry())
  var queueHead = 0
  var queueCount = 0
  /// Slots in use, accepted instructions included until the slot is seen free.
  var queueSlots = 0
  var lastAccept: Cycle = -1_000_000
  /// First free cycle of the return link and of the store-data link.
  var returnLinkFree: Cycle = 0
  var storeLinkFree: Cycle = 0

  // FP64 queue in front of the SM's shared unit.
  var doubleQueue = InlineArray<8, MemoryQueueEntry>(repeating: MemoryQueueEntry())
  var doubleHead = 0
  var doubleCount = 0
  var doubleSlots = 0
}
