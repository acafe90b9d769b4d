/// Event counts of one SM for one kernel: plain integers, summed over SMs at the kernel's end.
public struct Statistics: Sendable {
  /// Warp-cycles by `StallReason`.
  public var stalls = InlineArray<16, UInt64>(repeating: 0)
  public var warpInstructions: UInt64 = 0
  public var threadInstructions: UInt64 = 0
  /// Warp instructions issued by `Unit`.
  public var issuedByUnit = InlineArray<16, UInt64>(repeating: 0)
  /// Warp-cycles that warps were resident, counted on their own (invariant: sum of `stalls`).
  public var residentWarpCycles: UInt64 = 0
  public var registerReads: UInt64 = 0
  public var registerCacheHits: UInt64 = 0
  public var readPortStalls: UInt64 = 0
  public var l0InstructionAccesses: UInt64 = 0
  public var l0InstructionMisses: UInt64 = 0
  public var instructionPrefetches: UInt64 = 0
  public var l1InstructionAccesses: UInt64 = 0
  public var l1InstructionMisses: UInt64 = 0
  public var constantAccesses: UInt64 = 0
  public var constantMisses: UInt64 = 0
  public var globalBytes: UInt64 = 0
  public var localBytes: UInt64 = 0
  public var sharedBytes: UInt64 = 0
  public var constantBytes: UInt64 = 0
  public var l1Accesses: UInt64 = 0
  public var l1SectorAccesses: UInt64 = 0
  public var l1SectorMisses: UInt64 = 0
  public var sharedAccesses: UInt64 = 0
  public var sharedConflictCycles: UInt64 = 0
  public var l2Reads: UInt64 = 0
  public var l2ReadMisses: UInt64 = 0
  public var l2Writes: UInt64 = 0
  public var l2Atomics: UInt64 = 0
  public var dramReads: UInt64 = 0
  public var dramWrites: UInt64 = 0

  public init() {}

  /// One row of the table from which JSON, CSV, docs and sums are made.
  public struct Counter: Sendable {
    public let path: WritableKeyPath<Statistics, UInt64> & Sendable
    public let group: String
    public let name: String
    public let unit: String
    public let meaning: String
  }

  /// Every scalar counter, in the order of output.
  public static let counters: [Counter] = [
    row(\.warpInstructions, "issue", "warpInstructions", "warp instructions", "issued"),
    row(
      \.threadInstructions, "issue", "threadInstructions", "thread instructions",
      "executing lanes, summed"),
    row(
      \.residentWarpCycles, "issue", "residentWarpCycles", "warp-cycles",
      "warps resident, summed over cycles"),
    row(\.registerReads, "registerFile", "reads", "registers", "read through bank ports"),
    row(
      \.registerCacheHits, "registerFile", "cacheHits", "registers",
      "served by the register-file cache"),
    row(\.readPortStalls, "registerFile", "portStalls", "cycles", "Allocate held for a read port"),
    row(
      \.l0InstructionAccesses, "l0Instruction", "accesses", "fetches",
      "of the L0 instruction caches"),
    row(\.l0InstructionMisses, "l0Instruction", "misses", "fetches", "that missed in L0"),
    row(
      \.instructionPrefetches, "l0Instruction", "prefetches", "lines", "requested by prefetchers"
    ),
    row(\.l1InstructionAccesses, "l1Instruction", "accesses", "lines", "looked up in L1/L1.5"),
    row(\.l1InstructionMisses, "l1Instruction", "misses", "lines", "that missed in L1/L1.5"),
    row(\.constantAccesses, "constant", "accesses", "lookups", "of constant operands and LDC"),
    row(\.constantMisses, "constant", "misses", "lookups", "that missed"),
    row(
      \.globalBytes, "memory", "globalBytes", "bytes",
      "that lanes load, store or change in global memory"),
    row(\.localBytes, "memory", "localBytes", "bytes", "the same, in local memory"),
    row(\.sharedBytes, "memory", "sharedBytes", "bytes", "the same, in shared memory"),
    row(\.constantBytes, "memory", "constantBytes", "bytes", "that lanes load by LDC"),
    row(\.l1Accesses, "l1", "accesses", "lines", "looked up in the L1 data cache"),
    row(\.l1SectorAccesses, "l1", "sectors", "sectors", "touched in the L1 data cache"),
    row(\.l1SectorMisses, "l1", "sectorMisses", "sectors", "that missed in the L1 data cache"),
    row(\.sharedAccesses, "shared", "accesses", "warp instructions", "of shared memory"),
    row(\.sharedConflictCycles, "shared", "conflictCycles", "cycles", "added by bank conflicts"),
    row(\.l2Reads, "l2", "reads", "sectors", "read from the L2"),
    row(\.l2ReadMisses, "l2", "readMisses", "sectors", "that missed in the L2"),
    row(\.l2Writes, "l2", "writes", "sectors", "written to the L2"),
    row(\.l2Atomics, "l2", "atomics", "sectors", "of atomics and reductions in the L2"),
    row(\.dramReads, "dram", "reads", "sectors", "read from DRAM"),
    row(\.dramWrites, "dram", "writes", "sectors", "written back to DRAM"),
  ]

  private static func row(
    _ path: WritableKeyPath<Statistics, UInt64> & Sendable, _ group: String, _ name: String,
    _ unit: String, _ meaning: String
  ) -> Counter {
    Counter(path: path, group: group, name: name, unit: unit, meaning: meaning)
  }

  /// Adds all counts of `other`.
  public mutating func add(_ other: Statistics) {
    for index in 0..<16 {
      stalls[index] += other.stalls[index]
      issuedByUnit[index] += other.issuedByUnit[index]
    }
    for counter in Self.counters {
      self[keyPath: counter.path] += other[keyPath: counter.path]
    }
  }

  /// All counts times `factor`, rounded.
  public func scaled(by factor: Double) -> Statistics {
    func scaled(_ count: UInt64) -> UInt64 { UInt64((Double(count) * factor).rounded()) }
    var result = self
    for index in 0..<16 {
      result.stalls[index] = scaled(stalls[index])
      result.issuedByUnit[index] = scaled(issuedByUnit[index])
    }
    for counter in Self.counters {
      result[keyPath: counter.path] = scaled(self[keyPath: counter.path])
    }
    return result
  }

  public subscript(reason reason: StallReason) -> UInt64 { stalls[Int(reason.rawValue)] }
}
