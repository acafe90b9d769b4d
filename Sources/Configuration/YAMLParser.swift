import CYaml

/// Makes a document's tree of what libyaml finds in it. Tags have no meaning: what a scalar is, the
/// reader of the tree knows.
struct YAMLParser: ~Copyable {
  private let file: String
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  /// Far deeper than any file of ours; bounds the stack that a hostile one can take.
  private static let depthLimit = 64

  /// The only document of `text`, which is UTF-8. Throws `ConfigurationError`.
  static func document(_ text: [UInt8], file: String) throws -> YAMLNode {
    try text.withUnsafeBufferPointer { try YAMLParser(file: file).document($0) }
  }

  private init(file: String) throws {
    self.file = file
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw ConfigurationError(.data, file: file, "there is no memory to read it")
    }
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  private func document(_ text: UnsafeBufferPointer<UInt8>) throws -> YAMLNode {
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    _ = try next()
    guard try next().type == YAML_DOCUMENT_START_EVENT else { throw fail(1, "is empty") }
    let root = try node(from: next(), depth: 0)
    _ = try next()
    let end = try next()
    guard end.type == YAML_STREAM_END_EVENT else {
      throw fail(end.line, "a second document begins here")
    }
    return root
  }

  /// What a node needs of an event.
  private struct Event {
    var type: yaml_event_type_e
    var line: Int
    var scalar: String
  }

  private func next() throws -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else {
      let problem = parser.pointee.problem.map { String(cString: $0) } ?? "is not valid YAML"
      guard parser.pointee.error != YAML_READER_ERROR else {
        throw ConfigurationError(
          .data, file: file, "\(problem) at byte \(parser.pointee.problem_offset)")
      }
      throw fail(Int(parser.pointee.problem_mark.line) + 1, problem)
    }
    defer { yaml_event_delete(&event) }
    let scalar =
      event.type == YAML_SCALAR_EVENT
      ? String(
        decoding: UnsafeBufferPointer(
          start: event.data.scalar.value, count: event.data.scalar.length), as: UTF8.self) : ""
    return Event(type: event.type, line: Int(event.start_mark.line) + 1, scalar: scalar)
  }

  private func node(from event: Event, depth: Int) throws -> YAMLNode {
    guard depth < Self.depthLimit else { throw fail(event.line, "is nested too deeply") }
    switch event.type {
    case YAML_SCALAR_EVENT: return YAMLNode(content: .scalar(event.scalar), line: event.line)
    case YAML_SEQUENCE_START_EVENT:
      var items: [YAMLNode] = []
      while case let item = try next(), item.type != YAML_SEQUENCE_END_EVENT {
        items.append(try node(from: item, depth: depth + 1))
      }
      return YAMLNode(content: .list(items), line: event.line)
    case YAML_MAPPING_START_EVENT:
      var pairs: [(key: YAMLNode, value: YAMLNode)] = []
      var names: Set<String> = []
      while case let first = try next(), first.type != YAML_MAPPING_END_EVENT {
        let key = try node(from: first, depth: depth + 1)
        if let name = key.scalar, !names.insert(name).inserted {
          throw fail(key.line, "'\(name)' is given twice")
        }
        pairs.append((key, try node(from: next(), depth: depth + 1)))
      }
      return YAMLNode(content: .mapping(pairs), line: event.line)
    default:
      // An alias serves no purpose here, and lets a small file stand for an endless one.
      throw fail(
        event.line, "YAML aliases are not allowed here (quote a text that begins with '*')")
    }
  }

  private func fail(_ line: Int, _ message: String) -> ConfigurationError {
    ConfigurationError(.data, file: file, line: line, message)
  }
}
