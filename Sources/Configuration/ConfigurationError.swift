/// A file of settings that cannot be used (a machine description, a suite, a sweep), or a name of
/// one, in one line.
public struct ConfigurationError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The call was wrong: unknown GPU name, bad override (exit status 2).
    case usage
    /// A file was wrong (exit status 65).
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
