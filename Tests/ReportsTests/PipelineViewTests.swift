import Configuration
import Foundation
import ISA
import Machine
import Reports
import Simulation
import Testing

/// The Kanata log tells of each instruction when it passed which stage.
@Suite struct PipelineViewTests {
  /// A row of the log, read back by the format's rules.
  private struct Row: Equatable {
    var thread = 0
    var label = ""
    var stages: [(name: String, start: Int, end: Int)] = []
    var retired: Int?

    static func == (a: Row, b: Row) -> Bool {
      a.label == b.label && a.retired == b.retired
        && a.stages.map { "\($0)" } == b.stages.map { "\($0)" }
    }
    func stage(_ name: String) -> (name: String, start: Int, end: Int)? {
      stages.first { $0.name == name }
    }
  }

  private func rows(_ text: String) throws -> [Row] {
    var rows: [Row] = []
    var now = 0
    let lines = text.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(lines.first == ["Kanata", "0004"])
    for line in lines.dropFirst() {
      let number = try #require(Int(line[1]))
      switch line[0] {
      case "C=": now = number
      case "C":
        #expect(number > 0)
        now += number
      case "I":
        #expect(number == rows.count, "numbers come in order")
        rows.append(Row(thread: try #require(Int(line[3]))))
      case "L": if line[2] == "0" { rows[number].label = line[3] }
      case "S": rows[number].stages.append((line[3], now, -1))
      case "E":
        let stage = try #require(rows[number].stages.firstIndex { $0.name == line[3] })
        rows[number].stages[stage].end = now
      case "R": rows[number].retired = now
      default: Issue.record("unknown line \(line)")
      }
    }
    return rows
  }

  private func run(
    leap: Bool = true, threads: Int = 1, _ change: (inout TimelineSelection) -> Void = { _ in }
  ) throws -> (rows: [Row], result: RunResult) {
    var selection = TimelineSelection()
    change(&selection)
    var options = Simulator.Options()
    options.pipeline = selection
    options.logsIssue = true
    options.leap = leap
    options.threads = threads
    let machine = try MachineDescription.load(
      "rtx-a6000",
      overrides: [
        "smCount=2", "sm.frontEnd.perfectInstructionCache=true", "sm.constantCache.perfect=true",
      ])
    let listing = """
      .grid 2
      .block 64
      .pattern R2 = 0x7f0000000000 + 4*thread
      [B------:R-:W-:-:S02] FFMA R20, R4, R6, R8 ;
      [B------:R-:W-:-:S02] FFMA R22, R10, R12, R14 ;
      [B------:R-:W0:-:S02] LDG.E R6, [R2.64] ;
      [B------:R-:W1:-:S02] MUFU.RCP R9, R20 ;
      [B01----:R-:W-:-:S05] FADD R8, R6, R9 ;
      [B------:R-:W-:-:S02] STG.E [R2.64], R8 ;
      [B------:R-:W-:Y:S05] EXIT ;
      """
    let program = ListingProgram(try Listing.parse(Array(listing.utf8), file: "listing"))
    let result = try Simulator(machine: machine, options: options).run(program, name: "listing")
    var text: [UInt8] = []
    try KanataWriter.write(#require(result.pipeline), program: program) { text += $0 }
    return (try rows(String(decoding: text, as: UTF8.self)), result)
  }

  @Test func `every instruction passes its stages in order and issues when the log says`() throws {
    let (rows, result) = try run()
    #expect(rows.count == 2 * 2 * 7)
    for row in rows {
      for (first, second) in zip(row.stages, row.stages.dropFirst()) {
        #expect(first.end == second.start && first.start < first.end)
      }
      #expect(row.retired == row.stages.last?.end)
    }
    let issues = rows.compactMap { $0.stage("I")?.start }.sorted()
    #expect(issues == result.kernels[0].issueLog.map { Int($0.cycle) }.sorted())
  }

  @Test func `memory instructions queue, and others wait in Allocate for ports`() throws {
    let rows = try run {
      $0.ctas = [0]; $0.warps = [0]
    }.rows
    try #require(rows.count == 7)
    func stages(_ row: Int) -> String { rows[row].stages.map(\.name).joined() }
    #expect(rows[2].label == "SM 0 CTA 0 warp 0 0x20 LDG.E R6, [R2.64]")
    #expect(stages(2).hasSuffix("IQM") && stages(5).hasSuffix("IQM"))
    #expect(stages(0).hasSuffix("IAX") && !stages(3).contains("Q"))
    // Three operands of one bank: three reads in a window of three cycles; the next must wait.
    let first = try #require(rows[0].stage("A"))
    let second = try #require(rows[1].stage("A"))
    #expect(first.end - first.start == 1)
    #expect(second.end - second.start > first.end - first.start)
    // The sum waits for the load's registers.
    let load = try #require(rows[2].retired)
    #expect(rows[4].stage("I")?.start == load)
  }

  @Test func `it is bounded, and neither leaps nor threads change it`() throws {
    let plain = try run().rows
    #expect(try run(leap: false).rows == plain)
    #expect(try run(threads: 2).rows == plain)
    #expect(try run { $0.sms = [1] }.rows.count == 14)
    #expect(try run { $0.cycles = 0...10 }.rows.isEmpty)
  }
}
