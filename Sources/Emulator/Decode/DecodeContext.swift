import ISA

/// Why an instruction cannot be executed.
struct UnsupportedInstruction: Error { let reason: String }

/// Builds one operation from an instruction's text: a cursor over operands, and modifiers that
/// must all be taken by the rule that claims them.
struct DecodeContext {
  enum Reading { case integer, float, double, half, brain }

  let instruction: StaticInstruction
  let architecture: Architecture
  let text: InstructionText
  var modifiers: [String]
  var operands: ArraySlice<OperandText>
  var operation: Operation
  /// `.E` was among the modifiers.
  var hasWideAddresses = false
  /// Broadcast constants of the kernel; the launch fills them.
  var pool: ConstantPool

  init(
    _ instruction: StaticInstruction, text: InstructionText, architecture: Architecture,
    pool: ConstantPool
  ) {
    self.instruction = instruction
    self.architecture = architecture
    self.text = text
    self.pool = pool
    modifiers = text.modifiers
    operands = text.operands[...]
    operation = Operation { _, _ in }
  }

  func unsupported(_ reason: String) -> UnsupportedInstruction { .init(reason: reason) }

  // MARK: Modifiers

  /// Takes a modifier if it is there.
  mutating func take(_ name: String) -> Bool {
    guard let index = modifiers.firstIndex(of: name) else { return false }
    modifiers.remove(at: index)
    return true
  }

  /// Takes modifiers that change timing or hints, not results.
  mutating func ignore(_ names: String...) { for name in names { _ = take(name) } }

  /// Takes the first of the given modifiers that is there.
  mutating func choice<T>(_ choices: KeyValuePairs<String, T>) -> T? {
    for (name, value) in choices where take(name) { return value }
    return nil
  }

  mutating func takeRounding() -> Rounding {
    choice(["RN": .nearest, "RM": .down, "RP": .up, "RZ": .zero]) ?? .nearest
  }

  // MARK: Operands

  mutating func next() throws -> OperandText {
    guard let operand = operands.popFirst() else { throw unsupported("an operand is missing") }
    return operand
  }

  /// Destination register, general or uniform.
  mutating func destination(words: Int = 1) throws {
    operation.words = words
    switch try next().kind {
    case .register(let number):
      operation.destination = number == OperandText.zeroRegister ? Warp.discard : number
    case .uniform(let number):
      operation.isUniform = true
      operation.destination = number
    default: throw unsupported("the first operand is not a register")
    }
  }

  private func predicateIndex(_ operand: OperandText) -> Int? {
    switch operand.kind {
    case .predicate(let number): number
    case .uniformPredicate(let number):
      number == 7 ? Predicates.true : Predicates.uniform + number
    default: nil
    }
  }

  /// The next operand as a predicate result; whether there was one.
  @discardableResult
  mutating func predicateResult(_ field: WritableKeyPath<Operation, Int>) throws -> Bool {
    guard let first = operands.first, let index = predicateIndex(first), !first.isInverted else {
      return false
    }
    operands = operands.dropFirst()
    if case .uniformPredicate = first.kind { operation.isUniform = true }
    operation[keyPath: field] = index == Predicates.true ? Predicates.discard : index
    return true
  }

  /// The next operand as a predicate source; PT when there is none.
  mutating func predicate() throws -> PredicateSource {
    guard let first = operands.first else { return PredicateSource() }
    guard let index = predicateIndex(first) else { throw unsupported("a predicate is missing") }
    operands = operands.dropFirst()
    return PredicateSource(index: index, isNegated: first.isInverted)
  }

  /// Takes a predicate whose other values are not known: only PT or !PT.
  mutating func expectPredicate(_ text: String) throws {
    let source = try predicate()
    guard source.index == Predicates.true, source.isNegated == text.hasPrefix("!") else {
      throw unsupported("another predicate than \(text)")
    }
  }

  var nextIsPredicate: Bool { operands.first.flatMap(predicateIndex) != nil }

  /// The next operand as a 32- or 64-bit source.
  mutating func source(_ reading: Reading = .integer) throws -> Source {
    let operand = try next()
    var source = Source()
    switch operand.kind {
    case .register(let number): source.index = number
    case .uniform(let number):
      source.place = .uniform
      source.index = number == 63 && architecture.number < 100 ? OperandText.zeroRegister : number
    case .constant(let bank, let offset, nil):
      source.place = .pool
      source.index = pool.word(.constant(bank: bank, offset: offset))
    case .integer(let value):
      source.place = .pool
      source.index = pool.word(.immediate(literal(Double(value), integer: value, reading)))
      if reading == .half || reading == .brain { try pairHalves(operand, &source, reading) }
    case .number(let value):
      source.place = .pool
      source.index = pool.word(.immediate(literal(value, integer: 0, reading)))
      if reading == .half || reading == .brain { try pairHalves(operand, &source, reading) }
    case .predicate, .uniformPredicate: throw unsupported("a predicate where a value is expected")
    default: throw unsupported("an operand of a kind that is not known here")
    }
    applySigns(operand, reading, &source)
    try applySuffixes(operand, reading, &source)
    return source
  }

  /// Immediates of packed halves are written as two numbers, low half last.
  private mutating func pairHalves(
    _ first: OperandText, _ source: inout Source, _ reading: Reading
  ) throws {
    func value(_ operand: OperandText) -> Double? {
      switch operand.kind {
      case .integer(let value): Double(value)
      case .number(let value): value
      default: nil
      }
    }
    func bits(_ value: Double) -> UInt32 {
      reading == .brain
        ? UInt32(Float(value).bitPattern >> 16) : UInt32(HalfPrecision.bits(value))
    }
    guard let high = value(first) else { return }
    var low = high
    if let second = operands.first, let number = value(second) {
      low = number
      operands = operands.dropFirst()
    }
    source.index = pool.word(.immediate(UInt64(bits(high) << 16 | bits(low))))
  }

  private func literal(_ value: Double, integer: Int64, _ reading: Reading) -> UInt64 {
    switch reading {
    case .integer:
      if integer != 0 || value == 0 { return UInt64(bitPattern: integer) }
      return UInt64(Float(value).bitPattern)
    case .float:
      // A NaN's payload is in the encoding only.
      if value.isNaN, let encoding = instruction.encoding { return encoding.low >> 32 }
      return UInt64(Float(value).bitPattern)
    case .double: return value.bitPattern
    case .half, .brain: return 0
    }
  }

  private func applySigns(_ operand: OperandText, _ reading: Reading, _ source: inout Source) {
    guard operand.isNegated || operand.isAbsolute || operand.isInverted else { return }
    switch reading {
    case .integer:
      source.change = operand.isInverted ? .invert : .integerNegate
    case .float, .double:
      source.change = .sign
      source.keep = operand.isAbsolute ? 0x7fff_ffff : .max
      source.flip = operand.isNegated ? 0x8000_0000 : 0
    case .half, .brain:
      source.change = .sign
      source.keep = operand.isAbsolute ? 0x7fff_7fff : .max
      source.flip = operand.isNegated ? 0x8000_8000 : 0
    }
  }

  private func applySuffixes(
    _ operand: OperandText, _ reading: Reading, _ source: inout Source
  ) throws {
    for suffix in operand.suffixes {
      switch suffix {
      case "H0_H0": source.halves = .low
      case "H1_H1": source.halves = .high
      case "H1_H0": source.halves = .both
      case "H0_H1": source.halves = .swapped
      case "H0_NH1", "F32": source.halves = suffix == "F32" ? .single : .both
      case "64", "ROW", "COL", "U32", "H0", "H1", "B0", "B1", "B2", "B3": break
      default: throw unsupported("operand modifier .\(suffix)")
      }
    }
    if source.halves == .single {
      source.keep |= 0x0000_7fff | (source.keep & 0x8000_0000)
      source.flip &= 0x8000_0000
    }
  }

  /// The next operand as a plain number.
  mutating func integer() throws -> Int64 {
    guard case .integer(let value) = try next().kind else {
      throw unsupported("a number is expected")
    }
    return value
  }

  /// The next operand as a byte offset in the code, as an index.
  mutating func codeTarget() throws -> Int {
    let value = try integer()
    return Int(truncatingIfNeeded: value) / Int(architecture.instructionBytes)
  }

  /// The next operand as an address; fills the operation's address fields.
  mutating func address() throws {
    guard case .memory(let memory) = try next().kind else {
      throw unsupported("an address is expected")
    }
    var register = Source()
    register.index = memory.register ?? OperandText.zeroRegister
    operation.a = register
    operation.addressIsWide = memory.isWide
    if operation.space == .global || operation.space == .generic {
      // `.E` says 64-bit addresses; `.U32` in the operand that the register is only an offset.
      operation.addressIsWide = !memory.isUnsigned32 && (memory.isWide || hasWideAddresses)
    }
    operation.scale = memory.scale
    operation.offset = memory.offset
    operation.addressUniformIsWide =
      operation.space == .global || operation.space == .generic || memory.uniformIsWide
    operation.addressUniform = memory.uniform.map(uniformNumber) ?? OperandText.zeroRegister
  }

  private func uniformNumber(_ number: Int) -> Int {
    number == 63 && architecture.number < 100 ? OperandText.zeroRegister : number
  }
}
