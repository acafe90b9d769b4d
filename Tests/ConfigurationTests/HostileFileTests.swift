import Foundation
import Testing

@testable import Configuration

@Suite("Damaged and hostile files")
struct HostileFileTests {
  /// Enough repetitions to reach the size limit.
  private static func repeated(_ text: String) -> String {
    String(repeating: text, count: YAMLText.descriptionLimit / text.utf8.count)
  }

  private static let bomb: String = {
    var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in 1..<30 {
      let alias = "*a\(level - 1)"
      lines.append(
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ","))]")
    }
    return lines.joined(separator: "\n")
  }()

  /// `count` lines, each made from its number.
  private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
    (0..<count).map(line).joined(separator: "\n")
  }

  private static let texts: [String: String] = {
    var texts: [String: String] = [:]
    for open in ["[", "{a: ", "- ", "? ", "\"a", "a: 1\n", "!!a ", "\u{feff}", "'", "|\n"] {
      texts["endless \(open)"] = repeated(open)
    }
    texts["alias bomb"] = bomb
    texts["alias bomb in keys"] = bomb.replacingOccurrences(of: "[*", with: "{? *")
    texts["alias without a space"] = "a: &x 1\n\"b\":*x\n"
    texts["too large"] = String(repeating: "a", count: YAMLText.descriptionLimit + 1)
    texts["many groups"] = lines(20000) { "a\($0): {b: 1}" }
    texts["many values"] = lines(20000) { "a\($0): 1" }
    texts["many nulls"] = lines(20000) { "a\($0):" }
    texts["staircase"] = lines(900) { String(repeating: " ", count: $0 % 250) + "a:" }
    texts["deep list"] = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
    texts["list as key"] = "[" + repeated("a,").dropLast(8) + "]: 1"
    texts["long number"] = "base: rtx-a6000\nsmCount: " + String(repeating: "9", count: 5000)
    texts["zero byte"] = "base: rtx-a6000\nname: \"a\0b\""
    texts["YAML version"] = "%YAML 9.9\n---\na: 1"
    texts["two documents"] = "--- a\n--- b\n"
    texts["device as base"] = "base: /dev/zero"
    texts["itself as base"] = "base: mine"
    return texts
  }()

  @Test("Hostile text ends in an error", arguments: texts.keys.sorted())
  func hostile(name: String) throws {
    let text = try #require(Self.texts[name])
    let error = try #require(try Shipped.error(loading: text))
    #expect(error.kind == .data)
    #expect(!"\(error)".contains("\n"))
    #expect("\(error)".utf8.count < 600)
  }

  @Test("Bytes that are no text end in an error")
  func bytes() throws {
    let folder = try Scratch()
    for bytes: [UInt8] in [[0xff, 0xfe, 0x41, 0], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0]] {
      let error = try #require(try Shipped.error(loading: Data(bytes), [], folder))
      #expect(error.message.contains("UTF-8"))
    }
  }

  @Test("Random damage gives a machine or an error, never a trap")
  func mutations() throws {
    let original = Array(try Shipped.resolved.get().utf8)
    let folder = try Scratch()
    var random = SplitMix(state: 20_25)
    let pieces = [
      "{", "}", "[", "]", ":", "\n", "  ", "-", "9999999999", "\"", "'", "#", "!", "|", "%",
    ]
    var rejected = 0
    for _ in 0..<60 {
      var bytes = original
      for _ in 0...random.below(3) {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + random.below(200)))
        case 2: bytes.insert(contentsOf: pieces[random.below(pieces.count)].utf8, at: place)
        default: bytes[place] = UInt8(ascii: "0") + UInt8(random.below(10))
        }
      }
      if let error = try Shipped.error(loading: Data(bytes), [], folder) {
        rejected += 1
        #expect(!"\(error)".contains("\n"))
      }
    }
    #expect(rejected > 20)
  }
}

/// A small deterministic generator.
private struct SplitMix {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ z >> 31) % UInt64(max(1, limit)))
  }
}
