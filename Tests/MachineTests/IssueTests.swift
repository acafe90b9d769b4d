import Testing

/// Rows 107–154 of micro2025-measured: Huerta et al., MICRO 2025, listings, figures and text.
@Suite struct IssueTests {
  /// Listing 1 (rows 107–109): the second FFMA's operands decide how long Allocate holds it.
  @Test(arguments: [("odd_odd", 5), ("even_odd", 6), ("even_even", 7)])
  func `register read-port conflicts as in Listing 1`(operands: String, cycles: Int) throws {
    #expect(try Bench(program: "listing-1", kernel: operands).elapsed == cycles)
  }

  /// Without the NOP the second clock is read in Control, before the conflict can hold it: the
  /// operands make no difference.
  @Test func `a clock read right behind the conflict does not see it`() throws {
    func elapsed(_ operands: String) throws -> Int {
      try Bench(
        """
        CS2R.32 R2, SR_CLOCKLO
        NOP
        FFMA R11, R10, R12, R14
        FFMA R13, R16, \(operands)
        CS2R.32 R3, SR_CLOCKLO
        """
      ).elapsed
    }
    #expect(try elapsed("R18, R20") == elapsed("R17, R19"))
  }

  /// Listing 2 (rows 110, 111): the stall count alone holds the consumer.
  @Test(arguments: [(1, 5), (4, 8)])
  func `only the stall count separates producer and consumer`(stall: Int, cycles: Int) throws {
    #expect(try Bench(program: "listing-2", kernel: "stall_\(stall)").elapsed == cycles)
  }

  /// Rows 142, 143: bubbles of a stream with two or three operands in one bank.
  @Test(arguments: [
    ("FMUL R13, R16, R18", 2), ("FMUL R13, R16, R19", 1), ("FFMA R13, R16, R18, R20", 3),
    ("FFMA R13, R16, R18, R21", 2),
  ])
  func `operands of one bank cost a bubble each beyond the first`(
    instruction: String, interval: Int
  ) throws {
    let bench = try Bench(".repeat 40\n\(instruction)\n.end")
    #expect(try bench.distance(10, 30) == 20 * interval)
  }

  /// Rows 148, 149, 112: fixed latencies as the scoreboard mode enforces them.
  @Test(arguments: [
    ("FFMA R1, R1, R1, R1", 4), ("HADD2 R1, R1, R1", 5), ("IADD3 R1, R1, R1, R1", 4),
    ("MOV R1, R1", 4),
  ])
  func `dependent fixed-latency instructions`(instruction: String, latency: Int) throws {
    let bench = try Bench(
      ".repeat 4\n\(instruction)\n.end", set: Bench.coreOnly + ["sm.dependence.mode=scoreboard"])
    #expect(try bench.distance(1, 2) == latency)
  }

  /// Rows 135–137: stall counts, and what hardware makes of the special ones. Stalls 12 and 13
  /// without yield run as 1, 14 and 15 as 2 (RTX 3060 stall sweep).
  @Test(arguments: [
    (1, false, 1), (2, false, 2), (5, false, 5), (11, false, 11), (12, false, 1), (13, false, 1),
    (14, false, 2), (15, false, 2), (12, true, 12), (15, true, 15), (0, false, 1), (0, true, 45),
    (1, true, 2), (2, true, 2), (7, true, 7),
  ]) func `stall and yield corner cases`(stall: Int, yield: Bool, wait: Int) throws {
    let count = stall < 10 ? "0\(stall)" : "\(stall)"
    let bench = try Bench("[B------:R-:W-:\(yield ? "Y" : "-"):S\(count)] NOP\nNOP")
    #expect(try bench.distance(0, 1) == wait)
  }

  /// Row 140: a counter's increment is seen two cycles after issue; a consumer right behind a
  /// producer with stall 1 slips through.
  @Test func `an increment is visible one cycle late`() throws {
    func distance(_ stall: Int) throws -> Int {
      try Bench(
        """
        .pattern R4 = 4*lane
        [B------:R-:W0:-:S0\(stall)] LDG.E R2, [R4.64]
        [B0-----:R-:W-:-:S01] NOP
        """
      ).distance(0, 1)
    }
    #expect(try distance(1) == 1)
    #expect(try distance(2) > 30)
  }

  /// Row 141: DEPBAR needs a stall of 4 in real code; the wait acts on what follows it.
  @Test func `DEPBAR issues at once and holds what follows`() throws {
    let bench = try Bench(
      """
      .pattern R4 = 4*lane
      [B------:R0:W-:-:S01] LDG.E R2, [R4.64]
      [B------:R0:W-:-:S02] LDG.E R3, [R4.64]
      [B------:R-:W-:-:S04] DEPBAR.LE SB0, 0x1
      NOP
      [B------:R-:W-:-:S04] DEPBAR.LE SB0, 0x0
      NOP
      """)
    #expect(try bench.distance(1, 2) == 2)
    #expect(try bench.distance(0, 3) == 11)
    // The second DEPBAR issues at 12; its stall of 4 outlasts the second load's release at 15.
    #expect(try bench.distance(0, 5) == 16)
  }

  /// Figure 4 (c) (rows 127–134): yield on the second instruction.
  @Test func `CGGTY with a yield as in Figure 4 c`() throws {
    let bench = try figure4("c", "yield")
    #expect(
      bench.segments == [
        segment(3, 0, 2), segment(2, 2, 4), segment(3, 4, 34), segment(2, 34, 64),
        segment(1, 64, 66),
        segment(0, 66, 68), segment(1, 68, 98), segment(0, 98, 128),
      ])
  }

  /// Figure 4 (b) (rows 118–126): stall 4 on the second instruction. The figure draws four bubbles
  /// at 98; three are what Listing 2 and the definition of the stall count give, and rows 110 and 111
  /// measured. We keep three, so the last two segments end one cycle earlier than drawn.
  @Test func `CGGTY with a stall of four as in Figure 4 b`() throws {
    let bench = try figure4("b", "stall_4")
    #expect(
      bench.segments == [
        segment(3, 0, 2), segment(2, 2, 4), segment(1, 4, 6), segment(3, 6, 36), segment(2, 36, 66),
        segment(1, 66, 96), segment(0, 96, 98), segment(0, 101, 131),
      ])
  }

  /// Figure 4 (a) (rows 113–117): the youngest warp's code misses after 16 instructions. The figure
  /// does not say what the caches held; a line of 16 instructions that arrives within 16 cycles
  /// reproduces it and leaves the policy to decide.
  @Test func `CGGTY with an instruction miss as in Figure 4 a`() throws {
    let bench = try figure4(
      "a", "stall_1",
      set: [
        "smCount=1", "sm.constantCache.perfect=true", "sm.frontEnd.l0.line=256",
        "sm.frontEnd.l1.line=256",
        "sm.frontEnd.prefetcher.lines=0", "sm.frontEnd.l0ToL1=7", "sm.frontEnd.l1ToL0=7",
      ])
    #expect(
      bench.segments == [
        segment(3, 0, 16), segment(2, 16, 48), segment(3, 48, 64), segment(1, 64, 96),
        segment(0, 96, 128),
      ])
  }

  private func segment(_ warp: Int, _ start: Int, _ end: Int) -> Bench.Segment {
    Bench.Segment(warp: warp, start: start, end: end)
  }

  private func figure4(
    _ part: String, _ kernel: String, set: [String] = Bench.coreOnly
  ) throws -> FigureBench {
    FigureBench(try Bench(program: "figure-4-\(part)", kernel: kernel, set: set))
  }

  /// Segments of sub-core 0's four warps, numbered 0 to 3.
  struct FigureBench {
    var segments: [Bench.Segment]

    init(_ bench: Bench) {
      var found: [Bench.Segment] = []
      let log = bench.kernel.issueLog.filter { $0.warp % 4 == 0 && $0.instruction >= 32 }
      let start = Int(log.first?.cycle ?? 0)
      for entry in log {
        let cycle = Int(entry.cycle) - start
        if let last = found.last, last.warp == entry.warp / 4, last.end == cycle {
          found[found.count - 1].end = cycle + 1
        } else {
          found.append(Bench.Segment(warp: entry.warp / 4, start: cycle, end: cycle + 1))
        }
      }
      segments = found
    }
  }

  /// Rows 150, 151: a constant operand that misses in L0 and hits in L1.5 issues 79 cycles later;
  /// after 4 cycles the scheduler turns to another warp. LDC warms the L1.5, not the L0.
  @Test func `a constant miss costs 79 cycles and the scheduler turns away after four`() throws {
    let bench = try Bench(
      """
      .block 160
      .warps 0
      [B------:R-:W-:-:S01] NOP
      [B------:R-:W-:-:S15] NANOSLEEP 0x400
      .repeat 12
      NOP
      .end
      .end
      .warps 4
      [B------:R-:W0:-:S02] LDC R2, c[0x3][0x40]
      [B0-----:R-:W-:-:S01] NOP
      [B------:R-:W-:-:S15] NANOSLEEP 0x400
      [B------:R-:W-:-:S01] NOP
      [B------:R-:W-:-:S01] FADD R1, R2, c[0x3][0x40]
      NOP
      .end
      """, set: ["smCount=1", "sm.frontEnd.perfectInstructionCache=true"])
    // Instructions: warp 0 has 0…13, warp 4 has 14…19.
    #expect(try bench.distance(17, 18, warp: 4) == 80)
  }

  @Test func `the scheduler holds on to a constant miss for four cycles`() throws {
    let bench = try Bench(
      """
      .block 160
      .warps 0
      .repeat 200
      FADD R1, R2, R3
      .end
      .end
      .warps 4
      NOP
      FADD R1, R2, c[0x3][0x40]
      .end
      """, set: ["smCount=1", "sm.frontEnd.perfectInstructionCache=true"])
    let miss = try bench.issue(of: 200, warp: 4) + 1
    #expect(try bench.issue(of: 0, warp: 0) == miss + 4)
  }

  /// Row 153: three instruction-buffer entries feed one warp every cycle; fewer do not.
  @Test(arguments: [(3, 30), (2, 45), (1, 90)])
  func `instruction buffer entries limit one warp's issue`(entries: Int, cycles: Int) throws {
    let bench = try Bench(
      ".repeat 64\nNOP\n.end",
      set: Bench.coreOnly + ["sm.frontEnd.instructionBufferEntries=\(entries)"])
    #expect(try bench.distance(10, 40) == cycles)
  }

  /// Row 56: five memory instructions leave without a stall.
  @Test func `a sub-core takes five memory instructions back to back`() throws {
    let bench = try Bench(".pattern R4 = 4*lane\n.repeat 6\nLDG.E R2, [R4.64]\n.end")
    #expect(try bench.distance(0, 4) == 4)
    #expect(try bench.distance(4, 5) == 7)
  }
}
