import Foundation
import ISA
import Simulation
import Testing

@testable import Validation

/// The suites that ship.
@Suite struct ShippedSuiteTests {
  @Test(arguments: ValidationDirectory.standard.names)
  func `every suite reads, and every measured row is bound once`(name: String) throws {
    let suite = try Suite(file: ValidationDirectory.standard.file(for: name))
    #expect(!suite.about.isEmpty)
    let bound = suite.rows.map { "\($0.measurement.line) \($0.measurement.row) \($0.gpu)" }
    #expect(suite.curve != nil || Set(bound).count == bound.count)
  }

  /// Huerta et al., MICRO 2025: Tables 1 and 2, listings, figures and text.
  @Test func `the rows of the SM are exact`() throws {
    let suite = try Suite(file: ValidationDirectory.standard.file(for: "ampere-sm"))
    #expect(suite.rows.count == suite.measurements.rows.count)
    let runner = SuiteRunner(jobs: 2) { path in
      ListingProgram(
        try .parse([UInt8](FileManager.default.contents(atPath: path) ?? Data()), file: path))
    }
    let outcome = runner.run([suite]).suites[0]
    #expect(outcome.shortfalls == [])
    #expect(outcome.statistics.count >= 141)
  }

  /// What a plateau is, is decided by the measured curve alone.
  @Test func `plateaus are where the measured curve is flat`() throws {
    let suite = try Suite(file: ValidationDirectory.standard.file(for: "pointer-chase"))
    for row in suite.rows {
      let size = try #require(row.at)
      let near = suite.measurements.rows.filter {
        guard $0.gpu == row.measurement.gpu, let other = $0.number("KiB") else { return false }
        return other >= size / 1.25 && other <= size * 1.25
      }
      let values = near.map(\.value)
      let isFlat = try #require(values.max()) <= 1.05 * #require(values.min())
      #expect((row.group == "plateau") == isFlat, "\(row.name)")
      // The bound measurement is the nearest.
      let own = try #require(row.measurement.number("KiB"))
      #expect(abs(log(own / size)) < log(1.1), "\(row.name)")
    }
  }
}
