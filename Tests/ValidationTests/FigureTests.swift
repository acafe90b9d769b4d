import Configuration
import Foundation
import ISA
import Simulation
import Testing

@testable import Validation

@Suite struct FigureTests {
  /// Values of the sample listing: 8 and 5 cycles between clock reads.
  private static let view: RunView? = {
    guard
      let machine = try? MachineDescription.load(
        "a40", overrides: ["smCount=1", "sm.frontEnd.perfectInstructionCache=true"]),
      let listing = try? Listing.parse(Array(SampleFolder.listing.utf8), file: "listing")
    else { return nil }
    var options = Simulator.Options()
    options.logsIssue = true
    let simulator = Simulator(machine: machine, options: options)
    return (try? simulator.run(ListingProgram(listing), name: "listing")).map {
      RunView($0, spec: machine.spec)
    }
  }()

  @Test(
    arguments: [
      ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("8 / 4 / 2", 1), ("10 - 4 - 3", 3),
      ("clocks", 5), ("clocks@four", 8), ("clocks@1 - clocks@2", 3), ("span@one", 5),
      ("distance(2, 3)@four", 4), ("distance(2, 3)", 1), ("burst@four", 3), ("sms", 1),
      ("coreMHz", 1740), ("issueRank(3, 1) - issue(2, 0)", 1), ("registerFile.cacheHits", 0),
      ("segmentEnd(1, 0, 2)@four", 1), ("bubbleEnd(2, 0, 2)@four", 4),
      ("segmentEnd(3, 0, 2)@four", 8), ("1024 * 4 / clocks@four", 512),
    ] as [(String, Double)])
  func `formulas`(text: String, value: Double) throws {
    let view = try #require(Self.view)
    #expect(try Figure(text).value(of: view, kernel: nil) == value)
  }

  @Test(arguments: [
    ("", "figure '' ends too early"), ("1 +", "figure '1 +' ends too early"),
    ("1 2", "unexpected '2' in figure '1 2'"), ("(1", "a ')' is missing in '(1'"),
    ("clock", "unknown quantity 'clock' in figure 'clock'; did you mean clocks?"),
    ("distance(1)", "distance takes (first, second[, warp]) in figure 'distance(1)'"),
    ("clocks(1)", "clocks takes no arguments in figure 'clocks(1)'"),
    ("issue(0.5)", "an argument in figure 'issue(0.5)' is no whole number"),
    ("clocks@", "no kernel behind '@' in 'clocks@'"),
    ("1.2.3", "'1.2.3' in figure '1.2.3' is no number"),
  ]) func `mistakes in formulas`(text: String, message: String) {
    #expect {
      try Figure(text)
    } throws: {
      "\($0)" == message
    }
  }

  @Test func `hostile formulas end in an error`() {
    for text in [
      String(repeating: "(", count: 900), String(repeating: "1+", count: 5000) + "1", "clocks(1",
      "issue(99999999999999999999)", "\u{0}", "1..", "é", "@", "1e9",
    ] {
      #expect(throws: FigureError.self) { try Figure(text) }
    }
  }

  @Test(arguments: [
    ("clocks@three", "the trace has no kernel 'three'"),
    ("issue(70)", "warp 0 of kernel one never issues instruction 70"),
    ("1 / (clocks - clocks)", "'1 / (clocks - clocks)' is no number for this run"),
    ("segmentEnd(2, 0, 2)@four", "segment 2 of kernel four is a bubble"),
    ("segmentEnd(9, 0, 0)", "kernel one has 1 segments of issue"),
    ("issueRank(0, 2)", "1 warps of kernel one issue instruction 0"),
  ]) func `figures that a run does not have`(text: String, message: String) throws {
    let view = try #require(Self.view)
    let figure = try Figure(text)
    #expect {
      try figure.value(of: view, kernel: nil)
    } throws: {
      "\($0)" == message
    }
  }

  @Test func `every quantity is known by its name and documented`() throws {
    let page = try String(
      contentsOfFile: ValidationDirectory.standard.path + "/../Docs/validation.md", encoding: .utf8)
    for name in FigureQuantity.names { #expect(FigureQuantity(name) != nil) }
    for row in FigureQuantity.table {
      let call = row.name + (row.parameters.hasPrefix("(") ? row.parameters : "")
      #expect(page.contains("| `\(call)` | \(row.meaning) |"), "\(row.name)")
    }
  }
}
