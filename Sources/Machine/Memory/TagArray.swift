/// Tags of a set-associative cache with sectors and least-recently-used replacement.
/// Lines are named by line number (address divided by the line size).
struct TagArray: ~Copyable {
  private struct Entry {
    var line: UInt64
    var sectors: UInt32
    var stamp: UInt64
  }

  private static let empty = UInt64.max

  private let entries: UnsafeMutablePointer<Entry>
  let capacity: Int
  private(set) var sets: Int
  private let ways: Int
  private var clock: UInt64 = 0
  /// Changes whenever a line is filled or dropped, so that callers may remember a hit.
  private(set) var generation: UInt64 = 1

  /// `lines` is the capacity in lines; `ways` divides it, or is lowered to it.
  init(lines: Int, ways: Int) {
    self.ways = max(1, min(ways, max(1, lines)))
    sets = max(1, lines / self.ways)
    capacity = sets * self.ways
    entries = .allocate(capacity: capacity)
    entries.initialize(repeating: Entry(line: Self.empty, sectors: 0, stamp: 0), count: capacity)
  }

  init(_ geometry: InstructionCacheGeometry) {
    self.init(lines: geometry.size.count / geometry.line.count, ways: geometry.ways)
  }

  deinit { entries.deallocate() }

  /// Uses only the first `lines` of the capacity, for caches that share it with something else.
  mutating func resize(lines: Int) {
    sets = max(1, min(lines, capacity) / ways)
    removeAll()
  }

  mutating func removeAll() {
    entries.update(repeating: Entry(line: Self.empty, sectors: 0, stamp: 0), count: capacity)
    generation += 1
  }

  private func setBase(_ line: UInt64) -> Int {
    // Folding higher bits in keeps power-of-two strides from meeting in one set.
    let mixed = line ^ line >> 10 ^ line >> 20
    return Int(mixed % UInt64(sets)) * ways
  }

  /// The sectors of `line` that are present; 0 when the line is absent. Touches the line.
  mutating func lookup(_ line: UInt64) -> UInt32 {
    let base = setBase(line)
    for way in base..<base + ways where entries[way].line == line {
      clock += 1
      entries[way].stamp = clock
      return entries[way].sectors
    }
    return 0
  }

  func contains(_ line: UInt64) -> Bool {
    let base = setBase(line)
    for way in base..<base + ways where entries[way].line == line { return true }
    return false
  }

  /// Adds sectors to a line, taking the least recently used way if the line is absent.
  mutating func fill(_ line: UInt64, sectors: UInt32 = 1) {
    let base = setBase(line)
    var victim = base
    clock += 1
    for way in base..<base + ways {
      if entries[way].line == line {
        entries[way].sectors |= sectors
        entries[way].stamp = clock
        return
      }
      if entries[way].stamp < entries[victim].stamp { victim = way }
    }
    entries[victim] = Entry(line: line, sectors: sectors, stamp: clock)
    generation += 1
  }
}
