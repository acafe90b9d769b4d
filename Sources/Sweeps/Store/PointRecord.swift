import Foundation
import Reports
import Simulation

/// What became of a point: the file `results/ID.json`. It is what `run --json` writes, with two
/// more keys: `point` says of which inputs it is, `table` has the rows of `run --csv`.
struct PointRecord: Sendable {
  /// What tells results of the same inputs from others.
  struct Inputs: Codable, Equatable, Sendable {
    var id: String
    var traceHash: String
    var gpuHash: String
    var build: String

    init(_ point: SweepPoint) {
      id = point.id
      traceHash = point.traceHash
      gpuHash = point.gpuHash
      build = point.build
    }
  }

  struct Table: Codable, Sendable {
    var columns: [String]
    var rows: [[String]]
  }

  struct Host: Codable, Sendable {
    var seconds: Double
    var peakMemoryBytes: Int
  }

  var inputs: Inputs
  var table: Table
  var cycles: Int64
  var host: Host

  /// What the file of a simulation's result holds.
  static func data(_ result: RunResult, of point: SweepPoint) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(Document(point: point, result: result))
    data.append(UInt8(ascii: "\n"))
    return data
  }

  /// Both values write into one object.
  private struct Document: Encodable {
    var point: SweepPoint
    var result: RunResult

    enum Key: String, CodingKey { case point, table }

    func encode(to encoder: any Encoder) throws {
      try ResultJSON(result).encode(to: encoder)
      var object = encoder.container(keyedBy: Key.self)
      try object.encode(Inputs(point), forKey: .point)
      try object.encode(
        Table(columns: ResultCSV.columns, rows: ResultCSV(result).rows), forKey: .table)
    }
  }
}

extension PointRecord: Decodable {
  private enum Key: String, CodingKey { case point, table, totals, host }
  private struct Totals: Decodable { var cycles: Int64 }

  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: Key.self)
    inputs = try object.decode(Inputs.self, forKey: .point)
    table = try object.decode(Table.self, forKey: .table)
    cycles = try object.decode(Totals.self, forKey: .totals).cycles
    host = try object.decode(Host.self, forKey: .host)
  }
}

/// Why a point has no result: the file `results/ID.failed.json`.
struct PointFailure: Codable, Sendable {
  var id: String
  var error: String
}
