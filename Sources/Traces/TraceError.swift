/// A trace that cannot be read or written, in one line.
public struct TraceError: Error, CustomStringConvertible {
  public let file: String
  /// Byte offset, where there is one.
  public let offset: Int?
  /// Line, from 1, of text formats.
  public let line: Int?
  public let message: String
  /// The failure lies in the system (disk full, no permission), not in the data.
  public let isSystemFailure: Bool

  public init(
    _ file: String, offset: Int? = nil, line: Int? = nil, _ message: String,
    isSystemFailure: Bool = false
  ) {
    self.file = file
    self.offset = offset
    self.line = line
    self.message = message
    self.isSystemFailure = isSystemFailure
  }

  public var description: String {
    if let line { return "\(file):\(line): \(message)" }
    if let offset { return "\(file), byte \(offset): \(message)" }
    return "\(file): \(message)"
  }
}
