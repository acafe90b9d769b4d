/// Whether simulated values have the order of the measured ones.
struct OrderCheck {
  /// Pairs whose measured values have an order.
  private(set) var pairs = 0
  /// Those that the simulator turns round, or takes for equal.
  private(set) var inversions = 0

  /// Measured values that lie within `ties` percent of each other have no order.
  init(_ values: [ErrorStatistics.Pair], ties: Double) {
    for (index, one) in values.enumerated() {
      for other in values[(index + 1)...] {
        let (low, high) = one.measured < other.measured ? (one, other) : (other, one)
        guard high.measured - low.measured > abs(low.measured) * ties / 100 else { continue }
        pairs += 1
        if low.simulated >= high.simulated { inversions += 1 }
      }
    }
  }
}
