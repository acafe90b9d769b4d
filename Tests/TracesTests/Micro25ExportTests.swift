import Foundation
import ISA
import Testing

@testable import Traces

@Suite struct Micro25ExportTests {
  @Test(arguments: 100..<160)
  func `random programs come back, only addresses without lanes are lost`(seed: UInt64) throws {
    let scratch = try Scratch()
    var random = RandomProgram(seed: seed)
    let source = try random.write(to: scratch.path("source.ntrace"))
    var expected = try PlainProgram(source)
    for number in expected.kernels.indices {
      // Addresses of branches are targets in this format, and are not kept.
      for cta in expected.kernels[number].ctas.indices {
        for warp in expected.kernels[number].ctas[cta].warps.indices {
          for place in expected.kernels[number].ctas[cta].warps[warp].indices
          where expected.kernels[number].ctas[cta].warps[warp][place].mask == 0 {
            expected.kernels[number].ctas[cta].warps[warp][place].addresses = []
          }
        }
      }
    }
    let once = try scratch.roundTrip(source, .micro25, "once")
    #expect(try PlainProgram(once) == expected)
  }

  @Test func `the same program gives the same bytes`() throws {
    let scratch = try Scratch()
    var random = RandomProgram(seed: 7)
    let source = try random.write(to: scratch.path("source.ntrace"))
    for name in ["a/trace", "b/trace"] {
      try FileManager.default.createDirectory(
        atPath: scratch.path(String(name.prefix(1))), withIntermediateDirectories: true)
      _ = try TraceExporter.export(source, as: .micro25, to: scratch.path(name))
    }
    let files = FileManager.default.subpaths(atPath: scratch.path("a")) ?? []
    #expect(files.count > 4)
    for file in files {
      #expect(
        FileManager.default.contents(atPath: scratch.path("a/" + file))
          == FileManager.default.contents(atPath: scratch.path("b/" + file)))
    }
  }

  /// The static code of one instruction as the file has it.
  private func entry(_ instruction: StaticInstruction) throws -> String {
    let entry = try #require(Micro25CodeEntry(instruction))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(entry), as: UTF8.self)
  }

  @Test func `an instruction, letter by letter`() throws {
    let instruction = StaticInstruction(
      pc: 0x20, text: "@!UP3 LDG.E.64 R2, desc[UR4][R6.64+0x10]",
      control: ControlCode(stall: 2, yield: true, writeBarrier: 1, waitMask: 5, reuse: 0),
      encoding: .init(low: 0x1a, high: 0x00a4_5c00_0000_0000))
    let operand = { (text: String, type: String, hasRegister: Bool, number: Int, values: String) in
      "{\"has_inmediate\":\(!values.isEmpty),\"has_reg\":\(hasRegister),"
        + "\"is_absolute_reg\":false,\"is_negative_reg\":false,\"is_reuse_bit_set\":false,"
        + "\"operand_inmmediates\":[\(values)],\"operand_modifiers\":[\(type == "DESC" ? "\"64\"" : "")],"
        + "\"operand_reg_number\":\(number),\"operand_string\":\"\(text)\","
        + "\"operand_type\":\"\(type)\"}"
    }
    let operands = [
      operand("R2", "REG", true, 2, ""),
      operand("desc[UR4][R6.64+0x10]", "DESC", false, 0, "16"),
    ]
    #expect(
      try entry(instruction)
        == "{\"control_bits\":{\"id_new_read_barrier\":7,\"id_new_write_barrier\":1,"
        + "\"is_new_read_barrier\":false,\"is_new_write_barrier\":true,\"is_yield\":true,"
        + "\"stall_count\":2,\"wait_barrier_bits\":5},"
        + "\"encoded_instruction\":[\"0x000000000000001a\",\"0x00a45c0000000000\"],"
        + "\"is_predicate_negate\":true,\"is_predicated\":true,\"is_uniform_predicate\":true,"
        + "\"num_destination_registers\":1,\"op_code\":\"LDG.E.64\","
        + "\"operands\":[\(operands.joined(separator: ","))],\"pc_num_dec\":32,"
        + "\"pc_string_hex\":\"0020\",\"predicate_register\":3,\"register_usage\":{"
        + "\"future_max_num_regular\":0,\"future_max_num_regular_predicate\":0,"
        + "\"future_max_num_uniform\":0,\"future_max_num_uniform_predicate\":0,"
        + "\"num_regular\":0,\"num_regular_predicate\":0,\"num_uniform\":0,"
        + "\"num_uniform_predicate\":0}}")
  }

  @Test(
    arguments: [
      ("R4", "REG", 4, []), ("-R7.reuse", "REG", 7, []), ("|R7|", "REG", 7, []),
      ("RZ", "REG", 255, []), ("URZ", "UREG", 63, []), ("!PT", "PRED", 7, []),
      ("PR", "PRED", 8, []),
      ("UP2", "UPRED", 2, []), ("c[0x0][0x160]", "CBANK", 0, [0, 352]),
      ("[R4+0x1000]", "MREF", 4, [4096]), ("[R4.64+-0x8]", "MREF", 4, [-8]),
      ("0x80", "IMM_UINT64", 0, [128]), ("-0x10", "IMM_UINT64", 0, [-16]),
      ("1.5", "IMM_DOUBLE", 0, [1.5]), ("-1.5e-3", "IMM_DOUBLE", 0, [-0.0015]),
      ("+INF", "IMM_DOUBLE", 0, [.greatestFiniteMagnitude]), ("SR_TID.X", "SR", 0, []),
      ("SB0", "SB", 0, []), ("B0", "BREG", 0, []), ("`(foo)", "CALL_TARGET", 0, []),
      ("{0,1}", "GENERIC", 0, []), ("R2 &wr=0x1 ?trans2", "REG", 2, []),
    ] as [(String, String, Int, [Double])])
  func `operands are of the format's kinds`(
    text: String, type: String, register: Int, values: [Double]
  ) {
    let operand = Micro25CodeOperand(SASSText.Operand(text))
    #expect(operand.operand_type == type)
    #expect(operand.operand_reg_number == register)
    #expect(operand.operand_inmmediates == values && operand.has_inmediate == !values.isEmpty)
    #expect(operand.is_reuse_bit_set == text.contains("reuse"))
    #expect(!operand.operand_string.contains("&"))
  }

  @Test func `streams out of order become one`() throws {
    let scratch = try Scratch()
    let path = scratch.path("source.ntrace")
    _ = try writeRandomContainer(path, seed: 1, kernels: 0, ctas: 0, length: 0)
    let writer = try TraceWriter(path: path, origin: "test")
    for stream in [3, 1] as [UInt64] {
      var launch = KernelLaunch(
        name: "s\(stream)", grid: Dim3(1), block: Dim3(32), architecture: Architecture(80))
      launch.stream = stream
      try writer.beginKernel(launch)
      try writer.append(smallCTA())
      try writer.endKernel(code: [exit], warnings: [])
    }
    try writer.finish()
    let report = try TraceExporter.export(
      try TraceReader(path: path), as: .micro25, to: scratch.path("out"))
    #expect(report.warnings.joined().contains("stream 0"))
    let again = try scratch.imported(scratch.path("out"), as: "again.ntrace")
    #expect(again.kernels.map(\.launch.name) == ["s3", "s1"])
    #expect(again.kernels.map(\.launch.stream) == [0, 0])
  }
}

private let exit = StaticInstruction(pc: 0, text: "EXIT", control: nil)

private func smallCTA() -> CTATrace {
  CTATrace(
    x: 0, y: 0, z: 0, warpStarts: [0, 1],
    instructions: [DynamicInstruction(index: 0, mask: .max)], references: [], addresses: [])
}
