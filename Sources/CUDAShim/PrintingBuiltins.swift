import CCUDARuntime
import Emulator
import Foundation

/// Device printf, assertions and allocation.
final class PrintingBuiltins: DeviceBuiltins, @unchecked Sendable {
  private let memory: DeviceMemory
  private let lock = NSLock()

  init(memory: DeviceMemory) { self.memory = memory }

  func allocate(bytes: UInt64) -> UInt64 {
    lock.withLock { (try? memory.allocate(bytes: Int(truncatingIfNeeded: bytes))) ?? 0 }
  }

  func free(_ address: UInt64) { lock.withLock { try? memory.free(address) } }

  func assertion(message: String, file: String, line: UInt32, function: String) throws {
    needletail_flush()
    FileHandle.standardError.write(
      Data("\(file):\(line): \(function): Assertion `\(message)` failed.\n".utf8))
  }

  /// Formats as C does; arguments lie in order, each aligned to its size, floats as doubles.
  func print(format address: UInt64, arguments: UInt64, reader: DeviceReader) throws -> UInt32 {
    var format = Array(try reader.string(at: address).utf8)[...]
    var values = PrintedArguments(start: arguments, reader: reader)
    var output: [UInt8] = []
    while let byte = format.popFirst() {
      if byte == UInt8(ascii: "%") {
        try output += Self.convert(&format, &values)
      } else {
        output.append(byte)
      }
    }
    output.withUnsafeBufferPointer { bytes in
      needletail_print(bytes.baseAddress, bytes.count)
    }
    return values.count
  }

  /// The text of the conversion that `format` begins with, behind its percent sign.
  private static func convert(
    _ format: inout ArraySlice<UInt8>, _ values: inout PrintedArguments
  ) throws -> [UInt8] {
    var flags = "%"
    var longs = 0
    var shorts = 0
    while let byte = format.popFirst() {
      let character = Character(UnicodeScalar(byte))
      switch character {
      case "l", "z", "j", "t": longs += 1
      case "h": shorts += 1
      case "*":
        flags += String(max(-9999, min(9999, Int32(truncatingIfNeeded: try values.next(4)))))
      case "0"..."9", ".", "+", "-", "#", " ": flags.append(character)
      case "%": return [byte]
      default: return try text(character, flags, longs, shorts, &values)
      }
      // Nobody means a field of a hundred thousand characters.
      if flags.count > 12 { return [] }
    }
    return []
  }

  /// What C's printf makes of one value.
  private static func formatted(_ format: String, _ value: any CVarArg) -> [UInt8] {
    withVaList([value]) { list in
      var buffer = [CChar](repeating: 0, count: 1 << 15)
      let count = vsnprintf(&buffer, buffer.count, format, list)
      return buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }
    }
  }

  private static func text(
    _ conversion: Character, _ flags: String, _ longs: Int, _ shorts: Int,
    _ values: inout PrintedArguments
  ) throws -> [UInt8] {
    switch conversion {
    case "d", "i":
      let raw = try values.next(longs > 0 ? 8 : 4)
      let value =
        longs > 0
        ? Int64(bitPattern: raw)
        : shorts > 1
          ? Int64(Int8(truncatingIfNeeded: raw))
          : shorts > 0
            ? Int64(Int16(truncatingIfNeeded: raw)) : Int64(Int32(truncatingIfNeeded: raw))
      return formatted(flags + "lld", value)
    case "u", "x", "X", "o":
      let raw = try values.next(longs > 0 ? 8 : 4)
      let value = shorts > 1 ? raw & 0xff : shorts > 0 ? raw & 0xffff : raw
      return formatted(flags + "ll" + String(conversion), value)
    case "c":
      let byte = UInt8(truncatingIfNeeded: try values.next(4))
      return formatted(flags + "c", Int32(byte))
    case "p":
      let value = try values.next(8)
      return Array((value == 0 ? "(nil)" : "0x" + String(value, radix: 16)).utf8)
    case "s":
      return try values.string().withCString { formatted(flags + "s", $0) }
    case "f", "F", "e", "E", "g", "G", "a", "A":
      return formatted(flags + String(conversion), Double(bitPattern: try values.next(8)))
    default: return []
    }
  }
}

/// The argument buffer of a device `printf`.
private struct PrintedArguments {
  let start: UInt64
  let reader: DeviceReader
  private var offset: UInt64 = 0
  /// Arguments taken so far.
  private(set) var count: UInt32 = 0

  init(start: UInt64, reader: DeviceReader) {
    self.start = start
    self.reader = reader
  }

  mutating func next(_ bytes: Int) throws -> UInt64 {
    let size = UInt64(bytes)
    offset = (offset + size - 1) & ~(size - 1)
    defer { offset += size }
    count += 1
    return try reader.word(at: start &+ offset, bytes: bytes)
  }

  mutating func string() throws -> String { try reader.string(at: next(8)) }
}
