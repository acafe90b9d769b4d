import Foundation
import Simulation

/// Measurements are what the simulator is judged by: a file that `SHA256SUMS` beside it lists must
/// be the listed one, so that no number changes unnoticed. Files that are not listed are a user's.
enum Checksums {
  static let name = "SHA256SUMS"

  static func check(_ bytes: [UInt8], file: String) throws {
    let url = URL(fileURLWithPath: file)
    let list = url.deletingLastPathComponent().appendingPathComponent(name).path
    guard let data = FileManager.default.contents(atPath: list) else { return }
    let lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.isEmpty {
      // As sha256sum writes it: 64 digits, a blank, a blank or a star, the name.
      let words = line.split(maxSplits: 1) { $0 == " " }
      guard words.count == 2, words[0].utf8.count == 64 else {
        throw SuiteError(.data, file: list, line: number + 1, "is no line of sha256sum")
      }
      let listed = words[1].drop { $0 == " " || $0 == "*" }
      guard listed == url.lastPathComponent else { continue }
      let sum = SHA256.hexadecimal(of: bytes)
      guard sum == words[0] else {
        throw SuiteError(
          .data, file: file,
          "differs from the file that \(list):\(number + 1) lists: a measurement was edited; if "
            + "that is meant, write its new sum (sha256sum \(listed))")
      }
    }
  }
}
