/// Turns SASS text into the flat record. Never fails: what it does not know is kept, marked and
/// classified conservatively.
public enum InstructionDecoder {
  /// Decodes one instruction.
  public static func decode(
    _ instruction: StaticInstruction, architecture: Architecture
  ) -> Instruction {
    var decoder = Decoding(instruction, architecture)
    decoder.run()
    return decoder.result
  }

  /// The base mnemonic of an instruction's text: `LDG` of `@P0 LDG.E.64 R2, [R4.64]`.
  public static func mnemonic(of text: String) -> String {
    let words = SASSWords(Array(text.utf8))
    return String(decoding: words.opcode.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
  }
}

/// The parts of an instruction's text: guard, opcode, operands.
struct SASSWords {
  var guardText: ArraySlice<UInt8> = []
  var opcode: ArraySlice<UInt8> = []
  var operands: [ArraySlice<UInt8>] = []

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    func trim() {
      while let first = rest.first, first == 32 || first == 9 { rest = rest.dropFirst() }
    }
    func word() -> ArraySlice<UInt8> {
      trim()
      let end = rest.firstIndex { $0 == 32 || $0 == 9 || $0 == UInt8(ascii: ";") } ?? rest.endIndex
      defer { rest = rest[end...] }
      return rest[..<end]
    }
    trim()
    if rest.first == UInt8(ascii: "@") { guardText = word().dropFirst() }
    opcode = word()
    splitOperands(rest)
  }

  /// Operands are separated by commas outside brackets; markers like `&req=` and `?WAIT` are dropped.
  private mutating func splitOperands(_ text: ArraySlice<UInt8>) {
    var depth = 0
    var start = text.startIndex
    func add(_ end: Int, _ operands: inout [ArraySlice<UInt8>]) {
      var piece = text[start..<end]
      while let first = piece.first, first == 32 || first == 9 { piece = piece.dropFirst() }
      while let last = piece.last, last == 32 || last == 9 || last == UInt8(ascii: ";") {
        piece = piece.dropLast()
      }
      if piece.isEmpty || piece.first == UInt8(ascii: "&") || piece.first == UInt8(ascii: "?") {
        return
      }
      operands.append(piece)
    }
    for index in text.indices {
      switch text[index] {
      case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "("): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: ",") where depth <= 0:
        add(index, &operands)
        start = index + 1
      default: break
      }
    }
    add(text.endIndex, &operands)
  }
}

/// One decoding in progress.
private struct Decoding {
  let source: StaticInstruction
  let architecture: Architecture
  let words: SASSWords
  let parts: [ArraySlice<UInt8>]
  let base: String
  var entry: OpcodeEntry
  var result = Instruction()

  init(_ source: StaticInstruction, _ architecture: Architecture) {
    self.source = source
    self.architecture = architecture
    words = SASSWords(Array(source.text.utf8))
    parts = words.opcode.split(separator: UInt8(ascii: "."))
    base = String(decoding: parts.first ?? [], as: UTF8.self)
    if let index = OpcodeTable.index(of: base) {
      entry = OpcodeTable.entries[index]
      result.opcode = UInt16(index)
    } else {
      entry = OpcodeEntry(name: base, unit: .integer, latencyClass: .alu)
      result.flags.insert(.unknownOpcode)
      result.opcode = .max
      let hasAddress = words.operands.contains {
        $0.first == UInt8(ascii: "[") || $0.starts(with: Array("desc".utf8))
      }
      if hasAddress {
        entry = OpcodeEntry(
          name: base, unit: .memory, latencyClass: .address, variable: true, space: .global,
          action: words.operands.first?.first == UInt8(ascii: "[") ? .store : .load)
      }
    }
  }

  mutating func run() {
    result.pc = source.pc
    result.unit = entry.unit
    result.latencyClass = entry.latencyClass
    result.effect = entry.effect
    result.space = entry.space
    result.action = entry.action
    if entry.unsupported { result.flags.insert(.unsupported) }
    applyControl()
    applyModifiers()
    applyGuard()
    applyOperands()
    applyTensor()
    applySpecialCases()
    if entry.variable { result.flags.insert(.variableLatency) }
  }

  // MARK: Control and modifiers

  private mutating func applyControl() {
    if let control = source.control {
      result.control = control
      result.flags.insert(.hasControl)
    } else if let encoding = source.encoding, architecture.hasControlCodes, encoding.high != 0 {
      result.control = ControlCode(highWord: encoding.high)
      result.flags.insert(.hasControl)
    }
    // An instruction that names a counter completes through it, whatever the table says.
    let names = result.control.writeBarrier < 6 || result.control.readBarrier < 6
    if result.flags.contains(.hasControl), names, !entry.variable, entry.effect == .none,
      entry.unit != .branch, entry.unit != .tensor
    {
      entry.variable = true
      if entry.unit != .memory, entry.unit != .fp64 { result.unit = .sfu }
    }
  }

  private func has(_ modifier: StaticString) -> Bool {
    parts.dropFirst().contains { part in
      modifier.withUTF8Buffer { $0.elementsEqual(part) }
    }
  }

  private mutating func applyModifiers() {
    if has("SYS") { result.flags.insert(.systemScope) }
    if has("STRONG") || entry.effect == .fence {
      result.scope =
        has("SYS") ? .system : has("GPU") ? .gpu : has("SM") ? .sm : has("CTA") ? .cta : .gpu
    }
    if entry.unit == .memory {
      if has("STRONG"), result.scope == .gpu || result.scope == .system {
        result.flags.insert(.bypassL1)
      }
      if has("NA") { result.flags.insert(.noAllocate) }
      result.eviction =
        has("EF") || has("LU") ? .first : has("EL") ? .last : has("EU") ? .unchanged : .normal
      if has("BYPASS") { result.flags.insert(.bypassL1) }
      if entry.action == .atomic || entry.action == .reduction, entry.space != .shared {
        result.flags.insert(.bypassL1)
      }
      result.accessBytes = UInt8(accessBytes())
    }
    if has("WIDE") || base == "IMAD" && has("HI") { result.flags.insert(.wide) }
    if base == "BAR" {
      if has("ARV") { result.effect = .barrierArrive }
      if has("RED") { result.flags.insert(.barrierReduction) }
    }
    if isDoubleConversion {
      result.unit = .fp64
      result.latencyClass = .conversion
    }
    if (base == "HADD2" || base == "HFMA2" || base == "HMUL2"), has("F32") {
      result.latencyClass = .halfToF32
    }
    if result.flags.contains(.wide) { result.latencyClass = .imadWide }
    if base == "CS2R", has("32") { result.latencyClass = .alu }
  }

  private var isDoubleConversion: Bool {
    (base == "F2F" || base == "F2I" || base == "I2F" || base == "FRND")
      && (has("F64") || base == "F2F" && has("64"))
  }

  /// Bytes that one thread accesses.
  private func accessBytes() -> Int {
    if entry.action == .matrixLoad { return has("4") ? 16 : has("2") ? 8 : 4 }
    func hasAny(_ names: StaticString...) -> Bool { names.contains(where: has) }
    if hasAny("128", "F32x4", "F16x8", "BF16x8") { return 16 }
    if hasAny("64", "U64", "S64", "F64", "F32x2", "F16x4", "BF16x4") { return 8 }
    if hasAny("U8", "S8") { return 1 }
    if hasAny("U16", "S16") { return 2 }
    return 4
  }

  // MARK: Operands

  private mutating func applyGuard() {
    guard !words.guardText.isEmpty else { return }
    let operand = OperandScanner(words.guardText).parse()
    if case .register(let file, let number) = operand.kind {
      result.addSource(
        RegisterOperand(
          file: file, first: UInt8(number), slot: RegisterOperand.guardSlot))
    }
  }

  /// Two result vectors, then one or two vectors of arguments.
  private mutating func applyTextureOperands() {
    func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    let widths = TextureOperands(
      base, modifiers: parts.dropFirst().map(text), operands: words.operands.map(text))
    var vectors = [widths.results.0, widths.results.1, widths.sources.0, widths.sources.1][...]
    for (position, operand) in words.operands.enumerated() {
      switch OperandScanner(operand).parse().kind {
      case .register(.general, let number):
        let isResult = vectors.count > 2
        let count = vectors.popFirst() ?? 1
        let registers = range(.general, number, count, slot: 255)
        if isResult { result.addDestination(registers) } else { result.addSource(registers) }
      case .zero(.general): _ = vectors.popFirst()
      case .register(.predicate, let number) where position == 0:
        result.addDestination(range(.predicate, number, 1, slot: 255))
        result.flags.insert(.writesPredicate)
      case .register(let file, let number): result.addSource(range(file, number, 1, slot: 255))
      default: break
      }
    }
  }

  private mutating func applyOperands() {
    if TextureOperands.describes(base) { return applyTextureOperands() }
    var slot = 0
    var resultsLeft = entry.noResult ? 0 : 1
    var leading = !entry.noResult
    var predicateOnly = [
      "ISETP", "FSETP", "DSETP", "HSETP2", "PSETP", "PLOP3", "UISETP", "UFSETP", "UPLOP3", "UPSETP",
      "CSETP", "FCHK",
    ]
    .contains(base)
    if base == "R2P" { predicateOnly = true }
    for (position, text) in words.operands.enumerated() {
      let operand = OperandScanner(text).parse()
      var isResult = false
      switch operand.kind {
      case .register(let file, _), .zero(let file), .allPredicates(let file):
        let predicate = file == .predicate || file == .uniformPredicate
        if leading {
          if predicate, entry.predicateResults || position == 0 {
            isResult = predicateOnly ? resultPredicates(position) : true
          } else if !predicate, resultsLeft > 0, !predicateOnly {
            isResult = true
            resultsLeft = 0
          }
        }
        if !isResult { leading = false }
      default: leading = false
      }
      if isResult {
        addResult(operand)
      } else {
        addSource(operand, slot: &slot, position: position)
      }
    }
  }

  /// Comparisons have two predicate results; further predicates are inputs.
  private func resultPredicates(_ position: Int) -> Bool {
    position < (base == "FCHK" || base == "R2P" ? 1 : 2)
  }

  private mutating func addResult(_ operand: SASSOperand) {
    switch operand.kind {
    case .register(let file, let number):
      let count = file == .general || file == .uniform ? resultWidth(file) : 1
      result.addDestination(range(file, number, count, slot: 255))
      if file == .predicate || file == .uniformPredicate { result.flags.insert(.writesPredicate) }
    case .allPredicates(let file):
      for number in 0..<7 {
        result.addDestination(RegisterOperand(file: file, first: UInt8(number)))
      }
      result.flags.insert(.writesPredicate)
    case .zero(let file):
      if file == .predicate || file == .uniformPredicate, base.hasSuffix("SETP") || base == "HSETP2"
      {
        result.flags.insert(.writesPredicate)
      }
    default: break
    }
  }

  /// Runs of the predicates that the mask behind PR names: P2R reads no others.
  private func chosenPredicates() -> [(first: Int, count: Int)] {
    var mask = 0x7f
    if let last = words.operands.last, words.operands.count > 1,
      case .immediate(let value) = OperandScanner(last).parse().kind
    {
      mask = value & 0x7f
    }
    var runs: [(first: Int, count: Int)] = []
    for index in 0..<7 where mask >> index & 1 == 1 {
      if let run = runs.last, run.first + run.count == index {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((index, 1))
      }
    }
    return runs
  }

  private func range(_ file: RegisterFile, _ number: Int, _ count: Int, slot: Int)
    -> RegisterOperand
  {
    let limit = 255 - number
    return RegisterOperand(
      file: file, first: UInt8(number), count: UInt8(max(1, min(count, max(1, limit)))),
      slot: UInt8(slot))
  }

  private mutating func addSource(_ operand: SASSOperand, slot: inout Int, position: Int) {
    switch operand.kind {
    case .register(let file, let number):
      let isData = file == .general || file == .uniform
      let count = isData ? sourceWidth(slot) : 1
      let place = file == .general && entry.unit != .memory && slot < 4 ? slot : 255
      result.addSource(range(file, number, count, slot: place))
      if isData { slot += 1 }
      if operand.reuse, place < 4, source.encoding == nil || result.control.reuse == 0 {
        result.control.reuse |= 1 << UInt8(place)
      }
    case .zero(let file):
      if file == .general || file == .uniform { slot += 1 }
    case .constant(let bank, let offset, let index):
      result.hasConstant = true
      result.constantBank = UInt8(bank)
      result.constantOffset = UInt32(offset)
      slot += 1
      if entry.space == .constant { result.addressKind = .immediate }
      addAddress(index)
    case .memory(let addresses):
      if addresses.isEmpty, result.addressKind == .none { result.addressKind = .immediate }
      // The first address of a copy to shared memory has 32 bits.
      addAddress(addresses, isShared: base == "LDGSTS" && position == 0)
    case .immediate(let value):
      applyImmediate(value, position: position)
      slot += 1
    case .counter(let number): result.argument0 = UInt32(number)
    case .counterList(let mask): result.argument2 = UInt32(mask)
    case .special:
      if operand.clock {
        result.flags.insert(entry.unit == .integer ? .readsClock : .readsClockSlow)
      }
    case .allPredicates(let file):
      for (first, count) in chosenPredicates() {
        result.addSource(RegisterOperand(file: file, first: UInt8(first), count: UInt8(count)))
      }
    case .other: break
    }
  }

  private mutating func addAddress(
    _ addresses: [SASSOperand.Address], isShared: Bool = false
  ) {
    for address in addresses {
      // A 64-bit global address is a register pair even where the text leaves `.64` out.
      let global =
        !isShared && (entry.space == .global || entry.space == .generic)
      let uniformBase = addresses.contains { $0.file == .uniform }
      let wide = address.wide || address.file == .general && global && has("E") && !uniformBase
      var count = wide ? 2 : 1
      if entry.space == .surface {
        count =
          parts.lazy.compactMap { TextureOperands.coordinates(String(decoding: $0, as: UTF8.self)) }
          .first ?? 1
      }
      result.addSource(range(address.file, address.number, count, slot: 255))
      if address.file == .general {
        result.addressKind = .regular
        if wide || uniformBase { result.flags.insert(.address64) }
      } else if result.addressKind != .regular {
        result.addressKind = .uniform
        result.flags.insert(.address64)
      }
    }
  }

  private mutating func applyImmediate(_ value: Int, position: Int) {
    let clipped = UInt32(truncatingIfNeeded: value)
    switch entry.effect {
    case .depbar: result.argument1 = clipped
    case .sleep: result.argument1 = clipped
    case .barrierSync, .barrierArrive:
      if position == 0 { result.argument0 = clipped } else { result.argument1 = clipped }
    default: break
    }
  }

  // MARK: Widths

  private func resultWidth(_ file: RegisterFile) -> Int {
    switch entry.unit {
    case .fp64:
      return base == "DMMA"
        ? doubleFragments.c : isDoubleConversion && !has("F64") ? 1 : conversionResultWidth()
    case .tensor: return fragments.d
    case .imad: return has("WIDE") ? 2 : 1
    case .memory:
      if entry.action == .exchange { return 1 }
      return max(1, (accessBytes() + 3) / 4)
    default: break
    }
    if base == "CS2R" { return has("32") ? 1 : 2 }
    if has("64"),
      base == "MOV" || base == "ULDC" || base == "UMOV" || base == "IADD" || base == "SEL"
        || base == "LDCU"
    {
      return 2
    }
    if base == "ULDC", has("128") { return 4 }
    if base == "UIMAD", has("WIDE") { return 2 }
    return 1
  }

  /// F2F.F64.F32 writes a pair, F2F.F32.F64 one register; F2I.F64 one, I2F.F64 a pair.
  private func conversionResultWidth() -> Int {
    guard isDoubleConversion else { return 2 }
    if base == "F2I" { return has("S64") || has("U64") ? 2 : 1 }
    if base == "F2F", let first = parts.dropFirst().first {
      return first.elementsEqual("F64".utf8) ? 2 : 1
    }
    return 2
  }

  private func sourceWidth(_ slot: Int) -> Int {
    switch entry.unit {
    case .fp64:
      if base == "DMMA" {
        let (a, b, c) = doubleFragments
        return slot == 0 ? a : slot == 1 ? b : c
      }
      return isDoubleConversion ? 3 - min(2, conversionResultWidth()) : 2
    case .tensor:
      // Behind C, a sparse product has its metadata.
      let (a, b, c, _) = fragments
      return slot == 0 ? a : slot == 1 ? b : slot == 2 ? c : 1
    case .imad: return (has("WIDE") || has("HI")) && slot == 2 ? 2 : 1
    case .memory:
      // Store data, atomic operands.
      if entry.action == .store || entry.action == .reduction {
        // Formatted stores take a register for each component.
        if base == "SUST", has("P"), !has("R") { return 4 }
        return max(1, (accessBytes() + 3) / 4)
      }
      if entry.action == .atomic {
        let isPair = has("CAS") && operandsBehindAddress < 2
        return max(1, (accessBytes() + 3) / 4) * (isPair ? 2 : 1)
      }
      return 1
    default: break
    }
    if has("64"), base == "MOV" || base == "IADD" || base == "SEL" { return 2 }
    return 1
  }

  /// An exchange names the compared value and the new one, or the pair of them.
  private var operandsBehindAddress: Int {
    let isAddress = { (operand: ArraySlice<UInt8>) in operand.contains(UInt8(ascii: "[")) }
    guard let address = words.operands.lastIndex(where: isAddress) else { return 0 }
    return words.operands.count - address - 1
  }

  // MARK: Tensor

  /// Registers of the fragments: rows × columns × bits over 1024, at least one.
  private var fragments: (a: Int, b: Int, c: Int, d: Int) {
    let shape = shape
    guard shape.m > 0 else { return (1, 1, 1, 1) }
    let bits = shape.inputBits == 19 ? 32 : Int(shape.inputBits)
    let k = Int(shape.k) / (shape.sparse ? 2 : 1)
    let a = max(1, Int(shape.m) * k * bits / 1024)
    let b = max(1, Int(shape.k) * Int(shape.n) * bits / 1024)
    let c = max(1, Int(shape.m) * Int(shape.n) * Int(shape.accumulatorBits) / 1024)
    return (a, b, c, c)
  }

  /// Registers of the fragments of `DMMA.16x8x4` and the like: doubles are pairs.
  private var doubleFragments: (a: Int, b: Int, c: Int) {
    let (m, k) = doubleShape
    return (m * k / 16, k / 2, m / 2)
  }

  /// Rows and inner dimension of DMMA.
  private var doubleShape: (m: Int, k: Int) {
    for part in parts.dropFirst() {
      let sides = part.split(separator: UInt8(ascii: "x")).compactMap {
        Int(String(decoding: $0, as: UTF8.self))
      }
      if sides.count == 3 { return (sides[0], sides[2]) }
    }
    return (8, 4)
  }

  /// Shape from modifiers such as `16816`, `SP`, `F32`, `TF32`, `S8`.
  private var shape: TensorShape {
    var shape = TensorShape()
    if base == "DMMA" {
      let (m, k) = doubleShape
      (shape.m, shape.n, shape.k) = (UInt16(clamping: m), 8, UInt16(clamping: k))
    }
    for part in parts.dropFirst() {
      guard part.count >= 3, let digits = Int(String(decoding: part, as: UTF8.self)) else {
        continue
      }
      let text = String(digits)
      let m = text.hasPrefix("16") ? 16 : 8
      let afterM = text.dropFirst(m == 16 ? 2 : 1)
      guard afterM.first == "8", let k = Int(afterM.dropFirst()), k > 0, k <= 512 else { continue }
      shape.m = UInt16(m)
      shape.n = 8
      shape.k = UInt16(k)
      break
    }
    guard shape.m > 0 else { return shape }
    shape.sparse = has("SP")
    switch base {
    case "IMMA": shape.inputBits = has("S4") || has("U4") ? 4 : 8
    case "BMMA": shape.inputBits = 1
    case "QMMA": shape.inputBits = 8
    case "OMMA": shape.inputBits = 4
    case "DMMA": shape.inputBits = 64
    default: shape.inputBits = has("TF32") ? 19 : 16
    }
    shape.isFloat = base == "HMMA" || base == "QMMA" || base == "OMMA" || base == "DMMA"
    let half = (base == "HMMA" || base == "QMMA") && has("F16") && !has("F32")
    shape.accumulatorBits = base == "DMMA" ? 64 : half ? 16 : 32
    return shape
  }

  private mutating func applyTensor() {
    guard entry.unit == .tensor || base == "DMMA" else { return }
    result.tensor = shape
    let bits = Int(shape.k) * (shape.inputBits == 19 ? 32 : Int(shape.inputBits))
    if shape.m == 8 {
      result.latencyClass = base == "IMMA" ? .imma88 : .mma1x
    } else {
      result.latencyClass = bits <= 128 ? .mma1x : .mma2x
    }
    if base == "DMMA" { result.latencyClass = .dmma }
  }

  private mutating func applySpecialCases() {
    if entry.unit == .memory, result.addressKind == .none { result.addressKind = .regular }
    // LDGSTS: shared destination and global source are both addresses.
    if base == "LDGSTS" { result.addressKind = .regular }
    // A write to the register that F2F and friends leave out stays with the table.
    if base == "LDC", result.addressKind == .none { result.addressKind = .immediate }
  }
}
