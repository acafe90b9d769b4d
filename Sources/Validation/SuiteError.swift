/// A suite, a measurement or a name that cannot be used, in one line.
public struct SuiteError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The call was wrong: an unknown suite or GPU (exit status 2).
    case usage
    /// A file was wrong or is missing (exit status 65).
    case data
  }

  public let kind: Kind
  public let file: String?
  /// Line in `file`, from 1.
  public let line: Int?
  public let message: String

  public init(_ kind: Kind, file: String? = nil, line: Int? = nil, _ message: String) {
    self.kind = kind
    self.file = file
    self.line = line
    self.message = message
  }

  public var description: String {
    guard let file else { return message }
    return line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
  }
}
