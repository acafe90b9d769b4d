import Machine
import Simulation

/// The issue log of a kernel, by what figures ask of it.
struct IssueLogView {
  private let kernel: KernelResult

  init(_ kernel: KernelResult) { self.kernel = kernel }

  /// Cycle of a warp's first issue of an instruction.
  func issue(_ instruction: Int, warp: Int) throws(FigureError) -> Int64 {
    for entry in kernel.issueLog where entry.instruction == instruction && entry.warp == warp {
      return entry.cycle
    }
    throw FigureError(
      "warp \(warp) of kernel \(kernel.launch.name) never issues instruction \(instruction)")
  }

  /// The same for the warp that is `rank`-th to issue it.
  func issue(_ instruction: Int, rank: Int) throws(FigureError) -> Int64 {
    var firsts: [Int: Int64] = [:]
    for entry in kernel.issueLog where entry.instruction == instruction {
      firsts[entry.warp] = min(firsts[entry.warp] ?? .max, entry.cycle)
    }
    let sorted = firsts.values.sorted()
    guard rank >= 1, rank <= sorted.count else {
      throw FigureError(
        "\(sorted.count) warps of kernel \(kernel.launch.name) issue instruction \(instruction)")
    }
    return sorted[rank - 1]
  }

  /// Instructions back to back, beginning with the warp's first.
  func burst(warp: Int) throws(FigureError) -> Int {
    let cycles = kernel.issueLog.filter { $0.warp == warp }.map(\.cycle)
    guard let first = cycles.first else {
      throw FigureError("warp \(warp) of kernel \(kernel.launch.name) issues nothing")
    }
    return zip(cycles, cycles.indices).prefix { $0 - first == Int64($1) }.count
  }

  /// End of a segment: issues of one warp without a gap, or a gap between two.
  func segmentEnd(
    _ index: Int, warp: Int, first: Int, bubble: Bool
  ) throws(FigureError) -> Int64 {
    let log = kernel.issueLog.filter {
      $0.warp % Self.subCores == warp % Self.subCores && $0.instruction >= first
    }
    let origin = log.first?.cycle ?? 0
    var segments: [(warp: Int?, end: Int64)] = []
    for entry in log {
      let cycle = entry.cycle - origin
      if let last = segments.last, last.end < cycle { segments.append((nil, cycle)) }
      if let last = segments.last, last.warp == entry.warp {
        segments[segments.count - 1].end = cycle + 1
      } else {
        segments.append((entry.warp, cycle + 1))
      }
    }
    guard index >= 1, index <= segments.count else {
      throw FigureError("kernel \(kernel.launch.name) has \(segments.count) segments of issue")
    }
    let segment = segments[index - 1]
    guard segment.warp == (bubble ? nil : warp) else {
      throw FigureError(
        "segment \(index) of kernel \(kernel.launch.name) is "
          + (segment.warp.map { "warp \($0)'s" } ?? "a bubble"))
    }
    return segment.end
  }

  /// Warps go to sub-cores in turn.
  private static let subCores = 4
}
