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
    let format = Array(try reader.string(at: address).utf8)
    var output: [UInt8] = []
    var offset: UInt64 = 0
    var count: UInt32 = 0
    func argument(_ bytes: Int) throws -> UInt64 {
      let size = UInt64(bytes)
      offset = (offset + size - 1) & ~(size - 1)
      defer { offset += size }
      return try reader.word(at: arguments &+ offset, bytes: bytes)
    }
    var index = 0
    while index < format.count {
      guard format[index] == UInt8(ascii: "%") else {
        output.append(format[index])
        index += 1
        continue
      }
      var specification: [UInt8] = []
      var longs = 0
      index += 1
      var conversion: UInt8 = 0
      while index < format.count {
        let byte = format[index]
        index += 1
        if byte == UInt8(ascii: "l") || byte == UInt8(ascii: "z") || byte == UInt8(ascii: "j") {
          longs += 1
        } else if byte == UInt8(ascii: "h") {
          continue
        } else if byte == UInt8(ascii: "*") {
          let width = Int32(truncatingIfNeeded: try argument(4))
          specification += Array(String(width).utf8)
        } else if "0123456789.+-# ".utf8.contains(byte) {
          specification.append(byte)
        } else {
          conversion = byte
          break
        }
      }
      let flags = "%" + String(decoding: specification, as: UTF8.self)
      switch conversion {
      case UInt8(ascii: "%"): output.append(conversion)
      case UInt8(ascii: "d"), UInt8(ascii: "i"):
        let raw = try argument(longs > 0 ? 8 : 4)
        let value = longs > 0 ? Int64(bitPattern: raw) : Int64(Int32(truncatingIfNeeded: raw))
        output += Array(String(format: flags + "lld", value).utf8)
        count += 1
      case UInt8(ascii: "u"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "o"):
        let raw = try argument(longs > 0 ? 8 : 4)
        output += Array(
          String(format: flags + "ll" + String(UnicodeScalar(conversion)), raw).utf8)
        count += 1
      case UInt8(ascii: "c"):
        output.append(UInt8(truncatingIfNeeded: try argument(4)))
        count += 1
      case UInt8(ascii: "p"):
        output += Array("0x\(String(try argument(8), radix: 16))".utf8)
        count += 1
      case UInt8(ascii: "s"):
        let text = try reader.string(at: argument(8))
        output += Array(text.utf8)
        count += 1
      case UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "e"), UInt8(ascii: "E"),
        UInt8(ascii: "g"), UInt8(ascii: "G"), UInt8(ascii: "a"), UInt8(ascii: "A"):
        let value = Double(bitPattern: try argument(8))
        output += Array(String(format: flags + String(UnicodeScalar(conversion)), value).utf8)
        count += 1
      default: break
      }
    }
    output.withUnsafeBufferPointer { bytes in
      needletail_print(bytes.baseAddress, bytes.count)
    }
    return count
  }
}
