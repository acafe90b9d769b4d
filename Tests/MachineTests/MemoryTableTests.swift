import Testing

/// Rows of micro2025-measured: Huerta et al., MICRO 2025 (arXiv 2503.20481), Tables 1 and 2,
/// measured on GA102.
@Suite struct MemoryTableTests {
  /// Table 1 (rows 2–55): issue cycle of the n-th consecutive memory instruction, by sub-core rank,
  /// when 1 to 4 sub-cores have one warp each. The first issues at 2, as in the paper.
  @Test(arguments: [
    (1, [[13], [17], [21], [25]]), (2, [[13, 15], [17, 19], [21, 23], [25, 27]]),
    (3, [[13, 15, 17], [19, 21, 23], [25, 27, 29], [31, 33, 35]]),
    (4, [[13, 15, 17, 19], [21, 23, 25, 27], [29, 31, 33, 35], [37, 39, 41, 43]]),
  ]) func `consecutive memory instructions issue as in Table 1`(subCores: Int, later: [[Int]])
    throws
  {
    let bench = try Bench(program: "table-1", kernel: "sub_cores_\(subCores)")
    let origin = try bench.issue(of: 0) - 2
    for n in 0..<5 {
      for warp in 0..<subCores { #expect(try bench.issue(of: n, warp: warp) - origin == 2 + n) }
    }
    for (offset, expected) in later.enumerated() {
      let cycles = try (0..<subCores).map { try bench.issue(of: 5 + offset, warp: $0) - origin }
      #expect(cycles.sorted() == expected)
    }
  }

  struct Access: Sendable, CustomTestStringConvertible {
    var rows: String
    /// Its kernels in the listing have `_war` and `_raw` behind this.
    var name: String
    var war: Int
    var raw: Int?
    var testDescription: String { "rows \(rows): \(name)" }

    init(_ rows: String, _ name: String, _ war: Int, _ raw: Int?) {
      self.rows = rows
      self.name = name
      self.war = war
      self.raw = raw
    }
  }

  static let accesses: [Access] = [
    Access("59, 62", "ldg_32_uniform", 9, 29), Access("60, 63", "ldg_64_uniform", 9, 31),
    Access("61, 64", "ldg_128_uniform", 9, 35), Access("65, 68", "ldg_32_regular", 11, 32),
    Access("66, 69", "ldg_64_regular", 11, 34),
    Access("67, 70", "ldg_128_regular", 11, 38),
    Access("71", "stg_32_uniform", 10, nil), Access("72", "stg_64_uniform", 12, nil),
    Access("73", "stg_128_uniform", 16, nil), Access("74", "stg_32_regular", 14, nil),
    Access("75", "stg_64_regular", 16, nil), Access("76", "stg_128_regular", 20, nil),
    Access("77, 80", "lds_32_uniform", 9, 23), Access("78, 81", "lds_64_uniform", 9, 23),
    Access("79, 82", "lds_128_uniform", 9, 25), Access("83, 86", "lds_32_regular", 9, 24),
    Access("84, 87", "lds_64_regular", 9, 24), Access("85, 88", "lds_128_regular", 9, 26),
    Access("89", "sts_32_uniform", 10, nil), Access("90", "sts_64_uniform", 12, nil),
    Access("91", "sts_128_uniform", 16, nil), Access("92", "sts_32_regular", 12, nil),
    Access("93", "sts_64_regular", 14, nil), Access("94", "sts_128_regular", 18, nil),
    Access("95, 96", "ldc_32_immediate", 10, 26),
    Access("97, 99", "ldc_32_regular", 29, 29),
    Access("98, 100", "ldc_64_regular", 29, 29),
    Access("101, 104", "ldgsts_32_regular", 13, 39),
    Access("102, 105", "ldgsts_64_regular", 13, 39),
    Access("103, 106", "ldgsts_128_regular", 13, 39),
  ]

  /// Table 2: cycles from issue until a source may be overwritten (WAR) and until the result may be
  /// used (RAW), on a hit. The first execution brings the data near.
  @Test(arguments: accesses) func `latencies are those of Table 2`(access: Access) throws {
    let war = try Bench(program: "table-2", kernel: access.name + "_war")
    #expect(try war.distance(3, 4) == access.war)
    if let raw = access.raw {
      let bench = try Bench(program: "table-2", kernel: access.name + "_raw")
      #expect(try bench.distance(3, 4) == raw)
    }
  }

  /// Figure 2: one warp, three loads, a threshold wait on SB0 and a consumer.
  @Test func `the timeline of Figure 2`() throws {
    let bench = try Bench(
      """
      .pattern R12 = 4*lane
      .pattern R2 = 4*lane
      .pattern R6 = 4*lane
      [B------:R0:W1:-:S02] LD R5, [R12]
      [B01----:R-:W-:-:S15] NOP
      [B------:R-:W-:Y:S15] NOP
      [B------:R-:W3:-:S01] LD R5, [R12]
      [B------:R0:W3:-:S01] LD R7, [R2]
      [B------:R0:W4:-:S02] LD R15, [R6]
      [B------:R-:W-:-:S01] IADD3 R18, R18, R18, R18
      [B------:R-:W-:-:S04] DEPBAR.LE SB0, 0x1
      [B------:R-:W-:-:S01] IADD3 R2, R2, R3, R4
      [B0--3--:R-:W-:-:S01] IADD3 R6, R5, R7, R1
      """)
    let origin = try bench.issue(of: 3) - 1
    #expect(try (3...9).map { try bench.issue(of: $0) - origin } == [1, 2, 3, 5, 6, 15, 36])
  }

  /// Row 152: loads return 512 bits per cycle to a sub-core: a 128-bit warp load takes 8 cycles.
  @Test(arguments: [("LDG.E", 4), ("LDG.E.64", 4), ("LDG.E.128", 8)])
  func `load data returns at 64 bytes a cycle`(opcode: String, interval: Int) throws {
    let bench = try Bench(
      """
      .pattern R4 = 16*lane
      [B------:R-:W0:-:S02] LDG.E.128 R8, [R4.64]
      [B0-----:R-:W-:-:S15] NOP
      .repeat 5 i
      [B------:R-:W{i}:-:S01] \(opcode) R{16+4*i}, [R4.64]
      .end
      [B---3--:R-:W-:-:S01] NOP
      [B----4-:R-:W-:-:S01] NOP
      """)
    #expect(try bench.distance(7, 8) == interval)
  }
}
