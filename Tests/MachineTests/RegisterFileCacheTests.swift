import Testing

/// The register-file cache (Huerta et al., MICRO 2025, Listing 4; row 154: one entry per bank, three
/// slots each). A hit leaves the bank's port free, so the number of reads tells hits from misses.
@Suite struct RegisterFileCacheTests {
  @Test(arguments: [
    ("IADD3 R1, R2.reuse, R3, R4", "FFMA R5, R2, R7, R8", "IADD3 R10, R2, R12, R13", 1),
    ("IADD3 R1, R2.reuse, R3, R4", "FFMA R5, R2.reuse, R7, R8", "IADD3 R10, R2, R12, R13", 2),
    ("IADD3 R1, R2.reuse, R3, R4", "FFMA R5, R7, R2, R8", "IADD3 R10, R2, R12, R13", 1),
    ("IADD3 R1, R2.reuse, R3, R4", "FFMA R5, R4, R7, R8", "IADD3 R10, R2, R12, R13", 0),
  ]) func `hits as in Listing 4`(first: String, second: String, third: String, hits: UInt64) throws
  {
    let bench = try Bench(
      "[B------:R-:W-:-:S02] \(first)\n[B------:R-:W-:-:S02] \(second)\n[B------:R-:W-:-:S02] \(third)"
    )
    #expect(bench.kernel.statistics.registerCacheHits == hits)
    #expect(bench.kernel.statistics.registerReads == 9 - hits)
  }

  @Test func `switched off, the cache never hits`() throws {
    let bench = try Bench(
      "IADD3 R1, R2.reuse, R3, R4\nFFMA R5, R2, R7, R8",
      set: Bench.coreOnly + ["sm.registerFile.cache=false"])
    #expect(bench.kernel.statistics.registerCacheHits == 0)
  }

  /// RTX 3060 SASS tests, rows 103–358: cycles per group of four FFMAs, for source banks and reuse
  /// flags; the busier bank's reads decide.
  @Test(arguments: [
    (8, 8, "--", 7), (8, 8, "RR", 4), (8, 9, "--", 7), (8, 9, "-R", 7), (8, 9, "R-", 5),
    (8, 9, "RR", 4),
    (8, 10, "--", 11), (8, 10, "R-", 7), (9, 8, "-R", 5), (9, 9, "--", 5), (9, 11, "--", 9),
    (9, 11, "R-", 5),
    (14, 14, "--", 7), (15, 10, "--", 7), (15, 11, "-R", 5),
  ]) func `groups of FFMAs run at the busier bank's pace`(
    a: Int, b: Int, flags: String, cycles: Int
  ) throws {
    let first = "R\(a)" + (flags.first == "R" ? ".reuse" : "")
    let second = "R\(b)" + (flags.last == "R" ? ".reuse" : "")
    let bench = try Bench(
      """
      .repeat 20
      FFMA R5, \(first), \(second), R5
      FFMA R20, \(first), \(second), R16
      FFMA R21, \(first), \(second), R16
      FFMA R22, \(first), \(second), R16
      .end
      """)
    #expect(try bench.distance(20, 60) == 10 * cycles)
  }
}
