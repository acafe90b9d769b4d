import Testing

@testable import Emulator

@Suite struct DisassemblyTests {
  @Test func `instructions come with both words and their control bits`() throws {
    let functions = try Disassembly(parsing: ProgramSamples.scaleText).functions
    let function = try #require(functions.first)
    #expect(functions.count == 1 && function.name == "_Z5scalePfi")
    #expect(function.architecture.number == 86 && function.code.count == 21)
    #expect(function.code.map(\.pc) == (0..<21).map { $0 * 16 })
    let load = function.code[0xd]
    #expect(load.text == "LDG.E R3, [R2.64]")
    #expect(load.encoding == .init(low: 0x0000_0004_0203_7981, high: 0x000e_a800_0c1e_1900))
    #expect(load.control?.writeBarrier == 2 && load.control?.stall == 4)
    // FFMA waits for what LDG loads.
    #expect(function.code[0x10].control?.waitMask == 1 << 2)
    #expect(function.code[5].text == "@P0 EXIT" && function.code[20].text == "BRA 0x140")
  }

  @Test func `several functions keep apart`() throws {
    let functions = try Disassembly(parsing: ProgramSamples.callsText).functions
    #expect(functions.map(\.name) == ["_Z5twicei", "_Z9countdowni", "_Z5callsPi"])
    #expect(functions.allSatisfy { $0.code.first?.pc == 0 })
  }

  @Test func `a text without the second words, or with gaps, is refused`() throws {
    let lines = ProgramSamples.scaleText.split(separator: "\n")
    for index in 3..<lines.count - 2 {
      var fewer = lines
      fewer.remove(at: index)
      #expect(throws: Disassembly.ParseError.self) {
        try Disassembly(parsing: fewer.joined(separator: "\n"))
      }
    }
  }

  @Test func `a function needs an architecture, an instruction a function`() {
    #expect(throws: Disassembly.ParseError.self) { try Disassembly(parsing: "Function : f") }
    #expect(throws: Disassembly.ParseError.self) {
      try Disassembly(parsing: "/*0000*/ EXIT ; /* 0x000000000000794d */")
    }
  }

  @Test func `a text cut anywhere or with odd characters never traps`() {
    let text = Array(ProgramSamples.callsText.utf8)
    for length in stride(from: 0, to: text.count, by: 7) {
      _ = try? Disassembly(parsing: String(decoding: text[..<length], as: UTF8.self))
    }
    for index in stride(from: 0, to: text.count, by: 11) {
      var changed = text
      changed[index] ^= 0x95
      _ = try? Disassembly(parsing: String(decoding: changed, as: UTF8.self))
    }
  }
}
