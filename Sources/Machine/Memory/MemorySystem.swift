/// Everything behind the SMs' ports, driven by events. It works over the same windows as the SMs:
/// after each window it takes what they sent and goes on to the cycle before which nothing more can
/// reach it. Replies reach the SMs in later windows, as the way back takes at least a window.
struct MemorySystem: ~Copyable {
  struct Event {
    enum Kind: UInt8 {
      /// Transaction `index` reaches a line's home from the other half of the chip.
      case cross
      /// Slice `unit` looks at its queue.
      case serve
      /// The read of `sectors` of L2 line `index` of slice `unit` reaches the DRAM's queue.
      case memoryRead
      /// Channel `unit` decides what to do next.
      case schedule
      /// `sectors` of L2 line `index` of slice `unit` have come from memory.
      case fill
    }
    var kind: Kind
    var sectors: UInt8
    var unit: UInt16
    var index: Int32

    init(_ kind: Kind, unit: Int = 0, sectors: UInt8 = 0, index: Int32 = 0) {
      self.kind = kind
      self.unit = UInt16(truncatingIfNeeded: unit)
      self.sectors = sectors
      self.index = index
    }
  }

  let spec: MemorySystemSpec
  let map: AddressMap
  let sectorBytes: Int
  private let lineBytes: Int
  private let codeLineBytes: Int
  private let sms: SMArray
  /// What is counted here, by kernel slot.
  let statistics: UnsafeMutablePointer<Statistics>
  /// The way back to each SM, by its number.
  private let replies: UnsafeMutablePointer<UnsafeMutablePointer<Port<MemoryReply>>?>
  /// End of the window that the SMs have left and whose work has not been done, or -1.
  private var owed: Cycle = -1
  var events = EventWheel<Event>()
  /// Transactions by the cycle in which they reach their slices. They come before the cycle's own
  /// events, so that their order does not depend on where windows end.
  private var arrivals = EventWheel<Int32>()
  var transactions = TransactionPool()
  var lines: L2Lines
  let slices: UnsafeMutablePointer<L2Slice>
  let channels: UnsafeMutablePointer<DRAMChannel>
  private var interconnect: Interconnect
  private var translation: AddressTranslation
  /// What the SMs sent in this window, by cycle: the order does not depend on where windows end.
  private var departures = EventWheel<Int32>()
  private var together = GrowableBuffer<Int32>()

  init(spec: GPUSpec, sms: SMArray) {
    self.spec = spec.memory
    self.sms = sms
    statistics = .allocate(capacity: SM.kernelSlots)
    statistics.initialize(repeating: Statistics(), count: SM.kernelSlots)
    replies = .allocate(capacity: sms.count)
    replies.initialize(repeating: nil, count: sms.count)
    lineBytes = spec.sm.l1.line.count
    codeLineBytes = spec.sm.frontEnd.l1.line.count
    sectorBytes = spec.sm.l1.sector.count
    map = AddressMap(spec.memory, lineBytes: lineBytes)
    lines = L2Lines(
      sets: map.setCount * spec.memory.l2.slices, ways: spec.memory.l2.ways,
      replacement: spec.memory.l2.replacement)
    slices = .allocate(capacity: spec.memory.l2.slices)
    slices.initialize(repeating: L2Slice(), count: spec.memory.l2.slices)
    let timing = DRAMTiming(spec.memory.dram, clocks: spec.clocks, sectorBytes: sectorBytes)
    channels = .allocate(capacity: spec.memory.dram.channels)
    for index in 0..<spec.memory.dram.channels {
      (channels + index).initialize(
        to: DRAMChannel(spec: spec.memory.dram, timing: timing, index: index))
    }
    interconnect = Interconnect(spec: spec.memory, smCount: sms.count)
    translation = AddressTranslation(
      spec: spec.memory.translation, gpcs: spec.memory.interconnect.gpcs, lineBytes: lineBytes)
  }

  deinit {
    statistics.deallocate()
    replies.deallocate()
    slices.deallocate()
    channels.deinitialize(count: spec.dram.channels)
    channels.deallocate()
  }

  /// The earliest cycle in which something happens here, or `never`.
  func nextActivity() -> Cycle {
    min(events.nextCycle(), arrivals.nextCycle(), departures.nextCycle())
  }

  /// Takes over what the SMs sent before `end`, and hands them the replies so far. `work` is to
  /// follow: before the next window or, as what it replies comes after that, beside it.
  mutating func exchange(windowEnd end: Cycle) {
    for sm in sms.inUse {
      replies[sm.index] = sm.replies
      sm.outbox.pointee.turn()
      sm.replies.pointee.turn()
    }
    owed = end
  }

  /// Does what is owed at once, and has the SMs see its replies.
  mutating func settle() {
    work()
    for sm in sms.inUse {
      sm.receive()
      sm.replies.pointee.turn()
      sm.receive()
    }
  }

  /// Works up to the cycle before which nothing sent after the last exchange can arrive. It shares
  /// nothing with the SMs but the far ends of their ports.
  mutating func work() {
    guard owed >= 0 else { return }
    let end = owed
    owed = -1
    for sm in sms.inUse { takeDepartures(from: sm.outbox) }
    while departures.nextCycle() < end {
      departures.advance(to: departures.nextCycle())
      departTogether()
    }
    let horizon = end + Cycle(spec.interconnect.latency)
    while true {
      let now = min(events.nextCycle(), arrivals.nextCycle())
      if now >= horizon { break }
      arrivals.advance(to: now)
      while let index = arrivals.next() { enqueue(index, now) }
      events.advance(to: now)
      while let event = events.next() { handle(event, now) }
    }
  }

  private mutating func takeDepartures(from port: UnsafeMutablePointer<Port<MemoryMessage>>) {
    for index in 0..<port.pointee.count {
      let message = port.pointee[index]
      departures.schedule(
        transactions.add(Transaction(message: message, local: 0, slice: 0, next: -1)),
        at: message.cycle)
    }
    port.pointee.clear()
  }

  /// Messages that leave in one cycle go in the order of their SMs: some were held up in their port
  /// since an earlier window.
  private mutating func departTogether() {
    together.removeAll()
    while let index = departures.next() {
      let sm = transactions[index].message.sm
      var place = together.count
      together.append(index)
      while place > 0, transactions[together[place - 1]].message.sm > sm {
        together[place] = together[place - 1]
        place -= 1
      }
      together[place] = index
    }
    for place in 0..<together.count { depart(together[place]) }
  }

  private mutating func depart(_ index: Int32) {
    var transaction = transactions[index]
    let message = transaction.message
    let sm = Int(message.sm)
    let place = map.place(message.line)
    transaction.local = place.local
    var slice = place.slice
    if message.kind == .read {
      slice = interconnect.near(sm: sm, slice: slice)
      transaction.isCopy = slice != place.slice
    }
    transaction.slice = UInt16(slice)
    transactions[index] = transaction
    let delay = translation.delay(gpc: interconnect.gpc(sm), line: message.line)
    arrivals.schedule(
      index, at: message.cycle + interconnect.latency(sm: sm, slice: slice) + delay)
  }

  private mutating func handle(_ event: Event, _ now: Cycle) {
    let unit = Int(event.unit)
    switch event.kind {
    case .cross: serveCopy(event.index, now)
    case .serve: serve(unit, now)
    case .memoryRead: readMemory(Int(event.index), sectors: event.sectors, slice: unit, now)
    case .schedule: if channels[unit].wake == now { stepChannel(unit, now) }
    case .fill: fill(Int(event.index), sectors: event.sectors, slice: unit, now)
    }
  }

  func statistics(_ message: MemoryMessage) -> UnsafeMutablePointer<Statistics> {
    statistics + Int(message.kernelSlot)
  }

  mutating func reply(_ message: MemoryMessage, slice: Int, bytes: Int, departure: Cycle) {
    let sm = Int(message.sm)
    let cycle = interconnect.deliver(sm: sm, slice: slice, bytes: bytes, departure: departure)
    replies[sm]!.pointee.send(
      MemoryReply(
        cycle: cycle, line: message.line, sectors: message.sectors, token: message.token))
  }

  // MARK: DRAM

  private mutating func readMemory(_ entry: Int, sectors: UInt8, slice: Int, _ now: Cycle) {
    let place = map.place(lines.tag(entry))
    let home = map.dram(slice: slice, local: place.local)
    channels[home.channel].addRead(
      DRAMRequest(
        entry: Int32(entry), slice: UInt16(slice), bank: UInt8(home.bank), sectors: sectors,
        row: home.row, arrived: now * DRAMTiming.ticksPerCycle))
    wakeChannel(home.channel, now)
  }

  /// Has a channel decide in this cycle, or as soon as this cycle's events are done.
  mutating func wakeChannel(_ channel: Int, _ now: Cycle) {
    guard channels[channel].wake > now else { return }
    channels[channel].wake = now
    events.schedule(Event(.schedule, unit: channel), at: now)
  }

  private mutating func stepChannel(_ index: Int, _ now: Cycle) {
    let perCycle = DRAMTiming.ticksPerCycle
    let channel = channels + index
    channel.pointee.wake = never
    let wasFull = !channel.pointee.hasRoomForWrite
    let next = channel.pointee.step((now + 1) * perCycle - 1) { request, end in
      events.schedule(
        Event(
          .fill, unit: Int(request.slice), sectors: request.sectors, index: request.entry),
        at: max(now + 1, (end + perCycle - 1) / perCycle))
    }
    if next < never {
      let cycle = max(now + 1, next / perCycle)
      channel.pointee.wake = cycle
      events.schedule(Event(.schedule, unit: index), at: cycle)
    }
    if wasFull, channel.pointee.hasRoomForWrite { unblockSlices(ofChannel: index, now) }
  }

  // MARK: Between kernels

  /// Loading a program is a host copy too: its code lies in the L2 when the kernel starts.
  mutating func warm(_ program: Program) {
    let first = SM.instructionSpace | program.base / UInt64(codeLineBytes)
    let count = (UInt64(program.codeEnd) + UInt64(codeLineBytes) - 1) / UInt64(codeLineBytes)
    for line in first..<first + min(count, UInt64(lines.count)) { warm(line) }
  }

  /// A host copy leaves its data in the L2; only as much as fits: the end of the copy.
  mutating func warm(address: UInt64, bytes: UInt64) {
    let first = address / UInt64(lineBytes)
    let last = (address &+ max(1, bytes) &- 1) / UInt64(lineBytes)
    guard last >= first else { return }
    let count = min(last - first + 1, UInt64(lines.count))
    for line in (last - count + 1)...last { warm(line) }
  }

  private mutating func warm(_ line: UInt64) {
    let place = map.place(line)
    let set = place.slice * map.setCount + map.set(place.local)
    var entry = lines.find(line, set: set)
    if entry < 0 {
      entry = lines.victim(set: set)
      if entry < 0 { return }
      lines.replace(entry, with: line)
    }
    lines[entry].valid = 15
    lines.touch(entry)
  }

  /// Empties the L2 if measurements are taken so. Code comes afterwards: an empty kernel measured
  /// in this way is too short for a fetch from memory (A40, nsight-compute-kernels.csv).
  mutating func flush() {
    if spec.l2.flushBeforeKernel { lines.removeAll() }
  }
}
