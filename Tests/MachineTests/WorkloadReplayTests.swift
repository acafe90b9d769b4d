import Configuration
import Foundation
import Simulation
import Testing
import Traces

/// Traces recorded by the emulator, replayed: what one executed, the other issues, and compiled
/// code never reads a result before the model has it.
@Suite struct WorkloadReplayTests {
  static let workloads = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Traces/workloads")

  /// Those small enough for an unoptimised simulator; all of them if asked for in the environment.
  static let names: [String] = {
    guard ProcessInfo.processInfo.environment["NEEDLETAIL_ALL_WORKLOADS"] == nil else {
      let folders = (try? FileManager.default.contentsOfDirectory(atPath: workloads.path)) ?? []
      return folders.filter { FileManager.default.fileExists(atPath: path($0)) }.sorted()
    }
    return [
      "deviceprintf", "dmma", "dp4a", "copies", "managed", "singleops", "symbols", "halfops",
      "queries", "streams", "packedops", "textures", "texturekinds", "mbarriers", "dynamicshared",
    ]
  }()

  private static func path(_ name: String) -> String {
    workloads.appendingPathComponent("\(name)/\(name).sm_86.ntrace").path
  }

  @Test(arguments: names, ["rtx-a6000", "rtx-4090"])
  func `recorded work is replayed to the end without hazards`(name: String, gpu: String) throws {
    let path = Self.path(name)
    let reader = try TraceReader(path: path)
    var options = Simulator.Options()
    options.checksHazards = true
    let machine = try MachineDescription.load(gpu)
    let result = try Simulator(machine: machine, options: options)
      .run(ContainerProgram(path: path), name: name)
    #expect(!result.truncated)
    let launches = reader.commands.compactMap { command in
      if case .kernel(let number) = command { number } else { nil }
    }
    try #require(result.kernels.count == launches.count)
    for kernel in result.kernels {
      let number = launches[kernel.id - 1]
      let issued = ExecutionCounts(simulated: kernel, code: reader.kernels[number].code)
      let executed = try ExecutionCounts(recorded: number, of: reader)
      #expect(issued == executed, "launch \(kernel.id)")
      #expect(kernel.hazards.isEmpty, "\(kernel.hazards)")
    }
  }
}
