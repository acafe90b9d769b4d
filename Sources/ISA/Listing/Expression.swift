/// Integer arithmetic of listings: `16+i%4`, `0x7f00 + 4*lane + 128*warp`.
indirect enum Expression {
  case constant(Int)
  case variable(String)
  case binary(UInt8, Expression, Expression)

  /// Value with wrapping arithmetic; division by zero gives zero.
  func value(_ lookUp: (String) -> Int) -> Int {
    switch self {
    case .constant(let value): return value
    case .variable(let name): return lookUp(name)
    case .binary(let operation, let left, let right):
      return Self.apply(operation, left.value(lookUp), right.value(lookUp))
    }
  }

  static func apply(_ operation: UInt8, _ a: Int, _ b: Int) -> Int {
    switch operation {
    case UInt8(ascii: "+"): a &+ b
    case UInt8(ascii: "-"): a &- b
    case UInt8(ascii: "*"): a &* b
    case UInt8(ascii: "/"): b == 0 || b == -1 ? 0 &- (b == -1 ? a : 0) : a / b
    default: b == 0 || b == -1 ? 0 : a % b
    }
  }

  func mentions(_ name: String) -> Bool {
    switch self {
    case .constant: false
    case .variable(let other): other == name
    case .binary(_, let left, let right): left.mentions(name) || right.mentions(name)
    }
  }

  /// Puts numbers in place of the variables that have one.
  func binding(_ values: [String: Int]) -> Expression {
    switch self {
    case .constant: return self
    case .variable(let name): return values[name].map(Expression.constant) ?? self
    case .binary(let operation, let left, let right):
      return .binary(operation, left.binding(values), right.binding(values))
    }
  }

  /// Reads an expression; `known` are the allowed variables. The error is a sentence.
  static func parse(_ text: String, known: Set<String>) throws(ExpressionError) -> Expression {
    var parser = ExpressionParser(bytes: Array(text.utf8), known: known)
    let expression = try parser.sum()
    parser.skipBlanks()
    if let rest = parser.peek {
      throw ExpressionError("unexpected '\(Character(Unicode.Scalar(rest)))' in '\(text)'")
    }
    return expression
  }
}

struct ExpressionError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

private struct ExpressionParser {
  let bytes: [UInt8]
  let known: Set<String>
  var position = 0
  var depth = 0

  init(bytes: [UInt8], known: Set<String>) {
    self.bytes = bytes
    self.known = known
  }

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipBlanks() {
    while let byte = peek, byte == 32 || byte == 9 { position += 1 }
  }

  mutating func sum() throws(ExpressionError) -> Expression {
    var left = try product()
    skipBlanks()
    while let operation = peek, operation == UInt8(ascii: "+") || operation == UInt8(ascii: "-") {
      position += 1
      left = .binary(operation, left, try product())
      skipBlanks()
    }
    return left
  }

  private mutating func product() throws(ExpressionError) -> Expression {
    var left = try atom()
    skipBlanks()
    while let operation = peek, "*/%".utf8.contains(operation) {
      position += 1
      left = .binary(operation, left, try atom())
      skipBlanks()
    }
    return left
  }

  private mutating func atom() throws(ExpressionError) -> Expression {
    skipBlanks()
    guard let first = peek else { throw ExpressionError("an expression ends too early") }
    if first == UInt8(ascii: "(") {
      position += 1
      depth += 1
      guard depth < 32 else { throw ExpressionError("parentheses are nested too deeply") }
      let inside = try sum()
      skipBlanks()
      guard peek == UInt8(ascii: ")") else { throw ExpressionError("a ')' is missing") }
      position += 1
      depth -= 1
      return inside
    }
    if first == UInt8(ascii: "-") {
      position += 1
      return .binary(UInt8(ascii: "-"), .constant(0), try atom())
    }
    var word: [UInt8] = []
    while let byte = peek, isWord(byte) {
      word.append(byte)
      position += 1
    }
    let text = String(decoding: word, as: UTF8.self)
    if let value = integer(text) { return .constant(value) }
    guard known.contains(text) else {
      throw ExpressionError(
        "'\(text)' is no number and no variable here (\(known.sorted().joined(separator: ", ")))")
    }
    return .variable(text)
  }

  private func isWord(_ byte: UInt8) -> Bool {
    byte >= 48 && byte <= 57 || byte >= 65 && byte <= 90 || byte >= 97 && byte <= 122 || byte == 95
  }
}

/// A decimal or 0x-number of at most 64 bits.
func integer(_ text: some StringProtocol) -> Int? {
  let lower = text.lowercased()
  if lower.hasPrefix("0x") {
    return UInt64(lower.dropFirst(2), radix: 16).map { Int(bitPattern: UInt($0)) }
  }
  return Int(lower)
}
