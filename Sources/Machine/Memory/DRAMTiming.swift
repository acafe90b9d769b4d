/// DRAM time: a 64th of a core cycle, so that clocks with no common divisor add up.
typealias Tick = Int64

/// A `DRAMSpec` in ticks.
struct DRAMTiming {
  static let ticksPerCycle: Tick = 64

  /// One sector on the data bus.
  let burst: Tick
  let readLatency, writeLatency: Tick
  let activateToRead, activateToWrite, activateToPrecharge, precharge: Tick
  let activateToActivate, fourActivates: Tick
  let readToPrecharge, writeRecovery: Tick
  let columnSameGroup, writeToRead, readToWrite: Tick
  let refreshInterval, refreshDuration: Tick
  let starvation, rowTimeout: Tick

  /// `clocks.memory` is a quarter of a pin's data rate.
  init(_ spec: DRAMSpec, clocks: GPUSpec.Clocks, sectorBytes: Int) {
    let perPicosecond = clocks.core.value * Double(Self.ticksPerCycle) / 1e6
    func ticks(_ picoseconds: Double) -> Tick { Tick((picoseconds * perPicosecond).rounded()) }
    func ticks(_ picoseconds: Int) -> Tick { ticks(Double(picoseconds)) }
    let bitsPerPicosecond = Double(spec.channelBits) * clocks.memory.value * 4 / 1e6
    // Rounded up: the bus is never faster than its pins.
    burst = max(1, Tick((Double(sectorBytes * 8) / bitsPerPicosecond * perPicosecond).rounded(.up)))
    readLatency = ticks(spec.readLatency)
    writeLatency = ticks(spec.writeLatency)
    activateToRead = ticks(spec.activateToRead)
    activateToWrite = ticks(spec.activateToWrite)
    activateToPrecharge = ticks(spec.activateToPrecharge)
    precharge = ticks(spec.precharge)
    activateToActivate = ticks(spec.activateToActivate)
    fourActivates = ticks(spec.fourActivates)
    readToPrecharge = ticks(spec.readToPrecharge)
    writeRecovery = ticks(spec.writeRecovery)
    columnSameGroup = max(burst, ticks(spec.columnSameGroup))
    writeToRead = ticks(spec.writeToRead)
    readToWrite = ticks(spec.readToWrite)
    refreshInterval = max(1, ticks(spec.refreshInterval))
    refreshDuration = ticks(spec.refreshDuration)
    starvation = ticks(spec.starvation)
    rowTimeout = ticks(spec.rowTimeout)
  }
}
