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
    let table = try CSVTable(bytes, file: file, columns: ["gpu", "model", "error_percent"])
    var order: [[String]] = []
    var errors: [[String]: [Double]] = [:]
    for row in table.rows {
      let key = Array(row.fields[0..<2])
      if errors[key] == nil { order.append(key) }
      errors[key, default: []].append(try row.number(2))
    }
    groups = order.map { Group(gpu: $0[0], model: $0[1], errors: errors[$0] ?? []) }
  }
}
