import Foundation
import Testing

@Suite struct ValidateCommandTests {
  @Test(
    arguments: [
      (["validate", "ampere"], 2), (["validate", "ampere-sm", "--gpu", "rtx-a600"], 2),
      (["validate", "ampere-sm", "--gpu", "a100"], 2),
      (["validate", "ampere-sm", "--subset", "fast"], 2), (["validate", "-j", "0"], 2),
      (["validate", "/nope/suite.yaml"], 65), (["validate", "README.yaml"], 65),
      (["validate", "ampere-sm", "--json", "/dev/full"], 1),
      (["validate", "ampere-sm", "--report", "/proc/nope"], 1),
    ] as [([String], Int32)])
  func `a mistake is one line on standard error and the right status`(
    arguments: [String], status: Int32
  ) throws {
    try expectMistake(arguments, status)
  }

  @Test func `the JSON has the contract's keys and does not depend on jobs`() throws {
    let (code, text, complaint) = try call(["validate", "ampere-sm", "--json", "-", "-j", "1"])
    #expect(code == 0 && complaint == "")
    #expect(try call(["validate", "ampere-sm", "--json", "-", "-j", "3"]).1 == text)
    let document = try object(text)
    #expect(document["schemaVersion"] as? Int == 1)
    #expect((document["simulator"] as? String)?.hasPrefix("needletail ") == true)
    #expect(document["passed"] as? Bool == true)
    let suite = try #require((document["suites"] as? [[String: Any]])?.first)
    for (key, value) in ["name": "ampere-sm", "gpu": "rtx-a6000"] {
      #expect(suite[key] as? String == value)
    }
    for key in [
      "mapePercent", "signedMeanPercent", "p90Percent", "pearson", "kendall", "thresholdPercent",
      "medianPercent", "count",
    ] { #expect(suite[key] is NSNumber, "\(key)") }
    #expect(suite["passed"] as? Bool == true)
    let rows = try #require(suite["rows"] as? [[String: Any]])
    #expect(rows.count == 158)
    for row in rows {
      for key in ["name", "unit", "status", "source"] { #expect(row[key] is String, "\(key)") }
      #expect(row["measured"] is NSNumber)
      if row["status"] as? String == "ok" {
        #expect(row["simulated"] is NSNumber && row["errorPercent"] is NSNumber)
      } else {
        #expect((row["reason"] as? String)?.isEmpty == false)
      }
    }
  }

  /// A suite of one row: the sample listing takes 8 cycles between its clock reads.
  private func suite(measured: String, trace: String = "t.sass") throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let files = [
      "m.csv": """
      row,gpu,benchmark,metric,value,unit,clock_MHz,tool,trust,source,caveat
      1,A40,sum,cycles,\(measured),clk,,clock register,A,nowhere,

      """,
      "t.sass": """
      CS2R.32 R2, SR_CLOCKLO
      NOP
      [B------:R-:W-:-:S04] FADD R1, R2, R3
      FFMA R5, R1, R1, R1
      NOP
      CS2R.32 R3, SR_CLOCKLO

      """, "none.sass": "NOP\n",
      "own.yaml": """
      title: Own
      measurements: m.csv
      gpu: a40
      set: ["smCount=1", "sm.frontEnd.perfectInstructionCache=true"]
      threshold: { mape: 5 }
      rows:
        - { row: 1, trace: \(trace), figure: clocks }

      """,
    ]
    for (name, text) in files { try folder.write(name, text) }
    return folder
  }

  @Test(arguments: [
    ("8", "t.sass", 0, ""), ("9", "t.sass", 1, "beyond their thresholds or with failed rows: own"),
    ("8", "none.sass", 1, "beyond their thresholds or with failed rows: own"),
    ("8", "gone.sass", 65, "own.yaml:7: the trace"), ("eight", "t.sass", 65, "m.csv:2: row 1"),
  ]) func `a suite of one's own ends as it should`(
    measured: String, trace: String, status: Int, message: String
  ) throws {
    let folder = try suite(measured: measured, trace: trace)
    let (code, text, complaint) = try call(["validate", folder.path("own.yaml")])
    #expect(Int(code) == status)
    #expect(message.isEmpty || complaint.contains(message))
    #expect(complaint.split(separator: "\n").count == (status == 0 ? 0 : 1))
    if status != 65 { #expect(text.contains("sum: cycles") && text.contains("own")) }
    if trace == "none.sass" { #expect(text.contains("has no two clock reads")) }
  }
}
