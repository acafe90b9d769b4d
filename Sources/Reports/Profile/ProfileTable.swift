import Machine
import Simulation

/// Where a kernel's cycles go, for terminals: what bounds it, what its warps wait for, the machine's
/// parts, and each instruction.
public struct ProfileTable {
  private let kernel: KernelResult
  private let profile: ProfileJSON

  /// Nil for a kernel that was run without a profile.
  public init?(_ kernel: KernelResult) {
    guard let profile = kernel.profile else { return nil }
    self.kernel = kernel
    self.profile = ProfileJSON(profile)
  }

  public var text: String {
    ["kernel \(kernel.id), \(kernel.launch.name): \(profile.verdict)\n", reasons, parts, limits]
      .joined() + roofline + "\n" + instructions
  }

  private var reasons: String {
    profile.bottlenecks.map { place in
      let share = decimal(place.share * 100, 0)
      return String(repeating: " ", count: max(0, 4 - share.count)) + "\(share) %  \(place.text)\n"
    }.joined()
  }

  private var parts: String {
    var table = TextTable(["part of the machine", "reached", "peak", "per cycle", "% of peak"])
    for part in profile.speedOfLight where part.achieved > 0 {
      table.add([
        part.name, decimal(part.achieved, 1), decimal(part.peak, 1), part.unit,
        decimal(part.percent, 1),
      ])
    }
    return "\n" + table.text
  }

  private var limits: String {
    let limits = profile.occupancyLimits.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      .map { "\($0.key) \($0.value)" }
    return "occupancy: \(decimal(kernel.achievedOccupancy * 100, 0)) % of the warp slots; "
      + "CTAs per SM by \(limits.joined(separator: ", "))\n"
  }

  private var roofline: String {
    let bytes = profile.roofline.traffic.first { $0.name == "DRAM" }?.bytes ?? 0
    return profile.roofline.work.map { work in
      let intensity =
        bytes > 0 ? "\(decimal(work.operations / bytes, 2)) FLOP/B of DRAM" : "no DRAM traffic"
      return "roofline: \(work.name) \(decimal(work.operationsPerSecond / 1e12, 2)) of "
        + "\(decimal(work.peakOperationsPerSecond / 1e12, 2)) TFLOP/s at \(intensity)\n"
    }.joined()
  }

  private var instructions: String {
    var table = TextTable([
      "PC", "issues", "threads", "waits %", "mostly", "sectors", "passes", "registers", "held",
      "control", "SASS",
    ])
    let total = profile.instructions.reduce(0.0) { $0 + Double($1.waiting) }
    func per(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "" }
    for line in profile.instructions where line.count("issues") > 0 || line.waiting > 0 {
      let issues = Double(max(1, line.count("issues")))
      table.add([
        "0x" + String(line.pc, radix: 16), String(line.count("issues")), per(line.threadsPerIssue),
        total > 0 ? decimal(100 * Double(line.waiting) / total, 1) : "–", line.mostly ?? "",
        per(line.sectorsPerRequest), per(line.passesPerRequest),
        line.count("registerReads") > 0
          ? decimal(Double(line.count("registerReads")) / issues, 1) : "",
        line.count("portStalls") > 0 ? decimal(Double(line.count("portStalls")) / issues, 1) : "",
        line.control ?? "", line.sass,
      ])
    }
    return table.text
  }
}
