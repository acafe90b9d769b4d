/// Which of the warps that may issue does, chosen by name in the configuration.
public enum IssuePolicy: String, Codable, Hashable, Sendable, CaseIterable {
  /// Compiler-guided greedy, then youngest.
  case greedyThenYoungest
  case greedyThenOldest
  case looseRoundRobin
}

extension SM {
  /// The warp of `ready` that issues. Bit *n* is the sub-core's n-th warp slot; one is set at least.
  func choose(_ core: UnsafeMutablePointer<SubCoreState>, _ ready: UInt16) -> Int {
    let last = core.pointee.lastIssued
    switch spec.issue.policy {
    case .greedyThenYoungest:
      if last >= 0, ready >> UInt16(last) & 1 == 1 { return last }
      return extreme(core, ready, youngest: true)
    case .greedyThenOldest:
      if last >= 0, ready >> UInt16(last) & 1 == 1 { return last }
      return extreme(core, ready, youngest: false)
    case .looseRoundRobin:
      let after = last >= 15 ? 0 : ready & (~0 << UInt16(last + 1))
      return (after != 0 ? after : ready).trailingZeroBitCount
    }
  }

  /// The youngest or oldest warp of `mask`, by launch order.
  func extreme(
    _ core: UnsafeMutablePointer<SubCoreState>, _ mask: UInt16, youngest: Bool
  ) -> Int {
    var best = mask.trailingZeroBitCount
    var left = mask & (mask - 1)
    var bestAge = warps[warp(core, best)].age
    while left != 0 {
      let bit = left.trailingZeroBitCount
      left &= left - 1
      let age = warps[warp(core, bit)].age
      if youngest ? age > bestAge : age < bestAge {
        best = bit
        bestAge = age
      }
    }
    return best
  }
}
