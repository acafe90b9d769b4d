import Machine
import Simulation

/// What figures see of a run.
struct RunView {
  let kernels: [KernelResult]
  let coreMHz: Double
  let sms: Int

  init(_ result: RunResult, spec: GPUSpec) {
    kernels = result.kernels
    coreMHz = spec.clocks.core.value
    sms = spec.smCount
  }

  /// A kernel by name or number; without one the last.
  func kernel(_ reference: KernelReference?) throws(FigureError) -> KernelResult {
    let found =
      switch reference {
      case nil: kernels.last
      case .number(let number): kernels.first { $0.id == number }
      case .name(let name): kernels.first { $0.launch.name == name }
      }
    guard let found else {
      throw FigureError("the trace has no kernel \(reference.map { "'\($0)'" } ?? "at all")")
    }
    return found
  }
}

/// Clock reads of a kernel by warp.
struct ClockView {
  private let kernel: KernelResult

  init(_ kernel: KernelResult) { self.kernel = kernel }

  /// Between the first two reads of the first CTA's first warp.
  func first() throws(FigureError) -> Int64 {
    let reads = kernel.clockReads.filter { $0.cta == 0 && $0.warp == 0 }.map(\.cycle)
    guard reads.count >= 2 else { throw missing("the first CTA's first warp") }
    return reads[1] - reads[0]
  }

  /// From the earliest first read to the latest second one.
  func span() throws(FigureError) -> Int64 {
    var firsts: [Warp: Int64] = [:]
    var seconds: [Warp: Int64] = [:]
    for read in kernel.clockReads {
      let warp = Warp(cta: read.cta, warp: read.warp)
      if firsts[warp] == nil {
        firsts[warp] = read.cycle
      } else if seconds[warp] == nil {
        seconds[warp] = read.cycle
      }
    }
    guard let start = firsts.values.min(), let end = seconds.values.max() else {
      throw missing("any warp")
    }
    return end - start
  }

  private struct Warp: Hashable {
    var cta: Int
    var warp: Int
  }

  private func missing(_ whose: String) -> FigureError {
    FigureError("kernel \(kernel.launch.name) has no two clock reads of \(whose)")
  }
}
