import Configuration
import Testing

@testable import Machine

@Suite struct L1CapacityTests {
  /// Share of the accesses that miss when `kibibytes` are read over and over, a line at a time: the
  /// mean over buffers in different places, as a hash suits some better than others.
  private func misses(kibibytes: Int) throws -> Double {
    try (0..<12).reduce(0) { try $0 + misses(kibibytes: kibibytes, buffer: $1) } / 12
  }

  private func misses(kibibytes: Int, buffer: Int) throws -> Double {
    let spec = try MachineDescription.load("a40").spec.sm
    let lines = spec.sharedMemory.unifiedCapacity.count / 128
    var tags = TagArray(lines: lines, ways: lines / spec.l1.sets, placement: .scattered)
    tags.resize(lines: lines - spec.sharedMemory.leastCarveOut.count / 128)
    let count = kibibytes * 8
    var missed = 0
    for access in 0..<3 * count {
      // A step that is prime to every count in use visits each line once in a pass.
      let line = UInt64((0x7f00_0000_0000 + buffer << 21) / 128 + access * 389 % count)
      if tags.lookup(line) == 0 {
        if access >= 2 * count { missed += 1 }
        tags.fill(line)
      }
    }
    return Double(missed) / Double(count)
  }

  @Test func `the L1 fills up as the A40's does`() throws {
    // A40 pointer chase (pointer-chase-curves.csv): (latency - 33.7) / (250.4 - 33.7) of the
    // accesses miss: 0 at 96 KiB, 0.20 at 108, 0.51 at 126, 0.80 at 141, 0.99 at 158.
    #expect(try misses(kibibytes: 96) < 0.1)
    #expect((0.05...0.4).contains(try misses(kibibytes: 112)))
    #expect((0.3...0.75).contains(try misses(kibibytes: 126)))
    #expect(try misses(kibibytes: 141) > 0.65)
    #expect(try misses(kibibytes: 160) > 0.97)
  }
}
