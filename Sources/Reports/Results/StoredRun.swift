import Foundation
import Machine
import Simulation

/// A result that `needletail run --json` wrote, read back for reports and comparisons.
public struct StoredRun: Decodable, Sendable {
  public struct Kernel: Decodable, Sendable {
    public let id: Int
    public let name: String
    public let grid: [UInt32]
    public let block: [UInt32]
    public let cycles: Int64
    public let warpInstructions: UInt64
    public let threadInstructions: UInt64
    public let ipc: Double
    public let occupancy: Occupancy
    public let stalls: [String: UInt64]
    public let caches: [String: [String: UInt64]]
    public let registerFile: [String: UInt64]
    public let dram: [String: UInt64]
    public let memory: [String: UInt64]?
    public let profile: ProfileJSON?

    /// Every counter by a dotted name.
    var counters: [(name: String, value: Double)] {
      var groups = caches
      groups["registerFile"] = registerFile
      groups["dram"] = dram
      groups["memory"] = memory ?? [:]
      return [
        ("warpInstructions", Double(warpInstructions)),
        ("threadInstructions", Double(threadInstructions)), ("ipc", ipc),
        ("occupancy.achieved", occupancy.achieved),
        ("occupancy.ctasPerSM", Double(occupancy.ctasPerSM)),
      ]
        + groups.sorted { $0.key < $1.key }.flatMap { group, counts in
          counts.sorted { $0.key < $1.key }.map { ("\(group).\($0.key)", Double($0.value)) }
        }
    }

    var warpCycles: UInt64 { stalls.reduce(0) { $0 + $1.value } }
    /// Shares of warp-cycles in the reasons' order, without those that never came up.
    var shares: [(reason: StallReason, share: Double)] {
      let total = Double(max(1, warpCycles))
      return StallReason.allCases.compactMap { reason in
        let value = stalls[reason.name] ?? 0
        return value > 0 ? (reason, Double(value) / total) : nil
      }
    }
  }

  public struct Occupancy: Decodable, Sendable {
    public let achieved: Double
    public let ctasPerSM: Int
    public let limiter: String
  }

  public struct Totals: Decodable, Sendable {
    public let cycles: Int64
    public let warpInstructions: UInt64
    public let threadInstructions: UInt64
  }

  public let schemaVersion: Int
  public let simulator: String
  public let gpu: String
  public let gpuHash: String
  public let trace: String
  public let overrides: [String]
  public let truncated: Bool
  public let kernels: [Kernel]
  public let totals: Totals

  /// Reads a file; throws `StoredRunError`.
  public init(file: String) throws {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw StoredRunError(file: file, reason: "cannot be read")
    }
    if let place = Self.tooLarge(try? JSONSerialization.jsonObject(with: data)) {
      throw StoredRunError(file: file, reason: "'\(place)' is larger than any count of a run")
    }
    do {
      self = try JSONDecoder().decode(StoredRun.self, from: data)
    } catch let error as DecodingError {
      throw StoredRunError(file: file, reason: Self.reason(error))
    }
    guard schemaVersion == RunResult.schemaVersion else {
      throw StoredRunError(
        file: file,
        reason: "has the layout \(schemaVersion) of results; this program reads "
          + "\(RunResult.schemaVersion): run it again")
    }
  }

  /// Where a number is that reports could not add up; 2^53 is also the largest that JSON keeps
  /// exactly.
  private static func tooLarge(_ value: Any?) -> String? {
    switch value {
    case let group as [String: Any]:
      for (name, inner) in group.sorted(by: { $0.key < $1.key }) {
        if let place = tooLarge(inner) { return place.isEmpty ? name : "\(name).\(place)" }
      }
      return nil
    case let list as [Any]:
      for inner in list { if let place = tooLarge(inner) { return place } }
      return nil
    case let number as NSNumber: return abs(number.doubleValue) <= 0x1p53 ? nil : ""
    default: return nil
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    let advice = "is no result of needletail run --json"
    switch error {
    case .keyNotFound(let key, let context):
      let place = (context.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")
      return "\(advice) ('\(place)' is missing)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return "\(advice) ('\(place)' has the wrong type)"
    default: return "\(advice) (no JSON)"
    }
  }

  /// What was run, in a line.
  public var title: String {
    ([trace + " on " + gpu] + overrides).joined(separator: ", ")
  }
}

/// A file that is no result.
public struct StoredRunError: Error, CustomStringConvertible {
  public let file: String
  public let reason: String
  public var description: String { "\(file): \(reason)" }
}
