import Machine

/// Ranges within which the machine model works; beyond them it would trap or make no sense.
struct SpecValidator {
  private let spec: GPUSpec

  init(_ spec: GPUSpec) { self.spec = spec }

  /// Throws the first violation; `place` tells file and line of a path.
  func validate(_ place: (String) -> (String, Int)) throws {
    for (path, value, range) in rules where !range.contains(value) {
      try fail(
        path, "must lie between \(range.lowerBound) and \(range.upperBound), not \(value)", place)
    }
    let sm = spec.sm
    if sm.warps % sm.subCores != 0 || sm.warps / sm.subCores > 16 {
      try fail("sm.warps", "must be a multiple of sm.subCores, at most 16 for each", place)
    }
    for (path, geometry) in geometries {
      let line = geometry.line.count
      if line < 16 || line > 1024 || line & (line - 1) != 0 {
        try fail(path + ".line", "must be a power of two from 16 to 1024 bytes", place)
      }
      if geometry.size.count < line || geometry.size.count > 64 << 20 || geometry.ways < 1
        || geometry.ways > 4096
      {
        try fail(
          path + ".size", "must hold at least one line and at most 64 MiB, with 1 to 4096 ways",
          place)
      }
    }
    let line = sm.l1.line.count
    let sector = sm.l1.sector.count
    if line < 32 || line > 1024 || line & (line - 1) != 0 {
      try fail("sm.l1.line", "must be a power of two from 32 to 1024 bytes", place)
    }
    if sector < 16 || sector > line || line / sector > 16 || sector & (sector - 1) != 0 {
      try fail(
        "sm.l1.sector", "must be a power of two, at most a line and at least a sixteenth of it",
        place)
    }
    if sm.sharedMemory.carveOuts.isEmpty
      || sm.sharedMemory.carveOuts.contains(where: {
        $0.count > sm.sharedMemory.unifiedCapacity.count
      })
    {
      try fail("sm.sharedMemory.carveOuts", "must list sizes up to the unified capacity", place)
    }
    if !(spec.clocks.core.value > 0 && spec.clocks.core.value < 1e5) {
      try fail("clocks.core", "must be a frequency above zero", place)
    }
  }

  private func fail(_ path: String, _ message: String, _ place: (String) -> (String, Int)) throws {
    let (file, line) = place(path)
    throw ConfigurationError(
      file == "--set" ? .usage : .data, file: file, line: line, "\(path) \(message)")
  }

  private var geometries: [(String, InstructionCacheGeometry)] {
    [
      ("sm.frontEnd.l0", spec.sm.frontEnd.l0), ("sm.frontEnd.l1", spec.sm.frontEnd.l1),
      ("sm.constantCache.l0", spec.sm.constantCache.l0),
      ("sm.constantCache.loadPath", spec.sm.constantCache.loadPath),
    ]
  }

  private var rules: [(String, Int, ClosedRange<Int>)] {
    let sm = spec.sm
    let unit = sm.memoryUnit
    let phases = unit.phases
    let allPhases = [
      phases.loadGlobalUniform, phases.loadGlobalRegular, phases.storeGlobalUniform,
      phases.storeGlobalRegular, phases.loadSharedUniform, phases.loadSharedRegular,
      phases.storeSharedUniform, phases.storeSharedRegular, phases.loadConstantImmediate,
      phases.loadConstantRegular, phases.copyAsync, phases.exchange,
    ]
    let shortestPhase = allPhases.map { min($0.address, $0.data) }.min() ?? 0
    let longestPhase = allPhases.map { max($0.address, $0.data) }.max() ?? 0
    let latencies = sm.latencies
    let allLatencies = [
      latencies.integer, latencies.fp32, latencies.half, latencies.wideMultiply,
      latencies.predicate,
      latencies.uniform, latencies.branch, latencies.miscellaneous, latencies.sfu,
      latencies.fp64Add,
      latencies.fp64Multiply, latencies.fp64FMA, latencies.miscellaneousQueue,
    ]
    let intervals = [
      sm.units.fp32, sm.units.integer, sm.units.imad, sm.units.half, sm.units.predicate,
      sm.units.uniform, sm.units.sfu, sm.units.fp64, sm.units.branch, sm.units.miscellaneous,
      sm.units.miscellaneousQueue,
    ]
    return [
      ("smCount", spec.smCount, 1...1024), ("architecture", spec.architecture, 20...200),
      ("sm.subCores", sm.subCores, 1...4), ("sm.warps", sm.warps, 1...64),
      ("sm.ctas", sm.ctas, 1...64),
      ("sm.registers", sm.registers, 1024...(1 << 24)),
      ("sm.registerAllocationUnit", sm.registerAllocationUnit, 1...65536),
      ("sm.sharedMemory.banks", sm.sharedMemory.banks, 1...64),
      ("sm.sharedMemory.unifiedCapacity", sm.sharedMemory.unifiedCapacity.count, 1024...(16 << 20)),
      ("sm.sharedMemory.allocationUnit", sm.sharedMemory.allocationUnit.count, 1...65536),
      ("sm.sharedMemory.reservePerCTA", sm.sharedMemory.reservePerCTA.count, 0...65536),
      ("sm.frontEnd.instructionBufferEntries", sm.frontEnd.instructionBufferEntries, 1...8),
      ("sm.frontEnd.fetchToIssue", sm.frontEnd.fetchToIssue, 1...32),
      ("sm.frontEnd.replyToIssue", sm.frontEnd.replyToIssue, 1...32),
      ("sm.frontEnd.l0ToL1", sm.frontEnd.l0ToL1, 1...10000),
      ("sm.frontEnd.l1Lookup", sm.frontEnd.l1Lookup, 0...1000),
      ("sm.frontEnd.l1ToL0", sm.frontEnd.l1ToL0, 1...10000),
      ("sm.constantCache.l0ToL1", sm.constantCache.l0ToL1, 1...10000),
      ("sm.constantCache.l1ToL0", sm.constantCache.l1ToL0, 1...10000),
      ("sm.frontEnd.prefetcher.lines", sm.frontEnd.prefetcher.lines, 0...32),
      ("sm.frontEnd.prefetcher.requestsPerCycle", sm.frontEnd.prefetcher.requestsPerCycle, 1...8),
      ("sm.issue.constantMissSwitch", sm.issue.constantMissSwitch, 0...1000),
      ("sm.issue.specialStalls.zeroWithYield", sm.issue.specialStalls.zeroWithYield, 1...60),
      ("sm.issue.specialStalls.twelveOrMore", sm.issue.specialStalls.twelveOrMore, 1...60),
      ("sm.issue.specialStalls.fourteenOrMore", sm.issue.specialStalls.fourteenOrMore, 1...60),
      ("sm.issue.wideMultiplyExtraIssue", sm.issue.wideMultiplyExtraIssue, 0...16),
      ("sm.dependence.scoreboardConsumers", sm.dependence.scoreboardConsumers, 0...65535),
      ("sm.dependence.counterMaximum", sm.dependence.counterMaximum, 1...255),
      ("sm.registerFile.banks", sm.registerFile.banks, 1...4),
      ("sm.registerFile.readPorts", sm.registerFile.readPorts, 0...4),
      ("sm.registerFile.readWindow", sm.registerFile.readWindow, 3...16),
      ("sm.registerFile.wideReadWindow", sm.registerFile.wideReadWindow, 5...32),
      ("sm.registerFile.writeBackStages", sm.registerFile.writeBackStages, 0...16),
      ("sm.units (shortest interval)", intervals.min() ?? 0, 1...1024),
      ("sm.units (longest interval)", intervals.max() ?? 0, 1...1024),
      ("sm.units.queueEntries", sm.units.queueEntries, 1...8),
      ("sm.units.fp64Transfer", sm.units.fp64Transfer, 0...64),
      ("sm.units.fp64TransferPerOperand", sm.units.fp64TransferPerOperand, 0...64),
      ("sm.latencies (shortest)", allLatencies.min() ?? 0, 1...4096),
      ("sm.latencies (longest)", allLatencies.max() ?? 0, 1...4096),
      ("sm.memoryUnit.queueEntries", unit.queueEntries, 1...8),
      ("sm.memoryUnit.addressInterval", unit.addressInterval, 1...64),
      ("sm.memoryUnit.acceptInterval", unit.acceptInterval, 1...64),
      ("sm.memoryUnit.operandReadLead", unit.operandReadLead, 0...16),
      ("sm.memoryUnit.narrowAddressSaving", unit.narrowAddressSaving, 0...4),
      ("sm.memoryUnit.globalLinkBytes", unit.globalLinkBytes, 1...4096),
      ("sm.memoryUnit.sharedLinkBytes", unit.sharedLinkBytes, 1...4096),
      ("sm.memoryUnit.sharedLinkMinimum", unit.sharedLinkMinimum, 1...64),
      ("sm.memoryUnit.pendingRequests", unit.pendingRequests, 1...4096),
      ("sm.memoryUnit.phases (shortest)", shortestPhase, 1...1000),
      ("sm.memoryUnit.phases (longest)", longestPhase, 1...1000),
      ("sm.l1.ways", sm.l1.ways, 1...4096), ("sm.l1.mshrs", sm.l1.mshrs, 1...4096),
      ("sm.l1.tagsPerCycle", sm.l1.tagsPerCycle, 1...32),
      ("sm.l1.dataBytesPerCycle", sm.l1.dataBytesPerCycle, 1...4096),
      ("sm.l1.missLatency", sm.l1.missLatency, 0...1000),
      ("sm.barrier.releaseLatency", sm.barrier.releaseLatency, 1...1000),
      ("sm.barrier.fenceCTA", sm.barrier.fenceCTA, 1...100_000),
      ("sm.barrier.fenceGPU", sm.barrier.fenceGPU, 1...100_000),
      ("sm.barrier.fenceSystem", sm.barrier.fenceSystem, 1...100_000),
      ("launch.kernelLatency", spec.launch.kernelLatency, 1...10_000_000),
      ("launch.ctaLatency", spec.launch.ctaLatency, 1...1_000_000),
      ("launch.concurrentKernels", spec.launch.concurrentKernels, 1...32),
      ("memory.interconnectLatency", spec.memory.interconnectLatency, 1...10_000),
      ("memory.l2Latency", spec.memory.l2Latency, 0...100_000),
      ("memory.l2Ways", spec.memory.l2Ways, 1...64),
      ("memory.l2Size", spec.memory.l2Size.count, 4096...(1 << 30)),
      ("memory.dramLatency", spec.memory.dramLatency, 0...100_000),
      ("sm.tensor.f16F32", sm.tensor.f16F32, 1...65536),
      ("sm.tensor.f16F16", sm.tensor.f16F16, 1...65536),
      ("sm.tensor.tf32", sm.tensor.tf32, 1...65536), ("sm.tensor.int8", sm.tensor.int8, 1...65536),
      ("sm.tensor.int4", sm.tensor.int4, 1...65536),
      ("sm.tensor.binary", sm.tensor.binary, 1...1_000_000),
    ]
  }
}
