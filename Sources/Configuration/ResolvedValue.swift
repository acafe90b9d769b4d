import Yams

/// Where a value comes from: the honest part of a machine description.
public enum Origin: String, Sendable, CaseIterable, Codable {
  /// Measured on hardware; the source says where.
  case measured
  /// From NVIDIA's documents.
  case vendor
  /// From a paper or a published configuration.
  case published
  /// Adjusted so that a simulated quantity meets a measured one; the source names the target.
  case fitted
  /// Nobody knows; the source says why this value.
  case assumed
}

/// One leaf of a resolved machine description.
public struct ResolvedValue: Sendable, Hashable {
  /// Dotted path, such as `sm.registerFile.readPorts`.
  public var path: String
  /// The value as YAML text.
  public var text: String
  public var origin: Origin
  public var source: String
  public var file: String
  public var line: Int
}

/// A leaf while files are merged.
struct Leaf {
  var node: Node
  var origin: Origin
  var source: String
  var file: String
  var line: Int
}
