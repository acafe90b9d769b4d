import Foundation

/// Which simulations the rows of some suites need: rows with the same trace, machine and settings
/// share one.
struct RunPlan {
  struct Key: Hashable, Sendable {
    var trace: String
    var gpu: String
    var settings: [String]
  }

  /// A row of a suite, by their places.
  struct Place: Hashable, Sendable {
    var suite: Int
    var row: Int
  }

  struct Run: Sendable {
    var key: Key
    var logsIssue: Bool
    var places: [Place]
    /// Bytes of the trace: a guess at how long it takes.
    var size: Int
  }

  /// The largest first, so that the last ones to end are short.
  let runs: [Run]

  init(_ suites: [Suite]) {
    var runs: [Run] = []
    var index: [Key: Int] = [:]
    for (suite, content) in suites.enumerated() {
      for (number, row) in content.rows.enumerated() {
        guard let trace = row.trace, let figure = row.figure else { continue }
        let key = Key(trace: trace, gpu: row.gpu, settings: row.settings)
        let place = Place(suite: suite, row: number)
        if let known = index[key] {
          runs[known].places.append(place)
          runs[known].logsIssue = runs[known].logsIssue || figure.needsIssueLog
        } else {
          index[key] = runs.count
          runs.append(
            Run(
              key: key, logsIssue: figure.needsIssueLog, places: [place], size: Self.size(trace)))
        }
      }
    }
    self.runs = runs.enumerated().sorted {
      ($1.element.size, $0.offset) < ($0.element.size, $1.offset)
    }.map(\.element)
  }

  private static func size(_ path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }
}
