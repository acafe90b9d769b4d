import Foundation
import ISA
import Testing

@testable import Traces

@Suite struct ContainerTests {
  @Test(arguments: 0..<12) func `what goes in comes out, in any order`(seed: Int) throws {
    let scratch = try Scratch()
    let path = scratch.path("random.ntrace")
    let expected = try writeRandomContainer(
      path, seed: UInt64(seed), kernels: 3, ctas: 1 + seed * 3, length: 60)
    let reader = try TraceReader(path: path)
    #expect(reader.kernels.map(\.ctaCount) == expected.map(\.count))
    #expect(reader.commands.count == 6)
    #expect(reader.kernels[1].warnings == ["a warning"])
    #expect(reader.kernels[0].code[0].text == "FFMA R0, R1, R2, R3")
    var random = Random(99)
    for _ in 0..<40 {
      let kernel = random.below(3)
      let cta = random.below(expected[kernel].count)
      #expect(PlainCTA(try reader.cta(kernel: kernel, index: cta)) == expected[kernel][cta])
    }
  }

  @Test func `several threads read at once`() async throws {
    let scratch = try Scratch()
    let path = scratch.path("random.ntrace")
    let expected = try writeRandomContainer(path, seed: 7, kernels: 1, ctas: 100, length: 30)[0]
    let reader = try TraceReader(path: path)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for start in 0..<4 {
        group.addTask {
          for index in stride(from: start, to: 100, by: 4) {
            if PlainCTA(try reader.cta(kernel: 0, index: index)) != expected[index] { return false }
          }
          return true
        }
      }
      for try await same in group { #expect(same) }
    }
  }

  @Test func `a file cut short anywhere is recognised as such`() throws {
    let scratch = try Scratch()
    let path = scratch.path("whole.ntrace")
    _ = try writeRandomContainer(path, seed: 3, kernels: 1, ctas: 3, length: 20)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in 0..<bytes.count {
      let cut = scratch.path("cut.ntrace")
      try bytes.prefix(length).write(to: URL(fileURLWithPath: cut))
      #expect(throws: TraceError.self) { _ = try TraceReader(path: cut) }
    }
  }

  @Test func `a flipped bit never passes unnoticed into the streams, and never traps`() throws {
    let scratch = try Scratch()
    let path = scratch.path("whole.ntrace")
    let expected = try writeRandomContainer(path, seed: 5, kernels: 2, ctas: 3, length: 20)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let broken = scratch.path("broken.ntrace")
    for bit in stride(from: 0, to: bytes.count * 8, by: 3) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      try damaged.write(to: URL(fileURLWithPath: broken))
      do {
        let reader = try TraceReader(path: broken)
        for (kernel, ctas) in expected.enumerated() {
          for (index, cta) in ctas.enumerated() {
            #expect(PlainCTA(try reader.cta(kernel: kernel, index: index)) == cta)
          }
        }
      } catch is TraceError {}
    }
  }

  @Test func `a partial file does not bear the name`() throws {
    let scratch = try Scratch()
    let path = scratch.path("unfinished.ntrace")
    let writer = try TraceWriter(path: path, origin: "test")
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(FileManager.default.fileExists(atPath: path + ".partial"))
    writer.cancel()
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
  }

  @Test func `hostile chunks are refused, never trapped on`() throws {
    var random = Random(11)
    var encoder = ChunkEncoder()
    for _ in 0..<3 { encoder.append(randomCTA(&random, codeCount: 20, warps: 4, length: 40)) }
    let good = encoder.finish()
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      if random.below(3) == 0 { bytes.removeLast(random.below(bytes.count)) }
      bytes.withUnsafeBytes { raw in
        if var decoder = try? ChunkDecoder(raw, ctas: 3, codeCount: 20) {
          _ = try? decoder.decode()
        }
      }
    }
  }
}
