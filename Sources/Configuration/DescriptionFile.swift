import Foundation
import Yams

/// One YAML file of a machine description: its base and its leaves by dotted path.
struct DescriptionFile {
  var base: String?
  var leaves: [(path: String, leaf: Leaf)] = []

  private static let sizeLimit = 1 << 20
  private static let depthLimit = 16

  /// Reads and checks a file. `strict` wants provenance for every value; without it, bare values
  /// count as assumed.
  init(path: String, strict: Bool) throws {
    let text = try Self.text(path)
    let root: Node
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw ConfigurationError(.data, file: path, line: 1, "the file is empty")
      }
      root = node
    } catch let error as YamlError {
      throw Self.convert(error, path)
    }
    guard case .mapping(let mapping) = root else {
      throw ConfigurationError(
        .data, file: path, line: 1, "a machine description is a mapping of names to values")
    }
    var reader = Reader(file: path, strict: strict)
    for (key, value) in mapping {
      let name = try reader.name(key)
      if name == "base" {
        guard let text = value.scalar?.string else {
          throw reader.fail(value, "base must be the name of a family or file")
        }
        base = text
      } else {
        try reader.read(value, path: name, depth: 1)
      }
    }
    leaves = reader.leaves
  }

  private static func text(_ path: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw ConfigurationError(.data, file: path, "cannot be read")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: sizeLimit + 1) else {
      throw ConfigurationError(.data, file: path, "cannot be read")
    }
    guard data.count <= sizeLimit else {
      throw ConfigurationError(
        .data, file: path, "is larger than \(sizeLimit) bytes; that is no machine description")
    }
    guard let text = String(data: data, encoding: .utf8), !text.contains("\0") else {
      throw ConfigurationError(.data, file: path, "is not UTF-8 text")
    }
    // Anchors are not needed here and can blow a small file up.
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      var depth = 0
      for byte in line.utf8 {
        if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
      }
      let indent = line.prefix { $0 == " " || $0 == "-" }.count
      if depth > depthLimit || indent > 4 * depthLimit {
        throw ConfigurationError(.data, file: path, line: number + 1, "is nested too deeply")
      }
      let first = line.drop { $0 == " " }
      if first.contains(": *") || first.contains(": &") || first.hasPrefix("<<")
        || first.hasPrefix("*") || first.hasPrefix("&")
      {
        throw ConfigurationError(
          .data, file: path, line: number + 1, "anchors and aliases are not allowed")
      }
    }
    return text
  }

  private static func convert(_ error: YamlError, _ path: String) -> ConfigurationError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ConfigurationError(.data, file: path, line: mark.line, problem)
    case .duplicatedKeysInMapping(let duplicates, let mark):
      let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      return ConfigurationError(.data, file: path, line: mark.mark.line, "\(names) is given twice")
    default:
      return ConfigurationError(.data, file: path, "is not valid YAML")
    }
  }

  /// Walks the nodes of a file.
  private struct Reader {
    let file: String
    let strict: Bool
    var leaves: [(path: String, leaf: Leaf)] = []

    func fail(_ node: Node, _ message: String) -> ConfigurationError {
      ConfigurationError(.data, file: file, line: node.mark?.line ?? 1, message)
    }

    func name(_ node: Node) throws -> String {
      guard let text = node.scalar?.string, !text.isEmpty, !text.contains(".") else {
        throw fail(node, "a name must be plain text")
      }
      return text
    }

    mutating func read(_ node: Node, path: String, depth: Int) throws {
      guard depth < DescriptionFile.depthLimit else {
        throw fail(node, "\(path) is nested too deeply")
      }
      guard case .mapping(let mapping) = node else {
        if strict {
          throw fail(
            node,
            "\(path) has no provenance; write { value: …, measured|vendor|published|fitted|assumed: \"source\" }"
          )
        }
        add(path, node, .assumed, "user file", at: node)
        return
      }
      if mapping.keys.contains(where: { $0.scalar?.string == "value" }) {
        try readLeaf(mapping, node, path)
        return
      }
      for (key, value) in mapping {
        try read(value, path: path + "." + (try name(key)), depth: depth + 1)
      }
    }

    private mutating func readLeaf(_ mapping: Node.Mapping, _ node: Node, _ path: String) throws {
      var value: Node?
      var provenance: (Origin, String)?
      for (key, content) in mapping {
        let word = try name(key)
        if word == "value" {
          value = content
        } else if let origin = Origin(rawValue: word) {
          guard let source = content.scalar?.string, !source.isEmpty else {
            throw fail(content, "\(path): \(word) must name its source")
          }
          provenance = (origin, source)
        } else {
          throw fail(
            key,
            "\(path): '\(word)' is no origin; use measured, vendor, published, fitted or assumed")
        }
      }
      guard let value, let provenance else {
        throw fail(node, "\(path) needs a value and its origin")
      }
      if case .mapping = value { throw fail(value, "\(path): a value cannot be a mapping") }
      add(path, value, provenance.0, provenance.1, at: value)
    }

    private mutating func add(
      _ path: String, _ node: Node, _ origin: Origin, _ source: String, at place: Node
    ) {
      let leaf = Leaf(
        node: node, origin: origin, source: source, file: file, line: place.mark?.line ?? 1)
      leaves.append((path, leaf))
    }
  }
}
