/// An instruction's text taken apart into guard, opcode and operands, for tools that write other
/// formats. What a result is and how wide it is, the decoder says.
public struct SASSText: Sendable {
  /// The guard predicate without `@`, like `!P0`; empty where there is none.
  public let guardText: String
  /// The dotted opcode, like `LDG.E.64`; empty where the text holds none.
  public let opcode: String
  public let operands: [Operand]

  /// Takes SASS text apart; never fails.
  public init(_ text: String) {
    let words = SASSWords(Array(text.utf8))
    guardText = String(decoding: words.guardText, as: UTF8.self)
    opcode = String(decoding: words.opcode, as: UTF8.self)
    operands = words.operands.map { Operand(String(decoding: $0, as: UTF8.self)) }
  }

  /// A register that an operand names.
  public struct Register: Hashable, Sendable {
    public let file: RegisterFile
    /// RZ is 255, URZ 63, PT and UPT 7; PR and UPR, all predicates together, 8.
    public let number: Int

    public init(file: RegisterFile, number: Int) {
      self.file = file
      self.number = number
    }
  }

  public struct Operand: Sendable {
    public enum Kind: Sendable {
      case register, memory, descriptor, constant, integer, real, special, counter
      /// B0 … B15, which hold convergence masks.
      case convergence
      case other
    }

    /// The operand as written, without the scheduling markers that newer disassemblers put behind.
    public let text: String
    public let kind: Kind
    /// All registers that it names, in the order of the text.
    public let registers: [Register]

    /// `text` is one operand.
    public init(_ text: String) {
      self.text = Self.withoutMarkers(text)
      let words = Self.words(of: self.text)
      registers = words.compactMap(Self.register)
      kind = Self.kind(self.text, first: words.first ?? "")
    }

    /// The numbers in the text, in their order: of `c[0x0][0x160]` 0 and 0x160, of `[R4+-0x8]` −8.
    public var integers: [Int64] {
      var found: [Int64] = []
      var previous: Character = " "
      var word = ""
      for character in text + " " {
        if character.isLetter || character.isNumber || character == "_" || character == "." {
          word.append(character)
        } else {
          if let value = Self.integer(word, isNegative: previous == "-") { found.append(value) }
          word = ""
          previous = character
        }
      }
      return found
    }

    // MARK: Pieces

    private static func withoutMarkers(_ text: String) -> String {
      var end = text.startIndex
      for word in text.split(separator: " ") {
        if word.first == "&" || word.first == "?" { break }
        end = word.endIndex
      }
      return String(text[..<end])
    }

    private static func words(of text: String) -> [Substring] {
      text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }

    private static func kind(_ text: String, first: Substring) -> Kind {
      let start = text.drop { "-+!|~ ".contains($0) }
      if start.hasPrefix("desc[") { return .descriptor }
      if start.hasPrefix("[") { return .memory }
      if start.hasPrefix("c[") || start.hasPrefix("cx[") { return .constant }
      guard start.first?.isLetter == true || start.first?.isNumber == true else { return .other }
      if register(first) != nil { return .register }
      if first.hasPrefix("SR_") { return .special }
      if first.hasPrefix("SB"), Int(first.dropFirst(2)) != nil { return .counter }
      if first.hasPrefix("B"), Int(first.dropFirst()) != nil { return .convergence }
      if integer(String(start), isNegative: false) != nil { return .integer }
      return Double(String(start)) != nil || start == "QNAN" ? .real : .other
    }

    private static func register(_ word: Substring) -> Register? {
      let isUniform = word.first == "U"
      let rest = isUniform ? word.dropFirst() : word
      let number = rest.dropFirst()
      switch rest.first {
      case "R":
        let file: RegisterFile = isUniform ? .uniform : .general
        if number == "Z" { return Register(file: file, number: isUniform ? 63 : 255) }
        return decimal(number, below: 256).map { Register(file: file, number: $0) }
      case "P":
        let file: RegisterFile = isUniform ? .uniformPredicate : .predicate
        if number == "T" { return Register(file: file, number: 7) }
        if number == "R" { return Register(file: file, number: 8) }
        return decimal(number, below: 8).map { Register(file: file, number: $0) }
      default: return nil
      }
    }

    private static func decimal(_ text: Substring, below limit: Int) -> Int? {
      guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int(text), value < limit
      else { return nil }
      return value
    }

    /// A decimal or 0x-number of at most 64 bits that is the whole word.
    private static func integer(_ word: String, isNegative: Bool) -> Int64? {
      guard word.first?.isNumber == true else { return nil }
      let magnitude = word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : UInt64(word)
      guard let magnitude else { return nil }
      let value = Int64(bitPattern: magnitude)
      return isNegative ? 0 &- value : value
    }
  }
}
