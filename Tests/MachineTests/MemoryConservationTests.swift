import Configuration
import ISA
import Testing

@testable import Machine
@testable import Simulation

/// Random programs over loads, stores, reductions and atomics of every width, near and far.
@Suite struct MemoryConservationTests {
  private struct Random {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  private func listing(seed: UInt64) -> String {
    var random = Random(state: seed)
    let opcodes = [
      "LDG.E R8, [R2.64]", "LDG.E.64 R8, [R2.64]", "LDG.E.128 R8, [R2.64]", "LDG.E.U8 R8, [R2.64]",
      "LDG.E.STRONG.GPU R8, [R2.64]", "LDG.E.NA R8, [R2.64]", "STG.E [R2.64], R12",
      "STG.E.128 [R2.64], R12", "STG.E.U8 [R2.64], R12", "RED.E.ADD.STRONG.GPU [R2.64], R12",
      "ATOMG.E.ADD.STRONG.GPU PT, R8, [R2.64], R12",
    ]
    var text =
      ".kernel random\n.grid \(6 + random.below(6))\n.block \(32 * (1 + random.below(4)))\n"
    for _ in 0..<30 {
      let stride = [0, 4, 8, 16, 32, 64, 128, 4096][random.below(8)] / 4 * 4
      let base = 0x7f00_0000_0000 + 4096 * random.below(1 << random.below(14))
      let aligned = max(16, stride)
      text += """
        .pattern R2 = \(base) + \(stride == 0 ? 0 : aligned)*thread
        [B------:R0:W1:-:S02] \(opcodes[random.below(opcodes.count)])
        [B01----:R-:W-:-:S01] NOP

        """
    }
    return text
  }

  /// The A100 has an L2 of two halves, with copies in each of the other's lines.
  @Test(arguments: 0..<12, ["rtx-3060", "a100"])
  func `every request is answered once and bytes add up`(seed: Int, gpu: String) throws {
    let small = [
      "rtx-3060": ["smCount=4", "memory.l2.size=192 KiB", "memory.l2.mshrs=8"],
      "a100": [
        "smCount=16", "memory.l2.size=80 KiB", "memory.l2.ways=4", "memory.l2.mshrs=2",
      ],
    ]
    let machine = try MachineDescription.load(gpu, overrides: small[gpu] ?? [])
    let text = listing(seed: UInt64(seed + 1))
    let program = ListingProgram(try Listing.parse(Array(text.utf8), file: "random"))
    var warnings: [String] = []
    let kernel = try EngineKernel(
      program: program, index: 0, id: 1, spec: machine.spec, copies: [], warnings: &warnings)
    let engine = Engine(spec: machine.spec, options: Engine.Options())
    let counts = try engine.run([kernel]).outcomes[0].statistics

    // Nothing is left on its way.
    let spec = machine.spec.memory
    var served: UInt64 = 0
    for slice in 0..<spec.l2.slices {
      #expect(engine.memory.slices[slice].head < 0 && engine.memory.slices[slice].awaited == 0)
      #expect(engine.memory.slices[slice].awaitedCopies == 0)
      served += engine.memory.slices[slice].requests
    }
    for entry in 0..<engine.memory.lines.count {
      #expect(engine.memory.lines[entry].pending == 0 && engine.memory.lines[entry].waiters < 0)
    }
    for sm in engine.sms.inUse {
      #expect(sm.memory.pointee.inFlight == 0 && sm.memory.pointee.unacknowledged == 0)
      #expect(sm.memory.pointee.misses.count == 0 && sm.outbox.pointee.count == 0)
    }
    #expect(engine.memory.transactions.live == 0)
    // Sectors in are sectors out.
    var read: UInt64 = 0
    var written: UInt64 = 0
    for channel in 0..<spec.dram.channels {
      read += engine.memory.channels[channel].sectorsRead
      // A kernel ends when its writes are in the L2; write-backs may still wait.
      written += engine.memory.channels[channel].sectorsWritten
      written += UInt64(engine.memory.channels[channel].sectorsToWrite)
    }
    #expect(read == counts.dramReads)
    #expect(written == counts.dramWrites)
    #expect(counts.l2Reads >= counts.l2ReadMisses)
    #expect(counts.l2Writes > 0 && counts.l2Atomics > 0 && written > 0 && served > 0)
  }

  @Test(arguments: 0..<4, ["rtx-3060", "a100"])
  func `results depend neither on threads nor on leaps`(seed: Int, gpu: String) throws {
    let text = listing(seed: UInt64(100 + seed))
    func run(threads: Int, leap: Bool) throws -> [UInt64] {
      let kernel = try Bench.run(
        text, gpu: gpu, set: ["smCount=12", "memory.l2.size=192 KiB", "memory.l2.ways=4"],
        threads: threads, leap: leap
      ).kernels[0]
      return [UInt64(kernel.cycles)]
        + Statistics.counters.map { kernel.statistics[keyPath: $0.path] }
    }
    let plain = try run(threads: 1, leap: true)
    #expect(try run(threads: 3, leap: true) == plain)
    #expect(try run(threads: 1, leap: false) == plain)
  }
}
