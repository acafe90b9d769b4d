import Configuration
import Foundation
import ISA
import Machine
import Simulation
import Testing

/// The shipped kernels with one fault each: the profile's summary names the fault and its place.
@Suite struct ProfileTests {
  private static let traces = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Traces")

  private func profile(
    _ name: String, threads: Int = 1, leap: Bool = true, set: [String] = ["smCount=16"]
  ) throws -> (kernel: KernelResult, profile: KernelProfile) {
    var options = Simulator.Options()
    options.profiles = true
    options.threads = threads
    options.leap = leap
    let path = Self.traces.appendingPathComponent(name).path
    let program: any TraceProgram
    if name.hasSuffix(".sass") {
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      program = ListingProgram(try Listing.parse(bytes, file: path))
    } else {
      program = try ContainerProgram(path: path)
    }
    let machine = try MachineDescription.load("rtx-a6000", overrides: set)
    let simulator = Simulator(machine: machine, options: options)
    let kernel = try #require(try simulator.run(program, name: name).kernels.first)
    return (kernel, try #require(kernel.profile))
  }

  private func line(_ profile: KernelProfile, _ pc: UInt32?) throws -> KernelProfile.Line {
    try #require(profile.lines.first { $0.pc == pc })
  }

  @Test func `an access that is not coalesced is named with its sectors`() throws {
    let (_, profile) = try profile("bottlenecks/uncoalesced.ntrace")
    let first = try #require(profile.bottlenecks.first)
    #expect(first.reason == .longScoreboard && first.share > 0.5)
    #expect(try line(profile, first.pc).mnemonic == "FADD")
    let load = try line(profile, first.cause)
    #expect(load.text == "LDG.E R8, [R2.64]")
    #expect(load.sectorsPerRequest == 32 && load.leastSectors == 4)
    #expect(first.text.contains("32 sectors per request where 4 would do (not coalesced)"))
    #expect(first.text.contains("PC 0x\(String(load.pc, radix: 16))"))
  }

  @Test func `bank conflicts are named with their passes`() throws {
    let (_, profile) = try profile("bottlenecks/conflicts.ntrace")
    let first = try #require(profile.bottlenecks.first)
    #expect(first.reason == .shortScoreboard && first.share > 0.5)
    let load = try line(profile, first.cause)
    #expect(load.mnemonic == "LDS" && load.passesPerRequest == 32)
    #expect(load.counts.conflictCycles == 31 * load.counts.requests)
    #expect(first.text.contains("32 passes per request where 1 would do (bank conflicts)"))
    // A write of neighbouring words, in the same kernel, has none.
    let store = try #require(profile.lines.first { $0.mnemonic == "STS" })
    #expect(store.passesPerRequest == 1 && store.counts.conflictCycles == 0)
  }

  @Test func `a chain of loads is latency-bound at the load`() throws {
    let (_, profile) = try profile("bottlenecks/latency.ntrace")
    let first = try #require(profile.bottlenecks.first)
    #expect(first.reason == .longScoreboard && first.share > 0.8)
    let load = try line(profile, first.cause)
    #expect(load.mnemonic == "LDG" && load.sectorsPerRequest == 4)
    #expect(first.text.contains("a chain of loads, latency-bound"))
    #expect(profile.verdict.hasPrefix("latency-bound"))
  }

  @Test func `lost register reuse is named with the ports that it costs`() throws {
    let (_, profile) = try profile("bottlenecks/registers.sass")
    let stall = try #require(profile.bottlenecks.first { $0.reason == .dispatchStall })
    let product = try line(profile, stall.cause)
    #expect(product.mnemonic == "FFMA" && product.counts.registerCacheHits == 0)
    #expect(stall.text.contains("3 of its operands in one bank"))
    #expect(stall.text.contains("lost 100 % of the values kept for it"))
    // Waits are longer for the same reason, and say so.
    let first = try #require(profile.bottlenecks.first)
    #expect(first.cause == stall.cause)
  }

  @Test(arguments: ["bottlenecks/uncoalesced.ntrace", "shared-reduction.sass", "vector-add.sass"])
  func `the profile's sums are the kernel's counts`(name: String) throws {
    let (kernel, profile) = try profile(name)
    let statistics = kernel.statistics
    for reason in StallReason.allCases {
      let charged = profile.lines.reduce(0) { $0 + $1.counts[reason: reason] }
      #expect(charged == statistics[reason: reason], "\(reason)")
      let bySM = profile.sms.reduce(0) { $0 + $1.statistics[reason: reason] }
      #expect(bySM == statistics[reason: reason])
    }
    func sum(_ path: KeyPath<InstructionProfile, UInt64>) -> UInt64 {
      profile.lines.reduce(0) { $0 + $1.counts[keyPath: path] }
    }
    #expect(sum(\.issues) == statistics.warpInstructions)
    #expect(sum(\.threads) == statistics.threadInstructions)
    #expect(sum(\.registerReads) == statistics.registerReads)
    #expect(sum(\.registerCacheHits) == statistics.registerCacheHits)
    #expect(sum(\.portStalls) == statistics.readPortStalls)
    #expect(sum(\.conflictCycles) == statistics.sharedConflictCycles)
    #expect(sum(\.sectorMisses) == statistics.l1SectorMisses)
  }

  @Test(arguments: ["shared-reduction.sass", "bottlenecks/conflicts.ntrace"])
  func `neither leaps nor threads change a profile`(name: String) throws {
    func counts(threads: Int = 1, leap: Bool = true) throws -> [String] {
      try profile(name, threads: threads, leap: leap).profile.lines.map { line in
        let stalls = StallReason.allCases.map { line.counts[reason: $0] }
        return "\(line.pc) \(stalls) "
          + "\(InstructionProfile.counters.map { line.counts[keyPath: $0.path] })"
      }
    }
    let plain = try counts()
    #expect(try counts(leap: false) == plain)
    #expect(try counts(threads: 3) == plain)
  }

  @Test func `parts of the machine are held against their peaks`() throws {
    let (kernel, profile) = try profile("bottlenecks/registers.sass", set: ["smCount=8"])
    let issue = try #require(profile.speedOfLight.rows.first { $0.name == "issue slots" })
    #expect(issue.peak == 32)
    #expect(abs(issue.achieved - kernel.ipc) < 1e-9)
    // Four of the eight SMs have a CTA.
    #expect(abs(issue.percentOfUsed - 2 * issue.percent) < 1e-9)
    // 64 operations of an FFMA on two pipes of half a warp a cycle.
    let clock = try MachineDescription.load("rtx-a6000").spec.clocks.core.value * 1e6
    let work = try #require(profile.speedOfLight.work.first)
    #expect(work.name == "FP32" && work.peak == 8 * 4 * 64 * clock)
    // 4 CTAs of 256 threads, 32 rounds of 12 FFMAs.
    #expect(work.operations == 4 * 256 * 32 * 12 * 2)
    #expect(abs(work.achieved - work.operations / (Double(kernel.cycles) / clock)) < 1)
  }

  @Test func `without being asked for there is no profile`() throws {
    let program = ListingProgram(try Listing.parse(Array("NOP".utf8), file: "listing"))
    let machine = try MachineDescription.load("rtx-a6000")
    let result = try Simulator(machine: machine).run(program, name: "listing")
    #expect(result.kernels[0].profile == nil)
  }
}
