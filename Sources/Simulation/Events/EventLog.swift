/// What SMs did in a run, in order. All but the last of it may lie in a file that nobody sees and that
/// goes with the log.
public final class EventLog<Event: LoggedEvent>: Sendable {
  /// Bytes for reading all blocks of the file at a time.
  private static var readingBytes: Int { 32 << 20 }

  private let rest: [Event]
  /// Sorted parts of the file, in events.
  private let blocks: [Range<Int>]
  private let file: SpillFile?
  private let failure: SimulationError?

  init(rest: [Event], blocks: [Range<Int>], file: SpillFile?, failure: SimulationError?) {
    self.rest = rest
    self.blocks = blocks
    self.file = file
    self.failure = failure
  }

  /// Gives every event to `body`. Throws `SimulationError.lostEvents` where there was no room for
  /// them, and what `body` throws.
  public func forEach(_ body: (Event) throws -> Void) throws {
    if let failure { throw failure }
    var sources = [Source(rest)]
    if let file {
      let most = Self.readingBytes / MemoryLayout<Event>.stride / blocks.count
      sources += blocks.map { Source($0, of: file, buffer: min(max(64, most), 4096)) }
    }
    var heads: [Head] = []
    for index in sources.indices {
      if let event = try sources[index].next() { heads.append(Head(event: event, source: index)) }
    }
    for place in heads.indices.reversed() { Self.sink(place, in: &heads) }
    while let first = heads.first {
      try body(first.event)
      if let event = try sources[first.source].next() {
        heads[0].event = event
      } else {
        heads[0] = heads[heads.count - 1]
        heads.removeLast()
      }
      Self.sink(0, in: &heads)
    }
  }

  // MARK: Merging

  /// The first event of a source that was not given yet.
  private struct Head {
    var event: Event
    var source: Int
  }

  /// Restores a binary heap whose entry at `place` may be too late for it.
  private static func sink(_ place: Int, in heads: inout [Head]) {
    var place = place
    while true {
      var first = place
      for child in 2 * place + 1..<2 * place + 3
      where child < heads.count && Event.isInOrder(heads[child].event, heads[first].event) {
        first = child
      }
      if first == place { return }
      heads.swapAt(place, first)
      place = first
    }
  }

  /// Events in order, from the file a buffer at a time.
  private struct Source {
    private var buffer: [Event]
    private var position = 0
    private var left: Range<Int> = 0..<0
    private let size: Int
    private let file: SpillFile?

    init(_ events: [Event]) {
      buffer = events
      size = 0
      file = nil
    }

    init(_ block: Range<Int>, of file: SpillFile, buffer size: Int) {
      buffer = []
      left = block
      self.size = size
      self.file = file
    }

    mutating func next() throws -> Event? {
      if position == buffer.count {
        guard let file, !left.isEmpty else { return nil }
        let part = left.prefix(size)
        try file.read(part, into: &buffer)
        left = part.upperBound..<left.upperBound
        position = 0
      }
      defer { position += 1 }
      return buffer[position]
    }
  }
}
