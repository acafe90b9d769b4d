import Foundation
import ISA
import SwiftProtobuf
import Testing

@testable import Traces

/// A small MICRO 2025 trace, to be changed before it is written.
private struct SmallTrace {
  var grid: (Int32, Int32, Int32) = (1, 1, 1)
  var version: Int32 = 86
  var registers: Int32 = 16
  var isCaptured = true
  /// pc, opcode, operands of each function.
  var functions: [Int32: [(UInt32, String, [String])]] = [1: [(0, "EXIT", [])]]
  var guards: [String: String] = [:]
  var encodingHigh = "0x000fe20000000000"
  /// Executed by warp 0 of every CTA.
  var executed: [DynamicTrace_instruction] = [.executing(0)]
  var warp: Int32 = 0
  var block: ((Int32, Int32, Int32)) -> (Int32, Int32, Int32) = { $0 }
  var streams: [Int64] = [0]

  func imported() throws -> (kernels: [MemorySink.Kernel], report: ImportReport) {
    let scratch = try Scratch()
    for stream in streams { try writeBlocks(scratch, stream) }
    try writeStatic(scratch)
    let kernel = DynamicTrace_kernel.with {
      $0.id = 1
      $0.name = "small"
      $0.functionUniqueID = 1
      $0.numberOfRegisters = registers
      $0.gridDim = dimensions(grid)
      $0.blockDim = dimensions((32, 1, 1))
    }
    let stream = DynamicTrace_cuda_stream.with {
      $0.kernels = [kernel]
      $0.orderedCudaEvents = ["kernel-1.trace"]
    }
    let trace = DynamicTrace_Trace.with {
      $0.name = "small"
      $0.binaryVersion = version
      $0.gpuDevice = [
        0: .with { $0.streams = Dictionary(uniqueKeysWithValues: streams.map { ($0, stream) }) }
      ]
    }
    try write(trace, scratch, "dynamic_trace.pb")
    var sink = MemorySink()
    let report = try TraceImporter.importTrace(from: scratch.folder.path, into: &sink)
    return (sink.kernels, report)
  }

  private func writeBlocks(_ scratch: Scratch, _ stream: Int64) throws {
    for z in 0..<grid.2 {
      for y in 0..<grid.1 {
        for x in 0..<grid.0 {
          let cta = DynamicTrace_threadblock.with {
            $0.blockID = dimensions(block((x, y, z)))
            $0.warps = [warp: .with { $0.instructions = executed }]
          }
          try write(
            cta, scratch,
            "threadblocks/device_0/stream_\(stream)/kernel_1/d_0_s_\(stream)_k_1_\(x),\(y),\(z).pb")
        }
      }
    }
  }

  private func writeStatic(_ scratch: Scratch) throws {
    let kernels = functions.map { id, code in
      let entries = code.map { pc, opcode, operands in
        """
        {"pc_string_hex": "\(String(pc, radix: 16))", "op_code": "\(opcode)", \(guards[opcode] ?? "")
        "encoded_instruction": ["0x0000000000000000", "\(encodingHigh)"],
        "operands": [\(operands.map { "{\"operand_string\": \"\($0)\"}" }.joined(separator: ","))],
        "control_bits": {"stall_count": 1, "is_yield": false, "is_new_read_barrier": false,
        "is_new_write_barrier": false, "id_new_read_barrier": 7, "id_new_write_barrier": 7,
        "wait_barrier_bits": 0}}
        """
      }
      return """
        {"kernel_name": "f\(id)", "is_captured_from_binary": \(isCaptured),
        "unique_function_id": \(id), "instructions": [\(entries.joined(separator: ","))]}
        """
    }
    _ = try scratch.write(
      "extra_info/enhanced_execution_info.json",
      "{\"kernels\": [\(kernels.joined(separator: ","))]}")
  }

  private func write(_ message: any SwiftProtobuf.Message, _ scratch: Scratch, _ name: String)
    throws
  {
    let path = try scratch.write(name, "")
    try message.serializedData().write(to: URL(fileURLWithPath: path))
  }

  private func dimensions(_ size: (Int32, Int32, Int32)) -> DynamicTrace_dim3d {
    .with {
      $0.x = size.0
      $0.y = size.1
      $0.z = size.2
    }
  }
}

extension DynamicTrace_instruction {
  fileprivate static func executing(
    _ pc: UInt32, function: Int32 = 1, active: UInt32 = .max, predicate: UInt32 = .max,
    _ bases: [UInt64] = []
  ) -> Self {
    .with {
      $0.pc = pc
      $0.activeMask = active
      $0.predicateMask = predicate
      $0.functionUniqueID = function
      $0.addresses = bases.map { base in
        .with {
          $0.dataWidth = 4
          $0.compressionFormat = 1
          $0.baseAddress = base
          $0.stride = 4
        }
      }
    }
  }
}

@Suite struct Micro25FormatTests {
  @Test func `functions lie one behind the other at lines of 128 bytes`() throws {
    var trace = SmallTrace()
    trace.functions = [
      1: [(0, "CALL.REL.NOINC", ["`(f)"]), (0x10, "EXIT", [])],
      7: [(0, "FADD", ["R1", "R2", "R3"]), (0x10, "RET.REL.NODEC", ["R4", "0x0"])],
    ]
    trace.executed = [
      .executing(0, [0x7f00]), .executing(0, function: 7), .executing(0x10, function: 7, [0x10]),
      .executing(0x10),
    ]
    let kernel = try #require(try trace.imported().kernels.first)
    #expect(kernel.code.map(\.pc) == [0, 16, 128, 144])
    #expect(kernel.ctas[0].warps[0].map(\.index) == [0, 2, 3, 1])
    // The targets that calls and returns list are no memory accesses.
    #expect(kernel.ctas[0].warps[0].allSatisfy { $0.addresses.isEmpty })
  }

  @Test func `lanes execute when active and predicated on`() throws {
    var trace = SmallTrace()
    trace.functions = [1: [(0, "LDGSTS.E.128", ["[R5]", "[R2.64]"])]]
    trace.executed = [
      .executing(0, active: 0b111, predicate: 0b1101, [0x10, 0x7f00]),
      .executing(0, active: 0b11, predicate: 0b1100, [0x10, 0x7f00]),
    ]
    let warp = try #require(try trace.imported().kernels.first?.ctas[0].warps[0])
    #expect(warp.map(\.mask) == [0b101, 0])
    #expect(warp.map(\.addresses) == [[[0x10, 0x14], [0x7f00, 0x7f04]], []])
  }

  @Test func `guards, reuse flags and encodings are kept`() throws {
    var trace = SmallTrace()
    trace.functions = [
      1: [(0, "FFMA", ["R4", "R2.reuse", "R3", "R4"]), (0x10, "BRA", ["0x0"])]
    ]
    trace.guards = [
      "BRA":
        "\"is_predicated\": true, \"is_uniform_predicate\": true, \"is_predicate_negate\": true, \"predicate_register\": 3,"
    ]
    let code = try #require(try trace.imported().kernels.first?.code)
    #expect(code.map(\.text) == ["FFMA R4, R2.reuse, R3, R4", "@!UP3 BRA 0x0"])
    #expect(code[0].encoding == .init(low: 0, high: 0x000f_e200_0000_0000))
    let decoded = InstructionDecoder.decode(code[0], architecture: Architecture(86))
    #expect(decoded.control.reuse == 1 && decoded.control.stall == 1)
    trace.encodingHigh = "0x080fe20000000000"
    let encoded = try #require(try trace.imported().kernels.first?.code[0].control)
    #expect(encoded.reuse == 2)
  }

  @Test func `code that was not captured has no control bits, with a warning`() throws {
    var trace = SmallTrace()
    trace.isCaptured = false
    let (kernels, report) = try trace.imported()
    let instruction = try #require(kernels.first?.code.first)
    #expect(instruction.control == nil && instruction.encoding == nil)
    #expect(report.warnings.joined().contains("no control bits were captured for: f1"))
  }

  @Test func `CTAs come in x, then y, then z, streams by number`() throws {
    var trace = SmallTrace()
    trace.grid = (2, 1, 2)
    trace.streams = [5, 0]
    let kernels = try trace.imported().kernels
    #expect(kernels.map(\.launch.stream) == [0, 5])
    #expect(kernels[0].ctas.map(\.position) == [[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1]])
  }

  private func refusal(_ change: (inout SmallTrace) -> Void) -> String {
    var trace = SmallTrace()
    change(&trace)
    do {
      _ = try trace.imported()
      return "nothing"
    } catch { return "\(error)" }
  }

  @Test func `what does not fit together is refused, and said`() {
    #expect(refusal { $0.executed = [.executing(0, function: 9)] }.contains("lacks function 9"))
    #expect(refusal { $0.functions = [:] }.contains("lacks function 1"))
    #expect(refusal { $0.executed = [.executing(8)] }.contains("executes pc 0x8"))
    #expect(refusal { $0.functions[1, default: []].append((0, "NOP", [])) }.contains("twice"))
    #expect(
      refusal { $0.functions[1, default: []].append((.max, "NOP", [])) }
        .contains("cannot be read"))
    #expect(refusal { $0.block = { ($0.0 + 1, $0.1, $0.2) } }.contains("CTA (1,0,0)"))
    #expect(refusal { $0.warp = 1 }.contains("has warp 1"))
    #expect(refusal { $0.warp = -1 }.contains("has warp -1"))
    #expect(refusal { $0.version = 0 }.contains("binary version"))
    #expect(refusal { $0.registers = -1 }.contains("registers"))
    #expect(refusal { $0.grid = (1, 0, 1) }.contains("empty grid"))
  }
}
