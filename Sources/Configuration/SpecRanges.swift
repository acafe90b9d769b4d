/// Ranges within which the machine model works; beyond them it would trap, exhaust memory or make
/// no sense. A range holds for the value of that path, or for every value below it.
enum SpecRanges {
  /// The range of a whole number or size, from the longest name in the table that covers `path`.
  static func range(of path: String) -> ClosedRange<Int> {
    var name = path[...]
    while true {
      if let range = table[String(name)] { return range }
      guard let dot = name.lastIndex(of: ".") else { return unlisted }
      name = name[..<dot]
    }
  }

  /// For values that the table does not cover: wide enough for any latency or count, and far from
  /// overflow.
  private static let unlisted = 1...1_000_000

  /// Values that divide addresses or register numbers.
  static let powersOfTwo: Set<String> = [
    "sm.registerFile.banks", "sm.sharedMemory.banks", "sm.frontEnd.l0.line", "sm.frontEnd.l1.line",
    "sm.constantCache.l0.line", "sm.constantCache.loadPath.line", "sm.l1.line", "sm.l1.sector",
    "memory.dram.banks", "memory.dram.bankGroups", "memory.l2.fetchSectors",
  ]

  /// Caches of a given size, line and associativity.
  static let caches = [
    "sm.frontEnd.l0", "sm.frontEnd.l1", "sm.constantCache.l0", "sm.constantCache.loadPath",
  ]

  /// Bounds the tags that a description can make the simulator allocate in every SM.
  static let mostLinesPerCache = 16384

  /// Names in the table.
  static var paths: [String] { Array(table.keys) }

  private static let table: [String: ClosedRange<Int>] = [
    "architecture": 20...200,
    "smCount": 1...1024,
    "sm.subCores": 1...4,
    "sm.warps": 1...64,
    "sm.ctas": 1...32,
    "sm.registers": 1024...(1 << 24),
    "sm.registerAllocationUnit": 1...65536,

    "sm.sharedMemory.unifiedCapacity": 1024...(1 << 20),
    "sm.sharedMemory.carveOuts": 0...(1 << 20),
    "sm.sharedMemory.leastCarveOut": 0...(1 << 20),
    "sm.sharedMemory.reservePerCTA": 0...65536,
    "sm.sharedMemory.allocationUnit": 1...65536,
    "sm.sharedMemory.banks": 1...64,

    "sm.frontEnd": 1...1000,
    "sm.frontEnd.instructionBufferEntries": 1...8,
    "sm.frontEnd.fetchToIssue": 1...32,
    "sm.frontEnd.replyToIssue": 1...32,
    "sm.frontEnd.l1Lookup": 0...1000,
    "sm.frontEnd.prefetcher.lines": 0...32,
    "sm.frontEnd.prefetcher.requestsPerCycle": 1...8,
    "sm.frontEnd.l0.size": 16...(64 << 20),
    "sm.frontEnd.l0.line": 16...1024,
    "sm.frontEnd.l0.ways": 1...4096,
    "sm.frontEnd.l1.size": 16...(64 << 20),
    "sm.frontEnd.l1.line": 16...1024,
    "sm.frontEnd.l1.ways": 1...4096,

    "sm.constantCache.launchPrefetch": 0...65536,
    "sm.constantCache.l0.size": 16...(64 << 20),
    "sm.constantCache.l0.line": 16...1024,
    "sm.constantCache.l0.ways": 1...4096,
    "sm.constantCache.loadPath.size": 16...(64 << 20),
    "sm.constantCache.loadPath.line": 16...1024,
    "sm.constantCache.loadPath.ways": 1...4096,

    "sm.issue": 0...60,
    "sm.issue.constantMissSwitch": 0...1000,
    "sm.issue.specialStalls": 1...60,
    "sm.issue.wideMultiplyExtraIssue": 0...16,

    "sm.dependence.scoreboardConsumers": 0...65535,
    "sm.dependence.counterMaximum": 1...255,

    "sm.registerFile.banks": 1...4,
    "sm.registerFile.readPorts": 0...4,
    "sm.registerFile.readWindow": 3...16,
    "sm.registerFile.wideReadWindow": 5...32,
    "sm.registerFile.writeBackStages": 0...16,

    "sm.units": 1...1024,
    "sm.units.fp64Transfer": 0...64,
    "sm.units.fp64TransferPerOperand": 0...64,
    "sm.units.queueEntries": 1...8,
    "sm.latencies": 1...4096,
    "sm.latencies.tensorToVariable": 0...16,
    "sm.latencies.tensorToAddress": 0...16,
    "sm.tensor": 1...4096,
    "sm.tensor.f32AccumulateStretch": 1...16,

    "sm.memoryUnit.queueEntries": 1...8,
    "sm.memoryUnit.addressInterval": 1...64,
    "sm.memoryUnit.acceptInterval": 1...64,
    "sm.memoryUnit.idleAcceptInterval": 1...64,
    "sm.memoryUnit.operandReadLead": 0...16,
    "sm.memoryUnit.narrowAddressSaving": 0...4,
    "sm.memoryUnit.globalLinkBytes": 1...4096,
    "sm.memoryUnit.sharedLinkBytes": 1...4096,
    "sm.memoryUnit.sharedLinkMinimum": 1...64,
    "sm.memoryUnit.pendingRequests": 1...4096,
    "sm.memoryUnit.phases": 1...1000,

    // Masks of bytes and sectors throughout the memory system are made for these.
    "sm.l1.line": 128...128,
    "sm.l1.sector": 32...32,
    "sm.l1.sets": 1...1024,
    "sm.l1.mshrs": 1...4096,
    "sm.l1.tagBanks": 1...8,
    "sm.l1.tagsPerCycle": 1...32,
    "sm.l1.dataBytesPerCycle": 1...4096,
    "sm.l1.missLatency": 0...1000,

    "sm.barrier": 1...100_000,
    "sm.barrier.releaseLatency": 1...1000,

    "launch.kernelLatency": 1...10_000_000,
    "launch.ctaLatency": 1...1_000_000,
    "launch.concurrentKernels": 1...32,

    "launch.drainLatency": 0...10_000_000,
    "launch.ctaInterval": 0...100_000,

    "memory.interconnect.gpcs": 1...64,
    "memory.interconnect.smsPerTPC": 1...16,
    "memory.interconnect.latency": 1...10_000,
    "memory.interconnect.distanceSpread": 0...10_000,
    "memory.interconnect.requestBytes": 1...4096,
    "memory.interconnect.replyBytes": 1...4096,
    "memory.interconnect.writeCredits": 1...65536,

    "memory.translation.pageSize": 4096...(1 << 30),
    "memory.translation.l1Entries": 0...4096,
    "memory.translation.l2Entries": 0...65536,
    "memory.translation.l2Latency": 0...100_000,
    "memory.translation.walkLatency": 0...100_000,

    "memory.l2.fetchSectors": 1...4,
    "memory.l2.size": 4096...(1 << 30),
    "memory.l2.ways": 1...64,
    "memory.l2.slices": 1...1024,
    "memory.l2.partitions": 1...8,
    "memory.l2.farLatency": 0...100_000,
    "memory.l2.latency": 0...100_000,
    "memory.l2.bytesPerCycle": 1...4096,
    "memory.l2.mshrs": 1...65536,
    "memory.l2.atomicLatency": 0...100_000,
    "memory.l2.atomicInterval": 1...1000,

    "memory.dram": 0...1_000_000_000,
    "memory.dram.channels": 1...1024,
    "memory.dram.channelBits": 1...4096,
    "memory.dram.banks": 1...64,
    "memory.dram.bankGroups": 1...64,
    "memory.dram.rowSize": 32...(1 << 20),
    "memory.dram.controllerLatency": 1...100_000,
    "memory.dram.queueEntries": 1...4096,
    "memory.dram.writeHigh": 1...4096,
    "memory.dram.writeLow": 0...4096,
    "memory.dram.banksPerRefresh": 1...64,
    "memory.dram.refreshInterval": 1000...1_000_000_000,
  ]
}
