import ISA
import Testing

@testable import Machine

/// What eviction priorities promise (PTX ISA, "Cache Eviction Priority Hints").
@Suite struct EvictionTests {
  private static func held(_ tags: borrowing TagArray, of lines: Range<UInt64>) -> [UInt64] {
    var held: [UInt64] = []
    for line in lines where tags.contains(line) { held.append(line) }
    return held
  }

  @Test func `A line to evict first goes before older ones`() {
    var tags = TagArray(lines: 4, ways: 4)
    for line in 0..<3 as Range<UInt64> { tags.fill(line) }
    tags.fill(3, .first)
    tags.fill(4)
    let held = Self.held(tags, of: 0..<5)
    #expect(held == [0, 1, 2, 4])
  }

  @Test func `A line to evict last stays when all others went, and goes among its like`() {
    var tags = TagArray(lines: 4, ways: 4)
    tags.fill(0, .last)
    for line in 1..<100 as Range<UInt64> { tags.fill(line) }
    var held = Self.held(tags, of: 0..<100)
    #expect(held == [0, 97, 98, 99])
    for line in 100..<104 as Range<UInt64> { tags.fill(line, .last) }
    held = Self.held(tags, of: 0..<104)
    #expect(held == [100, 101, 102, 103])
  }

  @Test func `An unchanged access leaves the order, a normal one ends a priority`() {
    var tags = TagArray(lines: 2, ways: 2)
    tags.fill(0)
    tags.fill(1)
    _ = tags.lookup(0, .unchanged)
    tags.fill(2)
    var held = Self.held(tags, of: 0..<3)
    #expect(held == [1, 2])
    tags.removeAll()
    tags.fill(0, .first)
    tags.fill(1)
    _ = tags.lookup(0)
    tags.fill(2)
    held = Self.held(tags, of: 0..<3)
    #expect(held == [0, 2])
  }

  /// A CTA reads the same 32 KiB again and again, and between that 128 KiB that it never reads again.
  private func misses(stream: String, table: String) throws -> (l1: UInt64, l2: UInt64) {
    let listing = """
      .block 1024
      .registers 32
      .loop 8
      .repeat 8 i
      .pattern R2 = 0x7f0000000000 + 4*thread + 4096*i
      [B------:R-:W{i%6}:-:S02] LDG.E\(table) R{8+i}, [R2.64]
      .end
      .repeat 32 i
      .pattern R4 = 0x7f1000000000 + 4*thread + 4096*(32*iteration + i)
      [B------:R-:W{i%6}:-:S02] LDG.E\(stream) R{8+i%16}, [R4.64]
      .end
      [B012345:R-:W-:-:S05] BAR.SYNC 0x0
      [B------:R-:W-:-:S05] BRA `(.L_1)
      .end
      """
    let small = ["memory.dram.channels=1", "memory.l2.slices=1", "memory.l2.size=128 KiB"]
    let counts = try Bench.run(listing, set: Bench.coreOnly + small).kernels[0].statistics
    return (counts.l1SectorMisses, counts.l2ReadMisses)
  }

  @Test func `A stream that is evicted first spares what is read again`() throws {
    let plain = try misses(stream: "", table: "")
    let hinted = try misses(stream: ".EF", table: "")
    let kept = try misses(stream: "", table: ".EL")
    // The stream's own 8 × 128 KiB and the table's first 32 KiB have to come, in sectors of 32 bytes.
    let least = UInt64((8 * 128 + 32) << 10 / 32)
    #expect(plain.l1 > least * 11 / 10)
    for counts in [hinted, kept] {
      #expect(counts.l1 < least * 103 / 100)
      #expect(counts.l2 >= least)
      #expect(counts.l2 <= plain.l2)
    }
  }
}
