/// One streaming multiprocessor.
public struct SMSpec: Codable, Hashable, Sendable {
  /// Sub-cores (processing blocks), each with a scheduler: 1…4.
  public var subCores: Int
  /// Warp slots of the SM.
  public var warps: Int
  /// CTA slots of the SM.
  public var ctas: Int
  /// 32-bit registers of the SM.
  public var registers: Int
  /// Registers are given to warps in units of this many.
  public var registerAllocationUnit: Int
  public var sharedMemory: SharedMemorySpec
  public var frontEnd: FrontEndSpec
  public var issue: IssueSpec
  public var dependence: DependenceSpec
  public var registerFile: RegisterFileSpec
  public var units: UnitsSpec
  public var latencies: LatencySpec
  public var tensor: TensorSpec
  public var constantCache: ConstantCacheSpec
  public var memoryUnit: MemoryUnitSpec
  public var l1: L1Spec
  public var barrier: BarrierSpec
}

/// Unified data cache and shared memory: how capacity is split, and how shared memory behaves.
public struct SharedMemorySpec: Codable, Hashable, Sendable {
  /// L1 data cache and shared memory together.
  public var unifiedCapacity: Bytes
  /// Selectable shared-memory sizes.
  public var carveOuts: [Bytes]
  /// What the driver sets aside at least, also for kernels without shared memory.
  public var leastCarveOut: Bytes
  /// Shared memory that the system takes for each CTA that uses any.
  public var reservePerCTA: Bytes
  /// Shared memory is given to CTAs in units of this size.
  public var allocationUnit: Bytes
  /// Banks, each 4 bytes wide.
  public var banks: Int
}

/// Fetch, instruction buffers, instruction caches and prefetcher.
public struct FrontEndSpec: Codable, Hashable, Sendable {
  /// Entries of a warp's instruction buffer, 1…8.
  public var instructionBufferEntries: Int
  /// Cycles from sending a fetch that hits in L0 to the earliest issue.
  public var fetchToIssue: Int
  /// Cycles from an instruction line's arrival in L0 to the earliest issue from it.
  public var replyToIssue: Int
  /// All fetches hit in L0.
  public var perfectInstructionCache: Bool
  public var l0: InstructionCacheGeometry
  public var l1: InstructionCacheGeometry
  /// Cycles of the request path from L0 to L1.
  public var l0ToL1: Int
  /// Cycles of a lookup in L1.
  public var l1Lookup: Int
  /// Cycles of the reply path from L1 to L0.
  public var l1ToL0: Int
  public var prefetcher: PrefetcherSpec
  /// Instruction and constant caches are emptied when a kernel ends.
  public var invalidateAtKernelEnd: Bool

  public struct PrefetcherSpec: Codable, Hashable, Sendable {
    public var policy: InstructionPrefetch
    /// How many lines it runs ahead; 0 switches it off; at most 32.
    public var lines: Int
    /// Prefetches sent per cycle.
    public var requestsPerCycle: Int
  }
}

public struct InstructionCacheGeometry: Codable, Hashable, Sendable {
  public var size: Bytes
  public var line: Bytes
  public var ways: Int
}

/// Issue stage.
public struct IssueSpec: Codable, Hashable, Sendable {
  public var policy: IssuePolicy
  /// Cycles that the scheduler holds on to a warp whose constant operand misses.
  public var constantMissSwitch: Int
  /// What the compiler's special stall encodings mean to the hardware.
  public var specialStalls: SpecialStalls
  /// Cycles that the issue port stays busy after IMAD.WIDE or IMAD.HI, beyond its own.
  public var wideMultiplyExtraIssue: Int

  public struct SpecialStalls: Codable, Hashable, Sendable {
    /// Stall 0 with yield set, in cycles.
    public var zeroWithYield: Int
    /// Stall counts 12 and 13 without yield, in cycles.
    public var twelveOrMore: Int
    /// Stall counts 14 and 15 without yield, in cycles.
    public var fourteenOrMore: Int
    /// Stalls above 11 without yield are shortened as above; false: they wait their count.
    public var shortenLongStalls: Bool
  }
}

/// How the hardware learns that an instruction's operands are ready.
public struct DependenceSpec: Codable, Hashable, Sendable {
  public var mode: Mode
  /// Scoreboard mode: pending readers that a register can count (WAR); 0 = unlimited.
  public var scoreboardConsumers: Int
  /// Highest value of a dependence counter.
  public var counterMaximum: Int

  public enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
    /// Stall counts and dependence counters from the instruction word; kernels without them
    /// fall back to scoreboards.
    case controlBits
    case scoreboard
  }
}

/// Register file, its cache and its write-back.
public struct RegisterFileSpec: Codable, Hashable, Sendable {
  /// Banks of a sub-core; a register's bank is its number modulo this.
  public var banks: Int
  /// Read ports of a bank, 1…4; 0 = unlimited.
  public var readPorts: Int
  /// Cycles of operand read of a fixed-latency instruction.
  public var readWindow: Int
  /// Cycles of operand read when an operand has four registers (tensor).
  public var wideReadWindow: Int
  /// Register-file cache on or off.
  public var cache: Bool
  /// Cycles from the end of operand read and execution to the write port.
  public var writeBackStages: Int
}

/// Constant caches.
public struct ConstantCacheSpec: Codable, Hashable, Sendable {
  /// Every constant operand hits.
  public var perfect: Bool
  /// Cycles of the request path from an L0 constant cache to the L1.5, and of the reply path.
  public var l0ToL1: Int
  public var l1ToL0: Int
  /// L0 of a sub-core for operands of fixed-latency instructions.
  public var l0: InstructionCacheGeometry
  /// Constants of bank 0, from its start, that a launch brings to the L1.5.
  public var launchPrefetch: Bytes
  /// Cache of the memory path (LDC).
  public var loadPath: InstructionCacheGeometry
}

/// Memory local unit of a sub-core and the SM's shared part, to the L1's or shared memory's door.
public struct MemoryUnitSpec: Codable, Hashable, Sendable {
  /// Instructions that the local unit holds, besides the one in the Control latch.
  public var queueEntries: Int
  /// Cycles between address generations of a sub-core.
  public var addressInterval: Int
  /// Cycles between acceptances of the SM's shared unit.
  public var acceptInterval: Int
  /// The same after an instruction none of whose lanes access memory.
  public var idleAcceptInterval: Int
  /// Cycles from operand read to acceptance.
  public var operandReadLead: Int
  /// Cycles saved when the address is a single 32-bit register.
  public var narrowAddressSaving: Int
  /// Bytes per cycle of the link over which global loads return and store data leave.
  public var globalLinkBytes: Int
  /// Bytes per cycle of the link over which shared-memory loads return.
  public var sharedLinkBytes: Int
  /// Shortest use of the link by a shared-memory load, in cycles.
  public var sharedLinkMinimum: Int
  /// Pending-request table: memory instructions in flight in the SM.
  public var pendingRequests: Int
  public var phases: Phases

  /// Cycles from issue to acceptance (address phase) by kind of instruction, and from acceptance
  /// to the first data on the return link (data phase) for a hit without conflicts.
  public struct Phases: Codable, Hashable, Sendable {
    public var loadGlobalUniform: Phase
    public var loadGlobalRegular: Phase
    public var storeGlobalUniform: Phase
    public var storeGlobalRegular: Phase
    public var loadSharedUniform: Phase
    public var loadSharedRegular: Phase
    public var storeSharedUniform: Phase
    public var storeSharedRegular: Phase
    public var loadConstantImmediate: Phase
    public var loadConstantRegular: Phase
    public var copyAsync: Phase
    public var exchange: Phase
  }

  public struct Phase: Codable, Hashable, Sendable {
    public var address: Int
    public var data: Int
  }
}

/// L1 data cache.
public struct L1Spec: Codable, Hashable, Sendable {
  public var line: Bytes
  public var sector: Bytes
  /// Sets; what shared memory takes of the capacity it takes from their ways.
  public var sets: Int
  /// Which line of a set goes first.
  public var replacement: Replacement
  /// Misses (lines) that can be outstanding.
  public var mshrs: Int
  /// Banks of the tags, by the low bits of a line's number: lines in different ones are looked up
  /// together. 1…8.
  public var tagBanks: Int
  /// Tag lookups (lines) per cycle and bank.
  public var tagsPerCycle: Int
  /// Bytes per cycle of the data stage.
  public var dataBytesPerCycle: Int
  /// Cycles added to a miss before it leaves the SM.
  public var missLatency: Int
}

/// CTA barriers and fences.
public struct BarrierSpec: Codable, Hashable, Sendable {
  /// Cycles from the last arrival to the earliest issue of the waiting warps.
  public var releaseLatency: Int
  /// Shortest time that a fence takes, in cycles, however little it waits for: CTA scope.
  public var fenceCTA: Int
  /// GPU scope.
  public var fenceGPU: Int
  /// System scope.
  public var fenceSystem: Int
}
