import Foundation

/// One measured value, with where it is from and how far to trust it.
public struct Measurement: Sendable, Equatable {
  /// Number within its file; suites refer to it.
  public var row: Int
  /// The measured part, as its source names it.
  public var gpu: String
  /// What was run, and what of it the value is.
  public var benchmark: String
  public var metric: String
  public var value: Double
  public var unit: String
  /// Core clock in MHz where it is known.
  public var clock: Double?
  /// What measured it.
  public var tool: String
  /// A: raw tool output or the measuring paper; B: first hand, clocks unknown, or reconstructed;
  /// C: second hand; vendor: a data sheet.
  public var trust: String
  public var source: String
  public var caveat: String
  /// Further columns of the file.
  public var more: [String: String]
  public var line: Int

  /// A number in a further column.
  public func number(_ column: String) -> Double? {
    more[column].flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
  }
}

/// A file of measurements: comma-separated, one row a value, the columns named in its first line.
public struct MeasurementTable: Sendable {
  public let file: String
  /// In the order of the file.
  public let rows: [Measurement]
  private let index: [Int: Int]

  /// Columns that every file has.
  static let columns = [
    "row", "gpu", "benchmark", "metric", "value", "unit", "clock_MHz", "tool", "trust", "source",
    "caveat",
  ]
  private static let trusts = ["A", "B", "C", "vendor"]
  /// Forty times the largest file that ships.
  private static let sizeLimit = 8 << 20

  /// Reads a file and holds it against the checksums beside it.
  public init(file: String) throws {
    guard let handle = FileHandle(forReadingAtPath: file),
      let data = try? handle.read(upToCount: Self.sizeLimit + 1)
    else { throw SuiteError(.data, file: file, "there is no such table, or it cannot be read") }
    guard data.count <= Self.sizeLimit else {
      throw SuiteError(.data, file: file, "is larger than \(Self.sizeLimit >> 20) MiB")
    }
    let bytes = [UInt8](data)
    try self.init(bytes, file: file)
    try Checksums.check(bytes, file: file)
  }

  init(_ bytes: [UInt8], file: String) throws {
    self.file = file
    let text: CSVText
    do { text = try CSVText(bytes) } catch {
      throw SuiteError(.data, file: file, line: error.line, error.message)
    }
    guard let header = text.records.first else {
      throw SuiteError(.data, file: file, line: 1, "is empty")
    }
    for column in Self.columns where !header.fields.contains(column) {
      throw SuiteError(
        .data, file: file, line: 1,
        "has no column '\(column)' (needed: \(Self.columns.joined(separator: ", ")))")
    }
    guard Set(header.fields).count == header.fields.count else {
      throw SuiteError(.data, file: file, line: 1, "names a column twice")
    }
    var rows: [Measurement] = []
    var index: [Int: Int] = [:]
    for record in text.records.dropFirst() {
      let measurement = try Self.measurement(record, header.fields, file)
      guard index.updateValue(rows.count, forKey: measurement.row) == nil else {
        throw SuiteError(
          .data, file: file, line: record.line, "row \(measurement.row) is there twice")
      }
      rows.append(measurement)
    }
    guard !rows.isEmpty else { throw SuiteError(.data, file: file, line: 1, "has no rows") }
    self.rows = rows
    self.index = index
  }

  /// The measurement with a number.
  public subscript(row: Int) -> Measurement? { index[row].map { rows[$0] } }

  private static func measurement(
    _ record: CSVText.Record, _ header: [String], _ file: String
  ) throws -> Measurement {
    func fail(_ message: String) -> SuiteError {
      SuiteError(.data, file: file, line: record.line, message)
    }
    guard record.fields.count == header.count else {
      throw fail("has \(record.fields.count) fields instead of \(header.count)")
    }
    var fields = Dictionary(uniqueKeysWithValues: zip(header, record.fields))
    func take(_ column: String) -> String { fields.removeValue(forKey: column) ?? "" }
    let row = take("row")
    guard let number = Int(row), number >= 0 else { throw fail("'\(row)' is no row number") }
    let text = take("value")
    guard let value = Double(text), value.isFinite else {
      throw fail("row \(number): the value '\(text)' is no number")
    }
    let clockText = take("clock_MHz")
    let clock = Double(clockText).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    guard clock != nil || clockText.isEmpty else {
      throw fail("row \(number): the clock '\(clockText)' is no number of MHz")
    }
    let trust = take("trust")
    guard trusts.contains(trust) else {
      throw fail(
        "row \(number): the trust '\(trust)' is none of \(trusts.joined(separator: ", "))")
    }
    let measurement = Measurement(
      row: number, gpu: take("gpu"), benchmark: take("benchmark"), metric: take("metric"),
      value: value, unit: take("unit"), clock: clock, tool: take("tool"), trust: trust,
      source: take("source"), caveat: take("caveat"), more: fields, line: record.line)
    guard !measurement.gpu.isEmpty, !measurement.source.isEmpty else {
      throw fail("row \(number) has no \(measurement.gpu.isEmpty ? "gpu" : "source")")
    }
    return measurement
  }
}
