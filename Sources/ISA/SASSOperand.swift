/// One operand of an instruction's text.
struct SASSOperand {
  enum Kind {
    case register(RegisterFile, Int)
    /// RZ, URZ, PT, UPT: reads zero or true, takes no result.
    case zero(RegisterFile)
    /// All predicates (`PR`, `UPR`).
    case allPredicates(RegisterFile)
    case constant(bank: Int, offset: Int, index: [Address])
    case memory([Address])
    case immediate(Int)
    case special
    case counter(Int)
    case counterList(mask: Int)
    case other
  }

  /// A register inside brackets.
  struct Address {
    var file: RegisterFile
    var number: Int
    /// `.64`: a register pair.
    var wide: Bool
  }

  var kind: Kind
  var reuse = false
  /// Special register: reads a clock.
  var clock = false
}

/// Reads operands from bytes; whatever it does not know becomes `.other`, never an error.
struct OperandScanner {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Parses the operand that the slice holds.
  func parse() -> SASSOperand {
    var text = bytes
    while let first = text.first, "-+!|~ ".utf8.contains(first) { text = text.dropFirst() }
    var operand = SASSOperand(kind: .other)
    operand.reuse = contains(text, ".reuse")
    guard let first = text.first else { return operand }
    if first == UInt8(ascii: "[") {
      operand.kind = .memory(addresses(text))
    } else if starts(text, "desc") {
      operand.kind = .memory(addresses(text))
    } else if starts(text, "c[") || starts(text, "cx[") {
      operand.kind = constant(text)
    } else if first == UInt8(ascii: "{") {
      operand.kind = .counterList(mask: counterList(text))
    } else if starts(text, "SR_") {
      operand.kind = .special
      operand.clock = starts(text, "SR_CLOCK")
    } else if starts(text, "SB"), let number = number(text.dropFirst(2)) {
      operand.kind = .counter(number)
    } else if let register = register(text) {
      operand.kind = register
    } else if isDigit(first), let value = number(text) {
      operand.kind = .immediate(value)
    }
    return operand
  }

  // MARK: Pieces

  private func starts(_ text: ArraySlice<UInt8>, _ prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard text.count >= count else { return false }
    return prefix.withUTF8Buffer { $0.elementsEqual(text.prefix(count)) }
  }

  private func contains(_ text: ArraySlice<UInt8>, _ needle: StaticString) -> Bool {
    var rest = text
    while !rest.isEmpty {
      if starts(rest, needle) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  /// A decimal or 0x-number at the start of the text.
  func number(_ text: ArraySlice<UInt8>) -> Int? {
    var value = 0
    var digits = 0
    if text.count > 2, text.first == 48, text[text.startIndex + 1] | 32 == UInt8(ascii: "x") {
      for byte in text.dropFirst(2) {
        guard let digit = hexadecimal(byte) else { break }
        value = (value &* 16 &+ digit) & 0xffff_ffff_ffff
        digits += 1
      }
    } else {
      for byte in text {
        guard isDigit(byte) else { break }
        value = (value &* 10 &+ Int(byte - 48)) & 0xffff_ffff_ffff
        digits += 1
      }
    }
    return digits > 0 ? value : nil
  }

  private func hexadecimal(_ byte: UInt8) -> Int? {
    switch byte {
    case 48...57: Int(byte - 48)
    case 97...102: Int(byte - 87)
    case 65...70: Int(byte - 55)
    default: nil
    }
  }

  /// R4, UR4, P0, UP0, RZ, URZ, PT, UPT, PR, UPR.
  private func register(_ text: ArraySlice<UInt8>) -> SASSOperand.Kind? {
    let uniform = text.first == UInt8(ascii: "U")
    let rest = uniform ? text.dropFirst() : text
    guard let letter = rest.first, letter == UInt8(ascii: "R") || letter == UInt8(ascii: "P") else {
      return nil
    }
    let isPredicate = letter == UInt8(ascii: "P")
    let file: RegisterFile =
      isPredicate ? (uniform ? .uniformPredicate : .predicate) : (uniform ? .uniform : .general)
    let tail = rest.dropFirst()
    guard let next = tail.first else { return nil }
    if next == UInt8(ascii: "Z") || next == UInt8(ascii: "T") { return .zero(file) }
    if isPredicate, next == UInt8(ascii: "R") { return .allPredicates(file) }
    guard isDigit(next), let number = number(tail), number < 256 else { return nil }
    if number == 255, !isPredicate { return .zero(file) }
    if isPredicate, number == 7 { return .zero(file) }
    return number > (isPredicate ? 7 : 255) ? nil : .register(file, number)
  }

  /// The registers inside all brackets of a memory operand.
  private func addresses(_ text: ArraySlice<UInt8>) -> [SASSOperand.Address] {
    var found: [SASSOperand.Address] = []
    var index = text.startIndex
    var previous = UInt8(ascii: "[")
    while index < text.endIndex {
      let byte = text[index]
      let startsWord = !isWord(previous)
      previous = byte
      if startsWord, byte == UInt8(ascii: "R") || byte == UInt8(ascii: "U"),
        let kind = register(text[index...])
      {
        var end = index
        while end < text.endIndex, isWord(text[end]) || text[end] == UInt8(ascii: ".") { end += 1 }
        let word = text[index..<end]
        if case .register(let file, let number) = kind {
          found.append(
            SASSOperand.Address(file: file, number: number, wide: contains(word, ".64")))
        }
        index = end
        previous = UInt8(ascii: "A")
        continue
      }
      index += 1
    }
    return found
  }

  private func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte >= 65 && byte <= 90 || byte >= 97 && byte <= 122 || byte == 95
  }

  /// c[0x0][0x160], c[0x3][R2+0x8], cx[UR4][0x8].
  private func constant(_ text: ArraySlice<UInt8>) -> SASSOperand.Kind {
    let parts = text.split(separator: UInt8(ascii: "["))
    guard parts.count >= 3 else { return .other }
    let bank = number(parts[1]) ?? 0
    let inside = parts[2]
    var offset = 0
    for piece in inside.split(separator: UInt8(ascii: "+")) {
      if let value = number(piece) { offset = value }
    }
    return .constant(bank: bank & 31, offset: offset & 0xff_ffff, index: addresses(text))
  }

  private func counterList(_ text: ArraySlice<UInt8>) -> Int {
    var mask = 0
    for byte in text where byte >= 48 && byte <= 53 { mask |= 1 << Int(byte - 48) }
    return mask
  }
}
