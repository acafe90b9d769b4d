import Machine
import Simulation

/// The table that people read after a run.
public struct ResultTable {
  private let result: RunResult

  public init(_ result: RunResult) { self.result = result }

  public var text: String {
    var table = TextTable([
      "kernel", "name", "grid", "block", "cycles", "warp instr.", "IPC", "occupancy", "mostly",
    ])
    for kernel in result.kernels {
      table.add([
        String(kernel.id), shortened(kernel.launch.name), kernel.launch.grid.description,
        kernel.launch.block.description, cycles(kernel),
        grouped(Int64(kernel.statistics.warpInstructions)), decimal(kernel.ipc, 2),
        decimal(kernel.achievedOccupancy * 100, 0) + " %", mainStall(kernel.statistics),
      ])
    }
    let rate = result.host.seconds > 0 ? Double(result.warpInstructions) / result.host.seconds : 0
    let summary =
      "\(result.trace) on \(result.gpu): \(grouped(Int64(result.warpInstructions))) warp instructions "
      + "\(result.cycleInterval == nil ? "replayed" : "estimated") "
      + "in \(grouped(result.cycles)) cycles; \(decimal(result.host.seconds, 2)) s, "
      + "\(grouped(Int64(rate))) warp instructions per second\n"
    return table.text + summary + (result.cycleInterval.map(sampled) ?? "")
      + (result.truncated ? "stopped at the cycle limit\n" : "")
      + (result.host.stages.map(stages) ?? "")
  }

  private func cycles(_ kernel: KernelResult) -> String {
    guard let sampling = kernel.sampling else { return grouped(kernel.cycles) }
    let share = sampling.relativeHalfWidth(of: kernel.cycles)
    return "≈ " + grouped(kernel.cycles) + " ± " + decimal(100 * share, 1) + " %"
  }

  private func sampled(_ interval: ClosedRange<Int64>) -> String {
    let simulated = result.kernels.reduce(0) { $0 + ($1.sampling?.simulatedCTAs ?? $1.ctas) }
    let all = result.kernels.reduce(0) { $0 + $1.ctas }
    return
      "sampled: \(grouped(Int64(simulated))) of \(grouped(Int64(all))) CTAs were simulated; cycles lie "
      + "between \(grouped(interval.lowerBound)) and \(grouped(interval.upperBound)) with "
      + "\(decimal(100 * Sampling.confidence, 0)) % confidence\n"
  }

  private func stages(_ times: StageTimes) -> String {
    func share(_ seconds: Double) -> String {
      "\(decimal(seconds, 3)) s (\(decimal(100 * seconds / times.total, 1)) %)"
    }
    let speedups = times.speedups.map { "\($0.threads) threads \(decimal($0.factor, 1))" }
    return "processor time: SMs \(share(times.sms)), memory system \(share(times.memory)), "
      + "reading \(share(times.reading)), between windows \(share(times.between)); "
      + "\(grouped(Int64(times.windows))) windows\n"
      + "without synchronisation, times faster: " + speedups.joined(separator: ", ") + "\n"
  }

  /// The largest share of warp-cycles outside issue.
  private func mainStall(_ statistics: Statistics) -> String {
    let total = StallReason.allCases.reduce(0) { $0 + statistics[reason: $1] }
    guard total > 0 else { return "–" }
    let most =
      StallReason.allCases.max { statistics[reason: $0] < statistics[reason: $1] } ?? .selected
    return "\(most.name) \(decimal(100 * Double(statistics[reason: most]) / Double(total), 0)) %"
  }

  private func shortened(_ name: String) -> String {
    name.count <= 32 ? name : String(name.prefix(31)) + "…"
  }
}

/// A number with thin groups of three digits: 1 234 567.
public func grouped(_ value: Int64) -> String {
  let digits = String(value.magnitude)
  var text = ""
  for (offset, digit) in digits.enumerated() {
    if offset > 0, (digits.count - offset) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return (value < 0 ? "-" : "") + text
}

/// A number with a fixed number of decimals.
public func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return "–" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let rounded = (value * scale).rounded() / scale
  var text = String(rounded)
  if places == 0 { return Int64(exactly: rounded).map { String($0) } ?? String(rounded) }
  let decimals = text.split(separator: ".").dropFirst().first?.count ?? 0
  if decimals < places { text += String(repeating: "0", count: places - decimals) }
  return text
}
