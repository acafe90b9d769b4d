import ISA

/// The text that `cuobjdump -sass` prints: functions with the SASS and both encoding words of
/// each instruction.
public struct Disassembly: Sendable {
  public struct Function: Sendable {
    public var name: String
    public var architecture: Architecture
    public var code: [StaticInstruction]
  }

  public var functions: [Function] = []

  /// Why a text is not a disassembly, with its line.
  public struct ParseError: Error, CustomStringConvertible {
    public let line: Int
    public let message: String
    public var description: String { "line \(line): \(message)" }
  }

  /// Reads the text; lines that are not code are passed over.
  public init(parsing text: String) throws {
    var architecture: Architecture?
    var waitsForHigh = false
    var number = 0
    for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let line = raw.trimmed()
      if line.hasPrefix("code for sm_") || line.hasPrefix(".target") {
        let digits = line.drop { !$0.isNumber }.prefix(while: \.isNumber)
        if let value = Int(digits) { architecture = Architecture(value) }
      } else if line.hasPrefix("Function :") {
        guard let architecture else {
          throw ParseError(line: number, message: "a function before its architecture")
        }
        let name = line.dropFirst("Function :".count).trimmed()
        functions.append(Function(name: String(name), architecture: architecture, code: []))
        waitsForHigh = false
      } else if line.hasPrefix("/*0x") || line.hasPrefix("/* 0x") {
        // The high word stands alone on the second line.
        guard waitsForHigh, let word = Self.word(line), !functions.isEmpty else { continue }
        let last = functions.count - 1
        let at = functions[last].code.count - 1
        guard at >= 0 else { continue }
        let low = functions[last].code[at].encoding?.low ?? 0
        functions[last].code[at].encoding = .init(low: low, high: word)
        functions[last].code[at].control = ControlCode(highWord: word)
        waitsForHigh = false
      } else if line.hasPrefix("/*"), let instruction = Self.instruction(line) {
        guard !functions.isEmpty else {
          throw ParseError(line: number, message: "an instruction outside every function")
        }
        let last = functions.count - 1
        let expected = functions[last].code.count * 16
        guard Int(instruction.pc) == expected else {
          throw ParseError(
            line: number,
            message: "an instruction at 0x\(String(instruction.pc, radix: 16)) where "
              + "0x\(String(expected, radix: 16)) is expected")
        }
        functions[last].code.append(instruction)
        waitsForHigh = true
      }
    }
    for function in functions {
      for instruction in function.code where instruction.control == nil {
        throw ParseError(
          line: number,
          message: "\(function.name) lacks the encoding of \(instruction.text)")
      }
    }
  }

  /// `/*0010*/ MOV R1, R2 ; /* 0x… */`
  private static func instruction(_ line: Substring) -> StaticInstruction? {
    let address = line.dropFirst(2).prefix(while: \.isHexDigit)
    guard !address.isEmpty, let pc = UInt32(address, radix: 16) else { return nil }
    let rest = line.dropFirst(2 + address.count)
    guard rest.hasPrefix("*/"), let end = rest.lastIndex(of: ";") else { return nil }
    let text = rest[rest.index(rest.startIndex, offsetBy: 2)..<end].trimmed()
    guard let low = word(rest[end...].dropFirst().trimmed()) else { return nil }
    return StaticInstruction(
      pc: pc, text: String(text), control: nil, encoding: .init(low: low, high: 0))
  }

  /// The number inside `/* 0x… */`.
  private static func word(_ text: Substring) -> UInt64? {
    guard let start = text.firstRange(of: "0x") else { return nil }
    return UInt64(text[start.upperBound...].prefix(while: \.isHexDigit), radix: 16)
  }
}
