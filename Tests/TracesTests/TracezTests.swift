import Foundation
import ISA
import Testing

@testable import Traces

/// A `.tracez` of one CTA, put together by hand: header, dictionary, frames, index.
private func tracez(
  _ subChunks: [[UInt8]], instructions: Int, dictionary: [UInt8] = [], warps: Int = 1
) throws -> [UInt8] {
  func word(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  let header = """
    -kernel name = small
    -grid dim = (2,1,1)
    -block dim = (32,1,1)
    -binary version = 90
    -accelsim tracer version = 6

    """
  var file = Array(header.utf8) + [0] + word(dictionary.count) + word(1024) + dictionary
  let start = file.count
  for chunk in subChunks { file += try Zstandard.compress(chunk) }
  let index = file.count
  file += word(1) + [1, 0, 0, 0, 0, 0, 0, 0, 0, 0].flatMap(word) + word(warps)
  for _ in 0..<warps {
    file += word(instructions) + word(subChunks.count) + word(start) + word(0)
    for _ in subChunks { file += word(1) }
  }
  return file + word(index) + word(0)
}

private func importBytes(_ bytes: [UInt8]) throws -> MemorySink {
  let scratch = try Scratch()
  let path = scratch.path("kernel-1.tracez")
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  var sink = MemorySink()
  _ = try TraceImporter.importTrace(from: path, into: &sink)
  return sink
}

@Suite struct TracezTests {
  private let first = Array("0000 ffffffff 1 R1 MOV 0 0 0 0 NoVal\n".utf8)
  private let second = Array(
    "0010 00000003 1 R2 LDG.E 1 R2 4 1 0x100 4 0 0 NoVal\n0020 ffffffff 0 EXIT 0 0 0 0 NoVal\n".utf8
  )

  @Test func `sub-chunks of instruction lines are one warp`() throws {
    let kernel = try #require(
      try importBytes(tracez([first, second], instructions: 3)).kernels.first)
    #expect(kernel.ctas.map(\.position) == [[1, 0, 0]])
    #expect(kernel.ctas[0].warps[0].map(\.index) == [0, 1, 2])
    #expect(kernel.ctas[0].warps[0][1].addresses == [[0x100, 0x104]])
    #expect(kernel.code.map(\.text) == ["MOV R1", "LDG.E R2, [R2.64]", "EXIT"])
  }

  @Test func `records of another layout are refused, and why is said`() throws {
    do {
      _ = try importBytes(tracez([[0, 1, 2, 3]], instructions: 1))
      Issue.record("no error")
    } catch let error as TraceError { #expect(error.message.contains("not documented")) }
  }

  @Test func `counts are held against the index and the launch`() throws {
    #expect(throws: TraceError.self) { try importBytes(tracez([first], instructions: 2)) }
    #expect(throws: TraceError.self) { try importBytes(tracez([first], instructions: 1, warps: 2)) }
  }

  @Test func `a file cut short anywhere is refused`() throws {
    let whole = try tracez([first, second], instructions: 3)
    for count in stride(from: 0, to: whole.count, by: 3) {
      #expect(throws: TraceError.self) { try importBytes(Array(whole[..<count])) }
    }
  }

  @Test func `damage never traps`() throws {
    let whole = try tracez([first, second], instructions: 3, dictionary: [1, 2, 3, 4, 5, 6, 7, 8])
    var random = Random(11)
    for _ in 0..<1500 {
      var bytes = whole
      for _ in 0...random.below(3) {
        bytes[random.below(bytes.count)] =
          [0, 1, 127, 255, UInt8(random.below(256))][random.below(5)]
      }
      do { _ = try importBytes(bytes) } catch is TraceError {}
    }
  }
}
