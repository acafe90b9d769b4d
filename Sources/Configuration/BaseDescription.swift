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
    var tree = Tree()
    try tree.merge(file, directory: directory)
    self.tree = tree
    name =
      ConfigurationDirectory.isPath(nameOrPath)
      ? URL(fileURLWithPath: nameOrPath).deletingPathExtension().lastPathComponent : nameOrPath
  }

  /// The description with overrides of the form `path=value`. Throws `ConfigurationError`.
  public func description(overrides: [String]) throws -> MachineDescription {
    let (spec, leaves) = try changed(overrides).resolve(file: file)
    return MachineDescription(name: name, spec: spec, leaves: leaves, overrides: overrides)
  }

  private func changed(_ overrides: [String]) throws -> Tree {
    var tree = tree
    for override in overrides { try tree.apply(override) }
    return tree
  }
}
