import ISA

/// What is the same in all lines of one instruction: `PC MASK ndst [dst] opcode nsrc [src…] width
/// [mode addresses…] immediate`, where mask and addresses are each execution's own.
struct AccelSimLine {
  /// `PC `.
  let pc: [UInt8]
  /// ` ndst [dst] opcode nsrc [src…] `.
  let operation: [UInt8]
  /// `immediate` and the line's end.
  let immediate: [UInt8]
  /// It has an operand in memory.
  let accessesMemory: Bool
  /// Bytes that a lane accesses.
  let width: Int64
  /// Source registers beyond those that Accel-Sim takes.
  let sourcesLeftOut: Int

  /// Accel-Sim's arrays hold no more sources.
  static let sourceLimit = 4

  struct Failure: Error { let message: String }

  init(_ instruction: StaticInstruction, _ architecture: Architecture) throws(Failure) {
    let text = SASSText(instruction.text)
    guard !text.opcode.isEmpty else { throw Failure(message: "has no SASS text") }
    guard text.opcode.utf8.count < 64, text.opcode.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw Failure(message: "has an opcode that cannot stand in a line of text")
    }
    guard UInt64(instruction.pc) <= AccelSimCode.highestPC, instruction.pc % 8 == 0 else {
      throw Failure(message: "lies where no reader of the format expects one")
    }
    let decoded = InstructionDecoder.decode(instruction, architecture: architecture)
    var registers = Self.Registers(text, decoded)
    sourcesLeftOut = max(0, registers.sources.count - Self.sourceLimit)
    registers.sources = Array(registers.sources.prefix(Self.sourceLimit))
    accessesMemory = text.operands.contains {
      switch $0.kind {
      case .memory, .descriptor: true
      case .constant: decoded.unit == .memory
      default: false
      }
    }
    width = Int64(decoded.accessBytes > 0 ? decoded.accessBytes : 4)

    var line: [UInt8] = []
    line.append(hexadecimal: UInt64(instruction.pc), width: 4)
    pc = line + [UInt8(ascii: " ")]
    let destination = registers.destination.map { "1 R\($0)" } ?? "0"
    let sources = [String(registers.sources.count)] + registers.sources.map { "R\($0)" }
    operation = Array(
      " \(destination) \(text.opcode) \(sources.joined(separator: " ")) ".utf8)
    immediate = Array("\(Self.immediate(text))\n".utf8)
  }

  /// The last integer operand; 0 when there is none. Negative ones are 32-bit fields of the
  /// instruction and appear as such.
  private static func immediate(_ text: SASSText) -> Int64 {
    guard let operand = text.operands.last(where: { $0.kind == .integer }),
      let value = operand.integers.first
    else { return 0 }
    return value < 0 ? Int64(UInt32(truncatingIfNeeded: value)) : value
  }

  /// The general registers, which are all that the format records; RZ is 255.
  private struct Registers {
    var destination: Int?
    var sources: [Int] = []

    init(_ text: SASSText, _ decoded: Instruction) {
      var sources: [Int?] = []
      for (position, operand) in text.operands.enumerated() {
        let named = operand.registers.filter { $0.file == .general }.map(\.number)
        if destination == nil, sources.isEmpty, let first = named.first,
          Self.isResult(first, at: position, text, decoded)
        {
          destination = first
        } else if named.isEmpty, operand.kind == .memory || operand.kind == .descriptor {
          sources.append(nil)
        } else {
          sources += named
        }
      }
      // A reader takes the first sources for the memory operand's: where that names no general
      // register, RZ keeps the place before the others.
      let isNamed = sources.contains { $0 != nil }
      self.sources = isNamed ? sources.map { $0 ?? 255 } : []
    }

    /// A general register behind nothing but predicates, which the instruction writes.
    private static func isResult(
      _ number: Int, at position: Int, _ text: SASSText, _ decoded: Instruction
    ) -> Bool {
      guard text.operands[position].kind == .register else { return false }
      let isFirst = text.operands[..<position].allSatisfy { operand in
        guard operand.kind == .register, let file = operand.registers.first?.file else {
          return false
        }
        return file == .predicate || file == .uniformPredicate
      }
      guard isFirst else { return false }
      // RZ takes no result and so is none to the decoder: ask with another register in its place.
      let (asked, answer) =
        number == 255 ? (0, decoding(text, replacing: position)) : (number, decoded)
      return (0..<Int(answer.destinationCount)).contains {
        let destination = answer.destinations[$0]
        return destination.file == .general && Int(destination.first) == asked
      }
    }

    /// The instruction with R0 for one of its operands.
    private static func decoding(_ text: SASSText, replacing position: Int) -> Instruction {
      var operands = text.operands.map(\.text)
      operands[position] = "R0"
      let changed = text.opcode + " " + operands.joined(separator: ", ")
      return InstructionDecoder.decode(
        StaticInstruction(pc: 0, text: changed, control: nil), architecture: Architecture(80))
    }
  }
}
