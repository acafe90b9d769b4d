/// Where a register lives.
public enum RegisterFile: UInt8, Sendable {
  case general = 0
  case uniform = 1
  case predicate = 2
  case uniformPredicate = 3
}

/// A run of consecutive registers that an instruction reads or writes.
/// Zero registers (RZ, URZ, PT, UPT) never appear: they carry no dependence.
public struct RegisterOperand: Hashable, Sendable {
  public var file: RegisterFile
  /// First register number.
  public var first: UInt8
  /// Number of 32-bit registers (1 for predicates), at least 1.
  public var count: UInt8
  /// Encoded source slot (0 = A, 1 = B, 2 = C) for the register-file cache; 255 = none
  /// (destinations, address and uniform operands), `guardSlot` = the guard.
  public var slot: UInt8

  /// The slot of a guard predicate.
  public static let guardSlot: UInt8 = 254

  public init(file: RegisterFile, first: UInt8, count: UInt8 = 1, slot: UInt8 = 255) {
    self.file = file
    self.first = first
    self.count = count
    self.slot = slot
  }
}

/// The functional unit class of an instruction, independent of the architecture.
/// How units are built and shared per architecture is the machine description's business.
public enum Unit: UInt8, CaseIterable, Sendable {
  /// FP32 add, multiply, FMA, compare and select on the FMA pipes.
  case fp32
  /// 32-bit integer multiply-add (IMAD, IMUL, IDP): FMA pipe, half rate on GA10x.
  case imad
  /// Integer and logic ALU, moves, CS2R.
  case integer
  /// Packed half precision.
  case half
  /// Predicate logic on the integer pipe (PLOP3, P2R, R2P, VOTE).
  case predicate
  /// Warp-uniform datapath.
  case uniform
  /// Tensor core.
  case tensor
  /// Double precision (one per SM on GeForce-class parts).
  case fp64
  /// Special functions, conversions, bit counts (XU); variable latency.
  case sfu
  /// Branch, convergence and call instructions.
  case branch
  /// Everything that goes through the memory local unit (loads, stores, atomics, SHFL, S2R …).
  case memory
  /// Fixed-latency oddments with no operands to fetch (NOP, DEPBAR, …).
  case miscellaneous
  /// Variable-latency oddments with a queue of their own (S2UR, ERRBAR).
  case miscellaneousQueue
  /// CTA barriers (BAR).
  case barrier
}

/// Row of the latency tables: which producer or consumer class an instruction belongs to.
/// Names and members follow the NAK compiler's latency data (see Docs/sources.md).
public enum LatencyClass: UInt8, CaseIterable, Sendable {
  /// Members of `alu` and `decoupled` with a rate of their own.
  case packedConversion, conversion, bitCount
  case alu, dispatch64, fma, imadWide, half, halfAlu, halfToF32, fp64, clmad
  case imma88, mma1x, mma2x, dmma
  case branch, decoupled, address
  case uniform, uniformLoad, uniformMove, uniformVote, toUniform
  /// Writes a predicate from the ALU or FMA pipes (consumer: see the predicate latencies).
  case predicateWriter
}

/// What an instruction does to memory.
public enum MemorySpace: UInt8, Sendable {
  case none, global, shared, local, generic, constant, texture, surface
}

public enum MemoryAction: UInt8, Sendable {
  case none
  case load
  case store
  /// Atomic that returns a value (ATOM, ATOMG, ATOMS).
  case atomic
  /// Atomic without a result (RED).
  case reduction
  /// Asynchronous copy, global to shared (LDGSTS).
  case copyAsync
  /// LDSM: shared-memory matrix load.
  case matrixLoad
  /// Lane exchange and queries that travel the memory pipeline (SHFL, MATCH, S2R, B2R …).
  case exchange
  /// Cache control (CCTL).
  case cacheControl
}

/// How the address of a memory instruction is formed; it decides the address-phase latency
/// (arXiv 2503.20481 Table 2).
public enum AddressKind: UInt8, Sendable {
  case none, immediate, uniform, regular
}

public enum MemoryScope: UInt8, Sendable {
  case weak, cta, sm, gpu, system
}

/// How long a cache should keep a line, as PTX's `level::eviction_priority` has it. Within a priority
/// the least recently used line goes.
public enum EvictionPriority: UInt8, Sendable, BitwiseCopyable {
  /// Before all others (.EF), and lines that are read for the last time (.LU).
  case first
  case normal
  /// After all others (.EL).
  case last
  /// The access leaves the order as it is (.EU).
  case unchanged
}

/// What an instruction does to the warp's control flow or synchronisation.
public enum ControlEffect: UInt8, Sendable {
  case none
  /// May redirect the warp (BRA, BRX, JMP, CALL, RET, BSYNC, WARPSYNC, BREAK …).
  case branch
  /// EXIT (of the active lanes).
  case exit
  /// BAR.SYNC / BAR.RED: arrive and wait.
  case barrierSync
  /// BAR.ARV: arrive only.
  case barrierArrive
  /// MEMBAR: per-warp fence.
  case fence
  /// DEPBAR: threshold wait on a dependence counter.
  case depbar
  /// LDGDEPBAR: closes a cp.async group.
  case asyncGroup
  /// NANOSLEEP.
  case sleep
}

/// One static instruction, decoded once: everything that does not change from execution to
/// execution. Plain data; the simulator compiles it once more with the machine's latencies.
public struct Instruction: Sendable {
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `control` is real; otherwise dependences need a scoreboard.
    public static let hasControl = Flags(rawValue: 1 << 0)
    /// The opcode is not in the table; classified conservatively.
    public static let unknownOpcode = Flags(rawValue: 1 << 1)
    /// Reads the clock register through CS2R (sampled in the Control stage).
    public static let readsClock = Flags(rawValue: 1 << 2)
    /// S2R of a clock register (variable latency).
    public static let readsClockSlow = Flags(rawValue: 1 << 3)
    /// Variable latency: completes through a dependence counter, not by stall counts.
    public static let variableLatency = Flags(rawValue: 1 << 4)
    /// 64-bit address in a register pair.
    public static let address64 = Flags(rawValue: 1 << 5)
    /// Bypasses the L1 data cache (STRONG.GPU, STRONG.SYS, atomics, LDGSTS.BYPASS).
    public static let bypassL1 = Flags(rawValue: 1 << 6)
    /// Writes predicates (any SETP, PLOP3, R2P, VOTE …).
    public static let writesPredicate = Flags(rawValue: 1 << 7)
    /// Wide multiply (IMAD.WIDE, IMAD.HI, IMUL.WIDE).
    public static let wide = Flags(rawValue: 1 << 8)
    /// Barrier reduction (BAR.RED).
    public static let barrierReduction = Flags(rawValue: 1 << 9)
    /// Needs features that the machine does not model yet (TMA, WGMMA, clusters …).
    public static let unsupported = Flags(rawValue: 1 << 10)
    /// Fence or load that must be seen by the whole system (.SYS).
    public static let systemScope = Flags(rawValue: 1 << 11)
    /// A miss leaves nothing in the L1 data cache (.NA).
    public static let noAllocate = Flags(rawValue: 1 << 12)
  }

  /// Highest number of register operands of either kind.
  public static let operandCapacity = 8

  /// Byte offset in the kernel's code image.
  public var pc: UInt32 = 0
  /// Index in `OpcodeTable.entries`.
  public var opcode: UInt16 = 0
  public var unit: Unit = .integer
  public var latencyClass: LatencyClass = .alu
  public var flags: Flags = []
  public var effect: ControlEffect = .none
  public var control = ControlCode()

  public var destinationCount: UInt8 = 0
  public var sourceCount: UInt8 = 0
  public var destinations = InlineArray<8, RegisterOperand>(
    repeating: RegisterOperand(file: .general, first: 0))
  /// Sources, guard predicate and address registers included.
  public var sources = InlineArray<8, RegisterOperand>(
    repeating: RegisterOperand(file: .general, first: 0))

  /// Constant operand `c[bank][offset]` of a fixed-latency instruction, or of LDC/ULDC.
  public var hasConstant = false
  public var constantBank: UInt8 = 0
  /// Byte offset in the bank.
  public var constantOffset: UInt32 = 0

  public var space: MemorySpace = .none
  public var action: MemoryAction = .none
  public var addressKind: AddressKind = .none
  public var scope: MemoryScope = .weak
  public var eviction: EvictionPriority = .normal
  /// Bytes that one thread accesses (1…16); LDSM: 4 × number of matrices.
  public var accessBytes: UInt8 = 0

  /// BAR: barrier id; DEPBAR: counter; NANOSLEEP: nothing.
  public var argument0: UInt32 = 0
  /// BAR: thread count (0 = whole CTA); DEPBAR: threshold; NANOSLEEP: nanoseconds.
  public var argument1: UInt32 = 0
  /// DEPBAR: mask of counters that must be zero before it issues itself.
  public var argument2: UInt32 = 0

  /// Tensor instructions: shape and operand width.
  public var tensor = TensorShape()

  public init() {}

  public mutating func addDestination(_ operand: RegisterOperand) {
    guard destinationCount < 8 else { return }
    destinations[Int(destinationCount)] = operand
    destinationCount += 1
  }

  public mutating func addSource(_ operand: RegisterOperand) {
    guard sourceCount < 8 else { return }
    sources[Int(sourceCount)] = operand
    sourceCount += 1
  }
}

/// Shape of a warp-wide matrix instruction: D(M×N) = A(M×K) · B(K×N) + C.
public struct TensorShape: Hashable, Sendable {
  public var m: UInt16 = 0
  public var n: UInt16 = 0
  public var k: UInt16 = 0
  /// Bits of an input element (1, 4, 8, 16, 19 for TF32, 64 for DMMA).
  public var inputBits: UInt8 = 0
  /// 32 for F32 or S32 accumulation, 16 for F16, 64 for DMMA.
  public var accumulatorBits: UInt8 = 0
  /// Inputs are floating-point numbers.
  public var isFloat = false
  /// 2:4 structured sparsity (`.SP`).
  public var sparse = false
  public init() {}

  /// The first architecture with this product (PTX ISA, "Warp Level Matrix Instructions").
  public var leastArchitecture: Int {
    if inputBits == 8, isFloat { return 89 }
    let onTuring = !sparse && (inputBits == 16 && k == 8 || inputBits <= 8 && m == 8)
    return onTuring ? 75 : 80
  }
}
