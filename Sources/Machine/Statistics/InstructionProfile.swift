/// What one static instruction cost: plain counts, summed over warps, CTAs and SMs.
public struct InstructionProfile: Sendable, BitwiseCopyable {
  /// Warp-cycles by `StallReason` of warps whose next instruction it was; `drain` counts with the
  /// last one.
  public var stalls = InlineArray<16, UInt64>(repeating: 0)
  public var issues: UInt64 = 0
  /// Executing lanes, summed over issues.
  public var threads: UInt64 = 0
  /// Accesses with at least one executing lane that reached the L1 data cache or shared memory.
  public var requests: UInt64 = 0
  /// Lines and sectors that they touched, and sectors that missed in the L1 or went past it.
  public var lines: UInt64 = 0
  public var sectors: UInt64 = 0
  public var sectorMisses: UInt64 = 0
  /// Cycles in which they held the L1's pipeline or shared memory's banks.
  public var l1Cycles: UInt64 = 0
  public var sharedCycles: UInt64 = 0
  /// Cycles of these that bank conflicts added.
  public var conflictCycles: UInt64 = 0
  /// Further turns that requests took in the L1's tags.
  public var replays: UInt64 = 0
  /// Registers read through bank ports, and those that the register-file cache served.
  public var registerReads: UInt64 = 0
  public var registerCacheHits: UInt64 = 0
  /// Values that the register-file cache kept and that this instruction threw out unread.
  public var registerCacheLosses: UInt64 = 0
  /// Cycles in which it waited in Allocate for a read port.
  public var portStalls: UInt64 = 0

  public init() {}

  /// One row of the table from which JSON, tables and sums are made.
  public struct Counter: Sendable {
    public let path: WritableKeyPath<InstructionProfile, UInt64> & Sendable
    public let name: String
    public let meaning: String
  }

  /// Every scalar counter, in the order of output.
  public static let counters: [Counter] = [
    Counter(path: \.issues, name: "issues", meaning: "warp instructions issued"),
    Counter(path: \.threads, name: "threads", meaning: "executing lanes, summed over issues"),
    Counter(path: \.requests, name: "requests", meaning: "accesses to the L1 or to shared memory"),
    Counter(path: \.lines, name: "lines", meaning: "L1 lines that they touched"),
    Counter(path: \.sectors, name: "sectors", meaning: "sectors that they touched"),
    Counter(
      path: \.sectorMisses, name: "sectorMisses", meaning: "sectors that missed or bypassed the L1"),
    Counter(path: \.l1Cycles, name: "l1Cycles", meaning: "cycles of the L1's pipeline"),
    Counter(path: \.sharedCycles, name: "sharedCycles", meaning: "cycles of shared memory's banks"),
    Counter(path: \.conflictCycles, name: "conflictCycles", meaning: "of these, by bank conflicts"),
    Counter(path: \.replays, name: "replays", meaning: "further turns in the L1's tags"),
    Counter(path: \.registerReads, name: "registerReads", meaning: "registers read through ports"),
    Counter(
      path: \.registerCacheHits, name: "registerCacheHits",
      meaning: "registers from the register-file cache"),
    Counter(
      path: \.registerCacheLosses, name: "registerCacheLosses",
      meaning: "cached registers thrown out unread"),
    Counter(path: \.portStalls, name: "portStalls", meaning: "cycles held for a read port"),
  ]

  public mutating func add(_ other: InstructionProfile) {
    for index in 0..<16 { stalls[index] += other.stalls[index] }
    for counter in Self.counters {
      self[keyPath: counter.path] += other[keyPath: counter.path]
    }
  }

  public subscript(reason reason: StallReason) -> UInt64 { stalls[Int(reason.rawValue)] }
}

/// A kernel's profile: its static instructions, and what each SM did.
public struct KernelCounts: Sendable {
  public var instructions: [InstructionProfile]
  public var sms: [(sm: Int, statistics: Statistics)]
}
