/// Little-endian base-128 numbers, signed ones in zigzag order.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ value: Int) { number(UInt64(value)) }
  mutating func number(_ value: UInt32) { number(UInt64(value)) }

  mutating func signed(_ value: Int64) {
    number(UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  mutating func text(_ text: String) {
    let utf8 = Array(text.utf8)
    number(utf8.count)
    bytes += utf8
  }

  mutating func block(_ block: [UInt8]) {
    number(block.count)
    bytes += block
  }

  mutating func fixed(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

/// Reads what `ByteWriter` wrote; every read is checked.
struct ByteReader {
  struct Failure: Error {
    let message: String
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position >= bytes.count }
  var remaining: Int { bytes.count - position }

  @inline(__always)
  mutating func byte() throws(Failure) -> UInt8 {
    guard position < bytes.count else { throw Failure(message: "ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  @inline(__always)
  mutating func number() throws(Failure) -> UInt64 {
    let first = try byte()
    if first < 0x80 { return UInt64(first) }
    var value = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      guard shift < 63 || next <= 1 else {
        throw Failure(message: "holds a number that is too long")
      }
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  /// A number that must not exceed `limit`.
  mutating func number(upTo limit: Int, _ what: StaticString) throws(Failure) -> Int {
    let value = try number()
    guard value <= UInt64(limit) else {
      throw Failure(message: "\(what) is \(value), more than \(limit)")
    }
    return Int(value)
  }

  @inline(__always)
  mutating func signed() throws(Failure) -> Int64 {
    let value = try number()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A length that fits into what is left behind it.
  private mutating func length() throws(Failure) -> Int {
    let count = try number()
    guard count <= UInt64(remaining) else { throw Failure(message: "ends too early") }
    return Int(count)
  }

  mutating func text() throws(Failure) -> String {
    let count = try length()
    defer { position += count }
    return String(
      decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]), as: UTF8.self)
  }

  mutating func block() throws(Failure) -> UnsafeRawBufferPointer {
    let count = try length()
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func fixed() throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
    return value
  }
}
