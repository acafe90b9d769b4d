import Machine

/// Two results compared: cycles first, then what explains the difference.
public struct RunDiff {
  private let a: StoredRun
  private let b: StoredRun

  /// Changes below this share are left out.
  private static let least = 0.01
  private static let mostRows = 12

  public init(_ a: StoredRun, _ b: StoredRun) {
    self.a = a
    self.b = b
  }

  public var text: String {
    var text = "A  \(a.title)\nB  \(b.title)\n"
    for (name, values) in inputs where values.0 != values.1 {
      text += "\(name): A \(values.0), B \(values.1)\n"
    }
    text += "\n" + cycles
    for (first, second) in pairs { text += kernel(first, second) }
    for kernel in unmatched(a, b) { text += "\nonly in A: kernel \(kernel.id), \(kernel.name)\n" }
    for kernel in unmatched(b, a) { text += "\nonly in B: kernel \(kernel.id), \(kernel.name)\n" }
    return text
  }

  /// What else may explain a difference.
  private var inputs: [(String, (String, String))] {
    let sameSettings = a.gpu == b.gpu && a.overrides == b.overrides
    return [
      ("simulator", (a.simulator, b.simulator)),
      ("description of the GPU", sameSettings ? (a.gpuHash, b.gpuHash) : ("", "")),
      ("stopped early", (a.truncated ? "yes" : "no", b.truncated ? "yes" : "no")),
    ]
  }

  private var pairs: [(StoredRun.Kernel, StoredRun.Kernel)] {
    a.kernels.compactMap { kernel in
      b.kernels.first { $0.id == kernel.id && $0.name == kernel.name }.map { (kernel, $0) }
    }
  }

  private func unmatched(_ one: StoredRun, _ other: StoredRun) -> [StoredRun.Kernel] {
    one.kernels.filter { kernel in
      !other.kernels.contains { $0.id == kernel.id && $0.name == kernel.name }
    }
  }

  private var cycles: String {
    var table = TextTable(["kernel", "name", "cycles A", "cycles B", "change", "%"])
    func row(_ id: String, _ name: String, _ first: Int64, _ second: Int64) {
      table.add([
        id, name, grouped(first), grouped(second), signed(second - first),
        percent(Double(first), Double(second)),
      ])
    }
    for (first, second) in pairs { row(String(first.id), first.name, first.cycles, second.cycles) }
    row("all", "", a.totals.cycles, b.totals.cycles)
    return table.text
  }

  private func signed(_ value: Int64) -> String { (value > 0 ? "+" : "") + grouped(value) }

  private func percent(_ first: Double, _ second: Double) -> String {
    if first == second { return "0.0" }
    guard first != 0 else { return "new" }
    let change = 100 * (second - first) / first
    return (change > 0 ? "+" : "") + decimal(change, 1)
  }

  // MARK: One kernel

  private func kernel(_ first: StoredRun.Kernel, _ second: StoredRun.Kernel) -> String {
    let stalls = stallChanges(first, second)
    let counters = counterChanges(first, second)
    let places = places(first, second)
    guard !stalls.isEmpty || !counters.isEmpty || first.cycles != second.cycles else {
      return "\nkernel \(first.id), \(first.name): no difference\n"
    }
    var text = "\nkernel \(first.id), \(first.name): \(explanation(first, second, stalls))\n"
    if !stalls.isEmpty {
      var table = TextTable(["warp-cycles", "A", "B", "change", "% of A's all"])
      for change in stalls {
        table.add([
          change.name, grouped(Int64(change.first)), grouped(Int64(change.second)),
          signed(change.difference),
          decimal(100 * Double(change.difference) / Double(max(1, first.warpCycles)), 1),
        ])
      }
      text += table.text
    }
    if !places.isEmpty {
      var table = TextTable(["waiting at PC", "A", "B", "change", "SASS"])
      for place in places {
        table.add([
          "0x" + String(place.pc, radix: 16), grouped(Int64(place.first)),
          grouped(Int64(place.second)), signed(place.difference), place.sass,
        ])
      }
      text += "\n" + table.text
    }
    if !counters.isEmpty {
      var table = TextTable(["count", "A", "B", "%"])
      for counter in counters {
        table.add([
          counter.name, number(counter.first), number(counter.second),
          percent(counter.first, counter.second),
        ])
      }
      text += "\n" + table.text
    }
    return text
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() ? grouped(Int64(value)) : decimal(value, 3)
  }

  private struct StallChange {
    let name: String
    let first, second: UInt64
    var difference: Int64 { Int64(second) - Int64(first) }
  }

  private func stallChanges(
    _ first: StoredRun.Kernel, _ second: StoredRun.Kernel
  ) -> [StallChange] {
    let least = Self.least * Double(max(first.warpCycles, second.warpCycles))
    return StallReason.allCases.map {
      StallChange(
        name: $0.name, first: first.stalls[$0.name] ?? 0, second: second.stalls[$0.name] ?? 0)
    }
    .filter { Double($0.difference.magnitude) >= max(1, least) }
    .sorted { ($1.difference.magnitude, $0.name) < ($0.difference.magnitude, $1.name) }
  }

  private func counterChanges(
    _ first: StoredRun.Kernel, _ second: StoredRun.Kernel
  ) -> [(name: String, first: Double, second: Double)] {
    let others = Dictionary(second.counters.map { ($0.name, $0.value) }) { $1 }
    let changed = first.counters.compactMap { name, value in
      others[name].map { (name: name, first: value, second: $0) }
    }.filter { abs($0.second - $0.first) > Self.least * max(abs($0.first), abs($0.second)) }
    func size(_ change: (name: String, first: Double, second: Double)) -> Double {
      abs(change.second - change.first) / max(abs(change.first), abs(change.second))
    }
    return Array(
      changed.sorted { (size($1), $0.name) < (size($0), $1.name) }.prefix(Self.mostRows))
  }

  private struct Place {
    let pc: UInt32
    let sass: String
    let first, second: UInt64
    var difference: Int64 { Int64(second) - Int64(first) }
  }

  /// Where waiting changed most, if both results have profiles.
  private func places(_ first: StoredRun.Kernel, _ second: StoredRun.Kernel) -> [Place] {
    guard let one = first.profile, let other = second.profile else { return [] }
    let waits = Dictionary(
      other.instructions.map { ("\($0.pc) \($0.sass)", $0.waiting) }
    ) { $1 }
    let least = Self.least * Double(max(first.warpCycles, second.warpCycles))
    return Array(
      one.instructions.compactMap { line -> Place? in
        waits["\(line.pc) \(line.sass)"].map {
          Place(pc: line.pc, sass: line.sass, first: line.waiting, second: $0)
        }
      }
      .filter { Double($0.difference.magnitude) >= max(1, least) }
      .sorted { ($1.difference.magnitude, $0.pc) < ($0.difference.magnitude, $1.pc) }
      .prefix(Self.mostRows))
  }

  /// The difference in a sentence.
  private func explanation(
    _ first: StoredRun.Kernel, _ second: StoredRun.Kernel, _ stalls: [StallChange]
  ) -> String {
    let difference = second.cycles - first.cycles
    guard difference != 0 else { return "the same cycles" }
    let head =
      "B takes \(grouped(Int64(difference.magnitude))) cycles \(difference < 0 ? "less" : "more")"
    if second.warpInstructions != first.warpInstructions {
      return head + " for \(signed(Int64(second.warpInstructions) - Int64(first.warpInstructions)))"
        + " warp instructions"
    }
    let total = Int64(second.warpCycles) - Int64(first.warpCycles)
    guard let main = stalls.first(where: { ($0.difference < 0) == (difference < 0) }), total != 0
    else { return head + ": outside the warps' time (launch, placement of CTAs)" }
    let share = 100 * Double(main.difference) / Double(total)
    return head + ": warps spend \(grouped(Int64(main.difference.magnitude))) warp-cycles "
      + "\(main.difference < 0 ? "less" : "more") in \(main.name)"
      + (share > 0 ? ", \(decimal(share, 0)) % of the change in all" : "")
  }
}
