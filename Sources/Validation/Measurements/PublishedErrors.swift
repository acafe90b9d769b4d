import Foundation

/// Errors that other simulators' authors published, by application: the bar, on their programs.
public struct PublishedErrors: Sendable {
  /// The applications of one model on one GPU.
  public struct Group: Sendable {
    public let gpu: String
    public let model: String
    /// Signed errors in percent.
    public let errors: [Double]

    private var sizes: [Double] { errors.map(abs).sorted() }
    public var mape: Double? { ErrorStatistics.mean(sizes) }
    public var signedMean: Double? { ErrorStatistics.mean(errors) }
    public var median: Double? { ErrorStatistics.percentile(50, of: sizes) }
    public var p90: Double? { ErrorStatistics.percentile(90, of: sizes) }
  }

  public let groups: [Group]

  /// Reads `published-application-errors.csv` among the measurements.
  public init(_ directory: ValidationDirectory) throws {
    let file = directory.path + "/measurements/published-application-errors.csv"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw SuiteError(.data, file: file, "there is no such table, or it cannot be read")
    }
    try self.init([UInt8](data), file: file)
    try Checksums.check([UInt8](data), file: file)
  }

  init(_ bytes: [UInt8], file: String) throws {
    let text: CSVText
    do { text = try CSVText(bytes) } catch {
      throw SuiteError(.data, file: file, line: error.line, error.message)
    }
    let header = text.records.first?.fields ?? []
    guard let gpu = header.firstIndex(of: "gpu"), let model = header.firstIndex(of: "model"),
      let error = header.firstIndex(of: "error_percent")
    else { throw SuiteError(.data, file: file, line: 1, "needs gpu, model and error_percent") }
    var order: [[String]] = []
    var errors: [[String]: [Double]] = [:]
    for record in text.records.dropFirst() {
      guard record.fields.count == header.count else {
        throw SuiteError(
          .data, file: file, line: record.line,
          "has \(record.fields.count) fields instead of \(header.count)")
      }
      guard let value = Double(record.fields[error]), value.isFinite else {
        throw SuiteError(
          .data, file: file, line: record.line, "'\(record.fields[error])' is no number")
      }
      let key = [record.fields[gpu], record.fields[model]]
      if errors[key] == nil { order.append(key) }
      errors[key, default: []].append(value)
    }
    groups = order.map { Group(gpu: $0[0], model: $0[1], errors: errors[$0] ?? []) }
  }
}
