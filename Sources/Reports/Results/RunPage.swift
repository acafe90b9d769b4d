import Machine

/// A page of one result or many: what ran, what differs, where the cycles went.
public struct RunPage {
  private let runs: [StoredRun]
  /// Kernels with their code open at first.
  private static let mostOpen = 2

  public init(_ runs: [StoredRun]) { self.runs = runs }

  /// The page, with no reference outside itself.
  public func html(in frame: RunPageFrame) -> String {
    let traces = Set(runs.map(\.trace)).sorted()
    let gpus = Set(runs.map(\.gpu)).sorted()
    func few(_ names: [String], _ what: String) -> String {
      names.count <= 2 ? names.joined(separator: " and ") : "\(names.count) \(what)"
    }
    let title = "\(few(traces, "traces")) on \(few(gpus, "GPUs"))"
    let parts =
      [tiles, overview, runs.count > 1 ? SweepSection(runs).html : "", kernels, code]
    return frame.filled(
      title: title, content: parts.filter { !$0.isEmpty }.joined(separator: "\n"))
  }

  private func escaped(_ text: String) -> String { HTMLText.escaped(text) }

  private var tiles: String {
    let count = runs.reduce(0) { $0 + $1.kernels.count }
    let instructions = runs.reduce(0.0) { $0 + Double($1.totals.warpInstructions) }
    var tiles = [
      ("\(runs.count)", runs.count == 1 ? "result" : "results"),
      ("\(count)", count == 1 ? "kernel" : "kernels"),
      (PlotSVG.short(instructions), "warp instructions"),
    ]
    if runs.count == 1, let run = runs.first {
      tiles.append((grouped(run.totals.cycles), "cycles"))
      tiles.append(
        (
          decimal(
            Double(run.totals.warpInstructions) / Double(max(1, run.totals.cycles)), 2),
          "warp instructions per cycle"
        ))
    } else if let best = runs.map(\.totals.cycles).min(),
      let worst = runs.map(\.totals.cycles).max()
    {
      tiles.append((grouped(best), "cycles, the least"))
      tiles.append((grouped(worst), "cycles, the most"))
    }
    return "<div class=\"tiles\">"
      + tiles.map { "<div><b>\(escaped($0.0))</b><span>\($0.1)</span></div>" }.joined() + "</div>"
  }

  private var overview: String {
    let rows = runs.map { run in
      [
        escaped(run.trace), escaped(run.gpu),
        run.overrides.map { "<code>\(escaped($0))</code>" }.joined(separator: "<br>"),
        grouped(run.totals.cycles), grouped(Int64(run.totals.warpInstructions)),
        decimal(Double(run.totals.warpInstructions) / Double(max(1, run.totals.cycles)), 2),
        StallBar.bar(shares(run)), run.truncated ? "<span class=\"chip bad\">stopped</span>" : "",
      ]
    }
    return "<section><h2>Results</h2><div class=\"wide\">"
      + HTMLText.table(
        ["trace", "GPU", "--set", "#cycles", "#warp instr.", "#IPC", "warp-cycles", ""], rows)
      + "</div>\(legend)<p><small>\(escaped(runs.first?.simulator ?? ""))</small></p></section>"
  }

  private func shares(_ run: StoredRun) -> [(reason: StallReason, share: Double)] {
    let total = max(1, run.kernels.reduce(0.0) { $0 + Double($1.warpCycles) })
    return StallReason.allCases.compactMap { reason in
      let value = run.kernels.reduce(0.0) { $0 + Double($1.stalls[reason.name] ?? 0) }
      return value > 0 ? (reason, value / total) : nil
    }
  }

  private var legend: String {
    StallBar.legend(runs.flatMap { shares($0).filter { $0.share >= 0.005 }.map(\.reason) })
  }

  private var kernels: String {
    let rows = runs.enumerated().flatMap { index, run in
      run.kernels.map { kernel in
        [
          runs.count > 1 ? "\(index + 1)" : "", "\(kernel.id)",
          kernel.profile == nil
            ? escaped(kernel.name)
            : "<a href=\"#\(anchor(index, kernel))\">\(escaped(kernel.name))</a>",
          dimensions(kernel.grid), dimensions(kernel.block), grouped(kernel.cycles),
          decimal(kernel.ipc, 2), decimal(100 * kernel.occupancy.achieved, 0) + " %",
          escaped(kernel.occupancy.limiter), StallBar.bar(kernel.shares),
        ]
      }
    }
    return "<section><h2>Kernels</h2><div class=\"wide\">"
      + HTMLText.table(
        [
          runs.count > 1 ? "#result" : "", "#kernel", "name", "grid", "block", "#cycles", "#IPC",
          "#occupancy", "limited by", "warp-cycles",
        ], rows) + "</div></section>"
  }

  private func dimensions(_ size: [UInt32]) -> String {
    size.map { String($0) }.joined(separator: " × ")
  }

  private func anchor(_ run: Int, _ kernel: StoredRun.Kernel) -> String {
    "r\(run + 1)k\(kernel.id)"
  }

  private var code: String {
    var open = Self.mostOpen
    return runs.enumerated().flatMap { index, run in
      run.kernels.compactMap { kernel -> String? in
        guard let profile = kernel.profile else { return nil }
        open -= 1
        return ProfileSection(
          kernel, profile, anchor: anchor(index, kernel),
          of: runs.count > 1 ? "result \(index + 1)" : "", isOpen: open >= 0
        ).html
      }
    }.joined(separator: "\n")
  }
}
