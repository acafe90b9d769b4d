import ISA

/// The text of an instruction taken apart: guard, mnemonic, modifiers, operands.
struct InstructionText {
  struct Guard: Equatable {
    var number = 7
    var isNegated = false
    var isUniform = false
  }

  var guardPredicate = Guard()
  /// Base mnemonic: `IMAD` of `IMAD.WIDE.U32`.
  var mnemonic = ""
  var modifiers: [String] = []
  var operands: [OperandText] = []

  init(_ text: String) {
    var rest = Substring(text).trimmed()
    if rest.hasSuffix(";") { rest = rest.dropLast().trimmed() }
    if rest.hasPrefix("@") {
      let end = rest.firstIndex(where: \.isWhitespace) ?? rest.endIndex
      guardPredicate = Self.parseGuard(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[end...].trimmed()
    }
    let end = rest.firstIndex(where: \.isWhitespace) ?? rest.endIndex
    let parts = rest[..<end].split(separator: ".")
    mnemonic = parts.first.map(String.init) ?? ""
    modifiers = parts.dropFirst().map(String.init)
    operands = Self.split(rest[end...]).flatMap(OperandText.parse)
  }

  private static func parseGuard(_ text: Substring) -> Guard {
    var text = text
    var result = Guard()
    if text.hasPrefix("!") {
      result.isNegated = true
      text = text.dropFirst()
    }
    if text.hasPrefix("U") {
      result.isUniform = true
      text = text.dropFirst()
    }
    result.number = Int(text.dropFirst()) ?? 7
    return result
  }

  /// Splits at commas outside brackets and braces.
  private static func split(_ text: Substring) -> [Substring] {
    var result: [Substring] = []
    var depth = 0
    var start = text.startIndex
    for index in text.indices {
      switch text[index] {
      case "[", "{", "(": depth += 1
      case "]", "}", ")": depth -= 1
      case "," where depth == 0:
        result.append(text[start..<index].trimmed())
        start = text.index(after: index)
      default: break
      }
    }
    let last = text[start...].trimmed()
    if !last.isEmpty { result.append(last) }
    return result
  }
}

extension Substring {
  func trimmed() -> Substring {
    var text = self
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return text
  }
}
