import Testing

@testable import Emulator

@Suite struct DisassemblyTextTests {
  @Test func `operands keep signs, suffixes and addresses`() {
    let text = InstructionText("@!P3 IADD3.X R2, -R4.reuse, |R5|, ~R6, !PT ;")
    #expect(text.guardPredicate == .init(number: 3, isNegated: true, isUniform: false))
    #expect(text.mnemonic == "IADD3" && text.modifiers == ["X"])
    #expect(text.operands.count == 5)
    #expect(text.operands[1].isNegated && text.operands[1].suffixes.isEmpty)
    #expect(text.operands[2].isAbsolute && text.operands[2].kind == .register(5))
    #expect(text.operands[3].isInverted && text.operands[4].isInverted)
  }

  @Test func `addresses name registers, scale and offset`() {
    let load = InstructionText("LDG.E.64 R2, desc[UR4][R6.64+UR8+-0x10]")
    var expected = OperandText.MemoryText()
    expected.register = 6
    expected.isWide = true
    expected.uniform = 8
    expected.offset = -16
    #expect(load.operands[1].kind == .memory(expected))
    let constant = InstructionText("MOV R1, c[0x3][R2+0x8]")
    #expect(constant.operands[1].kind == .constant(bank: 3, offset: 8, register: 2))
  }
}
