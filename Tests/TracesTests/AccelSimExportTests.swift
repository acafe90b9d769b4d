import Foundation
import ISA
import Testing

@testable import Traces

@Suite struct AccelSimExportTests {
  /// The text without its guard.
  private func unguarded(_ text: String) -> String {
    text.hasPrefix("@") ? String(text.drop { $0 != " " }.dropFirst()) : text
  }

  /// What the format holds of a program: the last address reference of lanes that execute, no empty
  /// warps at the CTA's end are told from missing ones, and only executed code.
  private func kept(of program: PlainProgram, _ texts: [[UInt32: String]]) -> PlainProgram {
    var program = program
    for number in program.kernels.indices {
      var executed: Set<UInt32> = []
      for cta in program.kernels[number].ctas.indices {
        for warp in program.kernels[number].ctas[cta].warps.indices {
          for place in program.kernels[number].ctas[cta].warps[warp].indices {
            let step = program.kernels[number].ctas[cta].warps[warp][place]
            executed.insert(step.pc)
            program.kernels[number].ctas[cta].warps[warp][place].addresses =
              step.mask == 0 ? [] : Array(step.addresses.suffix(1))
          }
        }
      }
      program.kernels[number].code = program.kernels[number].code
        .filter { executed.contains($0.pc) }
        .map { StaticInstruction(pc: $0.pc, text: texts[number][$0.pc] ?? "", control: nil) }
    }
    return program
  }

  @Test(arguments: 0..<60)
  func `random programs come back as far as the format holds them`(seed: UInt64) throws {
    let scratch = try Scratch()
    var random = RandomProgram(seed: seed)
    let source = try random.write(to: scratch.path("source.ntrace"))
    let format = ExportFormat.accelSim(isCompressed: seed % 10 == 0)
    let once = try scratch.roundTrip(source, format, "once")
    var found = try PlainProgram(once)
    for number in found.kernels.indices {
      for place in found.kernels[number].code.indices {
        let text = found.kernels[number].code[place].text
        found.kernels[number].code[place].text = unguarded(text)
      }
    }
    let wanted = kept(of: try PlainProgram(source), random.kept)
    #expect(found == wanted)
    // What the format holds comes back exactly, guards and all.
    let twice = try scratch.roundTrip(once, format, "twice")
    #expect(try PlainProgram(twice) == PlainProgram(once))
    #expect(twice.kernels.map(\.code) == once.kernels.map(\.code))
  }

  @Test func `a small program, letter by letter`() throws {
    let scratch = try Scratch()
    let writer = try TraceWriter(path: scratch.path("small.ntrace"), origin: "test")
    try writer.memoryCopy(
      MemoryCopy(direction: .hostToDevice, address: 0x7f00_0000_1000, bytes: 4096))
    try writer.memoryCopy(MemoryCopy(direction: .memset, address: 0x7f00_0000_2000, bytes: 64))
    var launch = KernelLaunch(
      name: "_Z3foov", grid: Dim3(1, 2), block: Dim3(40), architecture: Architecture(86))
    launch.registers = 16
    launch.staticShared = 128
    launch.dynamicShared = 72
    launch.stream = 5
    launch.sharedWindow = 0x7f40_0000_0000
    try writer.beginKernel(launch)
    for y in 0..<2 as Range<UInt32> {
      var builder = CTABuilder()
      func step(_ index: UInt32, _ mask: UInt32, _ references: [AddressReference] = []) {
        let first = UInt32(builder.references.count)
        builder.references += references
        builder.append(
          DynamicInstruction(
            index: index, mask: mask, reference: first, referenceCount: UInt32(references.count)))
      }
      step(0, .max, [AddressReference(base: 0x7f00_0000_1000, stride: 4)])
      step(1, .max)
      if y == 0 {
        builder.addresses = [0x10, 0x40, 0x20]
        step(2, 0b10110, [AddressReference(base: 0x10, list: 0)])
        step(2, 0, [AddressReference(base: 0x10)])
        let global = AddressReference(base: 0x7f00, stride: -16)
        step(3, 0xf, [AddressReference(base: 0, stride: 16), global])
        step(3, 0b101, [AddressReference(base: 0, stride: 16), global])
        step(3, 0b100, [AddressReference(base: 0, stride: 16), global])
        step(4, .max)
      }
      step(5, .max)
      builder.endWarp()
      step(5, 0xff)
      builder.endWarp()
      try writer.append(builder.finish(x: 0, y: y, z: 0))
    }
    let texts = [
      "LDG.E R2, [R4.64]", "FFMA R3, R2, c[0x0][0x160], R3", "@P1 STS [R7+0x10], R3",
      "LDGSTS.E.128 [R5], [R2.64]", "DEPBAR.LE SB0, 0x1", "EXIT", "never executed",
    ]
    let code = texts.enumerated().map {
      StaticInstruction(pc: UInt32($0 * 16), text: $1, control: ControlCode())
    }
    try writer.endKernel(code: code, warnings: [])
    try writer.finish()
    let report = try TraceExporter.export(
      try TraceReader(path: scratch.path("small.ntrace")), as: .accelSim(isCompressed: false),
      to: scratch.path("out"))
    #expect(report.kernels == 1 && report.ctas == 2 && report.warpInstructions == 14)
    #expect(report.files == 2 && report.warnings.count == 2)
    let list = try String(contentsOfFile: scratch.path("out/kernelslist.g"), encoding: .utf8)
    #expect(list == "MemcpyHtoD,0x00007f0000001000,4096\nkernel-1.traceg\n")
    let text = try String(contentsOfFile: scratch.path("out/kernel-1.traceg"), encoding: .utf8)
    #expect(
      text == """
        -kernel name = _Z3foov
        -kernel id = 1
        -grid dim = (1,2,1)
        -block dim = (40,1,1)
        -shmem = 200
        -nregs = 16
        -binary version = 86
        -cuda stream id = 5
        -shmem base_addr = 0x00007f4000000000
        -local mem base_addr = 0x0000000000000000
        -nvbit version = none, exported by needletail
        -accelsim tracer version = 5
        -enable lineinfo = 0

        #traces format = pc mask ndst [dst] opcode nsrc [src] width [mode addresses] immediate

        #BEGIN_TB

        thread block = 0,0,0

        warp = 0
        insts = 9
        0000 ffffffff 1 R2 LDG.E 1 R4 4 1 0x7f0000001000 4 0
        0010 ffffffff 1 R3 FFMA 2 R2 R3 0 0
        0020 00000016 0 STS 2 R7 R3 4 2 0x10 48 -32 0
        0020 00000000 0 STS 2 R7 R3 4 0 0
        0030 0000000f 0 LDGSTS.E.128 2 R5 R2 16 1 0x7f00 -16 0
        0030 00000005 0 LDGSTS.E.128 2 R5 R2 16 2 0x7f00 -16 0
        0030 00000004 0 LDGSTS.E.128 2 R5 R2 16 2 0x7f00 0
        0040 ffffffff 0 DEPBAR.LE 0 0 1
        0050 ffffffff 0 EXIT 0 0 0
        warp = 1
        insts = 1
        0050 000000ff 0 EXIT 0 0 0

        #END_TB

        #BEGIN_TB

        thread block = 0,1,0

        warp = 0
        insts = 3
        0000 ffffffff 1 R2 LDG.E 1 R4 4 1 0x7f0000001000 4 0
        0010 ffffffff 1 R3 FFMA 2 R2 R3 0 0
        0050 ffffffff 0 EXIT 0 0 0
        warp = 1
        insts = 1
        0050 000000ff 0 EXIT 0 0 0

        #END_TB


        """)
  }
}
