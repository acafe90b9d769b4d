import Foundation
import Simulation

/// The folder of a sweep: `points.jsonl`, one file per result in `results/`, and what they merge to.
///
/// Results are found by the digest of their inputs, so those of another simulator, trace or machine
/// description stay where they are and count for nothing.
public struct ResultStore: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  public var pointsFile: String { path + "/points.jsonl" }
  public var csvFile: String { path + "/results.csv" }
  public var databaseFile: String { path + "/results.sqlite" }
  var clusterFolder: String { path + "/slurm" }
  private var results: String { path + "/results" }

  public var exists: Bool { FileManager.default.fileExists(atPath: pointsFile) }

  private func resultFile(_ id: String) -> String { "\(results)/\(id).json" }
  private func failureFile(_ id: String) -> String { "\(results)/\(id).failed.json" }

  /// What became of a point.
  enum Outcome: Sendable {
    case done(PointRecord)
    case failed(String)
    case missing
  }

  /// Makes the folders.
  func create() throws {
    try create(folder: path)
    try create(folder: results)
  }

  func create(folder: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError(.system, "\(folder): cannot be created")
    }
  }

  /// Keeps other sweeps away from the store until the process ends.
  func lock() throws {
    let name = path + "/lock"
    let file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw StoreError.system(name, errno) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK {
        throw StoreError(.usage, "\(path): another sweep works on it; wait for its end")
      }
      // File systems without locks are used without them.
      return
    }
  }

  /// Removes the results that a killed run left unfinished; no point may be running.
  func removeUnfinishedResults() { removeUnfinished(in: results) }

  /// Removes the merged files that a killed run left unfinished.
  func removeUnfinishedTables() { removeUnfinished(in: path) }

  /// A database has a journal beside it, whose name goes on.
  private func removeUnfinished(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.contains(WholeFile.ending) { unlink("\(folder)/\(name)") }
  }

  func write(_ list: PointList) throws {
    try WholeFile.write(try list.data(), to: pointsFile)
  }

  // MARK: Results

  func write(_ result: RunResult, of point: SweepPoint) throws {
    try WholeFile.write(try PointRecord.data(result, of: point), to: resultFile(point.id))
    unlink(failureFile(point.id))
  }

  func write(failure: String, of point: SweepPoint) throws {
    // One line, as tables need it.
    let error = failure.split(whereSeparator: \.isNewline).joined(separator: "; ")
    let data = try JSONEncoder().encode(PointFailure(id: point.id, error: error))
    try WholeFile.write(data + [UInt8(ascii: "\n")], to: failureFile(point.id))
  }

  /// Reads a point's result; a damaged one counts for nothing.
  func outcome(of point: SweepPoint) -> Outcome {
    let decoder = JSONDecoder()
    if let data = FileManager.default.contents(atPath: resultFile(point.id)),
      let record = try? decoder.decode(PointRecord.self, from: data),
      record.inputs == PointRecord.Inputs(point)
    {
      return .done(record)
    }
    if let data = FileManager.default.contents(atPath: failureFile(point.id)),
      let failure = try? decoder.decode(PointFailure.self, from: data), failure.id == point.id
    {
      return .failed(failure.error)
    }
    return .missing
  }

  /// Whether a point has ended, well or not, without reading what it left.
  func hasEnded(_ point: SweepPoint) -> Bool {
    [resultFile(point.id), failureFile(point.id)].contains {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  /// Forgets how an earlier attempt at a point ended.
  func removeFailure(of point: SweepPoint) { unlink(failureFile(point.id)) }

  /// Points without a result, failed ones among them; of points that share one, the first.
  func pending(_ list: PointList) -> [SweepPoint] {
    list.distinct.filter { if case .done = outcome(of: $0) { false } else { true } }
  }
}
