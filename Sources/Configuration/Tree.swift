import Machine

/// The merged values of a description, by dotted path.
struct Tree {
  /// All that was put in, also what is unknown or covered by now.
  private(set) var leaves: [Leaf] = []
  /// The leaf that stands for a path: the last one put in.
  private(set) var places: [String: Int] = [:]

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
    for leaf in file.leaves { add(leaf) }
  }

  private mutating func add(_ leaf: Leaf) {
    places[leaf.path] = leaves.count
    leaves.append(leaf)
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
    guard path.utf8.count < 256 else { throw fail("unknown name '\(path.prefix(80))…'") }
    guard text.utf8.count < 4096,
      let node = try? YAMLText.node(of: Array(text.utf8), file: Leaf.commandLine),
      let content = Leaf.Content(node)
    else { throw fail("\(path): '\(text.prefix(80))' is no value") }
    add(
      Leaf(
        path: path, content: content, origin: .assumed, source: "set on the command line",
        file: Leaf.commandLine, line: 0))
  }

  /// The spec that the values make, and the leaves in the order of declaration; `file` is what was
  /// asked for, for messages about missing values.
  func resolve(file: String) throws -> (spec: GPUSpec, leaves: [Leaf]) {
    let record = SpecDecoder.Record(self)
    let spec = try GPUSpec(from: SpecDecoder(record: record))
    for leaf in leaves {
      if let place = places[leaf.path], record.isField[place] { continue }
      throw leaf.fail(Schema(record.fields).complaint(about: leaf.path))
    }
    guard record.missing.isEmpty else {
      let more = record.missing.count > 3 ? " and \(record.missing.count - 3) more" : ""
      throw ConfigurationError(
        .data, file: file,
        "values are missing: " + record.missing.prefix(3).joined(separator: ", ") + more)
    }
    if let field = record.wrong.first, let place = places[field.path] {
      let leaf = leaves[place]
      throw leaf.fail(
        "\(field.path) must be \(field.expectation), not '\(leaf.text.prefix(80))'")
    }
    if let violation = spec.firstViolation(among: record.numbers) {
      let message = "\(violation.path) \(violation.message)"
      throw places[violation.path].map { leaves[$0].fail(message) }
        ?? ConfigurationError(.data, file: file, message)
    }
    return (spec, record.places.map { leaves[$0] })
  }
}
