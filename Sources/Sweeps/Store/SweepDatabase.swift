import Foundation
import GRDB

/// The results as a SQLite file: `points`, `kernels`, and the view `results` with the columns of
/// the CSV file.
struct SweepDatabase {
  private let table: MergedTable

  init(_ table: MergedTable) { self.table = table }

  /// Writes a new file in place of the one that is there.
  func write(to path: String) throws {
    let temporary = WholeFile.temporaryName(path)
    do {
      try fill(temporary)
      try WholeFile.put(temporary, inPlaceOf: path)
    } catch let error as DatabaseError {
      unlink(temporary)
      unlink(temporary + "-journal")
      throw StoreError(
        .system,
        "\(path): cannot be written (\(error.message ?? "SQLite error \(error.resultCode)"))")
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// What is wrong with a database of this table; nil where nothing is.
  func complaint(about path: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return "is not there" }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      let database = try DatabaseQueue(path: path, configuration: configuration)
      defer { try? database.close() }
      return try database.read { connection in
        let check = try String.fetchOne(connection, sql: "PRAGMA integrity_check")
        guard check == "ok" else { return "is damaged: \(check ?? "no answer")" }
        let broken = try Row.fetchAll(connection, sql: "PRAGMA foreign_key_check").count
        let points = try Int.fetchOne(connection, sql: "SELECT count(*) FROM points")
        let kernels = try Int.fetchOne(connection, sql: "SELECT count(*) FROM kernels")
        let expected = table.entries.reduce(0) { $0 + $1.kernels.count }
        return broken == 0 && points == table.entries.count && kernels == expected
          ? nil : "has \(points ?? 0) points and \(kernels ?? 0) kernels, not the store's"
      }
    } catch let error as DatabaseError {
      return "is damaged: \(error.message ?? "SQLite error \(error.resultCode)")"
    }
  }

  private func fill(_ path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { connection in
      try addPoints(connection)
      try addKernels(connection)
      let own = (table.leading + MergedTable.statusColumns).map { "points.\(quoted($0))" }
      let kernels = MergedTable.kernelColumns.map { "kernels.\(quoted($0))" }
      try connection.execute(
        sql: """
          CREATE VIEW results AS SELECT \((own + kernels).joined(separator: ", "))
          FROM points LEFT JOIN kernels ON kernels.point = points.point
          """)
    }
    try database.close()
  }

  private func addPoints(_ connection: Database) throws {
    let columns =
      table.leading + MergedTable.statusColumns + ["cycles"] + MergedTable.recordColumns
    let rows = table.entries.map { entry in
      table.values(of: entry.point) + [
        entry.status, entry.error, entry.record.map { String($0.cycles) } ?? "", entry.point.id,
        entry.point.traceHash, entry.point.gpuHash,
        entry.record.map { String($0.host.seconds) } ?? "",
        entry.record.map { String($0.host.peakMemoryBytes) } ?? "",
      ]
    }
    try add("points", columns, rows, key: "PRIMARY KEY (point)", to: connection)
  }

  private func addKernels(_ connection: Database) throws {
    let rows = table.entries.flatMap { entry in
      entry.kernels.map { [String(entry.point.point)] + $0 }
    }
    try add(
      "kernels", ["point"] + MergedTable.kernelColumns, rows,
      key: "PRIMARY KEY (point, kernel), FOREIGN KEY (point) REFERENCES points (point)",
      to: connection)
  }

  /// Makes a table whose columns have the types of their values.
  private func add(
    _ name: String, _ columns: [String], _ rows: [[String]], key: String, to connection: Database
  ) throws {
    let types = columns.indices.map { column in ColumnType(rows.map { $0[column] }) }
    let declarations = zip(columns, types).map { "\(quoted($0)) \($1.rawValue)" } + [key]
    try connection.execute(
      sql: "CREATE TABLE \(name) (\(declarations.joined(separator: ", ")))")
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    let statement = try connection.makeStatement(sql: "INSERT INTO \(name) VALUES (\(places))")
    for row in rows {
      let values = zip(row, types).map { $1.value($0) }
      try statement.execute(arguments: StatementArguments(values))
    }
  }

  private func quoted(_ name: String) -> String {
    "\"\(name.replacing("\"", with: "\"\""))\""
  }

  /// What a column's values are.
  private enum ColumnType: String {
    case integer = "INTEGER"
    case real = "REAL"
    case text = "TEXT"

    init(_ values: [String]) {
      let given = values.filter { !$0.isEmpty }
      if given.allSatisfy({ Int64($0) != nil }) && !given.isEmpty {
        self = .integer
      } else if given.allSatisfy({ Double($0)?.isFinite == true }) && !given.isEmpty {
        self = .real
      } else {
        self = .text
      }
    }

    func value(_ text: String) -> (any DatabaseValueConvertible)? {
      guard !text.isEmpty else { return nil }
      return switch self {
      case .integer: Int64(text)
      case .real: Double(text)
      case .text: text
      }
    }
  }
}
