import Configuration
import Foundation
import ISA
import Machine
import Simulation
import Testing

/// Runs a listing on one SM and answers questions about when instructions issued.
struct Bench {
  let kernel: KernelResult

  /// Settings that take the instruction caches and constants out of the picture.
  static let coreOnly = [
    "smCount=1", "sm.frontEnd.perfectInstructionCache=true", "sm.constantCache.perfect=true",
  ]

  init(
    _ listing: String, gpu: String = "rtx-a6000", set: [String] = coreOnly, threads: Int = 1,
    leap: Bool = true, log: Bool = true
  ) throws {
    kernel = try Self.run(listing, gpu: gpu, set: set, threads: threads, leap: leap, log: log)
      .kernels[0]
  }

  /// Runs one kernel of a listing of `Traces/ampere-sm`, by itself.
  init(program: String, kernel name: String, set: [String] = coreOnly) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Traces/ampere-sm/\(program).sass").path
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: file)))
    var listing = try Listing.parse(bytes, file: file)
    listing.commands.removeAll {
      if case .kernel(let kernel) = $0 { kernel.launch.name != name } else { false }
    }
    var options = Simulator.Options()
    options.logsIssue = true
    let machine = try MachineDescription.load("rtx-a6000", overrides: set)
    let result = try Simulator(machine: machine, options: options)
      .run(ListingProgram(listing), name: program)
    kernel = try #require(result.kernels.first)
  }

  static func run(
    _ listing: String, gpu: String = "rtx-a6000", set: [String] = coreOnly, threads: Int = 1,
    leap: Bool = true, log: Bool = false
  ) throws -> RunResult {
    var options = Simulator.Options()
    options.logsIssue = log
    options.threads = threads
    options.leap = leap
    let machine = try MachineDescription.load(gpu, overrides: set)
    let program = ListingProgram(try Listing.parse(Array(listing.utf8), file: "listing"))
    return try Simulator(machine: machine, options: options).run(program, name: "listing")
  }

  /// Issue cycles of a static instruction, by warp.
  func issues(of instruction: Int, warp: Int = 0) -> [Int] {
    kernel.issueLog.filter { $0.instruction == instruction && $0.warp == warp }.map {
      Int($0.cycle)
    }
  }

  /// Issue cycle of the first execution of a static instruction.
  func issue(of instruction: Int, warp: Int = 0) throws -> Int {
    try #require(issues(of: instruction, warp: warp).first)
  }

  /// Cycles between the first executions of two static instructions of a warp.
  func distance(_ first: Int, _ second: Int, warp: Int = 0) throws -> Int {
    try issue(of: second, warp: warp) - issue(of: first, warp: warp)
  }

  /// Difference of the first two clock reads of warp 0.
  var elapsed: Int {
    let reads = kernel.clockReads.filter { $0.warp == 0 && $0.cta == 0 }
    return reads.count >= 2 ? Int(reads[1].cycle - reads[0].cycle) : -1
  }

  /// Runs of consecutive issues by one warp: warp, first cycle, cycle after the last, from zero.
  var segments: [Segment] {
    var found: [Segment] = []
    let start = Int(kernel.issueLog.first?.cycle ?? 0)
    for entry in kernel.issueLog {
      let cycle = Int(entry.cycle) - start
      if let last = found.last, last.warp == entry.warp, last.end == cycle {
        found[found.count - 1].end = cycle + 1
      } else {
        found.append(Segment(warp: entry.warp, start: cycle, end: cycle + 1))
      }
    }
    return found
  }

  struct Segment: Equatable, CustomStringConvertible {
    var warp: Int
    var start: Int
    var end: Int
    var description: String { "W\(warp) \(start)–\(end)" }
  }
}
