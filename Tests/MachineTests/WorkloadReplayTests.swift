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

  /// Those small enough for an unoptimised simulator.
  static let small = [
    "deviceprintf", "dmma", "dp4a", "copies", "managed", "singleops", "symbols", "halfops",
    "warpops", "queries", "streams", "packedops", "textures", "texturekinds",
  ]

  @Test(arguments: small, ["rtx-a6000", "rtx-4090"])
  func `recorded work is replayed to the end without hazards`(name: String, gpu: String) throws {
    let path = Self.workloads.appendingPathComponent("\(name)/\(name).sm_86.ntrace").path
    let reader = try TraceReader(path: path)
    var options = Simulator.Options()
    options.checksHazards = true
    let machine = try MachineDescription.load(gpu)
    let result = try Simulator(machine: machine, options: options)
      .run(ContainerProgram(path: path), name: name)
    let recorded = reader.kernels.reduce(0) { $0 + $1.warpInstructions }
    let issued = result.kernels.reduce(0) { $0 + $1.statistics.warpInstructions }
    #expect(issued == UInt64(recorded))
    for kernel in result.kernels { #expect(kernel.hazards.isEmpty, "\(kernel.hazards)") }
  }
}
