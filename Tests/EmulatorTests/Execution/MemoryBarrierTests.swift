import Testing

@testable import Emulator

/// Barriers in shared memory, by their words as compiled code lays them out.
@Suite struct MemoryBarrierTests {
  /// mbarrier.init(3) on sm_86, and what three arrivals find and leave.
  @Test func `the last arrival flips the phase and counts anew`() throws {
    var bench = CodeBench(86)
    bench.threads = 1
    bench.dynamicShared = 16
    let found = try bench.results(
      of: [
        "MOV R2, 0x3ffffffd", "MOV R3, 0x7ffffffd", "STS.64 [RZ], R2", "ATOMS.ARRIVE.64 R6, [URZ]",
        "ATOMS.ARRIVE.64 R6, [URZ]", "LDS R8, [0x4]", "ATOMS.ARRIVE.64 R10, [URZ]", "MOV R9, R11",
        "LDS R10, [0x4]", "ARRIVES.LDGSTSBAR.64 [URZ]", "LDS R11, [0x4]",
      ], words: 4)
    // 2³¹ − 1 pending before the last; then the phase bit and 2³¹ − 3.
    #expect(found.map { $0[0] } == [0x7fff_ffff, 0x7fff_ffff, 0xffff_fffd, 0xffff_fffe])
  }

  @Test func `a phase ends when all have arrived and no byte is awaited`() {
    // As SYNCS.EXCH initialises it for two.
    let count: UInt64 = 0x100000 - 2
    var barrier = count << 43 | count << 1
    func update(_ arrivals: Int, _ bytes: Int, drops: Int = 0) -> UInt64 {
      barrier = TransactionBarrier(barrier).updated(
        arrivals: arrivals, transactions: bytes, drops: drops)
      return barrier >> 63
    }
    func pending() -> UInt64 { 0x100000 - barrier >> 43 & 0xfffff }
    #expect(update(1, 64) == 0 && pending() == 1)
    #expect(update(1, 0) == 0)
    #expect(update(0, -32) == 0)
    #expect(update(0, -32) == 1 && pending() == 2)
    // One leaves for good: the next phase expects one.
    #expect(update(1, 0, drops: 1) == 1 && pending() == 1)
    #expect(update(1, 0) == 0 && pending() == 1)
    // Bytes may be counted before they are expected.
    #expect(update(0, -16) == 0)
    #expect(update(1, 16) == 1)
  }

  /// Two arrivals are expected; phase 0 is over after the second.
  @Test func `arrivals and tests of a phase`() throws {
    var bench = CodeBench(90)
    (bench.threads, bench.dynamicShared) = (1, 16)
    let check = "SYNCS.PHASECHK.TRANS64.TRYWAIT"
    let found = try bench.results(
      of: [
        "MOV R2, 0x1ffffc", "MOV R3, 0x7ffff000", "SYNCS.EXCH.64 R6, [RZ], R2",
        "\(check) P0, [RZ], RZ", "SYNCS.ARRIVE.TRANS64.A1T0 R6, [RZ], RZ", "\(check) P1, [RZ], RZ",
        "SYNCS.ARRIVE.TRANS64.A1T0 R6, [RZ], RZ", "\(check) P2, [RZ], RZ",
        "\(check) P3, [RZ], R1", "SEL R8, R1, RZ, P0", "SEL R9, R1, RZ, P1",
        "SEL R10, R1, RZ, P2",
      ], words: 3)
    #expect(found.map { $0[0] } == [0, 0, 4])
  }

  @Test(arguments: [
    "SYNCS.ARRIVE.TRANS64.A2T0 R2, [UR6], RZ", "SYNCS.PHASECHK P0, [UR6], R3",
    "ARRIVES.LDGSTSBAR.64 [UR4]", "ATOMS.ARRIVE.32 R2, [URZ]",
  ]) func `other forms are refused`(text: String) {
    let kernel = ExecutableKernel(
      KernelImage(
        name: "one", architecture: .init(90), code: [.init(pc: 0, text: text, control: nil)]))
    #expect(!kernel.unsupported.isEmpty)
  }
}
