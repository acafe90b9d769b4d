import ISA

/// Tags and states of all L2 lines, slice by slice and set by set. A line is taken when it is
/// missed, so it also is the slice's miss-status register: the sectors under way, and who waits.
struct L2Lines: ~Copyable {
  struct Line {
    /// Orders lines for replacement; see `Replacement`.
    var stamp: UInt64 = 0
    /// First transaction that waits for sectors of the line, or -1.
    var waiters: Int32 {
      get { waiting - 1 }
      set { waiting = newValue + 1 }
    }
    private var waiting: Int32 = 0
    /// Sectors that are whole, that differ from memory, and that are on their way from it.
    var valid: UInt8 = 0
    var dirty: UInt8 = 0
    var pending: UInt8 = 0
    /// Bytes written to sectors that are not whole.
    var written = SIMD4<UInt32>()
  }

  static let none = UInt64.max

  private let pages: ZeroPages
  /// All bits turned round: like empty lines, empty places are zeros, which nobody has to write.
  private let tags: UnsafeMutablePointer<UInt64>
  private let lines: UnsafeMutablePointer<Line>
  let count: Int
  private let ways: Int
  private let replacement: Replacement
  private var clock: UInt64 = 0

  init(sets: Int, ways: Int, replacement: Replacement) {
    self.ways = ways
    self.replacement = replacement
    count = sets * ways
    pages = ZeroPages(bytes: count * (MemoryLayout<Line>.stride + MemoryLayout<UInt64>.stride))
    lines = pages.start.bindMemory(to: Line.self, capacity: count)
    tags = UnsafeMutableRawPointer(lines + count).bindMemory(to: UInt64.self, capacity: count)
  }

  subscript(index: Int) -> Line {
    get { lines[index] }
    nonmutating set { lines[index] = newValue }
  }

  func tag(_ index: Int) -> UInt64 { ~tags[index] }

  /// The line's place in `set`, or -1.
  func find(_ line: UInt64, set: Int) -> Int {
    let base = set * ways
    for way in 0..<ways where tags[base + way] == ~line { return base + way }
    return -1
  }

  mutating func touch(_ index: Int, _ eviction: EvictionPriority = .normal) {
    clock += 1
    if lines[index].stamp == 0 {
      lines[index].stamp = Replacement.arrival(eviction, clock)
    } else {
      replacement.use(&lines[index].stamp, eviction, clock)
    }
  }

  /// Lines of `set` that wait for something.
  func awaited(set: Int) -> Int {
    let base = set * ways
    var count = 0
    for way in base..<base + ways where lines[way].pending != 0 || lines[way].waiters >= 0 {
      count += 1
    }
    return count
  }

  /// The line of `set` to replace, one that waits for nothing, or -1.
  func victim(set: Int) -> Int {
    let base = set * ways
    return replacement.victim(among: base..<base + ways, clock) {
      lines[$0].pending == 0 && lines[$0].waiters < 0 ? lines[$0].stamp : .max
    }
  }

  /// Gives a place to another line, of which nothing is there yet.
  mutating func replace(_ index: Int, with line: UInt64) {
    tags[index] = ~line
    lines[index] = Line()
  }

  /// Empties the cache, but for lines on their way.
  mutating func removeAll() {
    for index in 0..<count
    where tags[index] != ~Self.none && lines[index].pending == 0 && lines[index].waiters < 0 {
      tags[index] = ~Self.none
      lines[index] = Line()
    }
  }
}
