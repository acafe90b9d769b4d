import Configuration
import Foundation
import Simulation

/// Runs one point in this process and records what became of it.
public struct PointRunner {
  /// Opens a trace or a listing.
  public typealias Loader = (String) throws -> any TraceProgram

  private let store: ResultStore
  private let load: Loader

  public init(_ store: ResultStore, load: @escaping Loader) {
    self.store = store
    self.load = load
  }

  /// Simulates the point, unless it has a result. Throws `StoreError` where the store cannot be
  /// written, and what became of the simulation otherwise, which is recorded.
  public func run(_ point: SweepPoint) throws {
    if case .done = store.outcome(of: point) { return }
    let result: RunResult
    do {
      result = try simulate(point)
    } catch {
      try store.write(failure: "\(error)", of: point)
      throw error
    }
    try store.write(result, of: point)
  }

  private func simulate(_ point: SweepPoint) throws -> RunResult {
    guard point.simulator == SimulatorIdentity.version, point.build == SimulatorIdentity.build
    else { throw ChangedInputError("the simulator is another build") }
    let machine = try MachineDescription.load(point.description, overrides: point.overrides)
    guard machine.hash == point.gpuHash else {
      throw ChangedInputError("the description of \(point.gpu) has changed")
    }
    guard SHA256.hexadecimal(ofFile: point.file) == point.traceHash else {
      throw ChangedInputError("\(point.file) has changed or is gone")
    }
    var options = Simulator.Options()
    options.kernels = try point.kernels.map { try NumberRanges($0).numbers }
    options.maximumCycles = point.maximumCycles
    return try Simulator(machine: machine, options: options)
      .run(load(point.file), name: point.trace)
  }
}

/// Something that a point depends on is not as it was when the points were made.
struct ChangedInputError: Error, CustomStringConvertible {
  let description: String

  init(_ what: String) {
    description = "\(what) since the points were made; run the sweep again with --resume"
  }
}
