/// Events ordered by cycle, first in, first out within a cycle: a wheel for the near future, a
/// binary heap for the rest. The occupancy bitmap gives "next interesting cycle" for free.
struct EventWheel<Event: BitwiseCopyable>: ~Copyable {
  private struct Node {
    var event: Event
    var next: Int32
  }
  private struct FarEvent {
    var cycle: Cycle
    var sequence: UInt64
    var event: Event
  }

  private static var slots: Int { 1024 }
  private static var words: Int { slots / 64 }

  private var nodes: UnsafeMutablePointer<Node>
  private var nodeCapacity: Int
  private var free: Int32 = -1
  private var used = 0
  private let heads: UnsafeMutablePointer<Int32>
  private let tails: UnsafeMutablePointer<Int32>
  private let occupied: UnsafeMutablePointer<UInt64>
  private var far: UnsafeMutablePointer<FarEvent>
  private var farCapacity = 64
  private var farCount = 0
  private var sequence: UInt64 = 0
  /// Events before this cycle have been taken.
  private(set) var now: Cycle = 0
  private(set) var count = 0

  init() {
    nodeCapacity = 256
    nodes = .allocate(capacity: nodeCapacity)
    heads = .allocate(capacity: Self.slots)
    tails = .allocate(capacity: Self.slots)
    occupied = .allocate(capacity: Self.words)
    heads.initialize(repeating: -1, count: Self.slots)
    tails.initialize(repeating: -1, count: Self.slots)
    occupied.initialize(repeating: 0, count: Self.words)
    far = .allocate(capacity: farCapacity)
  }

  deinit {
    nodes.deallocate()
    heads.deallocate()
    tails.deallocate()
    occupied.deallocate()
    far.deallocate()
  }

  /// Schedules `event`; `cycle` must not lie before `now`.
  mutating func schedule(_ event: Event, at cycle: Cycle) {
    precondition(cycle >= now, "an event was scheduled into the past")
    count += 1
    if cycle - now >= Cycle(Self.slots) {
      pushFar(FarEvent(cycle: cycle, sequence: sequence, event: event))
      sequence += 1
    } else {
      append(event, slot: Int(cycle) & (Self.slots - 1))
    }
  }

  /// Moves time forward; no event may be left before `cycle`.
  mutating func advance(to cycle: Cycle) {
    now = cycle
    while farCount > 0, far[0].cycle - now < Cycle(Self.slots) {
      let first = popFar()
      append(first.event, slot: Int(first.cycle) & (Self.slots - 1))
    }
  }

  /// Takes the next event of cycle `now`, if there is one.
  mutating func next() -> Event? {
    let slot = Int(now) & (Self.slots - 1)
    let head = heads[slot]
    guard head >= 0 else { return nil }
    let node = nodes[Int(head)]
    heads[slot] = node.next
    if node.next < 0 {
      tails[slot] = -1
      occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
    }
    nodes[Int(head)].next = free
    free = head
    count -= 1
    return node.event
  }

  /// The earliest cycle with an event, or `never`.
  func nextCycle() -> Cycle {
    if count == 0 { return never }
    let start = Int(now) & (Self.slots - 1)
    var word = start >> 6
    var bits = occupied[word] & (~0 << UInt64(start & 63))
    for _ in 0...Self.words {
      if bits != 0 {
        let slot = word << 6 + bits.trailingZeroBitCount
        return now + Cycle((slot - start) & (Self.slots - 1))
      }
      word = (word + 1) & (Self.words - 1)
      bits = occupied[word]
    }
    return farCount > 0 ? far[0].cycle : never
  }

  private mutating func append(_ event: Event, slot: Int) {
    let index: Int32
    if free >= 0 {
      index = free
      free = nodes[Int(index)].next
    } else {
      if used == nodeCapacity { growNodes() }
      index = Int32(used)
      used += 1
    }
    nodes[Int(index)] = Node(event: event, next: -1)
    if tails[slot] >= 0 {
      nodes[Int(tails[slot])].next = index
    } else {
      heads[slot] = index
      occupied[slot >> 6] |= 1 << UInt64(slot & 63)
    }
    tails[slot] = index
  }

  private mutating func growNodes() {
    let larger = UnsafeMutablePointer<Node>.allocate(capacity: nodeCapacity * 2)
    larger.moveInitialize(from: nodes, count: used)
    nodes.deallocate()
    nodes = larger
    nodeCapacity *= 2
  }

  private func precedes(_ a: FarEvent, _ b: FarEvent) -> Bool {
    a.cycle != b.cycle ? a.cycle < b.cycle : a.sequence < b.sequence
  }

  private mutating func pushFar(_ event: FarEvent) {
    if farCount == farCapacity {
      let larger = UnsafeMutablePointer<FarEvent>.allocate(capacity: farCapacity * 2)
      larger.moveInitialize(from: far, count: farCount)
      far.deallocate()
      far = larger
      farCapacity *= 2
    }
    var index = farCount
    farCount += 1
    far[index] = event
    while index > 0 {
      let parent = (index - 1) / 2
      if !precedes(far[index], far[parent]) { break }
      swap(&far[index], &far[parent])
      index = parent
    }
  }

  private mutating func popFar() -> FarEvent {
    let first = far[0]
    farCount -= 1
    far[0] = far[farCount]
    var index = 0
    while true {
      let left = 2 * index + 1
      if left >= farCount { break }
      let right = left + 1
      let child = right < farCount && precedes(far[right], far[left]) ? right : left
      if !precedes(far[child], far[index]) { break }
      swap(&far[index], &far[child])
      index = child
    }
    return first
  }
}
