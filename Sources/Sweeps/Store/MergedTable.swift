import Foundation
import Reports

/// All results of a sweep as one tidy table: a row per kernel of every point, a row per point that
/// has none.
struct MergedTable {
  /// Columns before a kernel's own.
  static let pointColumns = ["point", "trace", "gpu", "variant"]
  static let statusColumns = ["status", "error"]
  /// Columns of `run --csv` that the point does not give.
  static let kernelColumns = ResultCSV.columns.filter { !pointColumns.contains($0) }
  /// Columns of a point in the database only.
  static let recordColumns = [
    "id", "trace_hash", "gpu_hash", "seconds", "peak_memory_bytes",
  ]

  /// Names that no parameter may have.
  static var ownColumns: [String] {
    pointColumns + statusColumns + kernelColumns + recordColumns
  }

  /// A point and its kernels' rows.
  struct Entry {
    var point: SweepPoint
    var status: String
    var error: String
    var record: PointRecord?
    /// In the order of `kernelColumns`.
    var kernels: [[String]]
  }

  /// Columns of the point in this sweep: without `variant` where it has none.
  let leading: [String]
  let entries: [Entry]

  init(_ list: PointList, columns: [String], hasVariants: Bool, store: ResultStore) {
    leading = Self.pointColumns.filter { hasVariants || $0 != "variant" } + columns
    entries = list.points.map { Self.entry($0, store.outcome(of: $0)) }
  }

  private static func entry(_ point: SweepPoint, _ outcome: ResultStore.Outcome) -> Entry {
    switch outcome {
    case .failed(let error):
      return Entry(point: point, status: "failed", error: error, kernels: [])
    case .missing: return Entry(point: point, status: "missing", error: "", kernels: [])
    case .done(let record):
      let places = kernelColumns.map { record.table.columns.firstIndex(of: $0) }
      let kernels = record.table.rows.map { row in
        places.map { place in place.flatMap { row.indices.contains($0) ? row[$0] : nil } ?? "" }
      }
      return Entry(point: point, status: "ok", error: "", record: record, kernels: kernels)
    }
  }

  func count(_ status: String) -> Int { entries.count { $0.status == status } }

  /// What a point has in the leading columns.
  func values(of point: SweepPoint) -> [String] {
    leading.map { column in
      switch column {
      case "point": String(point.point)
      case "trace": point.trace
      case "gpu": point.gpu
      case "variant": point.variant ?? ""
      default: point.parameters[column] ?? ""
      }
    }
  }

  /// The CSV file.
  var csv: String {
    let none = [Self.kernelColumns.map { _ in "" }]
    return ResultCSV.text(
      of: [leading + Self.statusColumns + Self.kernelColumns]
        + entries.flatMap { entry in
          (entry.kernels.isEmpty ? none : entry.kernels).map {
            values(of: entry.point) + [entry.status, entry.error] + $0
          }
        })
  }
}
