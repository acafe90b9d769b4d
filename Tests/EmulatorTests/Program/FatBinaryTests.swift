import CubinSupport
import Testing
import Traces

@testable import Emulator
@testable import ISA

@Suite struct FatBinaryTests {
  typealias Entry = FatBinaryBuilder.Entry

  private func contents(
    _ entries: [Entry], for architecture: Int,
    compile: (([UInt8], Architecture) throws -> [UInt8])? = nil
  ) throws -> [UInt8] {
    try FatBinary(FatBinaryBuilder.build(entries)).cubin(
      for: Architecture(architecture), compile: compile)
  }

  @Test func `the newest code of the same generation that is not too new is chosen`() throws {
    let entries = [
      Entry(architecture: 75, payload: [75]), Entry(architecture: 80, payload: [80]),
      Entry(architecture: 86, payload: [86]), Entry(architecture: 120, payload: [120]),
    ]
    #expect(try contents(entries, for: 86).first == 86)
    #expect(try contents(entries, for: 87).first == 86)
    #expect(try contents(entries, for: 80).first == 80)
    #expect(try contents(entries, for: 121).first == 120)
    #expect(
      throws: ModuleError("no code for sm_90 in the program (it has sm_75, sm_80, sm_86, sm_120)")
    ) {
      try contents(entries, for: 90)
    }
  }

  @Test func `PTX is compiled where no code fits`() throws {
    let entries = [
      Entry(kind: 1, architecture: 75, payload: Array("old".utf8)),
      Entry(kind: 1, architecture: 80, payload: Array("new".utf8)),
      Entry(kind: 1, architecture: 100, payload: Array("too new".utf8)),
    ]
    let result = try contents(entries, for: 90) { text, architecture in
      #expect(architecture.number == 90)
      return text + [1]
    }
    #expect(result.prefix(3) == Array("new".utf8)[...])
    #expect(throws: ModuleError.self) { try contents(entries, for: 90) }
    #expect(throws: ModuleError.self) { try contents([], for: 90) }
  }

  @Test func `entries are decompressed`() throws {
    let text = Array("abcabcabcabcabcabcabc".utf8)
    // Three literals, then 13 of 18 copied bytes come from a length byte; then the last literals.
    let lz4: [UInt8] = [0x3d] + Array("abc".utf8) + [3, 0] + [0x10] + Array("c".utf8)
    #expect(
      try contents([Entry(flags: 0x2000, payload: lz4, uncompressed: 21)], for: 86) == text)
    let frame = try Zstandard.compress(text)
    #expect(
      try contents([Entry(flags: 0x8000, payload: frame, uncompressed: 21)], for: 86) == text)
  }

  @Test func `damaged LZ4 data are errors`() throws {
    let good: [UInt8] = [0x3d] + Array("abc".utf8) + [3, 0] + [0x10] + Array("c".utf8)
    for length in good.indices {
      #expect(throws: ModuleError.self) {
        try LZ4.decompress(Array(good[..<length]), expected: 21)
      }
    }
    for index in good.indices {
      for change: UInt8 in 1...255 {
        var bytes = good
        bytes[index] ^= change
        if let result = try? LZ4.decompress(bytes, expected: 21) { #expect(result.count == 21) }
      }
    }
    #expect(throws: ModuleError.self) { try LZ4.decompress(good, expected: 20) }
    #expect(throws: ModuleError.self) { try LZ4.decompress(good, expected: 1 << 40) }
    #expect(throws: ModuleError.self) { try LZ4.decompress([0x00, 1, 0], expected: 4) }
  }

  @Test func `cut and changed files are errors, never traps`() throws {
    let whole = FatBinaryBuilder.build([
      Entry(payload: [1, 2, 3]), Entry(flags: 0x2000, payload: [0x10, 7], uncompressed: 1),
      Entry(flags: 0x8000, payload: try Zstandard.compress([1, 2, 3]), uncompressed: 3),
      Entry(kind: 1, payload: Array("text".utf8)),
    ])
    func read(_ bytes: [UInt8]) {
      guard let binary = try? FatBinary(bytes) else { return }
      for number in [75, 86, 120] {
        _ = try? binary.cubin(for: Architecture(number)) { text, _ in text }
      }
      for entry in binary.entries { _ = try? entry.contents() }
    }
    for length in whole.indices { read(Array(whole[..<length])) }
    for index in whole.indices {
      for change: UInt8 in [1, 2, 0x10, 0x7f, 0x80, 0xff] {
        var bytes = whole
        bytes[index] ^= change
        read(bytes)
      }
    }
    #expect(throws: ModuleError.self) { try FatBinary([1, 2, 3]) }
    #expect(throws: ModuleError.self) { try FatBinary(Array(whole.prefix(40))) }
  }
}
