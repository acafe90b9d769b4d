import Testing

@testable import ISA

private func decode(_ text: String, _ control: ControlCode? = ControlCode(), sm: Int = 86)
  -> Instruction
{
  InstructionDecoder.decode(
    StaticInstruction(pc: 0, text: text, control: control), architecture: Architecture(sm))
}

private func sources(_ instruction: Instruction) -> [RegisterOperand] {
  (0..<Int(instruction.sourceCount)).map { instruction.sources[$0] }
}

private func destinations(_ instruction: Instruction) -> [RegisterOperand] {
  (0..<Int(instruction.destinationCount)).map { instruction.destinations[$0] }
}

@Suite struct DecoderTests {
  @Test func `an FFMA reads three slots and writes one register`() {
    let ffma = decode("FFMA R5, R8.reuse, R9, R5")
    #expect(ffma.unit == .fp32)
    #expect(destinations(ffma) == [RegisterOperand(file: .general, first: 5)])
    #expect(
      sources(ffma) == [
        RegisterOperand(file: .general, first: 8, slot: 0),
        RegisterOperand(file: .general, first: 9, slot: 1),
        RegisterOperand(file: .general, first: 5, slot: 2),
      ])
    #expect(ffma.control.reuse == 1)
  }

  @Test func `a constant keeps its place among the slots`() {
    let ffma = decode("FFMA R1, c[0x0][0x160], R2, R3")
    #expect(ffma.hasConstant && ffma.constantOffset == 0x160)
    #expect(sources(ffma).map(\.slot) == [1, 2])
  }

  @Test func `a guard and a predicate result are told apart`() {
    let setp = decode("@!P2 ISETP.GE.AND P0, PT, R12, 0x10, PT")
    #expect(destinations(setp) == [RegisterOperand(file: .predicate, first: 0)])
    #expect(
      sources(setp).contains(
        RegisterOperand(
          file: .predicate, first: 2, slot: RegisterOperand.guardSlot)))
    #expect(setp.flags.contains(.writesPredicate))
  }

  @Test func `carry results of IADD3 are results, carry inputs are sources`() {
    let add = decode("IADD3 R4, P0, R2, R3, RZ")
    #expect(destinations(add).count == 2)
    let carry = decode("IADD3.X R5, R6, R7, RZ, P0, !PT")
    #expect(sources(carry).contains(RegisterOperand(file: .predicate, first: 0)))
    #expect(destinations(carry).count == 1)
  }

  @Test func `wide multiplies read and write pairs`() {
    let wide = decode("IMAD.WIDE R10, R0, R15, R20")
    #expect(destinations(wide)[0].count == 2)
    #expect(sources(wide).map(\.count) == [1, 1, 2])
    #expect(wide.flags.contains(.wide))
  }

  @Test(arguments: [
    ("LDG.E R2, [R4.64]", 4, AddressKind.regular, true),
    ("LDG.E.128 R4, [R2.64+0x10]", 16, .regular, true),
    ("LDG.E.64 R2, [UR4]", 8, .uniform, true), ("LD R5, [R12]", 4, .regular, false),
    ("LDS.64 R2, [R4]", 8, .regular, false), ("LDS R2, [UR4]", 4, .uniform, true),
    ("LDC R2, c[0x0][0x160]", 4, .immediate, false), ("LDC.64 R2, c[0x3][R6]", 8, .regular, false),
    ("LDG.E.U8 R0, [R2.U32+UR4.64]", 1, .regular, true),
  ]) func `memory operands`(_ row: (String, Int, AddressKind, Bool)) {
    let load = decode(row.0)
    #expect(Int(load.accessBytes) == row.1)
    #expect(load.addressKind == row.2)
    #expect(load.flags.contains(.address64) == row.3)
    #expect(load.unit == .memory)
  }

  @Test func `stores read address and data`() {
    let store = decode("STG.E.128 [R14.64], R4")
    #expect(destinations(store).isEmpty)
    #expect(sources(store).map(\.first) == [14, 4])
    #expect(sources(store).map(\.count) == [2, 4])
  }

  @Test(arguments: [
    ("HMMA.16816.F32 R16, R8, R12, R16", [4, 2, 4]),
    ("HMMA.16816.F16 R16, R8, R12, R16", [4, 2, 2]),
    ("HMMA.1688.F32.TF32 R4, R8, R12, R4", [4, 2, 4]),
    ("IMMA.16832.S8.S8 R4, R8.ROW, R12.COL, R4", [4, 2, 4]),
    ("IMMA.8816.S8.S8 R4, R8.ROW, R12.COL, R4", [1, 1, 2]),
  ]) func `tensor fragments have their true sizes`(_ row: (String, [Int])) {
    let mma = decode(row.0)
    #expect(mma.unit == .tensor)
    #expect(sources(mma).map { Int($0.count) } == row.1)
  }

  @Test func `control instructions carry their arguments`() {
    let depbar = decode("DEPBAR.LE SB0, 0x1, {3,2}")
    #expect(depbar.effect == .depbar)
    #expect(depbar.argument0 == 0 && depbar.argument1 == 1 && depbar.argument2 == 12)
    #expect(decode("BAR.SYNC.DEFER_BLOCKING 0x0").effect == .barrierSync)
    let arrive = decode("BAR.ARV 0x2, 0x80")
    #expect(arrive.effect == .barrierArrive && arrive.argument0 == 2 && arrive.argument1 == 128)
    #expect(decode("EXIT").effect == .exit)
    #expect(decode("@P0 BRA `(.L_x_1)").effect == .branch)
    #expect(decode("MEMBAR.SC.GPU").scope == .gpu)
    #expect(decode("CS2R.32 R2, SR_CLOCKLO").flags.contains(.readsClock))
    #expect(decode("S2R R2, SR_CLOCKLO").flags.contains(.readsClockSlow))
  }

  @Test func `naming a counter makes an instruction variable`() {
    let counted = decode("POPC R2, R3", ControlCode(writeBarrier: 0))
    #expect(counted.flags.contains(.variableLatency) && counted.unit == .sfu)
    #expect(!decode("IADD3 R2, R3, R4, RZ").flags.contains(.variableLatency))
  }

  @Test func `unknown opcodes are kept and classified by their operands`() {
    let load = decode("LDXYZ.E R2, [R4.64]")
    #expect(load.flags.contains(.unknownOpcode) && load.unit == .memory && load.action == .load)
    let alu = decode("FROB R2, R4")
    #expect(alu.flags.contains(.unknownOpcode) && alu.unit == .integer)
  }

  @Test func `text without all operands decodes`() {
    #expect(sources(decode("IADD3 R12, R12", nil)).count == 1)
    #expect(decode("@P0 BRA", nil).sourceCount == 1)
    #expect(destinations(decode("ISETP.GE.AND P0, R12", nil)).count == 1)
  }

  @Test func `the opcode table has no name twice`() {
    let names = OpcodeTable.entries.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count > 250)
  }

  @Test func `control words survive a round trip`() {
    for stall in UInt8(0)...15 {
      for counter in UInt8(0)...7 {
        let code = ControlCode(
          stall: stall, yield: stall % 2 == 0, writeBarrier: counter, readBarrier: 7 - counter,
          waitMask: (stall &* 5) & 63, reuse: counter & 15)
        #expect(ControlCode(highWord: code.highWord) == code)
      }
    }
    #expect(ControlCode(highWord: 0x000f_c000_0000_0000) == ControlCode(stall: 0, yield: true))
    #expect(ControlCode(highWord: 0x000f_e200_0000_0000) == ControlCode(stall: 1))
    #expect(ControlCode(highWord: 0x000f_ca00_0000_0000) == ControlCode(stall: 5, yield: true))
  }

  @Test func `no text makes the decoder trap`() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("@!P0RUc[]{}x.,;+-|~ LDGSTIMA1289S_E64FZT(*\"".utf8)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<40, using: &generator)
      let text = String(decoding: (0..<count).map { _ in alphabet.randomElement()! }, as: UTF8.self)
      _ = decode(text, nil)
    }
  }
}

@Suite struct TextureDecoderTests {
  private func vectors(_ list: [RegisterOperand]) -> [[Int]] {
    list.map { [Int($0.first), Int($0.count)] }
  }

  @Test(arguments: [
    ("TEX.SCR.LL RZ, R7, R2, R7, 0x0, 0x58, 2D, 0x1", [[7, 1]], [[2, 2], [7, 1]]),
    (
      "TEX.SCR.LL R10, R8, R8, R10, 0x0, 0x58, ARRAY_2D", [[10, 2], [8, 2]], [[8, 2], [10, 2]]
    ),
    ("TEX.SCR.LZ R9, R6, R2, R3, 0x0, 0x58, 2D, 0xb", [[9, 1], [6, 2]], [[2, 1], [3, 1]]),
    ("TEX.SCR.B.LL R14, R12, R2, R10, 2D", [[14, 2], [12, 2]], [[2, 2], [10, 2]]),
    ("TEX.B.LL R6, R4, R12, R10, ARRAY_CUBE", [[6, 2], [4, 2]], [[12, 4], [10, 2]]),
    ("TEX.LL RZ, R8, R8, R13, UR4, 0x0, 3D, 0x3", [[8, 2]], [[8, 3], [13, 1], [4, 1]]),
    ("TEX R10, R8, R2, UR4, 2D", [[10, 2], [8, 2]], [[2, 2], [4, 1]]),
    ("TLD.SCR.LZ RZ, R7, R2, 0x0, 0x58, 1D, 0x1", [[7, 1]], [[2, 1]]),
    ("TXD R14, R12, R8, R12, 0x0, 0x58, ARRAY_2D", [[14, 2], [12, 2]], [[8, 3], [12, 4]]),
    ("TXQ RZ, R5, R5, TEX_HEADER_DIMENSION, 0x0, 0x58, 0x4", [[5, 1]], [[5, 1]]),
    ("SULD.D.BA.3D.128.STRONG.SM.TRAP R12, [R8], 0x0, 0x58", [[12, 4]], [[8, 3]]),
    ("SUST.P.2D.STRONG.SM.TRAP [R2], R4, 0x0, 0x58", [], [[2, 2], [4, 4]]),
  ]) func `texture operands are vectors`(_ row: (String, [[Int]], [[Int]])) {
    let decoded = decode(row.0)
    #expect(vectors(destinations(decoded)) == row.1)
    #expect(vectors(sources(decoded)) == row.2)
  }

  @Test(arguments: [
    ("DMMA.8x8x4 R4, R6, R8, R4", [[4, 4]], [[6, 2], [8, 2], [4, 4]]),
    ("DMMA.16x8x4 R8, R16, R4, R8", [[8, 8]], [[16, 4], [4, 2], [8, 8]]),
    ("DMMA.16x8x16 R8, R16, R8, R32", [[8, 8]], [[16, 16], [8, 8], [32, 8]]),
    (
      "HMMA.SP.16832.F32 R4, R8, R12, R4, R0, 0x1", [[4, 4]], [[8, 4], [12, 4], [4, 4], [0, 1]]
    ),
    ("LDGSTS.E.BYPASS.128 [R7+0x410], [R2.64]", [], [[7, 1], [2, 2]]),
    ("REDG.E.ADD.F32x4.FTZ.RN.STRONG.GPU [R4.64], R8", [], [[4, 2], [8, 4]]),
    (
      "ATOMG.E.MIN.F16x8.RN.STRONG.GPU PT, R8, [R4.64], R12", [[8, 4]], [[4, 2], [12, 4]]
    ),
  ]) func `matrix and vector operands have their registers`(
    _ row: (String, [[Int]], [[Int]])
  ) {
    let decoded = decode(row.0)
    #expect(vectors(destinations(decoded)) == row.1)
    #expect(vectors(sources(decoded)) == row.2)
  }

  @Test func `a residency test writes its predicate`() {
    let decoded = decode("TEX.SCR.LL P0, R10, R8, R2, R8, 0x0, 0x58, 2D")
    #expect(destinations(decoded)[0] == RegisterOperand(file: .predicate, first: 0))
    #expect(decoded.flags.contains(.writesPredicate))
  }
}
