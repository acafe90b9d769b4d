import Configuration
import ISA
import Simulation
import Testing

@testable import Machine

@Suite struct SamplingTests {
  /// 1600 CTAs of one warp, 16 at a time on the only SM.
  private static let large = """
    .grid 1600
    .block 32
    .pattern R2 = 0x7f0000000000 + 128*(cta*7%1600)
    .loop 12
    [B------:R-:W0:-:S02] LDG.E R4, [R2.64] ;
    [B0-----:R-:W-:-:S04] FADD R5, R4, R5 ;
    .end
    """

  private func run(
    _ listing: String, waves: Int?, kernels: Set<Int>? = nil
  ) throws -> RunResult {
    var options = Simulator.Options()
    options.sampledWaves = waves
    options.kernels = kernels
    let machine = try MachineDescription.load("rtx-a6000", overrides: ["smCount=1"])
    let program = ListingProgram(try Listing.parse(Array(listing.utf8), file: "listing"))
    return try Simulator(machine: machine, options: options).run(program, name: "listing")
  }

  @Test func `the whole kernel's cycles lie in the interval of a tenth of its CTAs`() throws {
    let whole = try run(Self.large, waves: nil).kernels[0]
    let sampled = try run(Self.large, waves: 8).kernels[0]
    let sampling = try #require(sampled.sampling)
    #expect(whole.sampling == nil && whole.ctas == 1600)
    #expect(sampled.ctas == 1600 && sampling.simulatedCTAs == 8 * 16)
    #expect((sampling.lowCycles...sampling.highCycles).contains(whole.cycles))
    #expect(abs(Double(sampled.cycles) / Double(whole.cycles) - 1) < 0.03)
    #expect(sampled.statistics.warpInstructions == whole.statistics.warpInstructions)
  }

  @Test func `a kernel of few waves is simulated whole`() throws {
    let small = Self.large.replacing(".grid 1600", with: ".grid 240")
    let sampled = try run(small, waves: 8)
    #expect(sampled.kernels[0].sampling == nil && sampled.cycleInterval == nil)
    #expect(sampled.cycles == (try run(small, waves: nil)).cycles)
  }

  @Test func `of launches that are alike, four stand for the rest`() throws {
    let listing = (0..<12).map { _ in
      ".kernel again\n.grid 2\n.block 64\n.repeat 30\nFADD R1, R2, R3 ;\n.end\n"
    }.joined()
    let whole = try run(listing, waves: nil)
    let sampled = try run(listing, waves: 8)
    #expect(sampled.kernels.map(\.id) == Array(1...12))
    #expect(sampled.kernels.filter { $0.sampling == nil }.map(\.id) == [1, 4, 8, 12])
    #expect(sampled.kernels.allSatisfy { $0.sampling?.simulatedCTAs ?? 0 == 0 })
    let interval = try #require(sampled.cycleInterval)
    #expect(interval.contains(whole.cycles))
    let some = try run(listing, waves: 8, kernels: [2, 3])
    #expect(some.kernels.map(\.id) == [2, 3] && some.cycleInterval == nil)
  }

  @Test func `warps that do the same share their stream, equal address lists are held once`() throws
  {
    let listing = try Listing.parse(
      Array(
        """
        .grid 2
        .block 64
        .pattern R2 = 16*(lane%4)
        .pattern R4 = 0x7f0000000000 + 4*thread
        LDS R6, [R2] ;
        LDG.E R8, [R4.64] ;
        """.utf8), file: "listing")
    guard case .kernel(let kernel) = listing.commands[0] else { return }
    var pool = StreamPool()
    let traces = [kernel.cta(index: 0), kernel.cta(index: 1)]
    let resident = traces.map { ResidentTrace($0, sharing: &pool) }
    for (trace, own) in zip(traces, resident) {
      for warp in 0..<2 {
        #expect(own.warps[warp].stream == resident[0].warps[0].stream)
        let first = trace.warpStarts[warp]
        #expect(own.warps[warp].count == trace.warpStarts[warp + 1] - first)
        for place in 0..<own.warps[warp].count
        where trace.instructions[first + place].referenceCount > 0 {
          let before = trace.references[Int(trace.instructions[first + place].reference)]
          let now = own.warps[warp].references[Int(own.warps[warp].stream[place].reference)]
          #expect(now.base == before.base && now.stride == before.stride)
          guard before.list != AddressReference.none else { continue }
          #expect(now.list == 0)
          for lane in 0..<32 {
            #expect(own.addresses[lane] == trace.addresses[Int(before.list) + lane])
          }
        }
      }
    }
  }
}
