import Foundation

/// Which addresses of this process can be read.
enum MappedMemory {
  /// Whether all of `count` bytes from `start` on lie in memory that may be read and, where it
  /// shows a file, inside the file.
  static func isReadable(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    guard count >= 0, let text = map() else { return true }
    var at = UInt64(UInt(bitPattern: start))
    let (end, overflow) = at.addingReportingOverflow(UInt64(count))
    guard !overflow else { return false }
    // Lines like `7f00-7f10 r--p 00000000 08:01 123 /path`, by address.
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      let range = (fields.first ?? "").split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard fields.count >= 5, range.count == 2, range[0] <= at, at < range[1] else { continue }
      guard fields[1].hasPrefix("r") else { return false }
      var limit = range[1]
      if fields.count == 6, fields[5].hasPrefix("/"), let offset = UInt64(fields[2], radix: 16),
        let attributes = try? FileManager.default.attributesOfItem(atPath: String(fields[5])),
        let size = attributes[.size] as? UInt64
      {
        // The last page ends with zeros.
        let pages = (size + 4095) & ~4095
        limit = min(limit, pages > offset ? range[0] + (pages - offset) : range[0])
      }
      guard at < limit || at == end else { return false }
      at = limit
      if at >= end { return true }
      if limit < range[1] { return false }
    }
    return count == 0
  }

  /// The system makes the text while it is read: its length is not known before.
  private static func map() -> String? {
    guard let file = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
