import Foundation
import ISA
import SwiftProtobuf
import Testing

@testable import Traces

private let header = """
  -kernel name = _Z3foov
  -kernel id = 1
  -grid dim = (1,1,1)
  -block dim = (64,1,1)
  -shmem = 128
  -nregs = 16
  -binary version = 86
  -cuda stream id = 0
  -shmem base_addr = 0x00007f4000000000
  -local mem base_addr = 0x00007f4200000000
  -nvbit version = 1.5.5
  -accelsim tracer version = VERSION
  -enable lineinfo = LINEINFO

  #traces format = ignored


  """

private let block = """
  #BEGIN_TB

  thread block = 0,0,0

  warp = 0
  insts = 6
  0000 ffffffff 1 R1 MOV 0 0
  0010 0000000f 1 R2 LDG.E.64 1 R4 8 1 0x7f00 8
  0020 00000007 0 STG.E 2 R6 R2 4 2 0x100 16 -16
  0030 00000003 0 STS 2 R7 R2 4 0 0x10 0x80
  0040 ffffffff 0 BRA 0 0
  0000 ffffffff 0 EXIT 0 0
  warp = 1
  insts = 1
  0050 ffffffff 0 EXIT 0 0
  #END_TB

  """

private func importText(_ text: String, name: String = "kernel-1.traceg") throws -> MemorySink {
  let scratch = try Scratch()
  _ = try scratch.write("kernelslist.g", "MemcpyHtoD,0x00007f0000000000,4096\nkernel-1.traceg\n")
  _ = try scratch.write(name, text)
  var sink = MemorySink()
  _ = try TraceImporter.importTrace(from: scratch.path("kernelslist.g"), into: &sink)
  return sink
}

private func text(version: Int = 3, lineInfo: Int = 0, _ body: String = block) -> String {
  header.replacing("VERSION", with: "\(version)").replacing("LINEINFO", with: "\(lineInfo)") + body
}

@Suite struct AccelSimImporterTests {
  @Test func `a kernel with every address mode`() throws {
    let sink = try importText(text())
    #expect(
      sink.copies == [MemoryCopy(direction: .hostToDevice, address: 0x7f00_0000_0000, bytes: 4096)])
    let kernel = try #require(sink.kernels.first)
    #expect(
      kernel.launch.block == Dim3(64) && kernel.launch.staticShared == 128
        && kernel.launch.registers == 16)
    let warp = kernel.ctas[0].warps[0]
    #expect(warp.count == 6 && kernel.ctas[0].warps[1].count == 1)
    #expect(warp[1].addresses == [[0x7f00, 0x7f08, 0x7f10, 0x7f18]])
    #expect(warp[2].addresses == [[0x100, 0x110, 0x100]])
    #expect(warp[3].addresses == [[0x10, 0x80]])
    #expect(kernel.code.map(\.text).contains("LDG.E.64 R2, [R4.64]"))
    #expect(kernel.code.map(\.text).contains("STG.E [R6.64], R2"))
    #expect(kernel.code.allSatisfy { $0.control == nil })
  }

  @Test func `line numbers and immediates of later versions`() throws {
    var lines = block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines = lines.map {
      $0.first?.isHexDigit == true && $0.contains("fff") || $0.hasPrefix("00") ? "17 \($0) 0" : $0
    }
    let sink = try importText(text(version: 5, lineInfo: 1, lines.joined(separator: "\n")))
    #expect(sink.kernels[0].ctas[0].warps[0].count == 6)
    #expect(sink.kernels[0].ctas[0].warps[0][2].addresses == [[0x100, 0x110, 0x100]])
  }

  @Test func `a branch seen both ways gets a guard, and comparisons write its predicate`() throws {
    let loop = """
      #BEGIN_TB
      thread block = 0,0,0
      warp = 0
      insts = 5
      0000 ffffffff 0 ISETP.GE.AND 1 R2 0
      0010 ffffffff 0 BRA 0 0
      0000 ffffffff 0 ISETP.GE.AND 1 R2 0
      0010 ffffffff 0 BRA 0 0
      0020 ffffffff 0 EXIT 0 0
      #END_TB

      """
    let code = try importText(text(loop)).kernels[0].code.map(\.text)
    #expect(code == ["ISETP.GE.AND P0, R2", "@P0 BRA", "EXIT"])
  }

  @Test(arguments: [
    ("more instructions than it says", "insts = 6", "insts = 5"),
    ("fewer than it says", "insts = 6", "insts = 7"),
    ("address mode", "8 1 0x7f00 8", "8 9 0x7f00 8"), ("warp out of range", "warp = 1", "warp = 9"),
    ("mask", "0000000f", "zzz"), ("pc", "0010 0000000f", "fffffffff 0000000f"),
    ("no end", "#END_TB", ""),
    ("width", "STG.E 2 R6 R2 4", "STG.E 2 R6 R2 x"),
  ]) func `damage is an error with a line`(what: String, from: String, to: String) throws {
    do {
      _ = try importText(text(block.replacing(from, with: to)))
      Issue.record("\(what): no error")
    } catch let error as TraceError { #expect(error.line != nil, "\(what): \(error)") }
  }

  @Test func `unknown opcodes are kept with a warning`() throws {
    let sink = try importText(text(block.replacing("MOV", with: "FROB.X")))
    #expect(sink.kernels[0].warnings.joined().contains("FROB"))
    #expect(sink.kernels[0].ctas[0].warps[0].count == 6)
  }

  @Test(arguments: ["gzip", "xz"]) func `compressed kernels are read through the system's tools`(
    tool: String
  ) throws {
    let scratch = try Scratch()
    let plain = try scratch.write("kernel-1.traceg", text())
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool, plain]
    try process.run()
    process.waitUntilExit()
    let list = try scratch.write("kernelslist.g", "kernel-1.traceg\n")
    var sink = MemorySink()
    let report = try TraceImporter.importTrace(from: list, into: &sink)
    #expect(report.warpInstructions == 7)
  }

  @Test func `mutated text never traps`() throws {
    let scratch = try Scratch()
    let good = Array(text().utf8)
    var random = Random(1)
    for _ in 0..<1500 {
      var bytes = good
      for _ in 0...random.below(5) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count)) }
      let path = scratch.path("kernel-1.traceg")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      var sink = MemorySink()
      if var reader = try? AccelSimKernelReader(path: path) {
        try? reader.read(into: &sink) { _ in }
      }
    }
  }
}

@Suite struct Micro25ImporterTests {
  /// The same program in the MICRO 2025 format.
  private func write(_ scratch: Scratch) throws -> String {
    func instruction(_ pc: UInt32, _ mask: UInt32, _ addresses: [DynamicTrace_address] = [])
      -> DynamicTrace_instruction
    {
      .with {
        $0.pc = pc
        $0.activeMask = mask
        $0.predicateMask = .max
        $0.functionUniqueID = 1
        $0.addresses = addresses
      }
    }
    let strided = DynamicTrace_address.with {
      $0.dataWidth = 8; $0.compressionFormat = 1; $0.baseAddress = 0x7f00; $0.stride = 8
    }
    let deltas = DynamicTrace_address.with {
      $0.dataWidth = 4; $0.compressionFormat = 2; $0.baseAddress = 0x100; $0.addrs = [16, -16]
    }
    let list = DynamicTrace_address.with {
      $0.dataWidth = 4; $0.compressionFormat = 0; $0.addrs = [0x10, 0x80]
    }
    let first = DynamicTrace_warp.with {
      $0.instructions = [
        instruction(0, .max), instruction(0x10, 0xf, [strided]), instruction(0x20, 0x7, [deltas]),
        instruction(0x30, 0x3, [list]), instruction(0x40, .max), instruction(0, .max),
      ]
    }
    let second = DynamicTrace_warp.with {
      $0.id = 1
      $0.instructions = [instruction(0x50, .max)]
    }
    let cta = DynamicTrace_threadblock.with { $0.warps = [0: first, 1: second] }
    let kernel = DynamicTrace_kernel.with {
      $0.id = 1
      $0.name = "_Z3foov"
      $0.functionUniqueID = 1
      $0.numberOfRegisters = 16
      $0.gridDim = .with {
        $0.x = 1; $0.y = 1; $0.z = 1
      }
      $0.blockDim = .with {
        $0.x = 64; $0.y = 1; $0.z = 1
      }
    }
    let stream = DynamicTrace_cuda_stream.with {
      $0.kernels = [kernel]
      $0.orderedCudaEvents = ["MemcpyHtoD,0x00007f0000000000,4096", "kernel-1.trace"]
    }
    let trace = DynamicTrace_Trace.with {
      $0.name = "foo"
      $0.binaryVersion = 86
      $0.gpuDevice = [0: .with { $0.streams = [0: stream] }]
    }
    let texts = [
      ("0000", "MOV", ["R1", "c[0x0][0x28]"]), ("0010", "LDG.E.64", ["R2", "[R4.64]"]),
      ("0020", "STG.E", ["[R6.64]", "R2"]),
      ("0030", "STS", ["[R7]", "R2"]), ("0040", "BRA", []), ("0050", "EXIT", []),
    ]
    let entries = texts.map { pc, opcode, operands in
      let list = operands.map { "{\"operand_string\": \"\($0)\"}" }.joined(separator: ",")
      return """
        {"pc_string_hex": "\(pc)", "op_code": "\(opcode)", "operands": [\(list)], "control_bits": {"stall_count": 2,
        "is_yield": false, "is_new_read_barrier": false, "is_new_write_barrier": true, "id_new_read_barrier": 7,
        "id_new_write_barrier": 3, "wait_barrier_bits": 5}}
        """
    }.joined(separator: ",")
    _ = try scratch.write(
      "extra_info/enhanced_execution_info.json",
      "{\"kernels\": [{\"kernel_name\": \"foo\", \"is_captured_from_binary\": true, \"unique_function_id\": 1, \"instructions\": [\(entries)]}]}"
    )
    let blockFile = try scratch.write(
      "threadblocks/device_0/stream_0/kernel_1/d_0_s_0_k_1_0,0,0.pb", "")
    try cta.serializedData().write(to: URL(fileURLWithPath: blockFile))
    let path = scratch.path("dynamic_trace.pb")
    try trace.serializedData().write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `both formats of one program give the same streams`() throws {
    let scratch = try Scratch()
    var sink = MemorySink()
    let report = try TraceImporter.importTrace(from: try write(scratch), into: &sink)
    #expect(report.warpInstructions == 7 && report.ctas == 1)
    let accel = try importText(text()).kernels[0]
    let micro = sink.kernels[0]
    #expect(
      micro.ctas[0].warps.map { $0.map(\.mask) } == accel.ctas[0].warps.map { $0.map(\.mask) })
    #expect(
      micro.ctas[0].warps.map { $0.map(\.addresses) }
        == accel.ctas[0].warps.map { $0.map(\.addresses) })
    let control = try #require(micro.code[1].control)
    #expect(control == ControlCode(stall: 2, writeBarrier: 3, waitMask: 5))
    #expect(micro.code[1].text == "LDG.E.64 R2, [R4.64]")
  }

  @Test func `a missing CTA file is named`() throws {
    let scratch = try Scratch()
    let path = try write(scratch)
    try FileManager.default.removeItem(atPath: scratch.path("threadblocks"))
    var sink = MemorySink()
    do {
      _ = try TraceImporter.importTrace(from: path, into: &sink)
      Issue.record("no error")
    } catch let error as TraceError { #expect(error.file.contains("0,0,0.pb")) }
  }

  @Test func `mutated messages never trap`() throws {
    let scratch = try Scratch()
    let path = try write(scratch)
    let files = [
      path, scratch.path("extra_info/enhanced_execution_info.json"),
      scratch.path("threadblocks/device_0/stream_0/kernel_1/d_0_s_0_k_1_0,0,0.pb"),
    ]
    let originals = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    var random = Random(2)
    for _ in 0..<600 {
      let victim = random.below(3)
      var bytes = originals[victim]
      for _ in 0...random.below(4) where !bytes.isEmpty {
        bytes[random.below(bytes.count)] = UInt8(random.below(256))
      }
      try bytes.write(to: URL(fileURLWithPath: files[victim]))
      var sink = MemorySink()
      _ = try? TraceImporter.importTrace(from: path, into: &sink)
      try originals[victim].write(to: URL(fileURLWithPath: files[victim]))
    }
  }
}
