import Configuration
import Foundation
import Reports
import Simulation
import Testing

@testable import Validation

/// What `--report` writes.
@Suite struct ReportTests {
  private func report(_ rows: String) throws -> [String: String] {
    let folder = try SampleFolder()
    let suite = try Suite(file: folder.suite(rows))
    let runner = SuiteRunner(jobs: 1) { path in
      ListingProgram(
        try .parse([UInt8](FileManager.default.contents(atPath: path) ?? Data()), file: path))
    }
    let report = try ValidationReport(runner.run([suite]), directory: .standard)
    return Dictionary(
      uniqueKeysWithValues: try report.files.map {
        ($0.name, String(decoding: $0.data, as: UTF8.self))
      })
  }

  private static let rows = """
    threshold: { mape: 5 }
    rows:
      - { row: 1, trace: t.sass, kernel: four, figure: clocks, name: "a < b & </script>" }
      - { row: 2, trace: t.sass, figure: clocks@five, name: "pipe | here" }
      - { row: 3, unusable: nobody knows why }

    """

  @Test func `the page stands alone`() throws {
    let files = try report(Self.rows)
    let page = try #require(files["index.html"])
    for outside in ["src=", "href=\"http", "@import", "url(", "{{"] {
      // The library may say what it likes in its own text.
      let own = page.split(separator: "<script>", maxSplits: 1)[0]
      #expect(!own.contains(outside), "\(outside)")
    }
    #expect(page.contains("a &lt; b &amp; &lt;/script&gt;"))
    #expect(page.contains("Chart.js v3") && page.contains("Permission is hereby granted"))
    #expect(page.contains("nobody knows why") && page.contains("the trace has no kernel 'five'"))
    // Only the elements' own ends: the row's name cannot end one.
    #expect(page.components(separatedBy: "</script>").count == 4)
  }

  @Test func `Markdown has every row and what falls short`() throws {
    let files = try report(Self.rows)
    let summary = try #require(files["summary.md"])
    #expect(summary.contains("* `sample`: 1 of 3 rows failed"))
    #expect(summary.contains("| `sample` | A sample | 1 | 1 | 1 | 0.0 % |"))
    #expect(summary.contains("| RTX A6000 | Accel-Sim | 128 |"))
    let rows = try #require(files["rows.md"])
    #expect(rows.contains("pipe \\| here") && rows.contains("unusable: nobody knows why"))
  }

  @Test func `the same results give the same files`() throws {
    #expect(try report(Self.rows) == report(Self.rows))
  }

  @Test func `a fit's errors stand beside its value`() throws {
    let summary = try #require(try report(Self.rows)["summary.md"])
    let row = try #require(
      summary.split(separator: "\n").first { $0.hasPrefix("| `memory.l2.latency`") })
    let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    // Parameter, value, target, GPUs, rows, error, left out.
    #expect(cells.count == 7 && cells[4].contains("pointer-chase rows"))
    #expect(cells[5].hasSuffix(" %") && cells[6].hasSuffix(" %"))
  }

  /// Each of the table's lines belongs to a value that a shipped description has now.
  @Test func `the table of fits is of the present descriptions`() throws {
    let values = try ["rtx-a6000", "rtx-4090", "a100"].flatMap {
      try MachineDescription.load($0).values
    }
    for error in try FitError.all(.standard) {
      #expect(values.contains { $0.path == error.path && $0.source == error.target })
    }
  }

  @Test(arguments: [
    ("parameter,fitted_to,rows\n", "f.csv:1: needs the columns"),
    (
      "parameter,fitted_to,rows,described_percent,left_out_percent\na,b,c,x,1\n",
      "f.csv:2: 'x' is no number"
    ),
  ]) func `a damaged table of fits says where`(text: String, message: String) {
    #expect {
      try FitError.all(Array(text.utf8), file: "f.csv")
    } throws: {
      "\($0)".hasPrefix(message)
    }
  }

  @Test func `published errors are the paper's`() throws {
    let groups = try PublishedErrors(.standard).groups
    let group = try #require(groups.first { $0.gpu == "RTX A6000" && $0.model == "MICRO 2025" })
    #expect(group.errors.count == 128)
    // The paper's own figures for that card.
    #expect(abs(try #require(group.mape) - 13.45) < 0.05)
  }

  @Test func `a missing frame is bad data`() throws {
    let folder = try SampleFolder()
    #expect {
      try ReportAssets(ValidationDirectory(path: folder.path("none")))
    } throws: {
      ($0 as? SuiteError)?.kind == .data
    }
  }

  @Test(
    arguments: [
      (0, "0"), (1234.56, "1,234.6"), (12345.6, "12,346"), (44.456, "44.46"), (0.5, "0.500"),
      (999.96, "1000.0"), (-1500.25, "-1,500.3"), (2_000_000, "2,000,000"), (.infinity, "–"),
    ] as [(Double, String)])
  func `values have the digits that a reader needs`(value: Double, text: String) {
    #expect(figureText(value) == text)
  }
}
