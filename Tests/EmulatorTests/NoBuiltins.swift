import Emulator

/// A program that calls no function of the driver.
final class NoBuiltins: DeviceBuiltins {
  func print(format: UInt64, arguments: UInt64, reader: any DeviceReader) throws -> UInt32 { 0 }
  func assertion(message: String, file: String, line: UInt32, function: String) throws {}
  func allocate(bytes: UInt64) -> UInt64 { 0 }
  func free(_ address: UInt64) {}
}
