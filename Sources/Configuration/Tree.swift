import Machine
import Yams

/// The merged values of a description, by dotted path.
struct Tree {
  let schema: Schema
  private var leaves: [String: Leaf] = [:]

  init(schema: Schema) { self.schema = schema }

  /// Leaves in the order of declaration.
  var ordered: [Leaf] { schema.paths.compactMap { leaves[$0] } }

  subscript(path: String) -> Leaf? { leaves[path] }

  /// Puts a file on top of what is there, its base below it first.
  mutating func merge(_ path: String, directory: ConfigurationDirectory, above: [String] = [])
    throws
  {
    let file = try DescriptionFile(path: path, strict: directory.isShipped(path))
    if let base = file.base {
      guard let basePath = directory.base(base.name, from: path) else {
        throw ConfigurationError(
          .data, file: path, line: base.line, "its base '\(base.name)' does not exist")
      }
      guard basePath != path, !above.contains(basePath), above.count < 8 else {
        throw ConfigurationError(
          .data, file: path, line: base.line, "its base '\(base.name)' leads back to itself")
      }
      try merge(basePath, directory: directory, above: above + [path])
    }
    for leaf in file.leaves {
      guard schema[leaf.path] != nil else { throw leaf.fail(schema.complaint(about: leaf.path)) }
      leaves[leaf.path] = leaf
    }
  }

  /// Applies `path=value` from the command line.
  mutating func apply(_ override: String) throws {
    func fail(_ message: String) -> ConfigurationError {
      ConfigurationError(.usage, "\(Leaf.commandLine) \(message)")
    }
    guard let equals = override.firstIndex(of: "=") else {
      throw fail("'\(override.prefix(80))': write PATH=VALUE")
    }
    let path = String(override[..<equals])
    let text = String(override[override.index(after: equals)...])
    guard schema[path] != nil else { throw fail(schema.complaint(about: String(path.prefix(80)))) }
    guard text.utf8.count < 4096,
      let node = try? YAMLText.node(of: Array(text.utf8), file: Leaf.commandLine),
      Leaf.text(of: node) != nil
    else { throw fail("\(path): '\(text.prefix(80))' is no value") }
    leaves[path] = Leaf(
      path: path, node: node, origin: .assumed, source: "set on the command line",
      file: Leaf.commandLine, line: 0)
  }

  /// Every value in its type; `file` is what was asked for, for messages about missing values.
  func decode(file: String) throws -> GPUSpec {
    let missing = schema.paths.filter { leaves[$0] == nil }
    guard missing.isEmpty else {
      let more = missing.count > 3 ? " and \(missing.count - 3) more" : ""
      throw ConfigurationError(
        .data, file: file,
        "values are missing: " + missing.prefix(3).joined(separator: ", ") + more)
    }
    do {
      return try YAMLDecoder().decode(GPUSpec.self, from: nested(schema.paths[...], prefix: ""))
    } catch let error as DecodingError {
      throw explain(error, file: file)
    }
  }

  /// Puts dotted paths back into nested mappings. Paths of one group stand together.
  private func nested(_ paths: ArraySlice<String>, prefix: String) -> Node {
    var pairs: [(Node, Node)] = []
    var rest = paths
    while let path = rest.first {
      let key = String(path.dropFirst(prefix.count).prefix { $0 != "." })
      if let leaf = leaves[prefix + key] {
        pairs.append((Node(key), leaf.node))
        rest = rest.dropFirst()
      } else {
        let inner = prefix + key + "."
        let group = rest.prefix { $0.hasPrefix(inner) }
        pairs.append((Node(key), nested(group, prefix: inner)))
        rest = rest.dropFirst(max(1, group.count))
      }
    }
    return Node.mapping(Node.Mapping(pairs))
  }

  /// Says of a value of the wrong type what it should be.
  private func explain(_ error: DecodingError, file: String) -> ConfigurationError {
    let keys: [any CodingKey] =
      switch error {
      case .keyNotFound(let key, let context): context.codingPath + [key]
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .dataCorrupted(let context):
        context.codingPath
      @unknown default: []
      }
    let path = keys.filter { $0.intValue == nil }.map(\.stringValue).joined(separator: ".")
    guard let leaf = leaves[path], let field = schema[path] else {
      return ConfigurationError(.data, file: file, "\(path) cannot be understood")
    }
    return leaf.fail("\(path) must be \(field.expectation), not '\(leaf.text.prefix(80))'")
  }
}
