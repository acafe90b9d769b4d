/// Where a value comes from: the honest part of a machine description.
public enum Origin: String, Sendable, CaseIterable, Codable {
  /// Measured on hardware; the source says where.
  case measured
  /// From NVIDIA's documents.
  case vendor
  /// From a paper or a published configuration.
  case published
  /// Adjusted so that a simulated quantity meets a measured one; the source names the target.
  case fitted
  /// Nobody knows; the source says why this value.
  case assumed

  /// For messages.
  static var choices: String { allCases.map(\.rawValue).joined(separator: "|") }
}

/// One leaf of a resolved machine description.
public struct ResolvedValue: Sendable, Hashable {
  /// Dotted path, such as `sm.registerFile.readPorts`.
  public var path: String
  /// The value as in the file: `128 KiB`, `[0 KiB, 8 KiB]`.
  public var text: String
  public var isList: Bool
  public var origin: Origin
  public var source: String
  /// The file that gave the value, or `--set`.
  public var file: String
  /// Line in `file`, from 1; 0 for the command line.
  public var line: Int
}

/// A leaf while files are merged.
struct Leaf {
  /// What stands in for a file's name where a value is from the command line.
  static let commandLine = "--set"

  var path: String
  var content: Content
  var origin: Origin
  var source: String
  var file: String
  var line: Int

  /// The words that stand for a value; what they mean, the spec's types say.
  enum Content {
    case word(String)
    case list([String])

    /// Nothing but a scalar or a list of scalars is a value.
    init?(_ node: YAMLNode) {
      switch node.content {
      case .scalar(let word):
        if word.isEmpty { return nil }
        self = .word(word)
      case .list(let items):
        let words = items.compactMap(\.scalar)
        guard words.count == items.count else { return nil }
        self = .list(words)
      case .mapping: return nil
      }
    }

    var word: String? { if case .word(let word) = self { word } else { nil } }
    var isList: Bool { word == nil }
    var text: String {
      switch self {
      case .word(let word): word
      case .list(let words): "[" + words.joined(separator: ", ") + "]"
      }
    }
  }

  var text: String { content.text }

  /// An error in this value.
  func fail(_ message: String) -> ConfigurationError {
    file == Self.commandLine
      ? ConfigurationError(.usage, "\(Self.commandLine) \(message)")
      : ConfigurationError(.data, file: file, line: line, message)
  }
}
