import ISA

/// Tags of a set-associative cache with sectors.
/// Lines are named by line number (address divided by the line size).
struct TagArray: ~Copyable {
  private struct Entry {
    var sectors: UInt32
    /// Orders lines for replacement; see `Replacement`.
    var stamp: UInt64
  }

  /// How lines are spread over the sets.
  enum Placement {
    /// Neighbouring lines go to neighbouring sets; higher bits are folded in, so that power-of-two
    /// strides do not meet in one set.
    case folded
    /// By a hash that leaves no pattern: sets fill unevenly, and a cache begins to miss before it is
    /// full.
    case scattered
  }

  private static let empty = UInt64.max

  private let tags: UnsafeMutablePointer<UInt64>
  private let entries: UnsafeMutablePointer<Entry>
  let capacity: Int
  private(set) var sets: Int
  private var ways: Int
  private let placement: Placement
  private let replacement: Replacement
  private var clock: UInt64 = 0
  /// Changes whenever a line is filled or dropped, so that callers may remember a hit.
  private(set) var generation: UInt64 = 1

  /// `lines` is the capacity in lines; `ways` divides it, or is lowered to it.
  init(
    lines: Int, ways: Int, placement: Placement = .folded,
    replacement: Replacement = .leastRecentlyUsed
  ) {
    self.ways = max(1, min(ways, max(1, lines)))
    self.placement = placement
    self.replacement = replacement
    sets = max(1, lines / self.ways)
    capacity = sets * self.ways
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: Self.empty, count: capacity)
    entries = .allocate(capacity: capacity)
    entries.initialize(repeating: Entry(sectors: 0, stamp: 0), count: capacity)
  }

  init(_ geometry: InstructionCacheGeometry) {
    self.init(lines: geometry.size.count / geometry.line.count, ways: geometry.ways)
  }

  deinit {
    tags.deallocate()
    entries.deallocate()
  }

  /// Uses only the first `lines` of the capacity, for caches that share it with something else: the
  /// sets stay, with fewer ways.
  mutating func resize(lines: Int) {
    ways = max(1, min(lines, capacity) / sets)
    removeAll()
  }

  mutating func removeAll() {
    tags.update(repeating: Self.empty, count: capacity)
    entries.update(repeating: Entry(sectors: 0, stamp: 0), count: capacity)
    generation += 1
  }

  private func setBase(_ line: UInt64) -> Int {
    switch placement {
    case .folded: return Int((line ^ line >> 10 ^ line >> 20) % UInt64(sets)) * ways
    case .scattered:
      return Int(AddressMap.scramble(line).multipliedFullWidth(by: UInt64(sets)).high) * ways
    }
  }

  /// The line's place, or -1. Tags are compared eight at a time.
  private func find(_ line: UInt64) -> Int {
    let base = setBase(line)
    let wanted = SIMD8(repeating: line)
    var way = 0
    while way + 8 <= ways {
      let some = UnsafeRawPointer(tags + base + way).loadUnaligned(as: SIMD8<UInt64>.self)
      if any(some .== wanted) { break }
      way += 8
    }
    while way < ways {
      if tags[base + way] == line { return base + way }
      way += 1
    }
    return -1
  }

  /// The sectors of `line` that are present; 0 when the line is absent. Touches the line.
  mutating func lookup(_ line: UInt64, _ eviction: EvictionPriority = .normal) -> UInt32 {
    let place = find(line)
    if place < 0 { return 0 }
    clock += 1
    replacement.use(&entries[place].stamp, eviction, clock)
    return entries[place].sectors
  }

  func contains(_ line: UInt64) -> Bool { find(line) >= 0 }

  /// Adds sectors to a line, taking another line's place if it is absent.
  mutating func fill(
    _ line: UInt64, sectors: UInt32 = 1, _ eviction: EvictionPriority = .normal
  ) {
    clock += 1
    let place = find(line)
    if place >= 0 {
      entries[place].sectors |= sectors
      replacement.use(&entries[place].stamp, eviction, clock)
      return
    }
    let base = setBase(line)
    let victim = replacement.victim(among: base..<base + ways, clock) { entries[$0].stamp }
    tags[victim] = line
    entries[victim] = Entry(sectors: sectors, stamp: Replacement.arrival(eviction, clock))
    generation += 1
  }
}
