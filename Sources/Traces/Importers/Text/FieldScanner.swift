/// Blank-separated fields of a line.
struct FieldScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool {
    mutating get {
      while position < bytes.count, bytes[position] == 32 || bytes[position] == 9 { position += 1 }
      return position >= bytes.count
    }
  }

  /// The next field, or nil at the end.
  mutating func field() -> UnsafeBufferPointer<UInt8>? {
    if isAtEnd { return nil }
    let start = position
    while position < bytes.count, bytes[position] != 32, bytes[position] != 9 { position += 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<position])
  }

  /// The next field as a number like `-12`; nil when it is none, or too large.
  mutating func decimal() -> Int64? {
    guard let field = field() else { return nil }
    var index = 0
    let negative = field[0] == UInt8(ascii: "-")
    if negative { index = 1 }
    guard index < field.count, field.count - index <= 19 else { return nil }
    // Nineteen digits fit an unsigned number; whether they fit the signed one is seen at the end.
    var value: UInt64 = 0
    while index < field.count {
      let digit = field[index] &- 48
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)
      index += 1
    }
    if negative, value == 1 << 63 { return .min }
    guard let magnitude = Int64(exactly: value) else { return nil }
    return negative ? -magnitude : magnitude
  }

  /// The next field as a number like `0x7f` or `7f`; nil when it is none, or too large.
  mutating func hexadecimal() -> UInt64? {
    guard let field = field() else { return nil }
    var index = 0
    if field.count > 2, field[0] == 48, field[1] | 32 == UInt8(ascii: "x") { index = 2 }
    guard index < field.count, field.count - index <= 16 else { return nil }
    var value: UInt64 = 0
    while index < field.count {
      let byte = field[index]
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 97...102: digit = byte - 87
      case 65...70: digit = byte - 55
      default: return nil
      }
      value = value << 4 | UInt64(digit)
      index += 1
    }
    return value
  }
}
