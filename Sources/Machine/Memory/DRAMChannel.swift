/// A line's sectors to be read or written.
struct DRAMRequest {
  /// Place of the line in the L2, for a read.
  var entry: Int32
  var slice: UInt16
  var bank: UInt8
  var sectors: UInt8
  var row: UInt32
  var arrived: Tick
}

/// One DRAM channel: banks with row buffers, a data bus, and the scheduler that chooses among the
/// waiting requests. Banks open rows ahead of the bus; columns go in the order in which they can.
struct DRAMChannel: ~Copyable {
  private struct Bank {
    var row = UInt32.max
    /// From when on: columns of the open row, precharge, activation.
    var columnFrom: Tick = 0
    var prechargeFrom: Tick = 0
    var activateFrom: Tick = 0
    /// Last activation or end of the last transfer.
    var used: Tick = 0
  }
  private static let mostBanks = 64

  private let timing: DRAMTiming
  private let spec: DRAMSpec
  // Behind pointers: an inline array would be copied to be looked at.
  private let banks: UnsafeMutablePointer<Bank>
  /// From when on a bank group takes a column.
  private let groupFrom: UnsafeMutablePointer<Tick>
  private var recentActivates = InlineArray<4, Tick>(repeating: .min / 2)
  private var lastActivate: Tick = .min / 2
  private var busFree: Tick = 0
  private var readFrom: Tick = 0
  private var writeFrom: Tick = 0
  private var nextRefresh: Tick
  /// The bank to be refreshed next.
  private var refreshed = 0
  private var writing = false
  /// In order of arrival: what the scheduler sees, and reads that found its queue full.
  private var reads = GrowableBuffer<DRAMRequest>()
  private var writes = GrowableBuffer<DRAMRequest>()
  private var backlog = GrowableBuffer<DRAMRequest>()
  private var backlogHead = 0
  /// Cycle of the scheduler's next decision, or `never`.
  var wake: Cycle = never
  /// Sectors moved, for statistics.
  private(set) var sectorsRead: UInt64 = 0
  private(set) var sectorsWritten: UInt64 = 0
  private(set) var activates: UInt64 = 0

  init(spec: DRAMSpec, timing: DRAMTiming, index: Int) {
    self.spec = spec
    self.timing = timing
    banks = .allocate(capacity: Self.mostBanks)
    banks.initialize(repeating: Bank(), count: Self.mostBanks)
    groupFrom = .allocate(capacity: Self.mostBanks)
    groupFrom.initialize(repeating: 0, count: Self.mostBanks)
    // Channels are refreshed one after the other.
    nextRefresh = timing.refreshInterval * Tick(index + 1) / Tick(spec.channels)
  }

  deinit {
    banks.deallocate()
    groupFrom.deallocate()
  }

  /// Sectors that wait to be written.
  var sectorsToWrite: Int {
    (0..<writes.count).reduce(0) { $0 + writes[$1].sectors.nonzeroBitCount }
  }

  var hasRoomForWrite: Bool { writes.count < spec.queueEntries }

  mutating func addWrite(_ request: DRAMRequest) { writes.append(request) }

  mutating func addRead(_ request: DRAMRequest) {
    if reads.count < spec.queueEntries {
      reads.append(request)
    } else {
      backlog.append(request)
    }
  }

  /// Issues what can be issued by `now`; `done` gets each read with the tick of its last data.
  /// Returns the tick of the next decision, or `never`.
  mutating func step(_ now: Tick, done: (DRAMRequest, Tick) -> Void) -> Tick {
    refresh(now)
    while true {
      turn()
      let count = writing ? writes.count : reads.count
      if count == 0 { return never }
      let (choice, tick) = choose(now, count)
      if choice < 0 || tick > now { return tick }
      let request = waiting(choice)
      let end = transfer(request, tick)
      if writing {
        writes.remove(at: choice)
      } else {
        reads.remove(at: choice)
        done(request, end)
        refill(now)
      }
    }
  }

  /// Reads go first until enough writes wait; then writes go until few are left.
  private mutating func turn() {
    if writing {
      if writes.count == 0 || (writes.count <= spec.writeLow && reads.count > 0) { writing = false }
    } else if writes.count >= spec.writeHigh || (reads.count == 0 && writes.count > 0) {
      writing = true
    }
  }

  private mutating func refill(_ now: Tick) {
    guard backlogHead < backlog.count else { return }
    var request = backlog[backlogHead]
    request.arrived = now
    reads.append(request)
    backlogHead += 1
    if backlogHead == backlog.count {
      backlog.removeAll()
      backlogHead = 0
    }
  }

  // MARK: Scheduling

  private func waiting(_ index: Int) -> DRAMRequest { writing ? writes[index] : reads[index] }

  /// The request to go next and the tick of its first column command; or -1 and the tick at which
  /// a row can be opened. Opens rows that can be opened by now.
  private mutating func choose(_ now: Tick, _ count: Int) -> (index: Int, tick: Tick) {
    // In order, only the first request counts.
    let seen = spec.scheduler == .inOrder ? 1 : count
    var oldest = InlineArray<64, Int16>(repeating: -1)
    var ready = InlineArray<64, Int16>(repeating: -1)
    var present: UInt64 = 0
    for index in 0..<seen {
      let request = waiting(index)
      let bank = Int(request.bank)
      present |= 1 << UInt64(bank)
      if oldest[bank] < 0 {
        oldest[bank] = Int16(index)
        closeIdle(bank, request.arrived)
      }
      if ready[bank] < 0, banks[bank].row == request.row { ready[bank] = Int16(index) }
    }
    var best = -1
    var bestTick = never
    while present != 0 {
      let bank = present.trailingZeroBitCount
      present &= present - 1
      let first = waiting(Int(oldest[bank]))
      let starves = now - first.arrived > timing.starvation && banks[bank].row != first.row
      if ready[bank] < 0 || starves {
        let tick = max(activationTick(first), now - DRAMTiming.ticksPerCycle)
        if tick > now {
          if tick < bestTick {
            best = -1
            bestTick = tick
          }
          continue
        }
        activate(first, tick)
        ready[bank] = oldest[bank]
      }
      let index = Int(ready[bank])
      let tick = columnTick(waiting(index))
      if tick < bestTick || (tick == bestTick && index < best) {
        best = index
        bestTick = tick
      }
    }
    return (best, bestTick)
  }

  /// When the row of a request can be opened, after the precharge of the one that is open.
  private func activationTick(_ request: DRAMRequest) -> Tick {
    let bank = banks[Int(request.bank)]
    var tick = max(request.arrived, bank.activateFrom)
    if bank.row != .max {
      tick = max(tick, max(request.arrived, bank.prechargeFrom) + timing.precharge)
    }
    return max(
      tick, lastActivate + timing.activateToActivate, recentActivates[0] + timing.fourActivates)
  }

  private mutating func activate(_ request: DRAMRequest, _ tick: Tick) {
    for older in 0..<3 { recentActivates[older] = recentActivates[older + 1] }
    recentActivates[3] = tick
    lastActivate = tick
    let bank = Int(request.bank)
    banks[bank].row = request.row
    banks[bank].used = tick
    banks[bank].columnFrom = tick + (writing ? timing.activateToWrite : timing.activateToRead)
    banks[bank].prechargeFrom = tick + timing.activateToPrecharge
    banks[bank].activateFrom = tick + timing.activateToPrecharge + timing.precharge
    activates += 1
  }

  /// A row that nobody wanted for a while was closed then.
  private mutating func closeIdle(_ bank: Int, _ arrived: Tick) {
    guard banks[bank].row != .max, arrived > banks[bank].used + timing.rowTimeout else { return }
    let closed = max(banks[bank].prechargeFrom, banks[bank].used + timing.rowTimeout)
    banks[bank].row = .max
    banks[bank].activateFrom = max(banks[bank].activateFrom, closed + timing.precharge)
  }

  /// When the first column command of a request to an open row can go.
  private func columnTick(_ request: DRAMRequest) -> Tick {
    let bank = banks[Int(request.bank)]
    let group = Int(request.bank) % spec.bankGroups
    let latency = writing ? timing.writeLatency : timing.readLatency
    return max(
      max(request.arrived, bank.columnFrom),
      max(groupFrom[group], busFree - latency), writing ? writeFrom : readFrom)
  }

  /// Moves the request's sectors over the bus; returns the tick of the last data. The bursts of one
  /// line share a bank group, whose longer spacing is filled by bursts of others.
  private mutating func transfer(_ request: DRAMRequest, _ column: Tick) -> Tick {
    let index = Int(request.bank)
    let bursts = Tick(request.sectors.nonzeroBitCount)
    let data = column + (writing ? timing.writeLatency : timing.readLatency)
    let end = data + bursts * timing.burst
    busFree = end
    banks[index].used = end
    groupFrom[index % spec.bankGroups] = column + bursts * timing.columnSameGroup
    let last = column + (bursts - 1) * timing.columnSameGroup
    if writing {
      sectorsWritten += UInt64(bursts)
      readFrom = end + timing.writeToRead
      banks[index].prechargeFrom = max(banks[index].prechargeFrom, end + timing.writeRecovery)
    } else {
      sectorsRead += UInt64(bursts)
      writeFrom = end + timing.readToWrite - timing.writeLatency
      banks[index].prechargeFrom = max(
        banks[index].prechargeFrom, last + timing.readToPrecharge)
    }
    return end
  }

  /// Refreshes that are due: a group of banks after the other, each its share of the interval.
  /// Refreshes of an idle past leave no trace.
  private mutating func refresh(_ now: Tick) {
    guard now >= nextRefresh else { return }
    let group = spec.banksPerRefresh
    if now - nextRefresh > timing.refreshInterval {
      nextRefresh += (now - nextRefresh) / timing.refreshInterval * timing.refreshInterval
    }
    while nextRefresh <= now {
      var start = nextRefresh
      for bank in refreshed..<refreshed + group {
        start = max(start, banks[bank].activateFrom)
        if banks[bank].row != .max {
          start = max(start, banks[bank].prechargeFrom + timing.precharge)
        }
      }
      for bank in refreshed..<refreshed + group {
        banks[bank].row = .max
        banks[bank].activateFrom = start + timing.refreshDuration
      }
      refreshed = (refreshed + group) % spec.banks
      nextRefresh += max(1, timing.refreshInterval * Tick(group) / Tick(spec.banks))
    }
  }
}
