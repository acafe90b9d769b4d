import ISA

/// Reads the formula of a figure by recursive descent.
struct FigureParser {
  private let text: String
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  /// Far more than any formula has.
  private static let lengthLimit = 1000
  private static let depthLimit = 50

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  mutating func whole() throws(FigureError) -> Figure.Node {
    guard bytes.count <= Self.lengthLimit else { throw FigureError("the figure is too long") }
    let node = try sum()
    if let rest = peek { throw unexpected(rest) }
    return node
  }

  /// The next byte that is no blank.
  private var peek: UInt8? {
    mutating get {
      while position < bytes.count, bytes[position] == 32 { position += 1 }
      return position < bytes.count ? bytes[position] : nil
    }
  }

  private func unexpected(_ byte: UInt8) -> FigureError {
    FigureError("unexpected '\(Character(Unicode.Scalar(byte)))' in figure '\(text)'")
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private mutating func sum() throws(FigureError) -> Figure.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.depthLimit else { throw FigureError("figure '\(text)' nests too deeply") }
    var node = try product()
    while let operation = peek, operation == UInt8(ascii: "+") || operation == UInt8(ascii: "-") {
      position += 1
      node = .binary(operation, node, try product())
    }
    return node
  }

  private mutating func product() throws(FigureError) -> Figure.Node {
    var node = try factor()
    while let operation = peek, operation == UInt8(ascii: "*") || operation == UInt8(ascii: "/") {
      position += 1
      node = .binary(operation, node, try factor())
    }
    return node
  }

  private mutating func factor() throws(FigureError) -> Figure.Node {
    guard let byte = peek else { throw FigureError("figure '\(text)' ends too early") }
    if take(UInt8(ascii: "(")) {
      let node = try sum()
      guard take(UInt8(ascii: ")")) else { throw FigureError("a ')' is missing in '\(text)'") }
      return node
    }
    if Self.isDigit(byte) { return .number(try number()) }
    guard Self.isLetter(byte) else { throw unexpected(byte) }
    let name = word { Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: ".") }
    guard let quantity = FigureQuantity(name) else {
      let near = nearestName(to: name, among: FigureQuantity.names)
      throw FigureError(
        "unknown quantity '\(name)' in figure '\(text)'"
          + (near.map { "; did you mean \($0)?" }
            ?? " (known: \(FigureQuantity.names.joined(separator: ", ")))"))
    }
    let arguments = try arguments()
    guard quantity.argumentCounts.contains(arguments.count) else {
      throw FigureError("\(name) takes \(quantity.parameters) in figure '\(text)'")
    }
    return .quantity(quantity, arguments: arguments, kernel: try kernel())
  }

  /// `(5, 2)`, or nothing.
  private mutating func arguments() throws(FigureError) -> [Int] {
    guard take(UInt8(ascii: "(")) else { return [] }
    var values: [Int] = []
    repeat {
      guard let byte = peek, Self.isDigit(byte), let value = Int(exactly: try number()) else {
        throw FigureError("an argument in figure '\(text)' is no whole number")
      }
      values.append(value)
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: ")")) else { throw FigureError("a ')' is missing in '\(text)'") }
    return values
  }

  /// `@name`, or nothing.
  private mutating func kernel() throws(FigureError) -> KernelReference? {
    guard take(UInt8(ascii: "@")) else { return nil }
    let name = word { Self.isLetter($0) || Self.isDigit($0) || $0 == UInt8(ascii: "_") }
    guard !name.isEmpty else { throw FigureError("no kernel behind '@' in '\(text)'") }
    return KernelReference(name)
  }

  private mutating func number() throws(FigureError) -> Double {
    let digits = word { Self.isDigit($0) || $0 == UInt8(ascii: ".") }
    guard let value = Double(digits) else {
      throw FigureError("'\(digits)' in figure '\(text)' is no number")
    }
    return value
  }

  private mutating func word(_ belongs: (UInt8) -> Bool) -> String {
    let start = position
    while position < bytes.count, belongs(bytes[position]) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte)
  }
}
