import Foundation
import Simulation

/// Which simulator this is: results of another one are never taken for its own.
public enum SimulatorIdentity {
  public static let version = Simulator.version

  /// Digest that tells this executable from any other build: the linker's build ID, or, where there
  /// is none, that of the file.
  public static let build: String = buildID ?? SHA256.hexadecimal(ofFile: executable) ?? "unknown"

  /// This process' own file, also when another build has replaced it since.
  public static let executable = "/proc/self/exe"

  /// Content of the `NT_GNU_BUILD_ID` note in the executable's file.
  private static var buildID: String? {
    guard let handle = FileHandle(forReadingAtPath: executable) else { return nil }
    defer { try? handle.close() }
    // Program headers and notes stand at the beginning.
    guard let start = try? handle.read(upToCount: 1 << 16) else { return nil }
    let bytes = [UInt8](start)
    func word(_ at: Int, bytes count: Int) -> Int? {
      guard at >= 0, at + count <= bytes.count else { return nil }
      return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
    }
    // ELF, 64 bits.
    guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2]), let table = word(32, bytes: 4),
      let size = word(54, bytes: 2), let count = word(56, bytes: 2)
    else { return nil }
    for index in 0..<count {
      let header = table + index * size
      // PT_NOTE
      guard word(header, bytes: 4) == 4, let offset = word(header + 8, bytes: 4),
        let length = word(header + 32, bytes: 4)
      else { continue }
      var at = offset
      while at < offset + length, let nameLength = word(at, bytes: 4),
        let contentLength = word(at + 4, bytes: 4), let kind = word(at + 8, bytes: 4)
      {
        let content = at + 12 + (nameLength + 3) / 4 * 4
        guard content + contentLength <= bytes.count else { break }
        if kind == 3, contentLength > 0 {
          return bytes[content..<content + contentLength].map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
          }.joined()
        }
        at = content + (contentLength + 3) / 4 * 4
      }
    }
    return nil
  }
}
