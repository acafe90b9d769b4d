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

  /// The line with the lowest rank goes first.
  @inline(__always)
  func rank(_ stamp: UInt64, place: Int, _ clock: UInt64) -> UInt64 {
    switch self {
    case .leastRecentlyUsed, .firstInFirstOut: return stamp
    case .pseudoRandom:
      if stamp == 0 { return 0 }
      return stamp & ~Self.time | AddressMap.scramble(clock &<< 16 ^ UInt64(place)) & Self.time
    }
  }

  /// Bits of a stamp that hold the time.
  private static let time = UInt64.max >> 2

  @inline(__always)
  private static func priority(_ eviction: EvictionPriority) -> UInt64 {
    UInt64(eviction.rawValue) << 62
  }
}
