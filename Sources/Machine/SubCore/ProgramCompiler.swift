import ISA

/// A kernel's static code, compiled for one machine.
public final class Program: @unchecked Sendable {
  let records: UnsafeMutablePointer<IssueRecord>
  let instructions: UnsafeMutablePointer<Instruction>
  /// What each instruction reads and writes, for scoreboards.
  let uses: UnsafeMutablePointer<RegisterUse>
  public let count: Int
  /// Number of the kernel in its trace.
  public let identity: Int
  /// One past the last byte of code.
  let codeEnd: UInt32
  let instructionBytes: UInt32
  /// At least one instruction carries control bits, and the machine goes by them.
  public let usesControlBits: Bool
  /// Distinguishes kernels' code and constants in the caches.
  let base: UInt64

  /// Compiles `code`. `identity` must differ between kernels with different code.
  public init(code: [Instruction], identity: Int, architecture: Architecture, spec: SMSpec) {
    count = code.count
    records = .allocate(capacity: max(1, code.count))
    instructions = .allocate(capacity: max(1, code.count))
    uses = .allocate(capacity: max(1, code.count))
    for (index, instruction) in code.enumerated() {
      (instructions + index).initialize(to: instruction)
      (uses + index).initialize(to: RegisterUse(instruction))
      (records + index).initialize(to: RecordCompiler(spec: spec).compile(instruction))
    }
    usesControlBits =
      spec.dependence.mode == .controlBits && code.contains { $0.flags.contains(.hasControl) }
    instructionBytes = architecture.instructionBytes
    // The compiler pads code to whole 128-byte lines, and fetch runs into the padding.
    codeEnd =
      (min(code.map(\.pc).max() ?? 0, .max - 256) + architecture.instructionBytes + 127) / 128 * 128
    self.identity = identity
    base = UInt64(identity + 1) << 32
  }

  public func instruction(_ index: Int) -> Instruction { instructions[index] }

  /// The unit that executes an instruction on this machine, and the cycles that it holds it for.
  public func execution(_ index: Int) -> (unit: Unit, interval: Int) {
    let record = records[index]
    return (Unit(rawValue: record.unit) ?? .miscellaneous, Int(record.initiation))
  }

  deinit {
    records.deallocate()
    instructions.deallocate()
    uses.deallocate()
  }
}

/// Turns an instruction into an issue record: the one place where specs meet opcodes.
struct RecordCompiler {
  let spec: SMSpec

  func compile(_ instruction: Instruction) -> IssueRecord {
    var record = IssueRecord()
    record.pc = instruction.pc
    record.unit = instruction.unit.rawValue
    record.effect = instruction.effect
    record.argument0 = instruction.argument0
    record.argument1 = instruction.argument1
    record.argument2 = instruction.argument2
    compileControl(instruction, &record)
    compileOperands(instruction, &record)
    compileUnit(instruction, &record)
    if instruction.unit == .memory { compileMemory(instruction, &record) }
    if instruction.flags.contains(.readsClock) { record.flags.insert(.readsClock) }
    if instruction.flags.contains(.readsClockSlow) { record.flags.insert(.readsClockSlow) }
    if instruction.flags.contains(.systemScope) { record.flags.insert(.systemScope) }
    record.scope = instruction.scope
    return record
  }

  private func compileControl(_ instruction: Instruction, _ record: inout IssueRecord) {
    guard instruction.flags.contains(.hasControl), spec.dependence.mode == .controlBits else {
      record.flags.insert(.scoreboard)
      return
    }
    let control = instruction.control
    record.wait = UInt8(clamping: wait(control))
    record.waitMask = control.waitMask
    record.writeCounter = control.writeBarrier < 6 ? control.writeBarrier : ControlCode.noBarrier
    record.readCounter = control.readBarrier < 6 ? control.readBarrier : ControlCode.noBarrier
    if instruction.effect == .asyncGroup {
      // The group's copies release the counter, not the instruction.
      record.argument0 = record.writeCounter < 6 ? UInt32(record.writeCounter) : 0
      record.writeCounter = ControlCode.noBarrier
    }
  }

  /// Cycles until the warp's next issue (arXiv 2503.20481 §4; the split of the stall counts above
  /// 11 is visible in the RTX 3060 stall sweep).
  func wait(_ control: ControlCode) -> Int {
    let special = spec.issue.specialStalls
    if control.stall == 0 { return control.yield ? special.zeroWithYield : 1 }
    if control.stall > 11, !control.yield, special.shortenLongStalls {
      return control.stall >= 14 ? special.fourteenOrMore : special.twelveOrMore
    }
    return max(Int(control.stall), control.yield ? 2 : 1)
  }

  private func compileOperands(_ instruction: Instruction, _ record: inout IssueRecord) {
    for index in 0..<Int(instruction.sourceCount) {
      let operand = instruction.sources[index]
      guard operand.file == .general else { continue }
      let reuse = operand.slot < 4 && instruction.control.reuse >> operand.slot & 1 == 1
      for offset in 0..<Int(operand.count) where record.readCount < 16 {
        let register = Int(operand.first) + offset
        guard register < 255 else { break }
        record.reads[Int(record.readCount)] = IssueRecord.OperandRead(
          register: UInt8(register),
          slot: operand.count <= 2 && operand.slot < 3 ? operand.slot : 255,
          reuse: reuse && operand.count <= 2)
        record.readCount += 1
      }
      if operand.count >= 4 { record.readWindow = UInt8(spec.registerFile.wideReadWindow) }
    }
    if record.readWindow == 0 { record.readWindow = UInt8(spec.registerFile.readWindow) }
    record.readWindow = max(record.readWindow, cyclesOfReads(record))
    for index in 0..<Int(instruction.destinationCount) {
      let operand = instruction.destinations[index]
      guard operand.file == .general else { continue }
      for offset in 0..<Int(operand.count) {
        record.writes[(Int(operand.first) + offset) % spec.registerFile.banks] += 1
      }
    }
    if instruction.hasConstant, instruction.unit != .memory, !spec.constantCache.perfect {
      record.flags.insert(.constantOperand)
    }
    if instruction.hasConstant {
      record.constant =
        UInt32(instruction.constantBank & 31) << 24 | instruction.constantOffset & 0xff_ffff
    }
  }

  /// Cycles that the ports of the busiest bank need for an instruction's registers: sparse products
  /// read more than any window holds.
  private func cyclesOfReads(_ record: IssueRecord) -> UInt8 {
    guard spec.registerFile.readPorts > 0 else { return 0 }
    var counts = InlineArray<4, Int>(repeating: 0)
    for index in 0..<Int(record.readCount) {
      let register = record.reads[index].register
      let isRepeated = (0..<index).contains { record.reads[$0].register == register }
      if !isRepeated { counts[Int(register) % spec.registerFile.banks] += 1 }
    }
    let most = max(counts[0], counts[1], counts[2], counts[3])
    return UInt8((most + spec.registerFile.readPorts - 1) / spec.registerFile.readPorts)
  }

  private func compileMemory(_ instruction: Instruction, _ record: inout IssueRecord) {
    record.action = instruction.action
    record.space = instruction.space
    record.eviction = instruction.eviction
    record.accessBytes = max(1, instruction.accessBytes)
    record.addressBytes = record.accessBytes
    if instruction.action == .matrixLoad {
      // Eight lanes of each matrix name its rows of 16 bytes (PTX ISA, ldmatrix).
      record.addressLanes = .max >> (32 - 8 * UInt32(record.words))
      record.addressBytes = 16
    }
    let phase = phase(instruction)
    record.addressPhase = UInt16(clamping: phase.address)
    record.dataPhase = UInt16(clamping: phase.data)
    if instruction.flags.contains(.bypassL1) { record.flags.insert(.bypassL1) }
    if instruction.flags.contains(.noAllocate) { record.flags.insert(.noAllocate) }
    let shared = instruction.space == .shared || instruction.space == .constant
    if shared || instruction.action == .exchange { record.flags.insert(.shortScoreboard) }
    if instruction.space == .constant, instruction.addressKind == .regular {
      record.flags.insert(.holdsSources)
    }
    let global = instruction.space != .shared && instruction.space != .constant
    if global, instruction.addressKind == .regular, !instruction.flags.contains(.address64),
      instruction.action == .load
    {
      record.flags.insert(.narrowAddress)
    }
  }

  private func phase(_ instruction: Instruction) -> MemoryUnitSpec.Phase {
    let phases = spec.memoryUnit.phases
    let uniform = instruction.addressKind == .uniform || instruction.addressKind == .immediate
    switch (instruction.action, instruction.space) {
    case (.copyAsync, _): return phases.copyAsync
    case (.exchange, _), (.cacheControl, _), (.none, _): return phases.exchange
    case (_, .constant):
      return uniform ? phases.loadConstantImmediate : phases.loadConstantRegular
    case (.store, .shared), (.reduction, .shared):
      return uniform ? phases.storeSharedUniform : phases.storeSharedRegular
    case (_, .shared): return uniform ? phases.loadSharedUniform : phases.loadSharedRegular
    case (.store, _), (.reduction, _):
      return uniform ? phases.storeGlobalUniform : phases.storeGlobalRegular
    default: return uniform ? phases.loadGlobalUniform : phases.loadGlobalRegular
    }
  }
}
