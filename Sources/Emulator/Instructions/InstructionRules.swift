import ISA

/// How the text of an instruction becomes an operation; takes all modifiers it understands.
typealias Rule = @Sendable (inout DecodeContext) throws -> Void

/// All instructions that the emulator executes, by base mnemonic.
enum InstructionRules {
  static let all: [String: Rule] = {
    var rules: [String: Rule] = [:]
    for family in [
      integer, shifts, bits, predicates, moves, single, double, half, conversions, control, warp,
      memory, memoryBarriers, atomics, tensor, texture, video,
    ] {
      rules.merge(family) { first, _ in first }
    }
    return rules
  }()

  /// The rule of a mnemonic; instructions of the uniform datapath share those of the vector one.
  static func rule(for mnemonic: String) -> Rule? {
    if let rule = all[mnemonic] { return rule }
    guard mnemonic.hasPrefix("U") else { return nil }
    return all[String(mnemonic.dropFirst())]
  }

  static func decode(
    _ instruction: StaticInstruction, architecture: Architecture, pool: ConstantPool
  ) throws -> Operation {
    let text = InstructionText(instruction.text)
    var context = DecodeContext(
      instruction, text: text, architecture: architecture, pool: pool)
    guard let rule = rule(for: text.mnemonic) else {
      throw UnsupportedInstruction(reason: "opcode \(text.mnemonic)")
    }
    try rule(&context)
    if let modifier = context.modifiers.first {
      throw UnsupportedInstruction(reason: "modifier .\(modifier)")
    }
    if let operand = context.operands.first {
      throw UnsupportedInstruction(reason: "operand \(operand.kind)")
    }
    let condition = text.guardPredicate
    let number = condition.number == 7 ? Predicates.true : condition.number
    context.operation.guardPredicate = PredicateSource(
      index: condition.isUniform && condition.number != 7 ? Predicates.uniform + number : number,
      isNegated: condition.isNegated)
    return context.operation
  }
}
