/// State of one L2 slice beside its lines.
struct L2Slice {
  /// Requests in order of arrival, as a list through their transactions.
  var head: Int32 = -1
  var tail: Int32 = -1
  /// A look at the queue's head is scheduled.
  var serves = false
  /// The head cannot go on: no way of its set is free, too many lines are awaited, or the DRAM
  /// takes no more writes.
  var blocked = false
  /// First free cycle of the tag, data and atomic stages.
  var tagFree: Cycle = 0
  var dataFree: Cycle = 0
  var atomicFree: Cycle = 0
  /// Lines awaited from DRAM, and copies awaited from their homes. They have their own places: a home
  /// must never wait for a copy.
  var awaited = 0
  var awaitedCopies = 0
  /// Requests served, for statistics.
  var requests: UInt64 = 0
}

/// The L2: one lookup per slice and cycle, data and atomic stages of limited width, lines fetched
/// from DRAM by sector and written back when they are evicted.
extension MemorySystem {
  mutating func enqueue(_ index: Int32, _ now: Cycle) {
    let slice = slices + Int(transactions[index].slice)
    transactions[index].next = -1
    if slice.pointee.tail >= 0 {
      transactions[slice.pointee.tail].next = index
    } else {
      slice.pointee.head = index
    }
    slice.pointee.tail = index
    scheduleService(Int(transactions[index].slice), now)
  }

  private mutating func scheduleService(_ index: Int, _ now: Cycle) {
    let slice = slices + index
    guard !slice.pointee.serves, !slice.pointee.blocked, slice.pointee.head >= 0 else { return }
    slice.pointee.serves = true
    events.schedule(.init(.serve, unit: index), at: max(now, slice.pointee.tagFree))
  }

  private mutating func unblock(_ index: Int, _ now: Cycle) {
    guard slices[index].blocked else { return }
    slices[index].blocked = false
    scheduleService(index, now)
  }

  /// Serves the request at the head of a slice's queue.
  mutating func serve(_ sliceIndex: Int, _ now: Cycle) {
    let slice = slices + sliceIndex
    slice.pointee.serves = false
    let index = slice.pointee.head
    guard index >= 0 else { return }
    let transaction = transactions[index]
    let next = transaction.next
    guard let entry = place(transaction, sliceIndex, now) else {
      slice.pointee.blocked = true
      return
    }
    slice.pointee.head = next
    if next < 0 { slice.pointee.tail = -1 }
    slice.pointee.tagFree = now + 1
    slice.pointee.requests += 1
    lines.touch(entry, transaction.message.eviction)
    look(index, transaction, entry, now)
    scheduleService(sliceIndex, now + 1)
  }

  /// Serves what a copy asks its home for. It passes the queue, whose head may wait for a copy.
  mutating func serveCopy(_ index: Int32, _ now: Cycle) {
    let transaction = transactions[index]
    let slice = slices + Int(transaction.slice)
    let start = max(now, slice.pointee.tagFree)
    guard start == now, let entry = place(transaction, Int(transaction.slice), now) else {
      // The tags are taken, or the line waits for DRAM, which goes on in any case.
      events.schedule(.init(.cross, index: index), at: max(start, now + 1))
      return
    }
    slice.pointee.tagFree = now + 1
    slice.pointee.requests += 1
    lines.touch(entry, transaction.message.eviction)
    look(index, transaction, entry, now)
  }

  /// The line's place, taken from another line if it is absent; nil when that has to wait.
  private mutating func place(
    _ transaction: Transaction, _ slice: Int, _ now: Cycle
  ) -> Int? {
    let set = slice * map.setCount + map.set(transaction.local)
    let line = transaction.message.line
    var entry = lines.find(line, set: set)
    let sectors = UInt8(truncatingIfNeeded: transaction.message.sectors)
    let fetches =
      transaction.message.kind != .write
      && (entry < 0 || (lines[entry].pending == 0 && sectors & ~lines[entry].valid != 0))
    let awaited = transaction.isCopy ? slices[slice].awaitedCopies : slices[slice].awaited
    if fetches, awaited >= spec.l2.mshrs { return nil }
    if entry >= 0 { return entry }
    // Half of a set is always left to lines whose home is here.
    if transaction.isCopy, lines.awaited(set: set) >= spec.l2.ways / 2 { return nil }
    entry = lines.victim(set: set)
    if entry < 0 { return nil }
    if lines[entry].dirty != 0 {
      guard writeBack(entry, slice, transaction.message, now) else { return nil }
      if spec.l2.writesBackRows { writeBackRow(of: entry, slice, transaction.message, now) }
    }
    lines.replace(entry, with: line)
    return entry
  }

  /// Sends a line's dirty sectors to DRAM; false if its channel takes no more.
  private mutating func writeBack(
    _ entry: Int, _ slice: Int, _ message: MemoryMessage, _ now: Cycle
  ) -> Bool {
    let home = map.dram(slice: slice, local: map.place(lines.tag(entry)).local)
    guard channels[home.channel].hasRoomForWrite else { return false }
    let dirty = lines[entry].dirty
    statistics(message).pointee.dramWrites += UInt64(dirty.nonzeroBitCount)
    channels[home.channel].addWrite(
      DRAMRequest(
        entry: -1, slice: UInt16(slice), bank: UInt8(home.bank), sectors: dirty, row: home.row,
        arrived: now * DRAMTiming.ticksPerCycle))
    wakeChannel(home.channel, now)
    lines[entry].dirty = 0
    return true
  }

  /// Dirty lines of the same DRAM row go along, so that the row is opened once for all of them.
  private mutating func writeBackRow(
    of victim: Int, _ slice: Int, _ message: MemoryMessage, _ now: Cycle
  ) {
    for local in map.rowMates(map.place(lines.tag(victim)).local) {
      let set = slice * map.setCount + map.set(local)
      let entry = lines.find(map.line(slice: slice, local: local), set: set)
      guard entry >= 0, lines[entry].dirty != 0, lines[entry].pending == 0,
        // A line that is not whole keeps what was written until it is read or evicted.
        lines[entry].dirty & ~lines[entry].valid == 0
      else { continue }
      guard writeBack(entry, slice, message, now) else { return }
    }
  }

  /// The request meets its line: answer it, or wait for memory.
  private mutating func look(
    _ index: Int32, _ transaction: Transaction, _ entry: Int, _ now: Cycle
  ) {
    let message = transaction.message
    let counts = statistics(message)
    let sectors = UInt8(truncatingIfNeeded: message.sectors)
    let count = UInt64(sectors.nonzeroBitCount)
    var line = lines[entry]
    if message.kind == .write {
      counts.pointee.l2Writes += count
      write(message.written, sectors, &line)
      lines[entry] = line
      dropCopies(transaction)
      answer(index, now)
      return
    }
    let absent = sectors & ~line.valid
    if message.kind == .read {
      // What a copy asks its home for was counted there, and is no miss before memory is asked.
      if transaction.copy < 0 { counts.pointee.l2Reads += count }
      if !transaction.isCopy { counts.pointee.l2ReadMisses += UInt64(absent.nonzeroBitCount) }
    } else {
      counts.pointee.l2Atomics += count
      dropCopies(transaction)
    }
    if absent == 0 {
      if message.kind != .read { line.dirty |= sectors }
      lines[entry] = line
      answer(index, now)
      return
    }
    let wanted = transaction.isCopy ? absent : fetched(with: absent)
    let new = wanted & ~line.valid & ~line.pending
    if absent & ~line.pending != 0 {
      if line.pending == 0 {
        if transaction.isCopy {
          slices[Int(transaction.slice)].awaitedCopies += 1
        } else {
          slices[Int(transaction.slice)].awaited += 1
        }
      }
      line.pending |= new
      if transaction.isCopy {
        askHome(transaction, sectors: new, for: entry, now)
      } else {
        counts.pointee.dramReads += UInt64(new.nonzeroBitCount)
        events.schedule(
          .init(.memoryRead, unit: Int(transaction.slice), sectors: new, index: Int32(entry)),
          at: now + Cycle(spec.dram.controllerLatency))
      }
    }
    transactions[index].next = line.waiters
    line.waiters = index
    lines[entry] = line
  }

  /// Sends for what a copy lacks, across the bridge between the halves of the chip.
  private mutating func askHome(
    _ transaction: Transaction, sectors: UInt8, for entry: Int, _ now: Cycle
  ) {
    let home = map.place(transaction.message.line)
    var request = transaction
    request.message.sectors = UInt32(sectors)
    request.slice = UInt16(home.slice)
    request.isCopy = false
    request.copy = Int32(entry)
    request.copySlice = transaction.slice
    events.schedule(
      .init(.cross, index: transactions.add(request)), at: now + 1 + Cycle(spec.l2.farLatency))
  }

  /// What is written at a line's home is old in the other half's copy.
  private func dropCopies(_ transaction: Transaction) {
    let share = spec.l2.slices / spec.l2.partitions
    for partition in 0..<spec.l2.partitions {
      let slice = partition * share + Int(transaction.slice) % share
      guard slice != Int(transaction.slice) else { continue }
      let entry = lines.find(
        transaction.message.line, set: slice * map.setCount + map.set(transaction.local))
      // Those who wait for a part of the line count on the rest.
      if entry >= 0, lines[entry].waiters < 0 {
        lines[entry].valid &= ~UInt8(truncatingIfNeeded: transaction.message.sectors)
      }
    }
  }

  /// Sectors that come from memory when `sectors` are missing.
  private func fetched(with sectors: UInt8) -> UInt8 {
    switch spec.l2.fetchSectors {
    case 1: sectors
    case 2: sectors | (sectors & 0b0101) << 1 | (sectors & 0b1010) >> 1
    default: 0b1111
    }
  }

  /// Bytes that complete a sector make it whole without a look at memory.
  private func write(_ bytes: SIMD4<UInt32>, _ sectors: UInt8, _ line: inout L2Lines.Line) {
    line.dirty |= sectors
    line.written |= bytes
    for sector in 0..<4 where sectors & 1 << UInt8(sector) != 0 && line.written[sector] == .max {
      line.valid |= 1 << UInt8(sector)
    }
  }

  /// Sectors of a line have come from memory.
  mutating func fill(_ entry: Int, sectors: UInt8, slice: Int, _ now: Cycle) {
    var line = lines[entry]
    line.valid |= sectors
    line.pending &= ~sectors
    if line.pending == 0 {
      if spec.l2.partitions > 1, map.place(lines.tag(entry)).slice != slice {
        slices[slice].awaitedCopies -= 1
      } else {
        slices[slice].awaited -= 1
      }
    }
    var waiter = line.waiters
    line.waiters = -1
    // The list has the youngest first; the oldest is to be answered first.
    var ready: Int32 = -1
    while waiter >= 0 {
      let next = transactions[waiter].next
      let message = transactions[waiter].message
      let wanted = UInt8(truncatingIfNeeded: message.sectors)
      if wanted & ~line.valid == 0 {
        if message.kind != .read { line.dirty |= wanted }
        transactions[waiter].next = ready
        ready = waiter
      } else {
        transactions[waiter].next = line.waiters
        line.waiters = waiter
      }
      waiter = next
    }
    lines[entry] = line
    while ready >= 0 {
      let next = transactions[ready].next
      answer(ready, now)
      ready = next
    }
    unblock(slice, now)
  }

  /// Room for writes in a channel: slices that waited for it go on.
  mutating func unblockSlices(ofChannel channel: Int, _ now: Cycle) {
    let share = spec.l2.slices / spec.dram.channels
    for slice in channel * share..<(channel + 1) * share { unblock(slice, now) }
  }

  /// Takes a request through the data stage and sends the reply.
  private mutating func answer(_ index: Int32, _ now: Cycle) {
    let transaction = transactions[index]
    let message = transaction.message
    let slice = slices + Int(transaction.slice)
    let sectors = message.sectors.nonzeroBitCount
    let bytes = sectors * sectorBytes
    let start = max(now, slice.pointee.dataFree)
    slice.pointee.dataFree =
      start + Cycle(max(1, (bytes + spec.l2.bytesPerCycle - 1) / spec.l2.bytesPerCycle))
    var departure = start + Cycle(spec.l2.latency)
    if message.kind == .atomic || message.kind == .reduction {
      // Lanes on one word take turns; else a sector is done at once.
      let turns = max(sectors, Int(message.lanesOnOneWord))
      let begin = max(start, slice.pointee.atomicFree)
      let busy = Cycle(turns * spec.l2.atomicInterval)
      slice.pointee.atomicFree = begin + busy
      departure =
        begin + busy - Cycle(spec.l2.atomicInterval)
        + Cycle(spec.l2.latency + spec.l2.atomicLatency)
    }
    if transaction.copy >= 0 {
      events.schedule(
        .init(
          .fill, unit: Int(transaction.copySlice),
          sectors: UInt8(truncatingIfNeeded: message.sectors), index: transaction.copy),
        at: departure + Cycle(spec.l2.farLatency))
      transactions.remove(index)
      return
    }
    let returned = message.kind == .write || message.kind == .reduction ? 0 : bytes
    reply(message, slice: Int(transaction.slice), bytes: returned, departure: departure)
    transactions.remove(index)
  }
}
