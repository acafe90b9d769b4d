import ISA

/// Which line of a set a cache gives up, chosen by name in the configuration.
///
/// Every line has a stamp: its eviction priority above, a time below; 0 is a place without a line.
/// A policy says what becomes of the stamp when the line is used, and in which order lines go.
/// Priorities come first under every policy (PTX ISA, "Cache Eviction Priority Hints").
public enum Replacement: String, Codable, Hashable, Sendable, CaseIterable {
  case leastRecentlyUsed
  /// In the order in which lines came, however often they are used.
  case firstInFirstOut
  /// By a hash of place and time: no order that a program could meet or miss.
  case pseudoRandom

  /// The stamp of a line that comes in. One that comes in `unchanged` has no priority to keep, and is
  /// a normal one.
  @inline(__always)
  static func arrival(_ eviction: EvictionPriority, _ clock: UInt64) -> UInt64 {
    priority(eviction == .unchanged ? .normal : eviction) | clock
  }

  /// Changes the stamp of a line that is there and used.
  @inline(__always)
  func use(_ stamp: inout UInt64, _ eviction: EvictionPriority, _ clock: UInt64) {
    if eviction == .unchanged { return }
    switch self {
    case .leastRecentlyUsed, .pseudoRandom: stamp = Self.priority(eviction) | clock
    case .firstInFirstOut: stamp = Self.priority(eviction) | stamp & Self.time
    }
  }

  /// The place whose line goes first, by the stamps of a set's places; `.max` is a line that cannot
  /// go. -1 if none can.
  @inline(__always)
  func victim(
    among places: Range<Int>, _ clock: UInt64, stamp: (_ place: Int) -> UInt64
  ) -> Int {
    switch self {
    case .leastRecentlyUsed, .firstInFirstOut: return lowest(places, stamp)
    case .pseudoRandom:
      return lowest(places) { place in
        let stamp = stamp(place)
        if stamp == 0 || stamp == .max { return stamp }
        return stamp & ~Self.time | AddressMap.scramble(clock &<< 16 ^ UInt64(place)) & Self.time
      }
    }
  }

  @inline(__always)
  private func lowest(_ places: Range<Int>, _ rank: (_ place: Int) -> UInt64) -> Int {
    var best = -1
    var lowest = UInt64.max
    for place in places {
      let rank = rank(place)
      if rank < lowest {
        best = place
        lowest = rank
      }
    }
    return best
  }

  /// Bits of a stamp that hold the time.
  private static let time = UInt64.max >> 2

  @inline(__always)
  private static func priority(_ eviction: EvictionPriority) -> UInt64 {
    UInt64(eviction.rawValue) << 62
  }
}
