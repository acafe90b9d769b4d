import Foundation
import ISA
import Machine
import Simulation

/// The JSON object of a run, as Docs/results.md describes it.
public struct ResultJSON: Encodable {
  private let result: RunResult

  public init(_ result: RunResult) { self.result = result }

  /// Deterministic, human-readable JSON with a final newline.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(self)
    data.append(UInt8(ascii: "\n"))
    return data
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  private struct Kernel: Encodable {
    let kernel: KernelResult

    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: Key.self)
      try object.encode(kernel.id, forKey: Key("id"))
      try object.encode(kernel.launch.name, forKey: Key("name"))
      try object.encode(dimensions(kernel.launch.grid), forKey: Key("grid"))
      try object.encode(dimensions(kernel.launch.block), forKey: Key("block"))
      try object.encode(kernel.launch.architecture.number, forKey: Key("architecture"))
      try object.encode(kernel.dependences, forKey: Key("dependences"))
      try object.encode(kernel.startCycle, forKey: Key("startCycle"))
      try object.encode(kernel.cycles, forKey: Key("cycles"))
      try object.encode(kernel.ctas, forKey: Key("ctas"))
      if let sampling = kernel.sampling {
        var sampled = object.nestedContainer(keyedBy: Key.self, forKey: Key("sampled"))
        try sampled.encode(sampling.simulatedCTAs, forKey: Key("simulatedCTAs"))
        try sampled.encode(sampling.lowCycles, forKey: Key("lowCycles"))
        try sampled.encode(sampling.highCycles, forKey: Key("highCycles"))
        try sampled.encode(Sampling.confidence, forKey: Key("confidence"))
      }
      let statistics = kernel.statistics
      try object.encode(statistics.warpInstructions, forKey: Key("warpInstructions"))
      try object.encode(statistics.threadInstructions, forKey: Key("threadInstructions"))
      try object.encode(kernel.ipc, forKey: Key("ipc"))
      var occupancy = object.nestedContainer(keyedBy: Key.self, forKey: Key("occupancy"))
      try occupancy.encode(kernel.achievedOccupancy, forKey: Key("achieved"))
      try occupancy.encode(kernel.occupancy.ctasPerSM, forKey: Key("ctasPerSM"))
      try occupancy.encode(kernel.occupancy.limiter, forKey: Key("limiter"))
      try occupancy.encode(kernel.occupancy.carveOut, forKey: Key("sharedMemoryCarveOutBytes"))
      var stalls = object.nestedContainer(keyedBy: Key.self, forKey: Key("stalls"))
      for reason in StallReason.allCases {
        try stalls.encode(statistics[reason: reason], forKey: Key(reason.name))
      }
      var issue = object.nestedContainer(keyedBy: Key.self, forKey: Key("issue"))
      for unit in Unit.allCases {
        try issue.encode(statistics.issuedByUnit[Int(unit.rawValue)], forKey: Key("\(unit)"))
      }
      try issue.encode(statistics.residentWarpCycles, forKey: Key("residentWarpCycles"))
      var groups: [String: [String: UInt64]] = [:]
      for counter in Statistics.counters where counter.group != "issue" {
        groups[counter.group, default: [:]][counter.name] = statistics[keyPath: counter.path]
      }
      try object.encode(groups["registerFile"], forKey: Key("registerFile"))
      try object.encode(groups["dram"], forKey: Key("dram"))
      try object.encode(groups["memory"], forKey: Key("memory"))
      groups["memory"] = nil
      groups["registerFile"] = nil
      groups["dram"] = nil
      try object.encode(groups, forKey: Key("caches"))
      var reads = object.nestedUnkeyedContainer(forKey: Key("clockReads"))
      for read in kernel.clockReads {
        var entry = reads.nestedContainer(keyedBy: Key.self)
        try entry.encode(read.cta, forKey: Key("cta"))
        try entry.encode(read.warp, forKey: Key("warp"))
        try entry.encode(read.cycle, forKey: Key("cycle"))
      }
      if let profile = kernel.profile {
        try object.encode(ProfileJSON(profile), forKey: Key("profile"))
      }
    }

    private func dimensions(_ size: Dim3) -> [UInt32] { [size.x, size.y, size.z] }
  }

  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(RunResult.schemaVersion, forKey: Key("schemaVersion"))
    try object.encode(result.simulator, forKey: Key("simulator"))
    try object.encode(result.gpu, forKey: Key("gpu"))
    try object.encode(result.gpuHash, forKey: Key("gpuHash"))
    try object.encode(result.trace, forKey: Key("trace"))
    try object.encode(result.overrides, forKey: Key("overrides"))
    try object.encode(result.truncated, forKey: Key("truncated"))
    try object.encode(result.warnings, forKey: Key("warnings"))
    try object.encode(result.kernels.map { Kernel(kernel: $0) }, forKey: Key("kernels"))
    var totals = object.nestedContainer(keyedBy: Key.self, forKey: Key("totals"))
    try totals.encode(result.cycles, forKey: Key("cycles"))
    if let interval = result.cycleInterval {
      try totals.encode(
        [interval.lowerBound, interval.upperBound], forKey: Key("sampledCycleInterval"))
    }
    try totals.encode(result.warpInstructions, forKey: Key("warpInstructions"))
    try totals.encode(result.threadInstructions, forKey: Key("threadInstructions"))
    var host = object.nestedContainer(keyedBy: Key.self, forKey: Key("host"))
    try host.encode(result.host.seconds, forKey: Key("seconds"))
    try host.encode(result.host.peakMemoryBytes, forKey: Key("peakMemoryBytes"))
    try host.encode(result.host.threads, forKey: Key("threads"))
    if let times = result.host.stages {
      var stages = host.nestedContainer(keyedBy: Key.self, forKey: Key("stages"))
      try stages.encode(times.windows, forKey: Key("windows"))
      try stages.encode(times.reading, forKey: Key("readingSeconds"))
      try stages.encode(times.sms, forKey: Key("smSeconds"))
      try stages.encode(times.memory, forKey: Key("memorySeconds"))
      try stages.encode(times.between, forKey: Key("betweenSeconds"))
      var speedups = stages.nestedContainer(keyedBy: Key.self, forKey: Key("speedups"))
      for (threads, factor) in times.speedups {
        try speedups.encode(factor, forKey: Key(String(threads)))
      }
    }
  }
}
