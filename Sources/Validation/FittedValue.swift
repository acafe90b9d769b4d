import Configuration

/// A value of a machine description that was fitted to measurements.
public struct FittedValue: Sendable {
  public let path: String
  public let value: String
  /// To what it was fitted.
  public let target: String
  public internal(set) var gpus: [String]
  /// Where two or more rows of the suites depend on the value alone.
  public let error: FitError?

  /// Of every machine that some row ran on.
  public static func all(
    of outcome: ValidationOutcome, directory: ValidationDirectory
  ) throws -> [FittedValue] {
    let errors = try FitError.all(directory)
    var gpus: [String] = []
    for suite in outcome.suites {
      for gpu in suite.suite.gpus where !gpus.contains(gpu) { gpus.append(gpu) }
    }
    var values: [FittedValue] = []
    for gpu in gpus.sorted() {
      for value in try MachineDescription.load(gpu).values where value.origin == .fitted {
        let known = values.firstIndex {
          $0.path == value.path && $0.value == value.text && $0.target == value.source
        }
        if let known {
          values[known].gpus.append(gpu)
        } else {
          values.append(
            FittedValue(
              path: value.path, value: value.text, target: value.source, gpus: [gpu],
              error: errors.first { $0.path == value.path && $0.target == value.source }))
        }
      }
    }
    return values.sorted { ($0.path, $0.gpus[0]) < ($1.path, $1.gpus[0]) }
  }
}
