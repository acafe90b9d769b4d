/// The comparisons of the `SET` and `SETP` instructions, in the order of their encoding.
enum Comparison: UInt8, Sendable {
  case never, less, equal, lessOrEqual, greater, notEqual, greaterOrEqual, ordered
  case unordered, lessOrUnordered, equalOrUnordered, lessEqualOrUnordered
  case greaterOrUnordered, notEqualOrUnordered, greaterEqualOrUnordered, always

  /// By the number of the encoding.
  @inline(__always)
  init(_ number: Int) { self = Self(rawValue: UInt8(truncatingIfNeeded: number & 15)) ?? .never }

  /// Bits of the raw value: 1 less, 2 equal, 4 greater, 8 unordered.
  @inline(__always)
  func holds<Value: BinaryFloatingPoint>(_ a: Value, _ b: Value) -> Bool {
    let relation: UInt8 = a < b ? 1 : a == b ? 2 : a > b ? 4 : 8
    return rawValue & relation != 0
  }

  @inline(__always)
  func holds<Value: FixedWidthInteger>(_ a: Value, _ b: Value) -> Bool {
    let relation: UInt8 = a < b ? 1 : a == b ? 2 : 4
    return rawValue & relation != 0
  }
}
