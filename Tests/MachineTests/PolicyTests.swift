import ISA
import Testing

@testable import Machine

/// What every policy that can be chosen promises, whichever it is; a new case is tested by being
/// there. What a policy is for stands in tests of its own below.
@Suite struct PolicyTests {
  static let settings =
    IssuePolicy.allCases.map { "sm.issue.policy=\($0)" }
    + InstructionPrefetch.allCases.map { "sm.frontEnd.prefetcher.policy=\($0)" }
    + Replacement.allCases.map { "sm.l1.replacement=\($0)" }
    + Replacement.allCases.map { "memory.l2.replacement=\($0)" }

  /// Two CTAs of eight warps over more code than an L0 holds, data that do not stay in the L1, and a
  /// barrier.
  private static let program = """
    .grid 2
    .block 256
    .registers 32
    .loop 3
    .repeat 24 i
    .pattern R2 = 0x7f0000000000 + 4*thread + 2048*(i + 24*(iteration%2))
    [B------:R-:W{i%6}:-:S02] LDG.E R{8+i%16}, [R2.64]
    .end
    .repeat 400 i
    [B------:R-:W-:-:S02] FFMA R{8+i%16}, R4, R5, R6
    .end
    [B012345:R-:W-:-:S05] BAR.SYNC 0x0
    [B------:R-:W-:-:S05] BRA `(.L_1)
    .end
    """

  private static let small = [
    "smCount=1", "memory.dram.channels=1", "memory.l2.slices=1", "memory.l2.size=32 KiB",
  ]

  @Test(arguments: settings)
  func `every policy runs every instruction, the same with leaps and without`(
    setting: String
  ) throws {
    let set = Self.small + [setting]
    let result = try Bench.run(Self.program, set: set)
    #expect(result.warpInstructions == 2 * 8 * (3 * (24 + 400 + 2) + 1))
    let stepped = try Bench.run(Self.program, set: set, leap: false)
    #expect(stepped.kernels[0].cycles == result.kernels[0].cycles)
    for counter in Statistics.counters {
      #expect(
        stepped.kernels[0].statistics[keyPath: counter.path]
          == result.kernels[0].statistics[keyPath: counter.path], "\(counter.group).\(counter.name)"
      )
    }
  }

  // MARK: Issue

  /// Warps of sub-core 0 in the order in which they issue 32 instructions with nothing to wait for.
  private func order(_ policy: IssuePolicy) throws -> [Int] {
    try Bench(
      """
      .block 512
      [B------:R-:W-:-:S05] BAR.SYNC 0x0
      .repeat 32 i
      [B------:R-:W-:-:S01] IADD3 R{8+i%16}, R1, R2, RZ
      .end
      """, set: Bench.coreOnly + ["sm.issue.policy=\(policy)"]
    ).kernel.issueLog.filter { $0.warp % 4 == 0 && (1...32).contains($0.instruction) }
      .map { Int($0.warp) / 4 }
  }

  /// Whichever warp goes first after the barrier, the others follow by age.
  @Test(arguments: [(IssuePolicy.greedyThenYoungest, true), (.greedyThenOldest, false)])
  func `greedy policies stay with a warp, then turn to the youngest or oldest`(
    policy: IssuePolicy, youngest: Bool
  ) throws {
    let order = try order(policy)
    let warps = (0..<4).map { order[32 * $0 + 16] }
    #expect(Set(warps) == [0, 1, 2, 3])
    for (index, warp) in warps.enumerated() {
      #expect(order[(32 * index + 4)..<(32 * index + 28)].allSatisfy { $0 == warp })
    }
    let rest = Array(warps.dropFirst())
    #expect(rest == (youngest ? rest.sorted(by: >) : rest.sorted()))
  }

  @Test func `round robin turns from warp to warp`() throws {
    let order = try order(.looseRoundRobin)
    for index in 8..<100 { #expect(order[index + 1] == (order[index] + 1) % 4) }
  }

  // MARK: Instruction prefetch

  /// Lines that fetches ask the L1 for and lines that the prefetcher does, over straight code.
  private func lines(_ policy: InstructionPrefetch, _ ahead: Int) throws -> (
    demanded: Int, prefetched: Int
  ) {
    let counts = try Bench.run(
      """
      .block 32
      .repeat 1024 i
      [B------:R-:W-:-:S04] IADD3 R{8+i%16}, R1, R2, RZ
      .end
      """,
      set: [
        "smCount=1", "sm.constantCache.perfect=true", "sm.frontEnd.prefetcher.policy=\(policy)",
        "sm.frontEnd.prefetcher.lines=\(ahead)",
      ]
    ).kernels[0].statistics
    let prefetched = Int(counts.instructionPrefetches)
    return (Int(counts.l1InstructionAccesses) - prefetched, prefetched)
  }

  @Test func `next-line prefetch brings so many lines behind each that is asked for`() throws {
    let all = try lines(.nextLine, 0)
    #expect(all.prefetched == 0)
    for ahead in [1, 3, 7] {
      let (demanded, prefetched) = try lines(.nextLine, ahead)
      #expect(demanded == (all.demanded + ahead) / (ahead + 1))
      #expect(prefetched >= all.demanded - demanded && prefetched <= demanded * ahead)
    }
  }

  @Test func `a stream buffer over straight code misses once`() throws {
    #expect(try lines(.streamBuffer, 8).demanded == 1)
  }

  // MARK: Replacement

  private static func held(_ replacement: Replacement, lines: [UInt64]) -> [UInt64] {
    var tags = TagArray(lines: 4, ways: 4, replacement: replacement)
    for line in lines {
      if tags.lookup(line) == 0 { tags.fill(line) }
    }
    return (0..<16).filter { tags.contains($0) }
  }

  @Test func `a line that is used again stays under LRU and goes in its turn under FIFO`() {
    let lines: [UInt64] = [0, 1, 2, 3, 0, 4, 0, 5]
    #expect(Self.held(.leastRecentlyUsed, lines: lines) == [0, 3, 4, 5])
    // 4 takes 0's place, 0 comes back in 1's, 5 takes 2's.
    #expect(Self.held(.firstInFirstOut, lines: lines) == [0, 3, 4, 5])
    #expect(Self.held(.leastRecentlyUsed, lines: [0, 1, 2, 3, 0, 4]) == [0, 2, 3, 4])
    #expect(Self.held(.firstInFirstOut, lines: [0, 1, 2, 3, 0, 4]) == [1, 2, 3, 4])
  }

  /// Hits of a loop over `lines` lines in a cache of eight.
  private static func hits(_ replacement: Replacement, loop lines: UInt64) -> Int {
    var tags = TagArray(lines: 8, ways: 8, replacement: replacement)
    var hits = 0
    for _ in 0..<1000 {
      for line in 0..<lines {
        if tags.lookup(line) != 0 { hits += 1 } else { tags.fill(line) }
      }
    }
    return hits
  }

  @Test func `a loop one line too long always misses under LRU and FIFO, not at random`() {
    #expect(Self.hits(.leastRecentlyUsed, loop: 9) == 0)
    #expect(Self.hits(.firstInFirstOut, loop: 9) == 0)
    let random = Self.hits(.pseudoRandom, loop: 9)
    // A miss evicts one of eight lines, each of them once in nine steps: three quarters hit, or so.
    #expect(random > 6000 && random < 8900)
    for policy in Replacement.allCases { #expect(Self.hits(policy, loop: 8) == 999 * 8) }
  }

  @Test(arguments: Replacement.allCases)
  func `priorities come before every order`(policy: Replacement) {
    var tags = TagArray(lines: 4, ways: 4, replacement: policy)
    tags.fill(0, .last)
    for line in 1..<100 as Range<UInt64> { tags.fill(line) }
    let keepsLast = tags.contains(0)
    #expect(keepsLast)
    tags.removeAll()
    for line in 0..<3 as Range<UInt64> { tags.fill(line) }
    tags.fill(3, .first)
    tags.fill(4)
    let keepsFirst = tags.contains(3)
    #expect(!keepsFirst)
  }

  @Test func `the L2 replaces by its own policy`() throws {
    // 16 ways of one set, and a loop over seventeen lines that are a set's worth apart.
    func missed(_ replacement: Replacement) -> Int {
      var lines = L2Lines(sets: 1, ways: 16, replacement: replacement)
      var missed = 0
      for _ in 0..<200 {
        for line in 0..<17 as Range<UInt64> {
          var place = lines.find(line, set: 0)
          if place < 0 {
            missed += 1
            place = lines.victim(set: 0)
            lines.replace(place, with: line)
          }
          lines.touch(place)
        }
      }
      return missed
    }
    #expect(missed(.leastRecentlyUsed) == 200 * 17)
    #expect(missed(.firstInFirstOut) == 200 * 17)
    #expect(missed(.pseudoRandom) < 200 * 17 / 2)
  }
}
