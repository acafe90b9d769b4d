import ISA
import Machine
import Simulation

/// One row per kernel with stable column names.
public struct ResultCSV {
  private let result: RunResult

  public init(_ result: RunResult) { self.result = result }

  /// The whole file, header included.
  public var text: String {
    Self.text(of: [Self.columns] + rows)
  }

  /// One row per kernel, in the order of the columns.
  public var rows: [[String]] { result.kernels.map(row) }

  /// Rows of any table as a file.
  public static func text(of rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  public static let columns: [String] =
    [
      "gpu", "trace", "kernel", "name", "grid", "block", "cycles", "warp_instructions",
      "thread_instructions", "ipc", "achieved_occupancy", "ctas_per_sm", "simulated_ctas",
      "sampled_low_cycles", "sampled_high_cycles",
    ] + StallReason.allCases.map { "stall_\($0.name)" }
    + Statistics.counters.filter { $0.group != "issue" }.map { "\($0.group)_\($0.name)" }

  private func row(_ kernel: KernelResult) -> [String] {
    let statistics = kernel.statistics
    let head: [String] = [
      result.gpu, result.trace, String(kernel.id), kernel.launch.name,
      kernel.launch.grid.description,
      kernel.launch.block.description, String(kernel.cycles), String(statistics.warpInstructions),
      String(statistics.threadInstructions), String(kernel.ipc), String(kernel.achievedOccupancy),
      String(kernel.occupancy.ctasPerSM), String(kernel.sampling?.simulatedCTAs ?? kernel.ctas),
      kernel.sampling.map { String($0.lowCycles) } ?? "",
      kernel.sampling.map { String($0.highCycles) } ?? "",
    ]
    return head + StallReason.allCases.map { String(statistics[reason: $0]) }
      + Statistics.counters.filter { $0.group != "issue" }.map {
        String(statistics[keyPath: $0.path])
      }
  }

  private static func quoted(_ field: String) -> String {
    guard field.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}
