import Configuration
import Foundation
import Simulation
import Testing

/// Latencies and rates of the execution units against measurements on hardware:
/// Validation/measurements/unit-rows.csv, which names each row's origin.
@Suite struct UnitTests {
  private static let traces = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Traces/units")

  /// Rows 1–6, GPU microbenchmark suite on an RTX 4090 (total clocks of its logs).
  @Test(arguments: [
    ("float-latency", 66884.0), ("integer-latency", 17282), ("double-latency", 885_421),
    ("root-latency", 94909), ("product-latency", 262_630), ("integer-rate", 66187),
  ])
  func `chains of a thread and of a block take the clocks of an RTX 4090`(
    trace: String, clocks: Double
  ) throws {
    let path = Self.traces.appendingPathComponent(trace + ".ntrace").path
    let machine = try MachineDescription.load("rtx-4090")
    let result = try Simulator(machine: machine, options: Simulator.Options())
      .run(ContainerProgram(path: path), name: trace)
    let reads = result.kernels[0].clockReads.map(\.cycle)
    try #require(reads.count >= 2)
    #expect(abs(Double(reads.max()! - reads.min()!) / clocks - 1) <= 0.02)
  }

  /// Cycles of a link in a chain of dependent instructions.
  private func link(_ instruction: String, gpu: String = "rtx-a6000") throws -> Double {
    func elapsed(_ count: Int) throws -> Double {
      let listing = """
        CS2R.32 R0, SR_CLOCKLO
        .repeat \(count)
        \(instruction)
        .end
        MOV R1, R24
        CS2R.32 R0, SR_CLOCKLO
        """
      let set = Bench.coreOnly + ["sm.dependence.mode=scoreboard"]
      return Double(try Bench(listing, gpu: gpu, set: set, log: false).elapsed)
    }
    return try (elapsed(24) - elapsed(8)) / 16
  }

  /// Rows 13 and 15 (DocumentSASS notes, SM86) and the compiler's stall counts.
  @Test(arguments: [
    ("HMMA.16816.F16 R24, R4, R8, R24", 24.0), ("HMMA.1688.F32 R24, R4, R8, R24", 16),
    ("IMMA.8816.S8.S8 R24, R4, R8, R24", 14), ("IMMA.16832.S8.S8 R24, R4, R8, R24", 24),
    ("DMMA.884 R24, R4, R8, R24", 38),
  ])
  func `dependent tensor products complete as measured`(instruction: String, cycles: Double) throws
  {
    #expect(abs(try link(instruction) - cycles) <= 1)
  }

  /// Row 14 (DocumentSASS notes: 33 to 34) and row 17: a part with half rate.
  @Test func `half rate bounds a chain of products`() throws {
    #expect(try abs(link("HMMA.16816.F32 R24, R4, R8, R24", gpu: "rtx-3090") - 33.5) <= 1.5)
    #expect(try link("HMMA.16816.F32 R24, R4, R8, R24", gpu: "rtx-4090") == 32)
  }

  /// Cycles of a sub-core for one warp instruction of sixteen warps.
  private func interval(_ instruction: String, gpu: String) throws -> Double {
    func cycles(_ count: Int) throws -> Int {
      let listing = """
        .block 512
        CS2R.32 R0, SR_CLOCKLO
        .repeat \(count) i
        \(instruction)
        .end
        CS2R.32 R0, SR_CLOCKLO
        """
      let reads = try Bench(listing, gpu: gpu, log: false).kernel.clockReads.map { Int($0.cycle) }
      return reads.max()! - reads.min()!
    }
    return Double(try cycles(96) - cycles(32)) / 64 / 4
  }

  /// Multiply-adds of each sub-core and cycle: datasheets and whitepapers (unit-peaks.csv).
  @Test(arguments: [
    ("rtx-a6000", "HMMA.16816.F32", 16.0), ("rtx-3080", "HMMA.16816.F32", 32),
    ("rtx-3080", "HMMA.1688.F32", 16), ("rtx-3080", "HMMA.16816.F16", 16),
    ("rtx-3080", "HMMA.16816.F32.BF16", 32), ("rtx-a6000", "HMMA.1688.F32.TF32", 16),
    ("rtx-3080", "HMMA.1688.F32.TF32", 32), ("rtx-a6000", "HMMA.SP.16832.F32", 16),
    ("rtx-a6000", "IMMA.8816.S8.S8", 4),
    ("rtx-a6000", "IMMA.16832.S8.S8", 16), ("rtx-a6000", "IMMA.16864.S4.S4", 16),
    ("rtx-a6000", "BMMA.168256.XOR.POPC", 16), ("rtx-4090", "QMMA.16832.F32.E4M3.E4M3", 32),
    ("rtx-4090", "QMMA.16832.F16.E4M3.E4M3", 16),
  ])
  func `tensor products run at the vendor's rate`(
    gpu: String, product: String, cycles: Double
  ) throws {
    // A sparse product reads thirteen registers, more than a read window holds.
    let metadata = product.contains(".SP.") ? ", R2, 0x0" : ""
    let found = try interval(
      "\(product) R{24+8*(i%8)}, R4, R8, R{24+8*(i%8)}\(metadata)", gpu: gpu)
    #expect(abs(found / cycles - 1) <= 0.01)
  }

  /// CUDA C++ Programming Guide, throughput of arithmetic instructions, 8.6: lanes for each clock.
  @Test(arguments: [
    ("FFMA R{24+i%8}, R8, R9, R8", 1.0), ("IADD3 R{24+i%8}, R8, R9, RZ", 2),
    ("FMNMX R{24+i%8}, R8, R9, !PT", 2), ("IMAD R{24+i%8}, R8, R9, R8", 2),
    ("HFMA2 R{24+i%8}, R8, R9, R8", 2), ("F2FP.PACK_AB R{24+i%8}, R8, R9", 2),
    ("[B------:R-:W0:-:S02] POPC R{24+i%8}, R8", 8),
    ("[B------:R-:W0:-:S02] MUFU.RCP R{24+i%8}, R8", 8),
  ])
  func `instructions run at their unit's rate`(instruction: String, cycles: Double) throws {
    #expect(abs(try interval(instruction, gpu: "rtx-a6000") / cycles - 1) <= 0.02)
  }

  /// PTX ISA, ldmatrix: eight lanes of each matrix name its rows, of 16 bytes each.
  @Test(arguments: [("", 1), (".2", 2), (".4", 4)])
  func `LDSM takes a pass of shared memory for each matrix`(form: String, matrices: Int) throws {
    func run(rows stride: Int) throws -> (conflicts: Int, cycles: Double) {
      let listing = """
        .block 512
        .shared 8192
        .pattern R2 = \(stride)*lane
        CS2R.32 R0, SR_CLOCKLO
        .repeat 256
        [B------:R-:W0:-:S02] LDSM.16.M88\(form) R8, [R2]
        .end
        [B0-----:R-:W-:-:S01] NOP
        CS2R.32 R0, SR_CLOCKLO
        """
      let kernel = try Bench(listing, log: false).kernel
      let reads = kernel.clockReads.map(\.cycle)
      let span = Double(reads.max()! - reads.min()!)
      return (Int(kernel.statistics.sharedConflictCycles), span / (16 * 256))
    }
    let (packed, apart) = (try run(rows: 16), try run(rows: 128))
    #expect(packed.conflicts == 0)
    // The memory unit accepts an instruction every other cycle.
    #expect(abs(packed.cycles / Double(max(2, matrices)) - 1) < 0.03)
    // Rows that are 128 bytes apart lie in the same banks: eight passes for each matrix.
    #expect(apart.conflicts == 16 * 256 * 7 * matrices)
    #expect(abs(apart.cycles / Double(8 * matrices) - 1) < 0.03)
  }

  @Test(arguments: [
    ("HMMA.16816.F32", "rtx-2080-ti", true), ("HMMA.1688.F32", "rtx-2080-ti", false),
    ("IMMA.8816.S8.S8", "t4", false), ("IMMA.16832.S8.S8", "t4", true),
    ("QMMA.16832.F32.E4M3.E4M3", "rtx-a6000", true),
    ("QMMA.16832.F32.E4M3.E4M3", "rtx-4090", false), ("HMMA.SP.16832.F32", "a100", false),
  ])
  func `products that an architecture does not have run with a warning`(
    product: String, gpu: String, warns: Bool
  ) throws {
    let warnings = try Bench.run("\(product) R24, R4, R8, R24", gpu: gpu).warnings
    #expect(warnings.contains { $0.contains("does not have") && $0.contains(product) } == warns)
  }
}
