import Foundation

/// How well the rows that a parameter is fitted to are met, and how well a fit to the others
/// predicts each: mean absolute errors in percent, as `Validation/fit.py` found them.
public struct FitError: Sendable {
  /// Path of the parameter and what its description says it was fitted to.
  let path: String
  let target: String
  /// The rows, for people.
  public let rows: String
  public let asDescribed: Double
  public let leftOut: Double

  /// Reads `errors.csv` among the fits.
  static func all(_ directory: ValidationDirectory) throws -> [FitError] {
    let file = directory.path + "/fits/errors.csv"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw SuiteError(.data, file: file, "there is no such table, or it cannot be read")
    }
    return try all([UInt8](data), file: file)
  }

  static func all(_ bytes: [UInt8], file: String) throws -> [FitError] {
    let columns = ["parameter", "fitted_to", "rows", "described_percent", "left_out_percent"]
    return try CSVTable(bytes, file: file, columns: columns).rows.map {
      FitError(
        path: $0.fields[0], target: $0.fields[1], rows: $0.fields[2],
        asDescribed: try $0.number(3), leftOut: try $0.number(4))
    }
  }
}
