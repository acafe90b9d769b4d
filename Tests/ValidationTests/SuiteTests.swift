import Foundation
import Simulation
import Testing

@testable import Validation

@Suite struct SuiteTests {
  private static let good = """
    rows:
      - { row: 1, trace: t.sass, kernel: four, figure: clocks }
      - { row: 2, trace: t.sass, figure: "clocks@one * 2" }
      - { row: 3, unusable: nobody knows why }

    """

  @Test func `a suite is read with its defaults`() throws {
    let folder = try SampleFolder()
    let suite = try Suite(file: folder.suite(Self.good))
    #expect(suite.name == "sample" && suite.title == "A sample" && suite.gpus == ["a40"])
    #expect(suite.rows.map(\.name) == ["a: m", "b: m", "c: m"])
    #expect(suite.rows[0].settings.count == 2 && suite.rows[0].kernel == .name("four"))
    #expect(suite.rows[2].unusable == "nobody knows why" && suite.rows[2].trace == nil)
    #expect(!suite.isOptional && suite.threshold == nil)
  }

  @Test(arguments: [
    ("rows:\n  - { row: 9, unusable: x }\n", ":5: ", "m.csv has no row 9"),
    ("rows:\n  - { row: 1, trace: gone.sass, figure: clocks }\n", ":6: ", "gone.sass is missing"),
    ("rows:\n  - { row: 1, trace: t.sass, figure: clock }\n", ":6: ", "did you mean clocks?"),
    ("rows:\n  - { row: 1, trace: t.sass }\n", ":6: ", "no 'figure'"),
    ("rows:\n  - { row: 1 }\n", ":6: ", "neither a trace nor a reason"),
    ("rows: []\n", ":5: ", "the suite is empty"),
    ("rows:\n  - { row: 1, unusable: x }\n", ":6: ", "the suite is empty"),
    ("", ":1: ", "has no 'rows'"), ("rows: 3\n", ":5: ", "must be a list"),
    ("rows:\n  - { row: 1, traces: t.sass, figure: clocks }\n", ":6: ", "did you mean trace?"),
    ("rows:\n  - { row: one }\n", ":6: ", "'one' is no number"),
    (
      "rows:\n  - { row: 1, trace: t.sass, figure: clocks }\n"
        + "  - { row: 1, trace: t.sass, figure: clocks }\n", ":7: ", "has the name of line 6"
    ),
    (
      "rows:\n  - { row: 1, gpu: a4, trace: t.sass, figure: clocks }\n", ":6: ",
      "unknown GPU 'a4'"
    ),
    (
      "rows:\n  - { row: 1, set: [sm.warpz=3], trace: t.sass, figure: clocks }\n", ":6: ", "warpz"
    ),
    ("threshold: { worst: 3 }\nrows: []\n", ":5: ", "no mape"),
    ("threshold: { mape: 3, ties: 2 }\nrows: []\n", ":5: ", "beside order: true"),
    ("threshold: { mape: 3, order: true, ties: -2 }\nrows: []\n", ":5: ", "a percentage"),
    ("threshold: { mape: 3, group: g }\n" + good, ": ", "no row is in the judged group 'g'"),
    ("optional: perhaps\nrows: []\n", ":5: ", "neither true nor false"),
    ("rows: [\n", ":6: ", "did not find"),
  ]) func `mistakes in a suite say where`(rows: String, place: String, message: String) throws {
    let folder = try SampleFolder()
    let file = try folder.suite(rows)
    #expect {
      try Suite(file: file)
    } throws: {
      let text = "\($0)"
      let isPlaced = text.hasPrefix(file + ":") && ($0 as? SuiteError)?.kind == .data
      return isPlaced && text.contains(message)
    }
  }

  @Test func `missing files are bad data, unknown names bad usage`() throws {
    let folder = try SampleFolder()
    let file = try folder.suite(Self.good)
    try FileManager.default.removeItem(atPath: folder.path("m.csv"))
    #expect {
      try Suite(file: file)
    } throws: {
      ($0 as? SuiteError)?.kind == .data && "\($0)".contains("m.csv")
    }
    #expect {
      try ValidationDirectory.standard.file(for: "ampere")
    } throws: {
      ($0 as? SuiteError)?.kind == .usage && "\($0)".contains("unknown suite 'ampere'")
    }
    #expect {
      try ValidationDirectory(path: folder.path("none")).suites([])
    } throws: {
      "\($0)".contains("NEEDLETAIL_VALIDATION")
    }
  }

  private func runner(_ jobs: Int = 1) -> SuiteRunner {
    SuiteRunner(jobs: jobs) { path in
      ListingProgram(
        try .parse([UInt8](FileManager.default.contents(atPath: path) ?? Data()), file: path))
    }
  }

  @Test func `rows share a run, and threads change nothing`() throws {
    let folder = try SampleFolder()
    let suite = try Suite(file: folder.suite(Self.good))
    for jobs in [1, 4] {
      let outcome = runner(jobs).run([suite, suite])
      #expect(outcome.runCount == 1)
      let rows = outcome.suites[1].rows
      #expect(rows.map(\.simulated) == [8, 10, nil])
      #expect(rows.map(\.status) == [.ok, .ok, .unusable("nobody knows why")])
      #expect(outcome.passed && outcome.suites[0].unusableCount == 1)
      let stalls = try #require(rows[0].diagnosis).stalls
      #expect(abs(stalls.reduce(0) { $0 + $1.share } - 1) < 0.05)
    }
  }

  @Test func `a row that fails is counted and fails its suite`() throws {
    let folder = try SampleFolder()
    try folder.write("broken.sass", ".kernel broken\nFFMA R1, R2\nfrobnicate\n")
    let file = try folder.suite(
      """
      rows:
        - { row: 1, trace: t.sass, kernel: four, figure: clocks }
        - { row: 2, trace: t.sass, figure: clocks@five }
        - { row: 3, trace: broken.sass, figure: clocks }

      """)
    let outcome = runner(2).run([try Suite(file: file)]).suites[0]
    #expect(outcome.failedCount == 2 && outcome.statistics.count == 1 && !outcome.passed)
    #expect(outcome.shortfalls == ["2 of 3 rows failed"])
    #expect(outcome.rows[1].status == .failed("the trace has no kernel 'five'"))
    guard case .failed(let why) = outcome.rows[2].status else {
      Issue.record("\(outcome.rows[2].status)")
      return
    }
    #expect(why.contains("broken.sass:"))
  }

  @Test func `thresholds`() throws {
    let folder = try SampleFolder()
    func shortfalls(_ threshold: String, _ rows: String) throws -> [String] {
      let suite = try Suite(file: folder.suite("threshold: \(threshold)\n" + rows))
      return runner().run([suite]).suites[0].shortfalls
    }
    // 8 for 8 and 5 for 10: errors 0 and -50 %.
    let rows = """
      rows:
        - { row: 1, trace: t.sass, kernel: four, figure: clocks, group: g }
        - { row: 2, trace: t.sass, figure: clocks }

      """
    #expect(try shortfalls("{ mape: 25 }", rows) == [])
    #expect(
      try shortfalls("{ mape: 24 }", rows) == ["mean absolute error 25 %, allowed 24 %"])
    #expect(
      try shortfalls("{ mape: 30, worst: 40 }", rows) == ["b: m: error -50 %, allowed 40 %"])
    #expect(try shortfalls("{ mape: 0, group: g }", rows) == [])
    #expect(
      try shortfalls("{ mape: 30, order: true }", rows) == [
        "1 of 1 pairs of rows are in the wrong order"
      ])
    // Measured 8 and 10: 25 % apart.
    #expect(
      try shortfalls("{ mape: 30, order: true, ties: 24 }", rows) == [
        "1 of 1 pairs of rows are in the wrong order"
      ])
    #expect(try shortfalls("{ mape: 30, order: true, ties: 26 }", rows) == [])
  }
}
