import ISA

/// One operand as the disassembly writes it.
struct OperandText: Equatable {
  enum Kind: Equatable {
    /// `number` 255 is RZ, 63 (255 on Blackwell) URZ: both become `zeroRegister`.
    case register(Int)
    case uniform(Int)
    case predicate(Int)
    case uniformPredicate(Int)
    case allPredicates
    case convergenceBarrier(Int)
    case constant(bank: Int, offset: Int, register: Int?)
    /// `c[0x0][UR4+0x258]`.
    case uniformlyIndexedConstant(bank: Int, offset: Int, uniform: Int)
    /// `cx[UR4][0x8]`: the bank's address stands in a uniform register pair.
    case boundConstant(uniform: Int, offset: Int)
    case memory(MemoryText)
    case integer(Int64)
    case number(Double)
    case special(String)
    case other(String)
  }

  /// `[R4.64+UR6+0x10]`, with the uniform register of a `desc` in front left out.
  struct MemoryText: Equatable {
    var register: Int?
    /// `.64`: a register pair; `.U32`: 32 bits zero-extended.
    var isWide = false
    var isUnsigned32 = false
    /// 4, 8 or 16 for `.X4`, `.X8`, `.X16`.
    var scale = 1
    var uniform: Int?
    var uniformIsWide = false
    var offset: Int64 = 0
  }

  static let zeroRegister = 255

  var kind: Kind
  var isNegated = false
  var isAbsolute = false
  var isInverted = false
  /// Suffixes other than `reuse`: `H0_H0`, `64`, `B1`, `ROW`.
  var suffixes: [String] = []

  init(_ kind: Kind) { self.kind = kind }

  /// One operand, or two that stand side by side (`BRX R4 -0x570`).
  static func parse(_ text: Substring) -> [OperandText] {
    if let space = text.firstIndex(of: " "), !text.hasPrefix("["), !text.hasPrefix("{"),
      !text.hasPrefix("c"), !text.hasPrefix("desc"), !text.hasPrefix("`")
    {
      let rest = text[text.index(after: space)...].trimmed()
      if !rest.isEmpty { return [parseOne(text[..<space])] + parse(rest) }
      return [parseOne(text[..<space])]
    }
    return [parseOne(text)]
  }

  private static func parseOne(_ whole: Substring) -> OperandText {
    var text = whole
    var operand = OperandText(.other(String(whole)))
    while let first = text.first {
      if first == "-" {
        // A minus before a digit or INF belongs to the number.
        if let next = text.dropFirst().first, next.isNumber || next == "I" || next == "Q" { break }
        operand.isNegated = true
      } else if first == "!" || first == "~" {
        operand.isInverted = true
      } else if first == "|" {
        operand.isAbsolute = true
      } else {
        break
      }
      text = text.dropFirst()
    }
    if operand.isAbsolute, let bar = text.lastIndex(of: "|") {
      let after = text[text.index(after: bar)...]
      text = Substring(text[..<bar] + after)
    }
    if text.hasPrefix("desc[") || text.hasPrefix("gdesc[") {
      if let close = text.firstIndex(of: "]") { text = text[text.index(after: close)...] }
    }
    if text.hasPrefix("[") {
      operand.kind = memory(text)
    } else if text.hasPrefix("c[") || text.hasPrefix("cx[") {
      (operand.kind, operand.suffixes) = constant(text)
    } else if text.hasPrefix("SR") {
      operand.kind = .special(String(text))
    } else if let value = integer(text) {
      operand.kind = .integer(value)
    } else if let value = number(text) {
      operand.kind = .number(value)
    } else {
      let parts = text.split(separator: ".")
      if let first = parts.first, let kind = register(first) {
        operand.kind = kind
        operand.suffixes = parts.dropFirst().map(String.init).filter { $0 != "reuse" }
      }
    }
    return operand
  }

  // MARK: Pieces

  static func register(_ text: Substring) -> Kind? {
    let digits: (Int) -> Int? = { Int(text.dropFirst($0)) }
    switch text {
    case "RZ": return .register(zeroRegister)
    case "URZ": return .uniform(zeroRegister)
    case "PT": return .predicate(7)
    case "UPT": return .uniformPredicate(7)
    case "PR", "UPR": return .allPredicates
    default: break
    }
    if text.hasPrefix("UR"), let n = digits(2), (0...255).contains(n) { return .uniform(n) }
    if text.hasPrefix("UP"), let n = digits(2), (0...7).contains(n) { return .uniformPredicate(n) }
    if text.hasPrefix("R"), let n = digits(1), (0...255).contains(n) { return .register(n) }
    if text.hasPrefix("P"), let n = digits(1), (0...7).contains(n) { return .predicate(n) }
    if text.hasPrefix("B"), let n = digits(1), (0...15).contains(n) {
      return .convergenceBarrier(n)
    }
    return nil
  }

  /// Decimal or hexadecimal, with sign.
  static func integer(_ text: Substring) -> Int64? {
    var text = text
    let isNegative = text.hasPrefix("-")
    if isNegative || text.hasPrefix("+") { text = text.dropFirst() }
    let magnitude: UInt64?
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      magnitude = UInt64(text.dropFirst(2), radix: 16)
    } else {
      guard text.first?.isNumber == true else { return nil }
      magnitude = UInt64(text)
    }
    guard let magnitude else { return nil }
    let value = Int64(bitPattern: magnitude)
    return isNegative ? 0 &- value : value
  }

  static func number(_ text: Substring) -> Double? {
    switch text {
    case "+INF", "INF": return .infinity
    case "-INF": return -.infinity
    case "+QNAN", "QNAN", "+SNAN": return .nan
    case "-QNAN", "-SNAN": return -.nan
    default: return text.last?.isNumber == true || text.last == "." ? Double(text) : nil
    }
  }

  private static func memory(_ text: Substring) -> Kind {
    var result = MemoryText()
    let inside = text.dropFirst().prefix { $0 != "]" }
    for term in inside.split(separator: "+") {
      let parts = term.trimmed().split(separator: ".")
      guard let first = parts.first else { continue }
      if let value = integer(first) {
        result.offset = result.offset &+ value
        continue
      }
      switch register(first) {
      case .register(let number):
        result.register = number
        result.isWide = parts.contains("64")
        result.isUnsigned32 = parts.contains("U32")
        for (name, scale) in [("X4", 4), ("X8", 8), ("X16", 16)]
        where parts.contains(Substring(name)) {
          result.scale = scale
        }
      case .uniform(let number):
        result.uniform = number
        result.uniformIsWide = parts.contains("64")
      default: return .other(String(text))
      }
    }
    return .memory(result)
  }

  private static func constant(_ text: Substring) -> (Kind, [String]) {
    let parts = text.split(separator: "[", omittingEmptySubsequences: true)
    guard parts.count >= 3, let close = parts[2].firstIndex(of: "]") else {
      return (.other(String(text)), [])
    }
    let bank = parts[1].prefix { $0 != "]" }
    var offset: Int64 = 0
    var index: Int?
    var uniform: Int?
    for term in parts[2][..<close].split(separator: "+") {
      if let value = integer(term.trimmed()) {
        offset = offset &+ value
      } else {
        switch register(term.trimmed().prefix { $0 != "." }) {
        case .register(let number): index = number
        case .uniform(let number): uniform = number
        default: return (.other(String(text)), [])
        }
      }
    }
    let suffixes = parts[2][close...].dropFirst().split(separator: ".").map(String.init)
      .filter { $0 != "reuse" }
    let small = Int(truncatingIfNeeded: offset)
    if case .uniform(let number) = register(bank.prefix { $0 != "." }) {
      return (.boundConstant(uniform: number, offset: small), suffixes)
    }
    guard let number = integer(bank), (0...31).contains(number) else {
      return (.other(String(text)), suffixes)
    }
    if let uniform {
      return (
        .uniformlyIndexedConstant(bank: Int(number), offset: small, uniform: uniform), suffixes
      )
    }
    return (.constant(bank: Int(number), offset: small, register: index), suffixes)
  }
}
