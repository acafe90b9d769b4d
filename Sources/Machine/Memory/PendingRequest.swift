import ISA

/// A warp memory instruction in flight in the SM: an entry of the pending-request table.
struct PendingRequest {
  var warp = 0
  var record: UnsafeMutablePointer<IssueRecord>? = nil
  /// Lines that still have to come from the L2.
  var missing = 0
  /// Earliest cycle at which the data can be at the return link.
  var ready: Cycle = 0
  /// Position in the warp's stream.
  var dynamic = 0
  /// cp.async group of the warp.
  var group: UInt32 = 0
  /// Next free entry, or -1.
  var next = -1
}

/// What the tokens of memory messages mean.
enum Token {
  /// A line for the L1 instruction and constant cache.
  static let instruction = UInt32.max
  /// Acknowledgement of a write by the warp in the low byte.
  static let writeAcknowledge: UInt32 = 0x8000_0000
  /// A read that the miss table waits for, by the priority that the line is to have in the L1.
  static func line(_ eviction: EvictionPriority) -> UInt32 { lines + UInt32(eviction.rawValue) }
  private static let lines = UInt32.max - 4

  /// The priority of such a line, or nil for a token of another kind.
  static func eviction(_ token: UInt32) -> EvictionPriority? {
    token < lines ? nil : EvictionPriority(rawValue: UInt8(truncatingIfNeeded: token - lines))
  }
}

/// State of the SM's shared memory unit.
struct MemoryState: ~Copyable {
  /// Free list of pending requests.
  var free = 0
  var inFlight = 0
  /// First cycle in which the unit accepts an instruction, and the sub-core to serve first.
  var nextAccept: Cycle = 0
  var turn = 0
  /// Sub-cores whose first instruction may be accepted, and FP64 instructions in all their queues.
  var waitingHeads: UInt32 = 0
  var waitingDoubles = 0
  /// First free cycle of the L1's tag stage and of shared memory's banks.
  var tagFree: Cycle = 0
  var sharedFree: Cycle = 0
  var misses: MissTable
  /// First free cycle of the port into the interconnect.
  var requestFree: Cycle = 0
  /// Lines written or reduced that the L2 has not acknowledged.
  var unacknowledged = 0
  /// FP64 unit shared by the sub-cores.
  var doubleFree: Cycle = 0
  var doubleTurn = 0

  init(requests: Int) {
    misses = MissTable()
    nextFree = requests
  }
  /// Entries of the table that were never used start here.
  var nextFree: Int
}

/// Lines on their way from the L2 (MSHRs) and the requests that wait for each.
struct MissTable: ~Copyable {
  private struct Line {
    var line: UInt64 = .max
    var pending: UInt32 = 0
    var firstWaiter: Int32 = -1
  }
  private struct Waiter {
    var request: Int32
    var sectors: UInt32
    var next: Int32
  }

  private static let slots = 2048
  private let lines: UnsafeMutablePointer<Line>
  private var waiters = GrowableBuffer<Waiter>()
  private var freeWaiter: Int32 = -1
  private(set) var count = 0

  init() {
    lines = .allocate(capacity: Self.slots)
    lines.initialize(repeating: Line(), count: Self.slots)
  }

  deinit { lines.deallocate() }

  /// Room for more lines: half of the slots, so that probing stays short.
  static var capacity: Int { slots / 2 }

  private func slot(_ line: UInt64) -> Int {
    Int(truncatingIfNeeded: (line &* 0x9e37_79b9_7f4a_7c15) >> 53)
  }

  private func find(_ line: UInt64) -> Int {
    var index = slot(line)
    while lines[index].line != line, lines[index].line != .max {
      index = (index + 1) & (Self.slots - 1)
    }
    return index
  }

  /// `request` waits for `sectors` of `line`; returns the sectors that nobody asked for yet.
  mutating func wait(_ line: UInt64, sectors: UInt32, request: Int) -> UInt32 {
    let index = find(line)
    if lines[index].line == .max {
      lines[index] = Line(line: line)
      count += 1
    }
    let new = sectors & ~lines[index].pending
    lines[index].pending |= sectors
    let waiter = Waiter(request: Int32(request), sectors: sectors, next: lines[index].firstWaiter)
    if freeWaiter >= 0 {
      lines[index].firstWaiter = freeWaiter
      freeWaiter = waiters[Int(lines[index].firstWaiter)].next
      waiters[Int(lines[index].firstWaiter)] = waiter
    } else {
      lines[index].firstWaiter = Int32(waiters.count)
      waiters.append(waiter)
    }
    return new
  }

  /// Sectors of a line arrived: calls `body` for each request that has all it waited for.
  mutating func fill(_ line: UInt64, sectors: UInt32, _ body: (Int) -> Void) {
    let index = find(line)
    guard lines[index].line == line else { return }
    lines[index].pending &= ~sectors
    let pending = lines[index].pending
    var previous: Int32 = -1
    var waiter = lines[index].firstWaiter
    while waiter >= 0 {
      let entry = waiters[Int(waiter)]
      if entry.sectors & pending == 0 {
        body(Int(entry.request))
        if previous < 0 {
          lines[index].firstWaiter = entry.next
        } else {
          waiters[Int(previous)].next = entry.next
        }
        waiters[Int(waiter)].next = freeWaiter
        freeWaiter = waiter
      } else {
        previous = waiter
      }
      waiter = entry.next
    }
    if pending == 0 { remove(index) }
  }

  /// Removes a line and closes the gap that it leaves in the probe sequence.
  private mutating func remove(_ start: Int) {
    count -= 1
    var hole = start
    var index = start
    lines[hole] = Line()
    while true {
      index = (index + 1) & (Self.slots - 1)
      if lines[index].line == .max { return }
      let home = slot(lines[index].line)
      let stays = hole <= index ? home > hole && home <= index : home > hole || home <= index
      if stays { continue }
      lines[hole] = lines[index]
      lines[index] = Line()
      hole = index
    }
  }
}
