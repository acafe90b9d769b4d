import Foundation
import ISA
import Testing

@testable import Traces

/// How a source is found, recognised and unpacked.
@Suite struct SourceTests {
  private let kernel = accelSimText(["0000 ffffffff 0 EXIT 0 0"])

  private func importing(_ path: String) throws -> ImportReport {
    var sink = MemorySink()
    return try TraceImporter.importTrace(from: path, into: &sink)
  }

  private func message(_ path: String) -> String {
    do {
      _ = try importing(path)
      return ""
    } catch { return "\(error)" }
  }

  @Test func `a folder stands for the one trace in it`() throws {
    let scratch = try Scratch()
    #expect(message(scratch.folder.path).contains("neither"))
    _ = try scratch.write("kernel-1.traceg", kernel)
    _ = try scratch.write("kernelslist.g", "\n  kernel-1.traceg\r\n")
    #expect(try importing(scratch.folder.path).warpInstructions == 1)
    _ = try scratch.write("dynamic_trace.pb", "")
    #expect(message(scratch.folder.path).contains("both"))
  }

  @Test func `commands of other readers are passed over, wherever they stand`() throws {
    let scratch = try Scratch()
    _ = try scratch.write("kernel-1.traceg", kernel)
    let list = try scratch.write(
      "list", "ncclCommInitAll\nMemcpyDtoH,0x10,4\nkernel-1.traceg\nkernel-1.traceg")
    var sink = MemorySink()
    let report = try TraceImporter.importTrace(from: list, into: &sink)
    #expect(report.kernels == 2 && report.ctas == 2)
    #expect(sink.copies == [MemoryCopy(direction: .deviceToHost, address: 16, bytes: 4)])
  }

  @Test(arguments: [
    ("kernel-9.traceg\n", ":1:"), ("\nMemcpyHtoD,0xzz,1\nkernel-1.traceg", ":2:"),
    ("MemcpyHtoD,0x10\nkernel-1.traceg", ":1:"), ("Memcpy\n", "names no kernel"),
  ]) func `a bad list is refused with its line`(text: String, why: String) throws {
    let scratch = try Scratch()
    _ = try scratch.write("kernel-1.traceg", kernel)
    #expect(message(try scratch.write("kernelslist.g", text)).contains(why))
  }

  @Test func `what is no trace, or a container already, is refused`() throws {
    let scratch = try Scratch()
    #expect(message(scratch.path("nothing")).contains("does not exist"))
    for text in ["", "hello\n", "\u{0}\u{1}\u{2}"] {
      #expect(message(try scratch.write("file", text)).contains("no trace"))
    }
    _ = try writeRandomContainer(scratch.path("a.ntrace"), seed: 1, kernels: 1, ctas: 1, length: 3)
    #expect(message(scratch.path("a.ntrace")).contains("already"))
  }

  @Test func `all of a zstd file is read, and a cut one is refused`() throws {
    let scratch = try Scratch()
    let lines = Array(repeating: "0000 ffffffff 0 NOP 0 0", count: 150_000)
    let frame = try Zstandard.compress(Array(accelSimText(lines).utf8))
    let path = scratch.path("kernel-1.traceg.zst")
    try Data(frame).write(to: URL(fileURLWithPath: path))
    #expect(try importing(path).warpInstructions == lines.count)
    try Data(frame.dropLast(10)).write(to: URL(fileURLWithPath: path))
    #expect(message(path).contains("compressed frame"))
  }

  @Test(arguments: [
    [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], [0x1f, 0x8b, 8, 0], [0x28, 0xb5, 0x2f, 0xfd, 9],
  ])
  func `a damaged archive is refused`(start: [UInt8]) throws {
    let scratch = try Scratch()
    let path = scratch.path("kernel-1.traceg")
    try Data(start + Array(repeating: 7, count: 100)).write(to: URL(fileURLWithPath: path))
    #expect(message(path).contains("damaged"))
  }

  @Test func `a line without end is refused before it fills the memory`() throws {
    let scratch = try Scratch()
    let text = kernel + String(repeating: "a", count: 4 << 20)
    #expect(message(try scratch.write("kernel-1.traceg", text)).contains("longer than"))
  }
}
