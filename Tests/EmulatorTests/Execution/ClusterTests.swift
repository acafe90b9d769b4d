import ISA
import Testing

@testable import Emulator

/// Clusters of CTAs: their barrier, and shared memory of neighbours.
@Suite struct ClusterTests {
  /// Each CTA of a pair writes its rank to its own shared memory and reads its neighbour's.
  private static let exchange = [
    "S2R R0, SR_TID.X", "S2R R2, SR_CgaCtaId", "MOV R3, 0x400", "LEA R4, R2, R3, 0x18",
    "IMAD R5, R0, 0x4, R4", "IMAD R6, R2, 0x64, R0", "STS [R5], R6", "UCGABAR_ARV", "UCGABAR_WAIT",
    "LOP3.LUT R7, R2, 0x1, RZ, 0x3c, !PT", "PRMT R8, R7, 0x654, R4", "IMAD R8, R0, 0x4, R8",
    "S2R R9, SR_SWINHI", "LD.E R10, [R8.64]", "S2R R11, SR_CTAID.X", "IMAD R11, R11, 0x20, R0",
    "MOV R1, 0x4", "IMAD.WIDE R12, R11, R1, c[0x0][0x210]", "STG.E [R12.64], R10", "UCGABAR_ARV",
    "UCGABAR_WAIT", "EXIT",
  ]

  private func bench(_ ctas: UInt32, cluster: UInt32) -> CodeBench {
    var bench = CodeBench(90)
    bench.grid = Dim3(ctas, 1, 1)
    bench.cluster = Dim3(cluster, 1, 1)
    bench.dynamicShared = 128
    return bench
  }

  @Test func `neighbours see each other's shared memory after the barrier`() throws {
    let output = try CodeBench.allocate([UInt32](repeating: 0, count: 128))
    try bench(4, cluster: 2).run(Self.exchange, [output])
    let wanted: [UInt32] = (0..<128).map { (index: Int) -> UInt32 in
      let neighbour = 1 - index / 32 % 2
      return UInt32(neighbour * 100 + index % 32)
    }
    #expect(CodeBench.words(output, 128) == wanted)
  }

  @Test func `a rank outside the cluster is a fault`() throws {
    let output = try CodeBench.allocate([UInt32](repeating: 0, count: 128))
    #expect(throws: EmulationFault.self) { try bench(1, cluster: 1).run(Self.exchange, [output]) }
  }

  /// PTX ISA, barrier.cluster: it waits for the threads that have not exited.
  @Test func `threads that have ended are not waited for`() throws {
    let output = try CodeBench.allocate([UInt32](repeating: 0, count: 32))
    let code = [
      "S2R R0, SR_TID.X", "S2R R2, SR_CgaCtaId", "ISETP.EQ.AND P0, PT, R2, RZ, PT", "@P0 EXIT",
      "UCGABAR_ARV", "UCGABAR_WAIT", "MOV R1, 0x4", "IMAD.WIDE R4, R0, R1, c[0x0][0x210]",
      "STG.E [R4.64], R1", "EXIT",
    ]
    try bench(2, cluster: 2).run(code, [output])
    #expect(CodeBench.words(output, 32) == [UInt32](repeating: 4, count: 32))
  }

  /// One CTA arrives twice: the first time with the other, the second time as it has ended.
  @Test func `arrivals are counted anew after each completion`() throws {
    let code = [
      "S2R R2, SR_CgaCtaId", "ISETP.EQ.AND P0, PT, R2, RZ, PT", "UCGABAR_ARV", "UCGABAR_WAIT",
      "@P0 UCGABAR_ARV", "@P0 UCGABAR_WAIT", "EXIT",
    ]
    try bench(2, cluster: 2).run(code, [])
  }

  @Test func `waiting for a CTA that spins is a hang`() throws {
    var bench = bench(2, cluster: 2)
    bench.options.instructionLimit = 100_000
    let code = [
      "S2R R2, SR_CgaCtaId", "ISETP.EQ.AND P0, PT, R2, RZ, PT", "@P0 BRA 0x20", "UCGABAR_ARV",
      "UCGABAR_WAIT", "EXIT",
    ]
    #expect(throws: EmulationFault.self) { try bench.run(code, []) }
  }

  /// A cluster of 2 × 2 in a grid of 4 × 2: ranks count along x first.
  @Test func `clusters have two dimensions`() throws {
    var bench = CodeBench(90)
    (bench.grid, bench.cluster, bench.threads) = (Dim3(4, 2, 1), Dim3(2, 2, 1), 1)
    let output = try CodeBench.allocate([UInt32](repeating: 0, count: 16))
    let code = [
      "S2R R2, SR_CgaCtaId", "S2R R3, SR_CTAID.X", "S2R R4, SR_CTAID.Y", "IMAD R3, R4, 0x4, R3",
      "UCGABAR_ARV", "UCGABAR_WAIT", "LDC R5, c[0x0][0x188]", "IMAD R5, R5, 0xa, R2", "MOV R1, 0x4",
      "IMAD.WIDE R6, R3, R1, c[0x0][0x210]", "STG.E [R6.64], R5", "EXIT",
    ]
    try bench.run(code, [output])
    #expect(CodeBench.words(output, 8) == [40, 41, 40, 41, 42, 43, 42, 43])
  }
}
