import Foundation
import Machine
import Yams

/// A resolved machine description: the spec that the simulator runs, and where each value is from.
public struct MachineDescription: Sendable {
  /// Name by which it was asked for, such as `rtx-a6000`.
  public let name: String
  public let spec: GPUSpec
  /// Every value in the order of the files.
  public let values: [ResolvedValue]
  /// `--set` overrides as given.
  public let overrides: [String]

  /// Loads a description by name (a file in `Configs/`) or by path, and applies overrides of the
  /// form `path=value`.
  public static func load(
    _ nameOrPath: String, overrides: [String] = [], directory: ConfigurationDirectory = .standard
  ) throws -> MachineDescription {
    let path = try directory.file(for: nameOrPath)
    var tree = Tree()
    try tree.merge(path, directory: directory, seen: [])
    for override in overrides { try tree.apply(override) }
    let spec = try tree.decode(file: path)
    try SpecValidator(spec).validate { tree.place(of: $0) ?? (path, 1) }
    let name =
      nameOrPath.contains("/") || nameOrPath.hasSuffix(".yaml")
      ? URL(fileURLWithPath: nameOrPath).deletingPathExtension().lastPathComponent : nameOrPath
    return MachineDescription(name: name, spec: spec, values: tree.resolved, overrides: overrides)
  }

  /// Stable fingerprint of the spec (FNV-1a over its canonical JSON), for provenance of results.
  public var hash: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (try? encoder.encode(spec)) ?? Data() {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The folder that descriptions are found in.
public struct ConfigurationDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// `NEEDLETAIL_CONFIGS`, or `Configs` beside the executable or an ancestor of it, or in the
  /// working directory.
  public static var standard: ConfigurationDirectory {
    if let path = ProcessInfo.processInfo.environment["NEEDLETAIL_CONFIGS"] {
      return ConfigurationDirectory(path: path)
    }
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    for start in [
      executable, URL(fileURLWithPath: FileManager.default.currentDirectoryPath + "/."),
    ] {
      var folder = start.deletingLastPathComponent()
      for _ in 0..<8 {
        let candidate = folder.appendingPathComponent("Configs")
        if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("families").path)
        {
          return ConfigurationDirectory(path: candidate.path)
        }
        folder = folder.deletingLastPathComponent()
      }
    }
    return ConfigurationDirectory(path: "Configs")
  }

  /// Names of all GPUs.
  public var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  func file(for name: String) throws -> String {
    if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") { return name }
    let file = path + "/" + name + ".yaml"
    if FileManager.default.fileExists(atPath: file) { return file }
    let near = nearest(name, names)
    throw ConfigurationError(
      .usage,
      "unknown GPU '\(name)'" + (near.map { "; did you mean \($0)?" } ?? "")
        + " (known: \(names.joined(separator: ", ")))")
  }

  /// A base is a family, a GPU, or a path relative to the file that names it.
  func base(_ name: String, from file: String) -> String? {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    let candidates = [
      "\(path)/families/\(name).yaml", "\(path)/\(name).yaml", "\(folder)/\(name)",
      "\(folder)/\(name).yaml",
    ]
    return candidates.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Shipped files must say where each value is from; a user's own need not.
  func isShipped(_ file: String) -> Bool {
    let here = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return URL(fileURLWithPath: file).resolvingSymlinksInPath().path.hasPrefix(here + "/")
  }
}

/// The nearest of `names` to `word` by edit distance, if it is near.
func nearest(_ word: String, _ names: [String]) -> String? {
  func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
  let target = Array(word.lowercased().utf8.prefix(128))
  let ranked = names.map { ($0, distance(target, Array($0.lowercased().utf8.prefix(128)))) }
  guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= max(3, target.count / 3) else {
    return nil
  }
  return best.0
}
