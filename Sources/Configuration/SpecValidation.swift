import Machine

/// Something that the machine model cannot work with.
public struct SpecViolation: Error, Hashable, Sendable, CustomStringConvertible {
  /// Dotted path of the value.
  public let path: String
  /// What is wrong, to follow the path in a sentence.
  public let message: String

  public var description: String { "\(path) \(message)" }
}

extension GPUSpec {
  /// Throws the first `SpecViolation`.
  public func validate() throws {
    if let violation = firstViolation(among: wholeNumbers) { throw violation }
  }

  /// `numbers` are the spec's whole numbers and sizes by path.
  func firstViolation(among numbers: [(path: String, value: Int)]) -> SpecViolation? {
    for (path, value) in numbers {
      let range = SpecRanges.range(of: path)
      if !range.contains(value) {
        return SpecViolation(
          path: path,
          message: "must lie between \(range.lowerBound) and \(range.upperBound), not \(value)")
      }
      if SpecRanges.powersOfTwo.contains(path), value & (value - 1) != 0 {
        return SpecViolation(path: path, message: "must be a power of two, not \(value)")
      }
    }
    return violationBetweenValues
  }

  /// Rules that no single value breaks; every value is within its range here.
  private var violationBetweenValues: SpecViolation? {
    func rule(_ holds: Bool, _ path: String, _ message: String) -> SpecViolation? {
      holds ? nil : SpecViolation(path: path, message: message)
    }
    let carveOuts = sm.sharedMemory.carveOuts.map(\.count)
    let geometries = [
      sm.frontEnd.l0, sm.frontEnd.l1, sm.constantCache.l0, sm.constantCache.loadPath,
    ]
    let cacheRules = zip(SpecRanges.caches, geometries).map { path, cache in
      let lines = cache.size.count / cache.line.count
      return rule(
        lines >= 1 && lines <= SpecRanges.mostLinesPerCache, path + ".size",
        "must hold 1 to \(SpecRanges.mostLinesPerCache) lines, not \(lines)")
    }
    let latencyRules = sm.latencies.resultLists.map { name, values, count in
      rule(
        values.count == count, "sm.latencies.\(name)",
        "must list \(count) latencies, not \(values.count)")
    }
    let rules =
      cacheRules + latencyRules + [
        rule(
          sm.warps % sm.subCores == 0 && sm.warps / sm.subCores <= 16, "sm.warps",
          "must be a multiple of sm.subCores, at most 16 for each"),
        rule(
          memory.l2.slices % memory.dram.channels == 0, "memory.l2.slices",
          "must be a multiple of memory.dram.channels"),
        rule(
          memory.l2.slices % memory.l2.partitions == 0, "memory.l2.slices",
          "must be a multiple of memory.l2.partitions"),
        rule(
          memory.l2.size.count / sm.l1.line.count >= memory.l2.slices * memory.l2.ways,
          "memory.l2.size", "must hold memory.l2.ways lines in each of memory.l2.slices"),
        rule(
          memory.dram.writeLow < memory.dram.writeHigh
            && memory.dram.writeHigh <= memory.dram.queueEntries, "memory.dram.writeHigh",
          "must lie above memory.dram.writeLow and at most at memory.dram.queueEntries"),
        rule(
          memory.dram.banks % memory.dram.banksPerRefresh == 0, "memory.dram.banksPerRefresh",
          "must divide memory.dram.banks"),
        rule(
          memory.dram.refreshDuration < memory.dram.refreshInterval, "memory.dram.refreshDuration",
          "must be shorter than memory.dram.refreshInterval"),
        rule(
          sm.l1.line.count <= sm.sharedMemory.unifiedCapacity.count, "sm.l1.line",
          "must fit into sm.sharedMemory.unifiedCapacity"),
        rule(
          !carveOuts.isEmpty
            && carveOuts.allSatisfy { $0 <= sm.sharedMemory.unifiedCapacity.count },
          "sm.sharedMemory.carveOuts", "must list sizes up to sm.sharedMemory.unifiedCapacity"),
        rule(isUsable(clocks.core), "clocks.core", "must lie above 0 and below 100 GHz"),
        rule(isUsable(clocks.memory), "clocks.memory", "must lie above 0 and below 100 GHz"),
      ]
    return rules.compactMap { $0 }.first
  }

  private func isUsable(_ clock: Megahertz) -> Bool { clock.value > 0 && clock.value < 1e5 }

  /// Every whole number and size with its dotted path, read off the spec's own fields, so that a new
  /// one is checked without a line here.
  private var wholeNumbers: [(path: String, value: Int)] {
    var found: [(String, Int)] = []
    func walk(_ value: Any, _ path: String) {
      switch value {
      case let number as Int: found.append((path, number))
      case let size as Bytes: found.append((path, size.count))
      case let list as [Int]: for number in list { found.append((path, number)) }
      case let list as [Bytes]: for size in list { found.append((path, size.count)) }
      default:
        for child in Mirror(reflecting: value).children {
          guard let name = child.label else { continue }
          walk(child.value, path.isEmpty ? name : path + "." + name)
        }
      }
    }
    walk(self, "")
    return found
  }
}
