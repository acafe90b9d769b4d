/// One YAML file of a machine description: its base and its leaves by dotted path.
struct DescriptionFile {
  /// The description below this one, and the line that names it.
  private(set) var base: (name: String, line: Int)?
  private(set) var leaves: [Leaf] = []

  /// No spec type nests deeper.
  private static let depthLimit = 16
  /// Far more values than any machine has; bounds the work on a hostile file.
  private static let leafLimit = 4096

  private let file: String
  private let strict: Bool

  /// Reads and checks a file. `strict` wants provenance for every value; without it, bare values
  /// count as assumed.
  init(path: String, strict: Bool) throws {
    try self.init(YAMLText.node(ofFile: path), file: path, strict: strict)
  }

  init(_ root: YAMLNode, file: String, strict: Bool) throws {
    self.file = file
    self.strict = strict
    guard case .mapping(let mapping) = root.content else {
      throw fail(root, "a machine description is a mapping of names to values")
    }
    for (key, value) in mapping {
      let name = try name(key)
      if name == "base" {
        guard let text = value.scalar, !text.isEmpty else {
          throw fail(value, "base must be the name of a family or file")
        }
        base = (text, value.line)
      } else {
        try read(value, path: name, depth: 1)
      }
    }
  }

  private func fail(_ node: YAMLNode, _ message: String) -> ConfigurationError {
    ConfigurationError(.data, file: file, line: node.line, message)
  }

  private func name(_ node: YAMLNode) throws -> String {
    guard let text = node.scalar, !text.isEmpty, !text.utf8.contains(UInt8(ascii: ".")) else {
      throw fail(node, "a name must be plain text without dots")
    }
    return text
  }

  private mutating func read(_ node: YAMLNode, path: String, depth: Int) throws {
    guard depth < Self.depthLimit else { throw fail(node, "\(path) is nested too deeply") }
    guard case .mapping(let mapping) = node.content else {
      guard !strict else {
        throw fail(
          node,
          "\(path) has no provenance; write { value: …, \(Origin.choices): \"source\" }")
      }
      return try add(path, node, .assumed, "user file")
    }
    guard !mapping.isEmpty else { throw fail(node, "\(path) has no value") }
    if mapping.contains(where: { $0.key.scalar == "value" }) {
      return try readLeaf(mapping, node, path)
    }
    for (key, value) in mapping {
      try read(value, path: path + "." + name(key), depth: depth + 1)
    }
  }

  private mutating func readLeaf(
    _ mapping: [(key: YAMLNode, value: YAMLNode)], _ node: YAMLNode, _ path: String
  ) throws {
    var value: YAMLNode?
    var provenance: (origin: Origin, source: String)?
    for (key, content) in mapping {
      let word = try name(key)
      if word == "value" {
        value = content
      } else if let origin = Origin(rawValue: word) {
        guard let source = content.scalar, !source.isEmpty else {
          throw fail(content, "\(path): \(word) must name its source")
        }
        guard provenance == nil else { throw fail(key, "\(path) has two origins") }
        provenance = (origin, source)
      } else {
        throw fail(key, "\(path): '\(word)' is no origin; use one of \(Origin.choices)")
      }
    }
    guard let value, let provenance else {
      throw fail(node, "\(path) needs an origin beside its value: one of \(Origin.choices)")
    }
    try add(path, value, provenance.origin, provenance.source)
  }

  private mutating func add(
    _ path: String, _ node: YAMLNode, _ origin: Origin, _ source: String
  ) throws {
    guard leaves.count < Self.leafLimit else {
      throw fail(node, "more than \(Self.leafLimit) values; that is no machine description")
    }
    guard let content = Leaf.Content(node) else {
      throw fail(node, "\(path): a value is one word or number, or a list of them")
    }
    leaves.append(
      Leaf(
        path: path, content: content, origin: origin, source: source, file: file, line: node.line))
  }
}
