import Machine
import Simulation

/// What a figure may name. Quantities belong to one kernel of the run, the row's or the last.
public enum FigureQuantity: Sendable, Equatable {
  case cycles, clocks, span, residence, coreMHz, sms
  case issue, distance, issueRank, burst, segmentEnd, bubbleEnd
  /// An event counter, by its group and name in `needletail run --json`.
  case counter(Int)

  init?(_ name: String) {
    if let row = Self.table.first(where: { $0.name == name }) {
      self = row.quantity
    } else if let index = Statistics.counters.firstIndex(where: { $0.figureName == name }) {
      self = .counter(index)
    } else {
      return nil
    }
  }

  /// Every name that a figure may have.
  public static var names: [String] {
    table.map(\.name) + Statistics.counters.map(\.figureName)
  }

  /// Name, arguments and meaning of every quantity that is no counter, for the documentation.
  public struct Row: Sendable {
    public let name: String
    let quantity: FigureQuantity
    let counts: ClosedRange<Int>
    public let parameters: String
    public let meaning: String
  }

  public static let table: [Row] = [
    row("cycles", .cycles, "core cycles of the kernel, its launch included"),
    row("clocks", .clocks, "between the first two clock reads of the first CTA's first warp"),
    row("span", .span, "from the earliest first clock read of a warp to the latest second one"),
    row("residence", .residence, "mean cycles from a warp's start to its end"),
    row("coreMHz", .coreMHz, "the simulated core clock"),
    row("sms", .sms, "SMs of the simulated GPU"),
    row(
      "issue", .issue, 1...2, "(instruction[, warp])",
      "cycle in which a warp first issues an instruction of the code, counted from 0"),
    row(
      "distance", .distance, 2...3, "(first, second[, warp])",
      "cycles between the first issues of two instructions of a warp"),
    row(
      "issueRank", .issueRank, 2...2, "(instruction, rank)",
      "first issue cycle of an instruction by the warp that is rank-th to issue it, from 1"),
    row(
      "burst", .burst, 0...1, "([warp])",
      "instructions that a warp issues back to back, beginning with its first"),
    row(
      "segmentEnd", .segmentEnd, 3...3, "(index, warp, first)",
      "cycle in which the index-th segment of a sub-core's issues ends, counted from instruction "
        + "first on; the segment must be that warp's"),
    row(
      "bubbleEnd", .bubbleEnd, 3...3, "(index, warp, first)",
      "the same for a segment in which the warp's sub-core issues nothing"),
  ]

  private static func row(
    _ name: String, _ quantity: FigureQuantity, _ meaning: String
  ) -> Row {
    row(name, quantity, 0...0, "no arguments", meaning)
  }

  private static func row(
    _ name: String, _ quantity: FigureQuantity, _ counts: ClosedRange<Int>, _ parameters: String,
    _ meaning: String
  ) -> Row {
    Row(name: name, quantity: quantity, counts: counts, parameters: parameters, meaning: meaning)
  }

  private var row: Row? { Self.table.first { $0.quantity == self } }
  var argumentCounts: ClosedRange<Int> { row?.counts ?? 0...0 }
  var parameters: String { row?.parameters ?? "no arguments" }

  var needsIssueLog: Bool {
    switch self {
    case .issue, .distance, .issueRank, .burst, .segmentEnd, .bubbleEnd: true
    default: false
    }
  }

  func value(
    of run: RunView, kernel: KernelResult, _ arguments: [Int]
  ) throws(FigureError) -> Double {
    func argument(_ index: Int) -> Int { index < arguments.count ? arguments[index] : 0 }
    let log = IssueLogView(kernel)
    let clocks = ClockView(kernel)
    return switch self {
    case .cycles: Double(kernel.cycles)
    case .clocks: Double(try clocks.first())
    case .span: Double(try clocks.span())
    case .residence: try residence(kernel)
    case .coreMHz: run.coreMHz
    case .sms: Double(run.sms)
    case .issue: Double(try log.issue(argument(0), warp: argument(1)))
    case .distance:
      Double(
        try log.issue(argument(1), warp: argument(2))
          - log.issue(argument(0), warp: argument(2)))
    case .issueRank: Double(try log.issue(argument(0), rank: argument(1)))
    case .burst: Double(try log.burst(warp: argument(0)))
    case .segmentEnd, .bubbleEnd:
      Double(
        try log.segmentEnd(
          argument(0), warp: argument(1), first: argument(2), bubble: self == .bubbleEnd))
    case .counter(let index): Double(kernel.statistics[keyPath: Statistics.counters[index].path])
    }
  }

  private func residence(_ kernel: KernelResult) throws(FigureError) -> Double {
    let warps = kernel.ctas * ((kernel.launch.block.count + 31) / 32)
    guard warps > 0 else { throw FigureError("kernel \(kernel.launch.name) has no warps") }
    return Double(kernel.statistics.residentWarpCycles) / Double(warps)
  }
}

extension Statistics.Counter {
  /// As figures name it: `registerFile.reads`.
  var figureName: String { "\(group).\(name)" }
}
