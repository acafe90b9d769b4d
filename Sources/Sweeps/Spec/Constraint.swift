import Configuration
import ISA

/// A condition that every point of a sweep fulfils: `ports * 2 <= depth or gpu == 'a40'`.
///
/// Comparisons of sums and products of parameters and numbers, or of texts in quotes, joined by
/// `not`, `and` and `or`.
struct Constraint: Sendable {
  private indirect enum Expression: Sendable {
    case number(Double)
    case text(String)
    case flag(Bool)
    case name(String)
    case not(Expression)
    case binary(Token, Expression, Expression)
  }

  private enum Token: Equatable, Sendable {
    case number(Double)
    case text(String)
    case word(String)
    case sign(String)
  }

  /// Bytes; bounds the work on a wrong file.
  private static let lengthLimit = 2000

  /// A sentence about what is wrong.
  private struct Complaint: Error {
    var message: String
    init(_ message: String) { self.message = message }
  }

  private let text: String
  private let file: String
  private let line: Int
  private let expression: Expression

  /// `names` are those that a point has values for.
  init(_ text: String, names: [String], at yaml: YAMLValue) throws {
    self.text = text
    file = yaml.file
    line = yaml.line
    do throws(Complaint) {
      guard text.utf8.count <= Self.lengthLimit else { throw Complaint("is too long") }
      var parser = Parser(tokens: try Self.tokens(text)[...], names: names)
      expression = try parser.whole()
    } catch {
      throw yaml.fail("constraint '\(text.prefix(80))': \(error.message)")
    }
  }

  /// Whether a point with these values fulfils it.
  func holds(_ values: [String: String]) throws -> Bool {
    do throws(Complaint) {
      guard case .flag(let flag) = try Self.value(of: expression, values) else {
        throw Complaint("is no condition")
      }
      return flag
    } catch {
      throw ConfigurationError(
        .data, file: file, line: line, "constraint '\(text)': \(error.message)")
    }
  }

  // MARK: Evaluation

  private enum Value: Equatable {
    case number(Double)
    case text(String)
    case flag(Bool)
  }

  private static func value(
    of expression: Expression, _ values: [String: String]
  ) throws(Complaint) -> Value {
    switch expression {
    case .number(let number): return .number(number)
    case .text(let text): return .text(text)
    case .flag(let flag): return .flag(flag)
    case .name(let name):
      let text = values[name] ?? ""
      if let number = Double(text), number.isFinite { return .number(number) }
      return text == "true" || text == "false" ? .flag(text == "true") : .text(text)
    case .not(let inner): return .flag(!(try flag(inner, values)))
    case .binary(.word(let word), let left, let right):
      let first = try flag(left, values)
      // Both sides are looked at, so that a mistake in either is found at any point.
      let second = try flag(right, values)
      return .flag(word == "and" ? first && second : first || second)
    case .binary(.sign(let sign), let left, let right):
      return try combine(sign, try value(of: left, values), try value(of: right, values))
    case .binary: throw Complaint("cannot be understood")
    }
  }

  private static func flag(
    _ expression: Expression, _ values: [String: String]
  ) throws(Complaint) -> Bool {
    guard case .flag(let flag) = try value(of: expression, values) else {
      throw Complaint("'and', 'or' and 'not' join comparisons or values that are true or false")
    }
    return flag
  }

  private static func combine(
    _ sign: String, _ left: Value, _ right: Value
  ) throws(Complaint) -> Value {
    switch sign {
    case "==": return .flag(left == right)
    case "!=": return .flag(left != right)
    default: break
    }
    guard case .number(let a) = left, case .number(let b) = right else {
      throw Complaint("'\(sign)' needs numbers on both sides")
    }
    switch sign {
    case "<": return .flag(a < b)
    case "<=": return .flag(a <= b)
    case ">": return .flag(a > b)
    case ">=": return .flag(a >= b)
    case "+": return .number(a + b)
    case "-": return .number(a - b)
    case "*": return .number(a * b)
    case "/": return .number(a / b)
    default: throw Complaint("'\(sign)' is unknown")
    }
  }

  // MARK: Parsing

  private struct Parser {
    var tokens: ArraySlice<Token>
    let names: [String]
    /// Deeper than anyone writes; bounds the stack on a wrong file.
    var depth = 0

    mutating func whole() throws(Complaint) -> Expression {
      let expression = try disjunction()
      guard tokens.isEmpty else { throw Complaint("something follows where it should end") }
      return expression
    }

    private mutating func disjunction() throws(Complaint) -> Expression {
      depth += 1
      defer { depth -= 1 }
      guard depth < 64 else { throw Complaint("is nested too deeply") }
      return try chain([.word("or")]) { (parser) throws(Complaint) in try parser.conjunction() }
    }

    private mutating func conjunction() throws(Complaint) -> Expression {
      try chain([.word("and")]) { (parser) throws(Complaint) in try parser.negation() }
    }

    private mutating func negation() throws(Complaint) -> Expression {
      var negated = false
      while tokens.first == .word("not") {
        tokens.removeFirst()
        negated.toggle()
      }
      let inner = try comparison()
      return negated ? .not(inner) : inner
    }

    private mutating func comparison() throws(Complaint) -> Expression {
      let left = try sum()
      guard let sign = take(["==", "!=", "<=", ">=", "<", ">"].map { .sign($0) }) else {
        return left
      }
      return .binary(sign, left, try sum())
    }

    private mutating func sum() throws(Complaint) -> Expression {
      try chain([.sign("+"), .sign("-")]) { (parser) throws(Complaint) in try parser.product() }
    }

    private mutating func product() throws(Complaint) -> Expression {
      try chain([.sign("*"), .sign("/")]) { (parser) throws(Complaint) in try parser.operand() }
    }

    private mutating func operand() throws(Complaint) -> Expression {
      guard let token = tokens.popFirst() else { throw Complaint("ends too early") }
      switch token {
      case .number(let number): return .number(number)
      case .text(let text): return .text(text)
      case .sign("-"):
        guard case .number(let number)? = tokens.popFirst() else {
          throw Complaint("'-' stands before something that is no number")
        }
        return .number(-number)
      case .sign("("):
        let inner = try disjunction()
        guard tokens.popFirst() == .sign(")") else { throw Complaint("a bracket is not closed") }
        return inner
      case .word("true"): return .flag(true)
      case .word("false"): return .flag(false)
      case .word(let name):
        guard names.contains(name) else {
          let near = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
          throw Complaint(
            "'\(name)' is no parameter of this sweep\(near) (texts stand in quotes)")
        }
        return .name(name)
      case .sign(let sign): throw Complaint("'\(sign)' stands where a value should")
      }
    }

    private mutating func chain(
      _ operators: [Token], _ inner: (inout Parser) throws(Complaint) -> Expression
    ) throws(Complaint) -> Expression {
      var left = try inner(&self)
      while let sign = take(operators) { left = .binary(sign, left, try inner(&self)) }
      return left
    }

    private mutating func take(_ choices: [Token]) -> Token? {
      guard let first = tokens.first, choices.contains(first) else { return nil }
      return tokens.removeFirst()
    }
  }

  private static func tokens(_ text: String) throws(Complaint) -> [Token] {
    var tokens: [Token] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if first.isNumber {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "." }
        guard let number = Double(word) else { throw Complaint("'\(word)' is no number") }
        tokens.append(.number(number))
        rest = rest.dropFirst(word.count)
      } else if first.isLetter || first == "_" {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
        tokens.append(.word(String(word)))
        rest = rest.dropFirst(word.count)
      } else if first == "'" || first == "\"" {
        let inside = rest.dropFirst().prefix { $0 != first }
        guard inside.endIndex < rest.endIndex else { throw Complaint("a quote is not closed") }
        tokens.append(.text(String(inside)))
        rest = rest.dropFirst(inside.count + 2)
      } else {
        let signs = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")"]
        guard let sign = signs.first(where: { rest.hasPrefix($0) }) else {
          throw Complaint("'\(first)' has no meaning here")
        }
        tokens.append(.sign(sign))
        rest = rest.dropFirst(sign.count)
      }
    }
    return tokens
  }
}
