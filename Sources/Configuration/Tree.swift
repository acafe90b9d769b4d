import Foundation
import Machine
import Yams

/// The merged values of a description, by dotted path.
struct Tree {
  private var order: [String] = []
  private var leaves: [String: Leaf] = [:]

  /// Puts a file on top, its base below it first.
  mutating func merge(_ path: String, directory: ConfigurationDirectory, seen: [String]) throws {
    let file = try DescriptionFile(path: path, strict: directory.isShipped(path))
    if let base = file.base {
      guard let basePath = directory.base(base, from: path) else {
        throw ConfigurationError(.data, file: path, line: 1, "its base '\(base)' does not exist")
      }
      guard !seen.contains(basePath), basePath != path, seen.count < 8 else {
        throw ConfigurationError(
          .data, file: path, line: 1, "its base '\(base)' leads back to itself")
      }
      try merge(basePath, directory: directory, seen: seen + [path])
    }
    for (name, leaf) in file.leaves { set(name, leaf) }
  }

  private mutating func set(_ path: String, _ leaf: Leaf) {
    if leaves[path] == nil { order.append(path) }
    leaves[path] = leaf
  }

  /// Applies `path=value` from the command line.
  mutating func apply(_ override: String) throws {
    guard let equals = override.firstIndex(of: "=") else {
      throw ConfigurationError(.usage, "--set '\(override)': write PATH=VALUE")
    }
    let path = String(override[..<equals])
    let text = String(override[override.index(after: equals)...])
    guard leaves[path] != nil else {
      let last = path.split(separator: ".").last.map(String.init) ?? path
      let byName = order.first { $0.hasSuffix("." + last) }
      let near = nearest(path, order) ?? byName
      throw ConfigurationError(
        .usage, "--set: there is no value '\(path)'" + (near.map { "; did you mean \($0)?" } ?? ""))
    }
    guard text.count < 4096, !text.contains("&"), !text.contains("*"),
      let node = try? Yams.compose(yaml: text), node.mapping == nil
    else { throw ConfigurationError(.usage, "--set \(path): '\(text)' is no value") }
    set(
      path,
      Leaf(node: node, origin: .assumed, source: "set on the command line", file: "--set", line: 0))
  }

  func place(of path: String) -> (String, Int)? { leaves[path].map { ($0.file, $0.line) } }

  var resolved: [ResolvedValue] {
    order.compactMap { path in
      leaves[path].map { leaf in
        let text = (try? Yams.serialize(node: leaf.node)) ?? ""
        return ResolvedValue(
          path: path,
          text: text.trimmingCharacters(in: .whitespacesAndNewlines)
            .replacingOccurrences(of: "\n- ", with: ", ").replacingOccurrences(
              of: "\n...", with: ""),
          origin: leaf.origin, source: leaf.source, file: leaf.file, line: leaf.line)
      }
    }
  }

  // MARK: Decoding

  func decode(file: String) throws -> GPUSpec {
    let node = nested(order[...], prefix: "")
    let spec: GPUSpec
    do {
      spec = try YAMLDecoder().decode(GPUSpec.self, from: node)
    } catch let error as DecodingError {
      throw convert(error, file)
    }
    try rejectUnknown(spec)
    return spec
  }

  /// Puts dotted paths back into nested mappings.
  private func nested(_ paths: ArraySlice<String>, prefix: String) -> Node {
    var pairs: [(Node, Node)] = []
    var done: Set<Substring> = []
    for path in paths {
      let rest = path.dropFirst(prefix.count)
      let key = rest.prefix { $0 != "." }
      guard done.insert(key).inserted else { continue }
      if key.count == rest.count {
        if let leaf = leaves[path] { pairs.append((Node(String(key)), leaf.node)) }
      } else {
        let inner = prefix + key + "."
        let inside = paths.filter { $0.hasPrefix(inner) }
        pairs.append((Node(String(key)), nested(inside[...], prefix: inner)))
      }
    }
    return Node.mapping(Node.Mapping(pairs))
  }

  private func convert(_ error: DecodingError, _ file: String) -> ConfigurationError {
    func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: ".") }
    func at(_ path: String, _ message: String) -> ConfigurationError {
      let parts = path.split(separator: ".")
      for count in stride(from: parts.count, to: 0, by: -1) {
        let prefix = parts.prefix(count).joined(separator: ".")
        if let leaf = leaves[prefix] {
          return ConfigurationError(
            leaf.file == "--set" ? .usage : .data, file: leaf.file, line: leaf.line, message)
        }
      }
      return ConfigurationError(.data, file: file, message)
    }
    switch error {
    case .keyNotFound(let key, let context):
      let missing = path(context.codingPath + [key])
      // A misspelt name shows up as a missing one: point at its likely spelling.
      let parent = path(context.codingPath)
      let siblings = order.filter { parent.isEmpty || $0.hasPrefix(parent + ".") }
      if let near = nearest(missing, siblings), let leaf = leaves[near] {
        return ConfigurationError(
          .data, file: leaf.file, line: leaf.line,
          "\(missing) is missing; is '\(near)' meant for it?")
      }
      return ConfigurationError(.data, file: file, "\(missing) is missing")
    case .typeMismatch(let type, let context):
      let place = path(context.codingPath)
      return at(place, "\(place) must be \(Self.words(type))")
    case .valueNotFound(_, let context):
      let place = path(context.codingPath)
      return at(place, "\(place) has no value")
    case .dataCorrupted(let context):
      let place = path(context.codingPath)
      return at(place, "\(place): \(context.debugDescription)")
    @unknown default:
      return ConfigurationError(.data, file: file, "cannot be understood")
    }
  }

  private static func words(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "text"
    default: "a \(type)"
    }
  }

  /// Names that no part of the machine has.
  private func rejectUnknown(_ spec: GPUSpec) throws {
    guard let node = try? YAMLEncoder().encode(spec), let known = try? Yams.compose(yaml: node)
    else { return }
    var paths: [String] = []
    func walk(_ node: Node, _ prefix: String) {
      guard let mapping = node.mapping else {
        paths.append(prefix)
        return
      }
      for (key, value) in mapping {
        walk(value, prefix.isEmpty ? key.string ?? "" : prefix + "." + (key.string ?? ""))
      }
    }
    walk(known, "")
    let names = Set(paths)
    for path in order where !names.contains(path) {
      guard let leaf = leaves[path] else { continue }
      let near = nearest(path, paths)
      throw ConfigurationError(
        .data, file: leaf.file, line: leaf.line,
        "unknown name '\(path)'" + (near.map { "; did you mean \($0)?" } ?? ""))
    }
  }
}
