import Testing

/// The latencies behind the L1 are fitted to pointer chases on hardware: the fit must hold in the
/// model as it stands.
@Suite struct FittedLatencyTests {
  private static let cases: [(gpu: String, l2: Double, memory: Double)] = [
    // RTX 3060 SASS tests: L1 hit 33, L2 hit 219, memory 533.5.
    ("rtx-3060-laptop", 219 - 33, 533.5 - 219),
    // A40 pointer chase: L1 hit 33.0, L2 hit 250.4, memory 546.7.
    ("a40", 250.4 - 33, 546.7 - 250.4),
    // RTX 4090 microbenchmarks: L1 hit 44.5, L2 hit 286.7; L2 hit 287.9, memory 560.8.
    ("rtx-4090", 286.7 - 44.5, 560.8 - 287.9),
  ]

  @Test(arguments: cases)
  func `L2 and memory are as far behind the L1 as measured`(
    gpu: String, l2: Double, memory: Double
  ) throws {
    // The line misses everywhere, then hits in L1, then passes the L1 by.
    let bench = try Bench(
      """
      .pattern R2 = 4*lane
      [B------:R-:W0:-:S02] LDG.E R8, [R2.64]
      [B0-----:R-:W-:-:S01] NOP
      [B------:R-:W0:-:S02] LDG.E R8, [R2.64]
      [B0-----:R-:W-:-:S01] NOP
      [B------:R-:W0:-:S02] LDG.E.STRONG.GPU R8, [R2.64]
      [B0-----:R-:W-:-:S01] NOP
      """, gpu: gpu)
    let miss = Double(try bench.distance(0, 1))
    let hit = Double(try bench.distance(2, 3))
    let fromL2 = Double(try bench.distance(4, 5))
    #expect(abs(fromL2 - hit - l2) <= 2)
    #expect(abs(miss - fromL2 - memory) <= 2)
  }
}
