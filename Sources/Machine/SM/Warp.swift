import ISA

/// A warp slot of the SM: everything the hardware keeps for a resident warp, plus the position in
/// its trace.
struct Warp {
  enum Block: UInt8 {
    case none, barrier, fence, fenceEnding, sleep, constant
  }

  var resident = false
  /// Running number of the warp's launch: larger is younger.
  var age: UInt64 = 0
  var ctaSlot = 0
  var warpInCTA = 0
  /// Index of the kernel's statistics.
  var kernelSlot = 0
  var launched: Cycle = 0

  // The trace.
  var records: UnsafeMutablePointer<IssueRecord>
  var uses: UnsafeMutablePointer<RegisterUse>
  var stream: UnsafeMutablePointer<DynamicInstruction>
  var references: UnsafeMutablePointer<AddressReference>
  var addresses: UnsafeMutablePointer<UInt64>
  var cursor = 0
  var end = 0

  // Front end.
  var codeBase: UInt64 = 0
  var codeEnd: UInt32 = 0
  var instructionBytes: UInt32 = 16
  /// Next instruction to fetch.
  var fetchPC: UInt32 = 0
  /// Line that last hit, and the L0 generation in which it did.
  var hitLine: UInt64 = .max
  var hitGeneration: UInt64 = 0
  /// Line that the warp's fetch waits for, or `.max`.
  var awaitedLine: UInt64 = .max
  /// Constant line that the warp's next instruction waits for, while `block` is `constant`.
  var awaitedConstant: UInt64 = .max
  /// Cycle from which each buffered instruction may issue (ring).
  var bufferReady = InlineArray<8, Cycle>(repeating: 0)
  var bufferHead = 0
  var bufferCount = 0

  // Issue and dependences.
  /// End of the stall count, in cycles of the sub-core without its frozen ones.
  var stallUntil: Cycle = 0
  var block: Block = .none
  var counters = InlineArray<6, UInt8>(repeating: 0)
  /// Bit *n* set: counter *n* is not zero.
  var busyCounters: UInt8 = 0
  /// Bit *n* set: counter *n* was last raised by a global or texture access.
  var longCounters: UInt8 = 0
  /// DEPBAR: the next instruction waits until this counter is at most the threshold; 255 = none.
  var depbarCounter: UInt8 = 255
  var depbarThreshold: UInt8 = 0
  /// Variable-latency operations in flight, stores included.
  var outstanding = 0
  /// Memory operations that a fence waits for.
  var memoryOutstanding = 0
  /// Those of them that left for the L2 and wait for its acknowledgement.
  var unacknowledged: Int32 = 0
  /// Earliest end of the fence that the warp is in, and whether its scope is the CTA.
  var fenceEnd: Cycle = 0
  var fenceWithinCTA = false
  var fenceWrite: UInt8 = ControlCode.noBarrier
  var fenceRead: UInt8 = ControlCode.noBarrier
  /// cp.async groups: copies in flight per group (ring); the last group is open.
  var asyncGroups = InlineArray<32, UInt16>(repeating: 0)
  /// Counter that stands for its cp.async groups.
  var asyncCounter: UInt8 = 0
  var asyncHead: UInt32 = 0
  var asyncOpen: UInt32 = 0

  // Accounting.
  var reason: StallReason = .noInstruction
  var reasonSince: Cycle = 0
}
