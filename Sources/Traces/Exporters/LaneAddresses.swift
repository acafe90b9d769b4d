import ISA

/// The addresses of one reference in a form that other tools' readers take: base and stride where
/// the executing lanes lie side by side and the stride fits 32 bits, else base and differences from
/// lane to lane. Both formats number the two forms alike.
enum LaneAddresses {
  /// Mode 1: every lane's address is that of the lane before plus the stride.
  case strided(base: UInt64, stride: Int32)
  /// Mode 2: one difference fewer than lanes.
  case differences(base: UInt64, [Int64])

  /// `mask` has at least one lane.
  init(_ reference: AddressReference, mask: UInt32, of cta: CTATrace) {
    let lanes = mask.nonzeroBitCount
    guard reference.list == AddressReference.none else {
      let list = cta.addresses[Int(reference.list)..<Int(reference.list) + lanes]
      self = .differences(
        base: list.first ?? 0, zip(list.dropFirst(), list).map { Int64(bitPattern: $0 &- $1) })
      return
    }
    if lanes > 1, Self.isRun(mask), let stride = Int32(exactly: reference.stride) {
      self = .strided(base: reference.base, stride: stride)
    } else {
      self = .differences(
        base: reference.base, Array(repeating: reference.stride, count: max(0, lanes - 1)))
    }
  }

  /// The set bits lie side by side.
  private static func isRun(_ mask: UInt32) -> Bool {
    let low = mask >> UInt32(mask.trailingZeroBitCount)
    return low & (low &+ 1) == 0
  }
}
