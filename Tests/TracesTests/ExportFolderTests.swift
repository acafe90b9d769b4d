import Foundation
import ISA
import Testing

@testable import Traces

private let formats: [ExportFormat] = [
  .accelSim(isCompressed: false), .accelSim(isCompressed: true), .micro25,
]

/// The shipped listings.
private let listings: [String] = {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Traces")
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  return names.filter { $0.hasSuffix(".sass") }.sorted().map {
    folder.appendingPathComponent($0).path
  }
}()

@Suite struct ExportTests {
  @Test func `listings ship`() { #expect(listings.count >= 5) }

  /// A shipped listing as a container, of two CTAs so that the test is quick.
  private func source(_ listing: String, _ scratch: Scratch) throws -> TraceReader {
    let text = try String(contentsOfFile: listing, encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let small = lines.map { $0.hasPrefix(".grid") ? ".grid 2" : $0 }.joined(separator: "\n")
    return try scratch.imported(
      try scratch.write("small.sass", small), as: "source.ntrace")
  }

  @Test(arguments: listings) func `the shipped listings come back from MICRO 2025 files`(
    listing: String
  ) throws {
    let scratch = try Scratch()
    let source = try source(listing, scratch)
    let again = try scratch.roundTrip(source, .micro25, "out")
    var expected = try PlainProgram(source)
    for number in expected.kernels.indices {
      expected.kernels[number].launch.staticShared += expected.kernels[number].launch.dynamicShared
      expected.kernels[number].launch.dynamicShared = 0
      // Without an encoding reuse flags are those of the text.
      for place in expected.kernels[number].code.indices {
        expected.kernels[number].code[place].control?.reuse = 0
      }
    }
    #expect(try PlainProgram(again) == expected)
    for (kernel, original) in zip(again.kernels, source.kernels) {
      func reuse(_ kernel: TraceKernel) -> [UInt8] {
        kernel.code.map {
          InstructionDecoder.decode($0, architecture: kernel.launch.architecture).control.reuse
        }
      }
      #expect(reuse(kernel) == reuse(original))
    }
  }

  @Test(arguments: listings) func `the shipped listings come back from Accel-Sim text`(
    listing: String
  ) throws {
    let scratch = try Scratch()
    let source = try source(listing, scratch)
    let once = try scratch.roundTrip(source, .accelSim(isCompressed: false), "once")
    let (found, expected) = (try PlainProgram(once), try PlainProgram(source))
    #expect(found.commands == expected.commands)
    for (kernel, original) in zip(found.kernels, expected.kernels) {
      let ctas = original.ctas.map { cta in
        var cta = cta
        for warp in cta.warps.indices {
          for place in cta.warps[warp].indices {
            let step = cta.warps[warp][place]
            cta.warps[warp][place].addresses =
              step.mask == 0 ? [] : Array(step.addresses.suffix(1))
          }
        }
        return cta
      }
      #expect(kernel.ctas == ctas)
    }
    let twice = try scratch.roundTrip(once, .accelSim(isCompressed: true), "twice")
    #expect(try PlainProgram(twice) == found)
  }

  // MARK: Refusals

  /// A trace of one CTA, to be changed before it is written.
  private struct Small {
    var launch = KernelLaunch(
      name: "small", grid: Dim3(1), block: Dim3(32), architecture: Architecture(86))
    var code = [StaticInstruction(pc: 0, text: "EXIT", control: nil)]
    var positions = [Dim3(0, 0, 0)]
    var warps = 1
    var second: Architecture?

    func write(_ path: String) throws -> TraceReader {
      let writer = try TraceWriter(path: path, origin: "test")
      try kernel(launch, writer)
      if let second {
        var launch = launch
        launch.architecture = second
        try kernel(launch, writer)
      }
      try writer.finish()
      return try TraceReader(path: path)
    }

    private func kernel(_ launch: KernelLaunch, _ writer: TraceWriter) throws {
      try writer.beginKernel(launch)
      for position in positions {
        try writer.append(
          CTATrace(
            x: position.x, y: position.y, z: position.z, warpStarts: Array(0...warps),
            instructions: Array(
              repeating: DynamicInstruction(index: 0, mask: .max), count: warps),
            references: [], addresses: []))
      }
      try writer.endKernel(code: code, warnings: [])
    }
  }

  private func refusal(
    _ format: ExportFormat, _ change: (inout Small) -> Void
  ) throws -> String {
    let scratch = try Scratch()
    var small = Small()
    change(&small)
    let reader = try small.write(scratch.path("small.ntrace"))
    do {
      _ = try TraceExporter.export(reader, as: format, to: scratch.path("out"))
      return "nothing"
    } catch {
      let left = try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path)
      #expect(left == ["small.ntrace"], "something is left behind")
      return "\(error)"
    }
  }

  @Test(arguments: formats)
  func `what cannot be expressed is refused, and nothing is left`(format: ExportFormat) throws {
    #expect(try refusal(format) { _ in } == "nothing")
    #expect(try refusal(format) { $0.code[0].text = "" }.contains("has no SASS text"))
    #expect(try refusal(format) { $0.code[0].text = "@P0" }.contains("has no SASS text"))
    #expect(try refusal(format) { $0.code[0].pc = 1 << 30 }.contains("0x40000000"))
    #expect(try refusal(format) { $0.launch.grid = Dim3(0) }.contains("empty"))
    #expect(try refusal(format) { $0.launch.block = Dim3(1025) }.contains("1025 threads"))
    #expect(
      try refusal(format) { $0.launch.architecture = Architecture(0) }.contains("architecture"))
    #expect(try refusal(format) { $0.positions = [] }.contains("no CTA"))
    #expect(try refusal(format) { $0.positions = [Dim3(1, 0, 0)] }.contains("outside the grid"))
    #expect(try refusal(format) { $0.warps = 2 }.contains("has 2 warps"))
    #expect(
      try refusal(format) {
        $0.launch.staticShared = 1 << 24
        $0.launch.dynamicShared = 1 << 24
      }.contains("shared memory"))
  }

  @Test func `text has no line breaks in names and opcodes`() throws {
    let format = ExportFormat.accelSim(isCompressed: false)
    #expect(try refusal(format) { $0.launch.name = "a\n#END_TB" }.contains("name"))
    #expect(try refusal(format) { $0.code[0].text = "EXIT\nwarp" }.contains("opcode"))
    #expect(try refusal(format) { $0.code[0].pc = 4 }.contains("0x4"))
  }

  @Test func `MICRO 2025 files want whole grids, one architecture, real guards`() throws {
    #expect(try refusal(.micro25) { $0.launch.grid = Dim3(2) }.contains("1 CTAs of a grid of 2"))
    #expect(
      try refusal(.micro25) {
        $0.launch.grid = Dim3(2)
        $0.positions += $0.positions
      }.contains("twice"))
    #expect(try refusal(.micro25) { $0.code += $0.code }.contains("twice"))
    #expect(try refusal(.micro25) { $0.code[0].text = "@R1 EXIT" }.contains("'@R1'"))
    #expect(try refusal(.micro25) { $0.second = Architecture(80) }.contains("sm_80, sm_86"))
  }

  @Test func `a trace of part of a grid is Accel-Sim text with a warning`() throws {
    let scratch = try Scratch()
    var small = Small()
    small.launch.grid = Dim3(3)
    let report = try TraceExporter.export(
      try small.write(scratch.path("small.ntrace")), as: .accelSim(isCompressed: false),
      to: scratch.path("out"))
    #expect(report.warnings.contains { $0.contains("1 CTAs of a grid of 3") })
  }

  @Test func `what holds for many launches is said once`() throws {
    var warnings = ExportWarnings()
    warnings.add(["a", "b"], "kernel 1 (x)")
    warnings.add(["b"], "kernel 2 (y)")
    #expect(warnings.texts == ["kernel 1 (x): a", "kernel 1 (x) and 1 other: b"])
    warnings.add(["b"], "kernel 3 (z)")
    #expect(warnings.texts.last == "kernel 1 (x) and 2 others: b")
  }

  @Test(arguments: formats) func `addresses that the trace lacks are said`(format: ExportFormat)
    throws
  {
    let scratch = try Scratch()
    var small = Small()
    small.code[0].text = "LDG.E R1, [R2.64]"
    small.launch.cluster = Dim3(2)
    let report = try TraceExporter.export(
      try small.write(scratch.path("small.ntrace")), as: format, to: scratch.path("out"))
    #expect(report.warnings.contains { $0.contains("1 memory instructions have no addresses") })
    #expect(report.warnings.contains { $0.contains("clusters") })
  }

  // MARK: The folder

  @Test(arguments: formats) func `an export does not touch what is there`(format: ExportFormat)
    throws
  {
    let scratch = try Scratch()
    let reader = try Small().write(scratch.path("small.ntrace"))
    func failure(_ name: String) -> String {
      do {
        _ = try TraceExporter.export(reader, as: format, to: scratch.path(name))
        return "nothing"
      } catch { return "\(error)" }
    }
    _ = try scratch.write("full/file", "mine")
    #expect(failure("full").contains("not empty"))
    #expect(failure("full/file").contains("no folder"))
    try FileManager.default.createDirectory(
      atPath: scratch.path("cut.partial"), withIntermediateDirectories: true)
    #expect(failure("cut").contains("remove it first"))
    #expect(FileManager.default.fileExists(atPath: scratch.path("cut.partial")))
    #expect(failure("nowhere/out").contains("No such file or directory"))
    try FileManager.default.createDirectory(
      atPath: scratch.path("empty"), withIntermediateDirectories: true)
    #expect(failure("empty") == "nothing")
    #expect(failure("empty").contains("not empty"))
  }

  @Test func `the folder has its name only when it is whole`() throws {
    let scratch = try Scratch()
    let reader = try Small().write(scratch.path("small.ntrace"))
    var seen = false
    _ = try TraceExporter.export(reader, as: .micro25, to: scratch.path("out")) { done, total in
      seen = done == 1 && total == 1
      #expect(!FileManager.default.fileExists(atPath: scratch.path("out")))
      #expect(FileManager.default.fileExists(atPath: scratch.path("out.partial")))
    }
    #expect(seen)
    #expect(!FileManager.default.fileExists(atPath: scratch.path("out.partial")))
  }

  @Test(arguments: [false, true]) func `a full disk is an error`(isCompressed: Bool) throws {
    let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    do {
      let file = try OutputFile(
        descriptor: descriptor, reportedAs: "out/kernel-1.traceg", isCompressed: isCompressed)
      var random = Random(4)
      for _ in 0..<64 {
        try file.write((0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      }
      for _ in 0..<512 { try file.write(Array(repeating: 7, count: 4096)) }
      try file.close()
      Issue.record("no error")
    } catch let error as TraceError {
      #expect(error.isSystemFailure && error.file == "out/kernel-1.traceg")
      #expect(error.message.contains("No space left on device"))
    }
  }

  @Test func `a damaged chunk leaves nothing behind`() throws {
    let scratch = try Scratch()
    let path = scratch.path("source.ntrace")
    var random = RandomProgram(seed: 11)
    _ = try random.write(to: path)
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    bytes[40] ^= 0x55
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    for format in formats {
      #expect(throws: TraceError.self) {
        _ = try TraceExporter.export(
          try TraceReader(path: path), as: format, to: scratch.path("out"))
      }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path)
    #expect(left == ["source.ntrace"])
  }
}
