/// Chosen columns of a table with a header.
struct CSVTable {
  struct Row {
    let file: String
    let line: Int
    /// Fields in the order in which the columns were asked for.
    let fields: [String]

    func number(_ column: Int) throws -> Double {
      guard let value = Double(fields[column]), value.isFinite else {
        throw SuiteError(.data, file: file, line: line, "'\(fields[column])' is no number")
      }
      return value
    }
  }

  let rows: [Row]

  /// Reads a whole file; throws `SuiteError` with the line where it is not a table of `columns`.
  init(_ bytes: [UInt8], file: String, columns: [String]) throws {
    let text: CSVText
    do { text = try CSVText(bytes) } catch {
      throw SuiteError(.data, file: file, line: error.line, error.message)
    }
    let header = text.records.first?.fields ?? []
    let places = columns.compactMap { header.firstIndex(of: $0) }
    guard places.count == columns.count else {
      throw SuiteError(
        .data, file: file, line: 1, "needs the columns \(columns.joined(separator: ", "))")
    }
    rows = try text.records.dropFirst().map { record in
      guard record.fields.count == header.count else {
        throw SuiteError(
          .data, file: file, line: record.line,
          "has \(record.fields.count) fields instead of \(header.count)")
      }
      return Row(file: file, line: record.line, fields: places.map { record.fields[$0] })
    }
  }
}
