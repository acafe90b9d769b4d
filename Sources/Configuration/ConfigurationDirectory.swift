import Foundation
import ISA

/// The folder that machine descriptions are found in: one file per GPU, and `families/` with what
/// GPUs of a family share.
public struct ConfigurationDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// `NEEDLETAIL_CONFIGS`, or `Configs` beside the executable or an ancestor of it, or in the
  /// working directory or an ancestor of it.
  public static var standard: ConfigurationDirectory {
    ConfigurationDirectory(
      path: projectFolder("Configs", holding: "families", variable: "NEEDLETAIL_CONFIGS"))
  }

  /// Names of all GPUs.
  public var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The file of a GPU's name, or of a path.
  func file(for name: String) throws -> String {
    if Self.isPath(name) { return name }
    let file = path + "/" + name + ".yaml"
    if FileManager.default.fileExists(atPath: file) { return file }
    let names = names
    guard !names.isEmpty else {
      throw ConfigurationError(
        .usage,
        "no GPU descriptions in '\(path)'; set NEEDLETAIL_CONFIGS to the project's Configs folder")
    }
    let near = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    throw ConfigurationError(
      .usage, "unknown GPU '\(name)'\(near) (known: \(names.joined(separator: ", ")))")
  }

  /// Whether `--gpu` names a file rather than a GPU of this folder.
  static func isPath(_ name: String) -> Bool {
    name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
  }

  /// A base is a family, a GPU, or a path relative to the file that names it.
  func base(_ name: String, from file: String) -> String? {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    let candidates = [
      "\(path)/families/\(name).yaml", "\(path)/\(name).yaml", "\(folder)/\(name)",
      "\(folder)/\(name).yaml",
    ]
    var isFolder: ObjCBool = false
    return candidates.first {
      FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }

  /// Shipped files must say where each value is from; a user's own need not.
  func isShipped(_ file: String) -> Bool {
    resolved(file).hasPrefix(resolved(path) + "/")
  }
}

/// Where a folder of the project lies: what the environment's `variable` says, or the folder `name`
/// that holds `content`, beside the executable or an ancestor of it, or in the working directory or
/// an ancestor of it.
public func projectFolder(_ name: String, holding content: String, variable: String) -> String {
  if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty { return path }
  // Strings and not URLs, which take half a millisecond of every start.
  let executable = parentFolder(resolved("/proc/self/exe"))
  for start in [executable, FileManager.default.currentDirectoryPath] {
    var folder = start
    for _ in 0..<8 {
      let candidate = "\(folder)/\(name)"
      if FileManager.default.fileExists(atPath: "\(candidate)/\(content)") { return candidate }
      folder = parentFolder(folder)
    }
  }
  return name
}

/// The folder that holds `path`; the root's is empty, so that a name can follow a slash.
private func parentFolder(_ path: String) -> String {
  path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
}

/// `path` without symbolic links, if it exists.
private func resolved(_ path: String) -> String {
  guard let real = realpath(path, nil) else { return path }
  defer { free(real) }
  return String(cString: real)
}
