import Foundation
import Simulation

/// One simulation of a sweep, fully resolved: a line of `points.jsonl`.
public struct SweepPoint: Codable, Equatable, Sendable {
  /// Number in the sweep, from 1.
  public var point: Int
  /// Digest of everything that a result depends on; points with the same one share their result.
  public var id: String
  /// The trace as the sweep's file names it.
  public var trace: String
  /// Where the trace lies.
  public var file: String
  /// SHA-256 of the trace.
  public var traceHash: String
  /// The GPU as the sweep's file names it.
  public var gpu: String
  /// Name or file of the machine description.
  public var description: String
  /// Fingerprint of the resolved machine description.
  public var gpuHash: String
  public var variant: String?
  /// The swept parameters' values by column.
  public var parameters: [String: String]
  /// What `--set` is given.
  public var overrides: [String]
  public var kernels: String?
  public var maximumCycles: Int64?
  public var simulator: String
  /// Digest of the simulator's executable.
  public var build: String

  /// Computes the digest from the other fields.
  static func id(
    gpuHash: String, traceHash: String, kernels: String?, maximumCycles: Int64?,
    simulator: String, build: String
  ) -> String {
    let parts = [
      gpuHash, traceHash, kernels ?? "", maximumCycles.map(String.init) ?? "", simulator, build,
    ]
    return String(SHA256.hexadecimal(of: Array(parts.joined(separator: "\n").utf8)).prefix(32))
  }

  /// A few words that tell it from its neighbours.
  public var summary: String {
    let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return ([trace, gpu] + (variant.map { [$0] } ?? []) + values).joined(separator: ", ")
  }
}
