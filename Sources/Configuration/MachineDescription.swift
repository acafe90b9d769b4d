import Foundation
import Machine

/// A resolved machine description: the spec that the simulator runs, and where each value is from.
public struct MachineDescription: Sendable {
  /// Name by which it was asked for, such as `rtx-a6000`.
  public let name: String
  public let spec: GPUSpec
  let leaves: [Leaf]
  /// `--set` overrides as given.
  public let overrides: [String]

  /// Loads a description by name (a file in `Configs/`) or by path, and applies overrides of the
  /// form `path=value`. Throws `ConfigurationError`.
  public static func load(
    _ nameOrPath: String, overrides: [String] = [], directory: ConfigurationDirectory = .standard
  ) throws -> MachineDescription {
    try BaseDescription(nameOrPath, directory: directory).description(overrides: overrides)
  }

  /// Every value in the order of declaration.
  public var values: [ResolvedValue] {
    leaves.map { leaf in
      ResolvedValue(
        path: leaf.path, text: leaf.text, isList: leaf.content.isList, origin: leaf.origin,
        source: leaf.source, file: leaf.file, line: leaf.line)
    }
  }

  /// Names of all GPUs that ship.
  public static func available(in directory: ConfigurationDirectory = .standard) -> [String] {
    directory.names
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

  /// The resolved description as one YAML file without a base; it loads again to the same spec.
  public var yaml: String {
    var lines = ["# \(name), resolved. Fingerprint \(hash)."]
    var open: [Substring] = []
    for value in values {
      let parts = value.path.split(separator: ".")
      let groups = Array(parts.dropLast())
      let shared = zip(open, groups).prefix { $0 == $1 }.count
      for depth in shared..<groups.count {
        lines.append(String(repeating: "  ", count: depth) + groups[depth] + ":")
      }
      open = groups
      let text = value.isList ? value.text : quoted(value.text)
      lines.append(
        String(repeating: "  ", count: groups.count)
          + "\(parts.last ?? ""): { value: \(text), \(value.origin.rawValue): \(quoted(value.source)) }"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Numbers and names stay plain; everything else is quoted, so that it reads back the same.
  private func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 46
    }
    if plain && !text.isEmpty { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 32 || scalar.properties.isWhitespace && scalar != " ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
