import ISA

/// A value of a YAML file that says where something is wrong with it.
public struct YAMLValue {
  public let file: String
  private let node: YAMLNode

  /// Hundred times the largest suite that ships.
  private static let sizeLimit = 4 << 20

  /// Reads a whole file; `kind` is what it should be, for messages: `suite`.
  public init(file: String, kind: String) throws {
    self.init(
      file: file,
      node: try YAMLText.node(ofFile: file, kind: kind, sizeLimit: Self.sizeLimit))
  }

  private init(file: String, node: YAMLNode) {
    self.file = file
    self.node = node
  }

  /// Line in the file, from 1.
  public var line: Int { node.line }

  public func fail(_ message: String) -> ConfigurationError {
    ConfigurationError(.data, file: file, line: line, message)
  }

  /// The values of a mapping that has only these keys.
  public func fields(_ known: [String]) throws -> [String: YAMLValue] {
    guard isMapping else { throw fail("must be a mapping of \(known.joined(separator: ", "))") }
    var fields: [String: YAMLValue] = [:]
    for (key, value) in try entries {
      let name = try key.text
      guard known.contains(name) else {
        let near = nearestName(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
        throw key.fail("unknown key '\(name)'\(near) (known: \(known.joined(separator: ", ")))")
      }
      fields[name] = value
    }
    return fields
  }

  public var isMapping: Bool { if case .mapping = node.content { true } else { false } }
  public var isList: Bool { if case .list = node.content { true } else { false } }

  /// Keys and values of a mapping, in the file's order.
  public var entries: [(key: YAMLValue, value: YAMLValue)] {
    get throws {
      guard case .mapping(let mapping) = node.content else { throw fail("must be a mapping") }
      return mapping.map {
        (YAMLValue(file: file, node: $0.key), YAMLValue(file: file, node: $0.value))
      }
    }
  }

  public var list: [YAMLValue] {
    get throws {
      guard case .list(let sequence) = node.content else { throw fail("must be a list") }
      return sequence.map { YAMLValue(file: file, node: $0) }
    }
  }

  public var text: String {
    get throws {
      guard let text = node.scalar else { throw fail("must be a text") }
      return text
    }
  }

  public var texts: [String] { get throws { try list.map { try $0.text } } }

  public var number: Double {
    get throws {
      guard let value = Double(try text), value.isFinite else {
        throw fail("'\(try text)' is no number")
      }
      return value
    }
  }

  public var flag: Bool {
    get throws {
      switch try text {
      case "true": return true
      case "false": return false
      case let other: throw fail("'\(other)' is neither true nor false")
      }
    }
  }
}
