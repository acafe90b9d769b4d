import Foundation
import Machine

/// A GPU's description as its files give it: what many variants of it are made from.
public struct BaseDescription {
  private let name: String
  private let file: String
  private let tree: Tree

  /// Reads a description by name (a file in `Configs/`) or by path. Throws `ConfigurationError`.
  public init(_ nameOrPath: String, directory: ConfigurationDirectory = .standard) throws {
    file = try directory.file(for: nameOrPath)
    var tree = Tree(schema: try Schema(of: GPUSpec.self))
    try tree.merge(file, directory: directory)
    self.tree = tree
    name =
      ConfigurationDirectory.isPath(nameOrPath)
      ? URL(fileURLWithPath: nameOrPath).deletingPathExtension().lastPathComponent : nameOrPath
  }

  /// The description with overrides of the form `path=value`. Throws `ConfigurationError`.
  public func description(overrides: [String]) throws -> MachineDescription {
    let tree = try changed(overrides)
    let spec = try tree.decode(file: file)
    if let violation = spec.firstViolation {
      let message = "\(violation.path) \(violation.message)"
      throw tree[violation.path]?.fail(message)
        ?? ConfigurationError(.data, file: file, message)
    }
    return MachineDescription(
      name: name, spec: spec,
      values: tree.ordered.map { leaf in
        ResolvedValue(
          path: leaf.path, text: leaf.text, isList: leaf.node.sequence != nil,
          origin: leaf.origin, source: leaf.source, file: leaf.file, line: leaf.line)
      }, overrides: overrides)
  }

  /// Throws where an override names nothing or has a value of the wrong type. Whether values go
  /// together only a whole description can say.
  public func check(override: String) throws {
    _ = try changed([override]).decode(file: file)
  }

  private func changed(_ overrides: [String]) throws -> Tree {
    var tree = tree
    for override in overrides { try tree.apply(override) }
    return tree
  }
}
