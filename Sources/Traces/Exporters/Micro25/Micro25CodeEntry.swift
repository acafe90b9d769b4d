import ISA

/// A static instruction with the keys of `enhanced_execution_info.json`.
struct Micro25CodeEntry: Encodable {
  let pc_string_hex: String
  let pc_num_dec: Int
  let op_code: String
  let is_predicated: Bool
  let is_uniform_predicate: Bool
  let is_predicate_negate: Bool
  let predicate_register: Int
  let num_destination_registers: Int
  let encoded_instruction: [String]
  let operands: [Micro25CodeOperand]
  let control_bits: Control?
  let register_usage = RegisterUsage()

  struct Control: Encodable {
    let stall_count: Int
    let is_yield: Bool
    let is_new_read_barrier: Bool
    let is_new_write_barrier: Bool
    let id_new_read_barrier: Int
    let id_new_write_barrier: Int
    let wait_barrier_bits: Int

    init(_ code: ControlCode) {
      stall_count = Int(code.stall)
      is_yield = code.yield
      is_new_read_barrier = code.readBarrier != ControlCode.noBarrier
      is_new_write_barrier = code.writeBarrier != ControlCode.noBarrier
      id_new_read_barrier = Int(code.readBarrier)
      id_new_write_barrier = Int(code.writeBarrier)
      wait_barrier_bits = Int(code.waitMask)
    }
  }

  /// Live registers, which a trace does not hold.
  struct RegisterUsage: Encodable {
    let num_regular = 0
    let num_uniform = 0
    let num_regular_predicate = 0
    let num_uniform_predicate = 0
    let future_max_num_regular = 0
    let future_max_num_uniform = 0
    let future_max_num_regular_predicate = 0
    let future_max_num_uniform_predicate = 0
  }

  /// Nil when the instruction has no text, or a guard that is no predicate. In code that was not
  /// captured from a binary all control bits are without meaning.
  init?(_ instruction: StaticInstruction, isCaptured: Bool = true) {
    let text = SASSText(instruction.text)
    guard !text.opcode.isEmpty else { return nil }
    var predicate: SASSText.Register?
    if !text.guardText.isEmpty {
      let guardOperand = SASSText.Operand(text.guardText)
      guard let register = guardOperand.registers.first, guardOperand.kind == .register,
        register.file == .predicate || register.file == .uniformPredicate, register.number < 8
      else { return nil }
      predicate = register
    }
    pc_string_hex = Self.hexadecimal(UInt64(instruction.pc), width: 4)
    pc_num_dec = Int(instruction.pc)
    op_code = text.opcode
    is_predicated = predicate != nil
    is_uniform_predicate = predicate?.file == .uniformPredicate
    is_predicate_negate = text.guardText.hasPrefix("!")
    predicate_register = predicate?.number ?? 0
    num_destination_registers = Self.hasResult(text) ? 1 : 0
    encoded_instruction =
      instruction.encoding.map {
        [$0.low, $0.high].map { "0x" + Self.hexadecimal($0, width: 16) }
      } ?? []
    operands = text.operands.map(Micro25CodeOperand.init)
    control_bits =
      isCaptured ? instruction.control.map(Control.init) : Control(ControlCode())
  }

  private static func hexadecimal(_ value: UInt64, width: Int) -> String {
    var digits: [UInt8] = []
    digits.append(hexadecimal: value, width: width)
    return String(decoding: digits, as: UTF8.self)
  }

  /// The first operand is a register that is written, by the format's own rule of thumb.
  private static func hasResult(_ text: SASSText) -> Bool {
    guard text.operands.first?.kind == .register else { return false }
    let base = String(text.opcode.prefix { $0 != "." })
    return OpcodeTable.lookup(base)?.noResult != true
  }
}

/// An operand with the keys of `enhanced_execution_info.json`; two of them are spelt as there.
struct Micro25CodeOperand: Encodable {
  let operand_string: String
  let operand_type: String
  let has_reg: Bool
  let is_negative_reg: Bool
  let is_absolute_reg: Bool
  let operand_reg_number: Int
  let has_inmediate: Bool
  let operand_inmmediates: [Double]
  let is_reuse_bit_set: Bool
  let operand_modifiers: [String]

  init(_ operand: SASSText.Operand) {
    let text = operand.text
    operand_string = text
    operand_type = Self.type(operand)
    // The registers behind a descriptor are found again from the text.
    let register = operand.kind == .descriptor ? nil : operand.registers.last
    has_reg = register != nil
    is_negative_reg = register != nil && (text.hasPrefix("-") || text.hasPrefix("!"))
    is_absolute_reg = register != nil && text.contains("|")
    operand_reg_number = register?.number ?? 0
    operand_inmmediates = Self.immediates(operand)
    has_inmediate = !operand_inmmediates.isEmpty
    is_reuse_bit_set = text.contains(".reuse")
    operand_modifiers = Self.modifiers(operand)
  }

  private static func type(_ operand: SASSText.Operand) -> String {
    switch operand.kind {
    case .register:
      switch operand.registers.first?.file {
      case .uniform: "UREG"
      case .predicate: "PRED"
      case .uniformPredicate: "UPRED"
      default: "REG"
      }
    case .memory: "MREF"
    case .descriptor: "DESC"
    case .constant: "CBANK"
    case .integer: "IMM_UINT64"
    case .real: "IMM_DOUBLE"
    case .special: "SR"
    case .counter: "SB"
    case .convergence: "BREG"
    case .other: operand.text.hasPrefix("`") ? "CALL_TARGET" : "GENERIC"
    }
  }

  private static func immediates(_ operand: SASSText.Operand) -> [Double] {
    switch operand.kind {
    case .integer, .constant, .memory, .descriptor: return operand.integers.map(Double.init)
    case .real:
      let value = Double(operand.text) ?? 0
      // JSON has no infinity.
      let largest = Double.greatestFiniteMagnitude
      return [value.isNaN ? 0 : max(-largest, min(largest, value))]
    default: return []
    }
  }

  /// The dotted suffixes before an offset.
  private static func modifiers(_ operand: SASSText.Operand) -> [String] {
    guard operand.kind != .integer, operand.kind != .real else { return [] }
    let text = operand.text.prefix { $0 != "+" }
    return text.split(separator: ".").dropFirst().map { $0.filter { $0 != "]" && $0 != "|" } }
  }
}
