/// The memory system behind the SMs' ports: L2 tags and fixed latencies. Messages are served in
/// (cycle, SM, sequence) order, which makes results independent of the number of threads.
struct FixedLatencyMemory: ~Copyable {
  private let spec: MemorySystemSpec
  private var l2: TagArray
  private var waiting = GrowableBuffer<MemoryMessage>()
  private var ordered = GrowableBuffer<UInt64>()

  init(spec: MemorySystemSpec, lineBytes: Int) {
    self.spec = spec
    l2 = TagArray(lines: spec.l2Size.count / lineBytes, ways: spec.l2Ways)
  }

  /// Takes over what an SM sent in the window.
  mutating func collect(_ outbox: UnsafeMutablePointer<GrowableBuffer<MemoryMessage>>) {
    for index in 0..<outbox.pointee.count { waiting.append(outbox.pointee[index]) }
    outbox.pointee.removeAll()
  }

  /// Cycle of the earliest message that is still to be served, or `never`.
  func nextActivity() -> Cycle {
    var next = never
    for index in 0..<waiting.count { next = min(next, waiting[index].cycle) }
    return next
  }

  /// Serves every message sent before `end`; replies reach the SMs in later windows.
  mutating func serve(
    before end: Cycle, statistics: (Int, Int) -> UnsafeMutablePointer<Statistics>,
    reply: (Int, Event, Cycle) -> Void
  ) {
    guard waiting.count > 0 else { return }
    ordered.removeAll()
    // Collected SM by SM in sequence: sorting by cycle, then position, is the wanted order.
    let origin = end - (1 << 30)
    for index in 0..<waiting.count where waiting[index].cycle < end {
      ordered.append(UInt64(waiting[index].cycle - origin) << 32 | UInt64(index))
    }
    var keys = UnsafeMutableBufferPointer(start: ordered.base, count: ordered.count)
    keys.sort()
    for position in 0..<ordered.count {
      serve(waiting[Int(ordered[position] & 0xffff_ffff)], statistics, reply)
    }
    keepLater(end)
  }

  private mutating func keepLater(_ end: Cycle) {
    var kept = 0
    for index in 0..<waiting.count where waiting[index].cycle >= end {
      waiting[kept] = waiting[index]
      kept += 1
    }
    waiting.truncate(to: kept)
  }

  private mutating func serve(
    _ message: MemoryMessage, _ statistics: (Int, Int) -> UnsafeMutablePointer<Statistics>,
    _ reply: (Int, Event, Cycle) -> Void
  ) {
    let counts = statistics(Int(message.sm), Int(message.kernelSlot))
    let absent = message.sectors & ~l2.lookup(message.line)
    var latency = Cycle(2 * spec.interconnectLatency + spec.l2Latency)
    if message.kind == .write {
      counts.pointee.l2Writes += UInt64(message.sectors.nonzeroBitCount)
    } else {
      counts.pointee.l2Reads += UInt64(message.sectors.nonzeroBitCount)
      counts.pointee.l2ReadMisses += UInt64(absent.nonzeroBitCount)
      if absent != 0 { latency += Cycle(spec.dramLatency) }
    }
    if absent != 0 { l2.fill(message.line, sectors: message.sectors) }
    let event = Event(
      .memoryReply, a: Int(message.sectors), b: Int(message.token), address: message.line)
    reply(Int(message.sm), event, message.cycle + latency)
  }

  /// Loading a program is a host copy too: its code lies in the L2 when the kernel starts.
  mutating func warm(_ program: Program, lineBytes: Int) {
    let first = program.base / UInt64(lineBytes)
    let count = min(
      (UInt64(program.codeEnd) + UInt64(lineBytes) - 1) / UInt64(lineBytes), UInt64(l2.capacity))
    for line in first..<first + count { l2.fill(SM.instructionSpace | line, sectors: 15) }
  }

  /// A host copy leaves its data in the L2.
  mutating func warm(address: UInt64, bytes: UInt64, lineBytes: Int) {
    let first = address / UInt64(lineBytes)
    let last = (address &+ max(1, bytes) &- 1) / UInt64(lineBytes)
    guard last >= first else { return }
    // Only as much as fits: the end of the copy.
    let count = min(last - first + 1, UInt64(l2.capacity))
    for line in (last - count + 1)...last { l2.fill(line, sectors: 15) }
  }
}
