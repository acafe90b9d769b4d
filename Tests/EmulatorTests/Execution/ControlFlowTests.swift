import Testing

@testable import Emulator

/// Branches, calls, convergence and barriers: which lanes go where, and who is together when.
@Suite struct ControlFlowTests {
  /// Runs code with labels (`name:` in front of a line, `{name}` for its address); R16 is `input`.
  private func results(
    _ code: [String], _ input: [UInt32], words: Int = 1, parameters: [UInt64] = []
  ) throws -> [[UInt32]] {
    // Lines that the bench puts in front.
    try CodeBench(86).results(
      of: Self.resolved(code, after: 4), inputs: [input], words: words, parameters: parameters)
  }

  private static func resolved(_ code: [String], after first: Int) -> [String] {
    var places: [String: String] = [:]
    var lines: [String] = []
    for (index, line) in code.enumerated() {
      let parts = line.components(separatedBy: ": ")
      if parts.count > 1 { places[parts[0]] = "0x" + String(16 * (first + index), radix: 16) }
      lines.append(parts.last ?? line)
    }
    return lines.map { line in
      places.reduce(line) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
  }

  private static func numbers(_ seed: UInt64, below limit: UInt64) -> [UInt32] {
    var samples = Samples(seed: seed)
    return (0..<32).map { _ in UInt32(samples.next() % limit) }
  }

  private static func lanes(_ input: [UInt32], where holds: (UInt32) -> Bool) -> UInt32 {
    input.enumerated().reduce(0) { $0 | (holds($1.element) ? 1 << UInt32($1.offset) : 0) }
  }

  @Test(arguments: ["BSSY", "BSSY.RECONVERGENT", "BSSY.RELIABLE"], [1, 2, 3] as [UInt64])
  func `lanes loop as often as each must, and meet`(opcode: String, seed: UInt64) throws {
    let input = Self.numbers(seed, below: 20)
    let code = [
      "MOV R8, RZ", "MOV R9, R16", "\(opcode) B0, {end}",
      "loop: ISETP.EQ.AND P0, PT, R9, RZ, PT", "@P0 BRA {end}", "IADD3 R8, R8, R9, RZ",
      "IADD3 R9, R9, -0x1, RZ", "BRA {loop}", "end: \(opcode.replacing("SSY", with: "SYNC")) B0",
      "VOTE.ANY R9, PT, PT",
    ]
    let found = try results(code, input, words: 2)
    #expect(found[0] == input.map { $0 * ($0 + 1) / 2 })
    #expect(found[1] == [UInt32](repeating: .max, count: 32))
  }

  @Test(arguments: ["@P0 BREAK B0", "BREAK P0, B0"], [4, 5] as [UInt64])
  func `who leaves a barrier is not waited for`(line: String, seed: UInt64) throws {
    let input = Self.numbers(seed, below: 20)
    let code = [
      "ISETP.LT.AND P0, PT, R16, 0xa, PT", "BSSY B0, {join}", line, "@P0 BRA {out}",
      "join: BSYNC B0", "VOTE.ANY R8, PT, PT", "BRA {end}", "out: VOTE.ANY R8, PT, PT",
      "end: WARPSYNC 0xffffffff", "VOTE.ANY R9, PT, PT",
    ]
    let found = try results(code, input, words: 2)
    let few = Self.lanes(input) { $0 < 10 }
    #expect(found[0] == input.map { $0 < 10 ? few : ~few })
    #expect(found[1] == [UInt32](repeating: .max, count: 32))
  }

  @Test(arguments: [6, 7] as [UInt64]) func `a table of branches`(seed: UInt64) throws {
    let input = Self.numbers(seed, below: 4)
    let code = [
      "IMAD R10, R16, 0x20, RZ", "BSSY B1, {end}", "BRX R10", "MOV R8, 0x3", "BRA {end}",
      "MOV R8, 0x5", "BRA {end}", "MOV R8, 0x7", "BRA {end}", "MOV R8, 0x9", "BRA {end}",
      "end: BSYNC B1",
    ]
    #expect(try results(code, input)[0] == input.map { 2 * $0 + 3 })
  }

  /// Calls relative to the function and by absolute addresses; each lane returns where it must.
  @Test(arguments: [
    ["CALL.REL.NOINC {function}", "RET.REL.NODEC R10 0x0"],
    ["CALL.ABS.NOINC R12", "RET.ABS.NODEC R10 0x0"], ["JMP {function}", "JMX R10"],
    ["JMX R12", "RET.ABS.NODEC R10 0x0"],
  ]) func `calls return to where each lane came from`(_ row: [String]) throws {
    let input = Self.numbers(8, below: 2)
    // Absolute addresses have the code's place in them.
    let isAbsolute = row.contains { $0.contains("ABS") || $0.contains("JMX") }
    let base = isAbsolute ? LaunchContext.codeBase : 0
    let (low, high) = (UInt32(truncatingIfNeeded: base), UInt32(base >> 32))
    let code = [
      "ISETP.EQ.AND P0, PT, R16, RZ, PT", "MOV R10, {first}", "@P0 MOV R10, {second}",
      "MOV R12, {function}", "IADD3 R10, R10, 0x\(String(low, radix: 16)), RZ",
      "IADD3 R12, R12, 0x\(String(low, radix: 16)), RZ", "MOV R11, 0x\(String(high, radix: 16))",
      "MOV R13, R11", "MOV R8, 0x1", "BSSY B2, {end}", row[0], "first: IADD3 R8, R8, 0x64, RZ",
      "BRA {end}", "second: IADD3 R8, R8, 0xc8, RZ", "BRA {end}",
      "function: IADD3 R8, R8, 0xa, RZ", row[1], "end: BSYNC B2",
    ]
    #expect(try results(code, input)[0] == input.map { $0 == 0 ? 211 : 111 })
  }

  @Test func `masks of convergence barriers can be read and set`() throws {
    let input = Self.numbers(9, below: 20)
    let code = [
      "ISETP.LT.AND P0, PT, R16, 0xa, PT", "MOV R8, RZ", "MOV R9, RZ", "BSSY B0, {join}",
      "@P0 BRA {join}", "BSSY B3, {inner}", "BMOV.32.CLEAR R8, B3", "BMOV.32 R9, B3", "BMOV B3, R8",
      "inner: BSYNC B3", "join: BSYNC B0",
    ]
    let found = try results(code, input, words: 2)
    let many = Self.lanes(input) { $0 >= 10 }
    #expect(found[0] == input.map { $0 < 10 ? 0 : many })
    #expect(found[1] == [UInt32](repeating: 0, count: 32))
  }

  @Test(arguments: [("BRA.DIV R17, {there}", true), ("BRA.CONV R17, {there}", false)])
  func `a branch on divergence`(_ row: (line: String, isDivergent: Bool)) throws {
    let code = [
      "MOV R17, -0x1", "MOV R8, RZ", "MOV R9, RZ", row.line, "BRA {next}", "there: MOV R8, 0x1",
      "next: ISETP.EQ.AND P0, PT, R16, RZ, PT", "BSSY B0, {join}", "@P0 BRA {join}",
      row.line.replacing("there", with: "apart"), "BRA {join}", "apart: MOV R9, 0x1",
      "join: BSYNC B0",
    ]
    let input = Self.numbers(10, below: 2)
    let found = try results(code, input, words: 2)
    #expect(found[0] == input.map { _ in row.isDivergent ? 0 : 1 })
    #expect(found[1] == input.map { $0 != 0 && row.isDivergent ? 1 : 0 })
  }

  /// All lanes but one wait for that one, which runs when they yield.
  @Test(arguments: ["YIELD", "NANOSLEEP 0x20"]) func `who yields lets others go on`(line: String)
    throws
  {
    let flag = try CodeBench.allocate([UInt32(0)])
    let place = ConstantLayout(.init(86)).parameters + 16
    let code = [
      "MOV R2, c[0x0][0x\(String(place, radix: 16))]",
      "MOV R3, c[0x0][0x\(String(place + 4, radix: 16))]", "ISETP.EQ.AND P0, PT, R0, 0x7, PT",
      "BSSY B0, {join}", "@P0 BRA {set}", "wait: \(line)", "LDG.E R8, [R2.64]",
      "ISETP.EQ.AND P1, PT, R8, RZ, PT", "@P1 BRA {wait}", "BRA {join}", "set: MOV R8, 0x9",
      "STG.E [R2.64], R8", "join: BSYNC B0",
    ]
    let found = try results(code, Self.numbers(11, below: 2), parameters: [flag])
    #expect(found[0] == [UInt32](repeating: 9, count: 32))
  }

  @Test(arguments: ["EXIT", "KILL"]) func `lanes end`(line: String) throws {
    let input = Self.numbers(12, below: 2)
    let code = ["ISETP.EQ.AND P0, PT, R16, RZ, PT", "MOV R8, 0x5", "@P0 \(line)"]
    #expect(try results(code, input)[0] == input.map { $0 == 0 ? 0 : 5 })
    guard line == "EXIT" else { return }
    let other = ["ISETP.EQ.AND P0, PT, R16, RZ, PT", "MOV R8, 0x5", "EXIT P0"]
    #expect(try results(other, input)[0] == input.map { $0 == 0 ? 0 : 5 })
  }

  @Test func `a trap is a fault`() {
    #expect(throws: EmulationFault.self) {
      try results(["BPT.TRAP 0x1"], Self.numbers(1, below: 2))
    }
  }

  @Test func `order in time and memory changes nothing`() throws {
    let code = [
      "MOV R8, R16", "NOP", "DEPBAR.LE SB0, 0x1", "LDGDEPBAR", "MEMBAR.SC.GPU", "ERRBAR",
      "CGAERRBAR", "CCTL.IVALL", "CCTLL.IVALL", "CCTLT.IVALL", "FENCE.VIEW.ASYNC", "PREEXIT",
      "ACQBULK", "PMTRIG 0x1", "WARPGROUP.ARRIVE", "ENDCOLLECTIVE", "UTMACMDFLUSH", "UCCTL.IVALL",
      "WARPSYNC.ALL", "WARPSYNC.COLLECTIVE R17, {end}", "end: WARPSYNC.EXCLUSIVE 0xffffffff",
    ]
    let input = Self.numbers(13, below: 1 << 32)
    #expect(try results(["MOV R17, -0x1"] + code, input)[0] == input)
  }

  // MARK: Barriers of a CTA

  /// Runs 128 threads; R0 is the thread, R8 its result.
  private func threads(_ code: [String]) throws -> [UInt32] {
    var bench = CodeBench(86)
    (bench.threads, bench.dynamicShared) = (128, 512)
    let output = try CodeBench.allocate([UInt32](repeating: 0, count: 128))
    let place = String(ConstantLayout(bench.kind).parameters, radix: 16)
    let lines = ["S2R R0, SR_TID.X", "MOV R1, 0x4"] + code
    let end = ["IMAD.WIDE R4, R0, R1, c[0x0][0x\(place)]", "STG.E [R4.64], R8", "EXIT"]
    try bench.run(Self.resolved(lines + end, after: 0), [output])
    return CodeBench.words(output, 128)
  }

  @Test(arguments: ["BAR.SYNC.DEFER_BLOCKING 0x0", "BAR.SYNC 0x3", "BAR.SYNCALL 0x0"])
  func `threads see what others wrote before the barrier`(line: String) throws {
    let found = try threads([
      "IMAD R6, R0, 0x4, RZ", "IMAD R7, R0, R0, RZ", "STS [R6], R7", line,
      "LOP3.LUT R6, R6, 0x1fc, RZ, 0x3c, !PT", "LDS R8, [R6]",
    ])
    #expect(found == (0..<128).map { (127 - $0) * (127 - $0) })
  }

  @Test(arguments: [("POPC", 1), ("AND", 2), ("OR", 3)], [0, 50, 128])
  func `barriers that reduce`(_ row: (name: String, number: Int), limit: Int) throws {
    let found = try threads([
      "ISETP.LT.AND P0, PT, R0, 0x\(String(limit, radix: 16)), PT", "NOP",
      "BAR.RED.\(row.name).DEFER_BLOCKING 0x\(row.number), P0", "B2R.RESULT R8, P1",
      row.name == "POPC" ? "NOP" : "SEL R8, R1, RZ, P1",
    ])
    let holds = row.name == "AND" ? limit == 128 : limit > 0
    let wanted = row.name == "POPC" ? UInt32(limit) : holds ? 4 : 0
    #expect(found == [UInt32](repeating: wanted, count: 128))
  }

  /// Warps 2 and 3 only announce themselves; warps 0 and 1 wait for them.
  @Test func `producers arrive, consumers wait`() throws {
    let found = try threads([
      "ISETP.LT.AND P0, PT, R0, 0x40, PT", "IMAD R6, R0, 0x4, RZ", "MOV R8, R0",
      "@P0 BRA {consumer}", "STS [R6], R0", "BAR.ARV 0x1, 0x80", "BRA {end}",
      "consumer: BAR.SYNC 0x1, 0x80", "LDS R8, [R6+0x100]", "end: NOP",
    ])
    #expect(found == (0..<128).map { $0 < 64 ? $0 + 64 : $0 })
  }
}
