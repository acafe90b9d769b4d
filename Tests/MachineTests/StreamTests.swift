import Configuration
import Testing

/// A long stream of reads lives on what the DRAM's pins and timings allow. Measured streams reach
/// about nine tenths of the pin rate: 92 % on RTX 3090 and RTX 4090, 90 % on A100.
@Suite struct StreamTests {
  /// One SM reads from one channel and its slices, as on the whole GPU but for the number.
  private static func cycles(_ gpu: String, steps: Int, slices: Int) throws -> Int64 {
    let listing = """
      .block 1024
      .registers 32
      .loop \(steps)
      .repeat 4 i
      .pattern R2 = 0x7f0000000000 + 16*thread + 16384*(4*iteration + i)
      [B------:R-:W{i}:-:S02] LDG.E.128 R{8+4*i}, [R2.64]
      .end
      [B0123--:R-:W-:-:S05] BRA `(.L_1)
      .end
      """
    let one = [
      "memory.dram.channels=1", "memory.l2.slices=\(slices)", "memory.l2.size=256 KiB",
      "memory.l2.partitions=1",
    ]
    return try Bench.run(listing, gpu: gpu, set: Bench.coreOnly + one).kernels[0].cycles
  }

  private static let gpus = [
    "a100", "rtx-2080-ti", "t4", "rtx-3070", "rtx-3090", "rtx-4090", "l40",
  ]

  @Test(arguments: gpus)
  func `A stream of reads reaches most of the pin rate, and never more`(gpu: String) throws {
    let spec = try MachineDescription.load(gpu).spec
    let slices = spec.memory.l2.slices / spec.memory.dram.channels
    let (short, long) = (2, 6)
    let cycles =
      try Self.cycles(gpu, steps: long, slices: slices)
      - Self.cycles(gpu, steps: short, slices: slices)
    let bytes = Double((long - short) * 4 * 16384)
    let pins = Double(spec.memory.dram.channelBits) / 8 * spec.clocks.memory.value * 4
    let share = bytes / Double(cycles) * spec.clocks.core.value / pins
    #expect(share > 0.86 && share < 0.96, "\(share)")
  }
}
