import Testing

@testable import Emulator

/// Every atomic operation on every type and memory: 32 lanes change a few random places one after
/// the other, and a model written here does the same.
@Suite struct AtomicOperationTests {
  /// What a place holds.
  enum Kind: Sendable {
    case integer(bits: Int, isSigned: Bool)
    /// Exponent and fraction bits; `flushes`: denormals count as zeros.
    case float(Int, Int, flushes: Bool)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    /// Opcode and modifiers, as ATOMG, ATOM or ATOMS would have them.
    let text: String
    let operation: String
    let kind: Kind
    /// 32-bit words of an access.
    let words: Int
    var testDescription: String { text }
  }

  private static let space = 64

  static let rows: [Row] = {
    func integer(_ bits: Int, _ isSigned: Bool = false) -> Kind {
      .integer(bits: bits, isSigned: isSigned)
    }
    let single = Kind.float(8, 23, flushes: false)
    let flushed = Kind.float(8, 23, flushes: true)
    let half = Kind.float(5, 10, flushes: false)
    let brain = Kind.float(8, 7, flushes: false)
    var forms: [(operation: String, type: String, kind: Kind, words: Int)] = [
      ("ADD", "", integer(32), 1), ("ADD", "64", integer(64), 2), ("ADD", "S32", integer(32), 1),
      ("INC", "", integer(32), 1), ("DEC", "", integer(32), 1), ("EXCH", "128", integer(128), 4),
      ("CAS", "128", integer(128), 4), ("ADD", "F32.FTZ.RN", flushed, 1),
      ("ADD", "F32.RN", single, 1), ("SAFEADD", "64", integer(64), 2),
      ("ADD", "F64.RN", .float(11, 52, flushes: false), 2), ("ADD", "F16x2.RN", half, 1),
      ("ADD", "BF16x2.RN", brain, 1), ("ADD", "BF16_V2.RN", brain, 1),
      ("ADD", "F32x2.FTZ.RN", flushed, 2), ("ADD", "F32x4.FTZ.RN", flushed, 4),
    ]
    for operation in ["AND", "OR", "XOR", "EXCH", "CAS"] {
      forms += [(operation, "", integer(32), 1), (operation, "64", integer(64), 2)]
    }
    for operation in ["MIN", "MAX"] {
      forms += [
        (operation, "", integer(32), 1), (operation, "U32", integer(32), 1),
        (operation, "S32", integer(32, true), 1), (operation, "64", integer(64), 2),
        (operation, "U64", integer(64), 2), (operation, "S64", integer(64, true), 2),
      ]
    }
    for operation in ["ADD", "MIN", "MAX"] {
      for (type, kind) in [("F16", half), ("BF16", brain)] {
        forms += [(operation, "\(type)x4.RN", kind, 2), (operation, "\(type)x8.RN", kind, 4)]
      }
      if operation != "ADD" {
        forms += [(operation, "F16x2.RN", half, 1), (operation, "BF16x2.RN", brain, 1)]
      }
    }
    return forms.map {
      let type = $0.type.isEmpty ? "" : "." + $0.type
      return Row(text: $0.operation + type, operation: $0.operation, kind: $0.kind, words: $0.words)
    }
  }()

  // MARK: The model

  /// The parts of a place's words that change on their own.
  private static func parts(_ words: [UInt32], _ bits: Int) -> [UInt128] {
    let whole = words.enumerated().reduce(UInt128(0)) { $0 | UInt128($1.1) << UInt128(32 * $1.0) }
    guard bits < 128 else { return [whole] }
    return stride(from: 0, to: 32 * words.count, by: bits).map {
      whole >> UInt128($0) & (1 << UInt128(bits) - 1)
    }
  }

  private static func words(_ parts: [UInt128], _ bits: Int) -> [UInt32] {
    (0..<(parts.count * bits / 32 + (parts.count * bits % 32 == 0 ? 0 : 1))).map { word in
      parts.enumerated().reduce(UInt32(0)) { result, part in
        let shift = part.offset * bits - 32 * word
        guard shift > -bits, shift < 32 else { return result }
        let shown = shift >= 0 ? part.element << UInt128(shift) : part.element >> UInt128(-shift)
        return result | UInt32(truncatingIfNeeded: shown)
      }
    }
  }

  private static func result(_ row: Row, _ old: [UInt32], _ value: [UInt32], _ new: [UInt32])
    -> [UInt32]
  {
    if row.operation == "CAS" { return old == value ? new : old }
    switch row.kind {
    case .integer(let bits, let isSigned):
      let pairs = zip(parts(old, bits), parts(value, bits))
      return words(pairs.map { whole($0, $1, row.operation, bits, isSigned) }, bits)
    case .float(let exponent, let fraction, let flushes):
      let bits = 1 + exponent + fraction
      let pairs = zip(parts(old, bits), parts(value, bits))
      return words(
        pairs.map { pair in
          UInt128(
            real(
              UInt64(pair.0), UInt64(pair.1), row.operation, exponent, fraction, flushes: flushes))
        }, bits)
    }
  }

  private static func whole(
    _ old: UInt128, _ value: UInt128, _ operation: String, _ bits: Int, _ isSigned: Bool
  ) -> UInt128 {
    let power: UInt128 = bits == 128 ? 0 : 1 << UInt128(bits)
    func number(_ part: UInt128) -> Int128 {
      isSigned && part >= power / 2
        ? Int128(part) - Int128(power) : Int128(truncatingIfNeeded: part)
    }
    switch operation {
    case "ADD", "SAFEADD": return (old + value) % power
    case "MIN": return number(value) < number(old) ? value : old
    case "MAX": return number(value) > number(old) ? value : old
    case "INC": return old >= value ? 0 : old + 1
    case "DEC": return old == 0 || old > value ? value : old - 1
    case "AND": return old & value
    case "OR": return old | value
    case "XOR": return old ^ value
    default: return value
    }
  }

  private static func real(
    _ old: UInt64, _ value: UInt64, _ operation: String, _ exponent: Int, _ fraction: Int,
    flushes: Bool
  ) -> UInt64 {
    let sign: UInt64 = 1 << UInt64(exponent + fraction)
    let infinity: UInt64 = (1 << UInt64(exponent) - 1) << UInt64(fraction)
    let nan: UInt64 = exponent == 11 ? 0xfff8_0000_0000_0000 : sign - 1
    func flushed(_ bits: UInt64) -> UInt64 {
      flushes && bits & infinity == 0 ? bits & sign : bits
    }
    func isNaN(_ bits: UInt64) -> Bool { bits & ~sign > infinity }
    func double(_ bits: UInt64) -> Double {
      if exponent == 11 { return Double(bitPattern: bits) }
      if exponent == 8 { return Double(Float(bitPattern: UInt32(bits) << UInt32(23 - fraction))) }
      return Double(Float16(bitPattern: UInt16(bits)))
    }
    let (a, b) = (flushed(old), flushed(value))
    if operation != "ADD" {
      if isNaN(a) { return isNaN(b) ? nan : b }
      if isNaN(b) { return a }
      // −0 is below +0.
      let (x, y) = (double(a), double(b))
      let isLess = x == y ? a & sign != 0 && b & sign == 0 : x < y
      return isLess == (operation == "MIN") ? a : b
    }
    if isNaN(a) || isNaN(b) { return nan }
    let (x, y) = (double(a), double(b))
    if x.isInfinite || y.isInfinite {
      return x.isInfinite && y.isInfinite && x != y ? nan : x.isInfinite ? a : b
    }
    if x == 0, y == 0 { return a & b & sign }
    if x == -y { return 0 }
    if exponent == 11 { return (x + y).bitPattern }
    // Exact, or too far apart for the low part to matter but as a trace of being there.
    let sum = x + y
    let lost = y - (sum - x)
    let odd = lost != 0 && sum.bitPattern & 1 == 0
    let exact = odd ? ((lost > 0) == (sum > 0) ? sum.bitPattern + 1 : sum.bitPattern - 1) : nil
    return flushed(
      ExactNumber(exact.map(Double.init(bitPattern:)) ?? sum).bits(
        exponentBits: exponent, fractionBits: fraction, .nearest))
  }

  // MARK: Running

  private static func operand(_ samples: inout Samples, _ kind: Kind) -> UInt32 {
    switch kind {
    case .float(8, 23, _): samples.single()
    case .float(11, _, _): UInt32(truncatingIfNeeded: samples.double() >> (samples.next() % 2 * 32))
    case .float(5, _, _): UInt32(samples.half()) << 16 | UInt32(samples.half())
    case .float: UInt32(samples.brain()) << 16 | UInt32(samples.brain())
    default: samples.word()
    }
  }

  private struct Operands {
    var memory: [UInt32] = []
    /// Byte offsets by lane.
    var places: [UInt32] = []
    var values: [[UInt32]] = []
    var replacements: [[UInt32]] = []

    init(_ row: Row, seed: UInt64) {
      var samples = Samples(seed: seed)
      memory = (0..<AtomicOperationTests.space).map { _ in operand(&samples, row.kind) }
      for _ in 0..<32 {
        let place = Int(samples.next() % 6) * row.words
        places.append(UInt32(4 * place))
        // Half of what is compared is what was there at first.
        let isOld = row.operation == "CAS" && samples.next() % 2 == 0
        values.append(
          (0..<row.words).map { isOld ? memory[place + $0] : operand(&samples, row.kind) })
        replacements.append((0..<row.words).map { _ in samples.word() })
      }
    }

    /// As registers R16 and on: offsets, three of zero, four of values, four of replacements.
    var inputs: [[UInt32]] {
      let zeros = [UInt32](repeating: 0, count: 32)
      func columns(_ rows: [[UInt32]]) -> [[UInt32]] {
        (0..<4).map { word in rows.map { word < $0.count ? $0[word] : 0 } }
      }
      return [places, zeros, zeros, zeros] + columns(values) + columns(replacements)
    }

    /// What the lanes find, in turn; afterwards `memory` is as they leave it.
    mutating func apply(_ row: Row) -> [[UInt32]] {
      (0..<32).map { lane in
        let range = Int(places[lane]) / 4..<Int(places[lane]) / 4 + row.words
        let old = Array(memory[range])
        memory.replaceSubrange(
          range, with: AtomicOperationTests.result(row, old, values[lane], replacements[lane]))
        return old
      }
    }
  }

  @Test(arguments: rows) func `lanes act one after the other`(row: Row) throws {
    let sources = row.operation == "CAS" ? "R20, R24" : "R20"
    for (number, opcode) in ["ATOMG.E", "ATOM.E", "REDG.E", "RED.E"].enumerated() {
      let returns = number < 2
      guard returns || !["CAS", "EXCH"].contains(row.operation) else { continue }
      for seed in 0..<UInt64(2) {
        var operands = Operands(row, seed: seed + 100)
        let address = try CodeBench.allocate(operands.memory)
        let inputs = operands.inputs
        let bench = CodeBench(90)
        let place = ConstantLayout(bench.kind).parameters + 8 * (1 + inputs.count)
        let found = try bench.results(
          of: [
            "MOV R30, 0x1", "IMAD.WIDE R2, R16, R30, c[0x0][0x\(String(place, radix: 16))]",
            "\(opcode).\(row.text).STRONG.GPU \(returns ? "PT, R8, " : "")[R2.64], \(sources)",
          ], inputs: inputs, words: row.words, parameters: [address])
        let old = operands.apply(row)
        check(CodeBench.words(address, Self.space) == operands.memory, "\(opcode).\(row.text)")
        guard returns else { continue }
        for lane in 0..<32 { check(found.map { $0[lane] } == old[lane], "\(opcode).\(row.text)") }
      }
    }
  }

  /// Shared memory has no floats, no vectors and no 128 bits.
  @Test(
    arguments: rows.filter { row in
      if case .integer = row.kind { row.words < 4 } else { false }
    }) func `the same in shared memory`(row: Row) throws
  {
    let sources = row.operation == "CAS" ? "R20, R24" : "R20"
    for seed in 0..<UInt64(2) {
      var operands = Operands(row, seed: seed + 200)
      operands.memory = Array(operands.memory.prefix(32))
      var bench = CodeBench(86)
      bench.dynamicShared = 128
      let found = try bench.results(
        of: [
          "IMAD R6, R0, 0x4, RZ", "STS [R6], R28", "ATOMS.\(row.text) R8, [R16], \(sources)",
          "LDS R\(8 + row.words), [R6]",
        ], inputs: operands.inputs + [operands.memory], words: row.words + 1)
      let old = operands.apply(row)
      check(found[row.words] == operands.memory, row.text)
      for lane in 0..<32 {
        check((0..<row.words).map { found[$0][lane] } == old[lane], row.text)
      }
    }
  }

  @Test func `compare-and-store answers whether it stored, POPC.INC counts lanes`() throws {
    let row = Row(
      text: "CAS", operation: "CAS", kind: .integer(bits: 32, isSigned: false), words: 1)
    var operands = Operands(row, seed: 7)
    operands.memory = Array(operands.memory.prefix(32))
    var bench = CodeBench(86)
    bench.dynamicShared = 132
    let found = try bench.results(
      of: [
        "IMAD R6, R0, 0x4, RZ", "STS [R6], R28", "ATOMS.CAST.SPIN R8, [R16], R20, R24",
        "LDS R9, [R6]", "ATOMS.POPC.INC.32 R2, [RZ+0x80]", "LDS R10, [0x80]",
      ], inputs: operands.inputs + [operands.memory], words: 3)
    let old = operands.apply(row)
    #expect(found[0] == (0..<32).map { old[$0] == operands.values[$0] ? 1 : 0 })
    #expect(found[1] == operands.memory)
    #expect(found[2] == [UInt32](repeating: 32, count: 32))
  }
}
