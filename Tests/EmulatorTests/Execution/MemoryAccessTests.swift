import Testing

@testable import Emulator

/// Loads, stores and copies of every width in every memory, against bytes in an array.
@Suite struct MemoryAccessTests {
  struct Width: Sendable, CustomTestStringConvertible {
    let suffix: String
    let bytes: Int
    let isSigned: Bool
    var testDescription: String { suffix.isEmpty ? "32" : suffix }
    var words: Int { max(1, bytes / 4) }

    /// What a register vector holds after a load of these bytes.
    func loaded(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
      let value = Array(bytes)
      if self.bytes < 4 {
        let plain = value.enumerated().reduce(Int64(0)) { $0 + Int64($1.1) << Int64(8 * $1.0) }
        let power = Int64(1) << Int64(8 * self.bytes)
        return [
          UInt32(truncatingIfNeeded: isSigned && plain >= power / 2 ? plain - power : plain)
        ]
      }
      return (0..<words).map { word in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(value[4 * word + $1]) << UInt32(8 * $1) }
      }
    }
  }

  static let widths = [
    Width(suffix: ".U8", bytes: 1, isSigned: false), Width(suffix: ".S8", bytes: 1, isSigned: true),
    Width(suffix: ".U16", bytes: 2, isSigned: false),
    Width(suffix: ".S16", bytes: 2, isSigned: true), Width(suffix: "", bytes: 4, isSigned: false),
    Width(suffix: ".64", bytes: 8, isSigned: false),
    Width(suffix: ".128", bytes: 16, isSigned: false),
  ]

  private static let size = 512

  private static func bytes(_ seed: UInt64) -> [UInt8] {
    var samples = Samples(seed: seed)
    return (0..<size).map { _ in UInt8(truncatingIfNeeded: samples.next()) }
  }

  private static func words(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { at in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
    }
  }

  /// Aligned offsets, each lane its own where `apart`.
  private static func offsets(_ width: Width, _ seed: UInt64, apart: Bool) -> [UInt32] {
    var samples = Samples(seed: seed)
    var slots = Array(0..<(size / width.bytes))
    if apart { slots.shuffle(using: &samples) }
    return (0..<32).map { lane in
      let slot = apart ? slots[lane] : Int(samples.next() % UInt64(slots.count))
      return UInt32(slot * width.bytes)
    }
  }

  /// Registers R20 to R23 of each lane.
  private static func values(_ seed: UInt64) -> [[UInt32]] {
    var samples = Samples(seed: seed)
    return (0..<4).map { _ in (0..<32).map { _ in samples.word() } }
  }

  private static let padding = [[UInt32]](repeating: [UInt32](repeating: 0, count: 32), count: 3)

  private static func store(
    _ width: Width, _ offsets: [UInt32], _ values: [[UInt32]], in memory: inout [UInt8]
  ) {
    for lane in 0..<32 {
      for byte in 0..<width.bytes {
        memory[Int(offsets[lane]) + byte] = UInt8(
          truncatingIfNeeded: values[byte / 4][lane] >> UInt32(8 * (byte % 4)))
      }
    }
  }

  private static func wideAddress(_ bench: CodeBench, inputs: Int) -> [String] {
    let place = ConstantLayout(bench.kind).parameters + 8 * (1 + inputs)
    return [
      "MOV R30, 0x1", "IMAD.WIDE R2, R16, R30, c[0x0][0x\(String(place, radix: 16))]",
    ]
  }

  @Test(arguments: widths, ["LDG.E", "LD.E", "LDG.E.CONSTANT", "LDG.E.STRONG.SYS"])
  func `loads from global memory`(width: Width, opcode: String) throws {
    let memory = Self.bytes(1)
    let bench = CodeBench(86)
    let offsets = Self.offsets(width, 2, apart: false)
    let parts = opcode.split(separator: ".", maxSplits: 2)
    let rest = parts.count > 2 ? "." + parts[2] : ""
    let found = try bench.results(
      of: Self.wideAddress(bench, inputs: 1) + [
        "\(parts[0]).E\(width.suffix)\(rest) R8, [R2.64+0x10]"
      ], inputs: [offsets], words: width.words,
      parameters: [try CodeBench.allocate(memory) - 16])
    for lane in 0..<32 {
      let start = Int(offsets[lane])
      check(
        found.map { $0[lane] } == width.loaded(memory[start..<start + width.bytes]), "\(opcode)")
    }
  }

  @Test(arguments: widths.filter { !$0.isSigned }, ["STG.E", "ST.E"])
  func `stores to global memory`(width: Width, opcode: String) throws {
    var memory = Self.bytes(3)
    let bench = CodeBench(86)
    let offsets = Self.offsets(width, 4, apart: true)
    let values = Self.values(5)
    let address = try CodeBench.allocate(memory)
    let inputs = [offsets] + Self.padding + values
    _ = try bench.results(
      of: Self.wideAddress(bench, inputs: inputs.count) + ["\(opcode)\(width.suffix) [R2.64], R20"],
      inputs: inputs, parameters: [address])
    Self.store(width, offsets, values, in: &memory)
    #expect(CodeBench.words(address, Self.size / 4) == Self.words(memory))
  }

  /// The warp's shared memory is written and read as a whole by 16 bytes a lane.
  @Test(arguments: widths) func `shared memory, also by generic addresses`(width: Width) throws {
    var memory = Self.bytes(6)
    var bench = CodeBench(86)
    bench.dynamicShared = Self.size
    let columns = (0..<4).map { word in (0..<32).map { Self.words(memory)[4 * $0 + word] } }
    let reads = Self.offsets(width, 7, apart: false)
    let writes = Self.offsets(width, 8, apart: true)
    let values = Self.values(9)
    let fill = ["IMAD R6, R0, 0x10, RZ", "STS.128 [R6], R20"]
    let inputs = [reads] + Self.padding + columns + values + [writes]
    for load in ["LDS\(width.suffix) R8, [R16]", "LD.E\(width.suffix) R8, [R2.64]"] {
      let found = try bench.results(
        of: fill + ["MOV R2, R16", "S2R R3, SR_SWINHI", load], inputs: inputs, words: width.words)
      for lane in 0..<32 {
        let start = Int(reads[lane])
        check(found.map { $0[lane] } == width.loaded(memory[start..<start + width.bytes]), load)
      }
    }
    guard !width.isSigned else { return }
    Self.store(width, writes, values, in: &memory)
    for store in ["STS\(width.suffix) [R28], R24", "ST.E\(width.suffix) [R2.64], R24"] {
      let found = try bench.results(
        of: fill + ["MOV R2, R28", "S2R R3, SR_SWINHI", store, "LDS.128 R8, [R6]"],
        inputs: inputs, words: 4)
      for lane in 0..<32 {
        check(found.map { $0[lane] } == Array(Self.words(memory)[4 * lane..<4 * lane + 4]), store)
      }
    }
  }

  @Test(arguments: widths) func `local memory is each lane's own`(width: Width) throws {
    let values = Self.values(10)
    let offset = width.bytes < 16 ? 8 / width.bytes * width.bytes : 0
    let inputs = Self.padding + [[UInt32](repeating: 0, count: 32)] + values
    let found = try CodeBench(86).results(
      of: ["STL.128 [RZ], R20", "LDL\(width.suffix) R8, [0x\(String(offset, radix: 16))]"],
      inputs: inputs, words: width.words)
    for lane in 0..<32 {
      let own = values.map { $0[lane] }.flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
      }
      check(found.map { $0[lane] } == width.loaded(own[offset..<offset + width.bytes]))
    }
  }

  @Test(arguments: widths) func `indexed constants`(width: Width) throws {
    var samples = Samples(seed: 11)
    let parameters = (0..<8).map { _ in samples.next() }
    let bytes = parameters.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    let offsets = (0..<32).map { _ in
      UInt32(samples.next() % UInt64(64 / width.bytes)) * UInt32(width.bytes)
    }
    let bench = CodeBench(86)
    let place = ConstantLayout(bench.kind).parameters + 8 * 2
    let found = try bench.results(
      of: ["LDC\(width.suffix) R8, c[0x0][R16+0x\(String(place, radix: 16))]"], inputs: [offsets],
      words: width.words, parameters: parameters)
    for lane in 0..<32 {
      let start = Int(offsets[lane])
      check(found.map { $0[lane] } == width.loaded(bytes[start..<start + width.bytes]))
    }
  }

  @Test(arguments: widths, [("ULDC", 86), ("LDCU", 120)])
  func `constants for all lanes`(width: Width, _ row: (opcode: String, architecture: Int)) throws {
    var samples = Samples(seed: 17)
    let parameters = (0..<4).map { _ in samples.next() }
    let bytes = parameters.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    let bench = CodeBench(row.architecture)
    let place = ConstantLayout(bench.kind).parameters + 8 + 16
    let moves = (0..<width.words).map { "MOV R\(8 + $0), UR\(4 + $0)" }
    let load = "\(row.opcode)\(width.suffix) UR4, c[0x0][0x\(String(place, radix: 16))]"
    let found = try bench.results(of: [load] + moves, words: width.words, parameters: parameters)
    #expect(found.map { $0[31] } == width.loaded(bytes[16..<16 + width.bytes]))
  }

  @Test(arguments: [("", 4), (".64", 8), (".128", 16), (".BYPASS.128", 16)])
  func `asynchronous copies`(_ row: (suffix: String, bytes: Int)) throws {
    let width = Width(suffix: row.suffix, bytes: row.bytes, isSigned: false)
    let memory = Self.bytes(12)
    var bench = CodeBench(86)
    bench.dynamicShared = Self.size
    let (from, to) = (Self.offsets(width, 13, apart: false), Self.offsets(width, 14, apart: true))
    var shared = [UInt8](repeating: 0, count: Self.size)
    for lane in 0..<32 {
      for byte in 0..<width.bytes {
        shared[Int(to[lane]) + byte] = memory[Int(from[lane]) + byte]
      }
    }
    let found = try bench.results(
      of: Self.wideAddress(bench, inputs: 2) + [
        "LDGSTS.E\(row.suffix) [R17], [R2.64]", "LDGDEPBAR", "DEPBAR.LE SB0, 0x0",
        "IMAD R6, R0, 0x10, RZ", "LDS.128 R8, [R6]",
      ], inputs: [from, to], words: 4, parameters: [try CodeBench.allocate(memory)])
    for lane in 0..<32 {
      check(found.map { $0[lane] } == Array(Self.words(shared)[4 * lane..<4 * lane + 4]))
    }
  }

  /// PTX ISA, ldmatrix: lane 8i + r gives the address of row r of matrix i; lane t gets elements
  /// 2 (t mod 4) and the next of row t / 4, or of that column when transposed.
  @Test(arguments: [1, 2, 4], [false, true])
  func `matrices of halves`(count: Int, transposes: Bool) throws {
    let memory = Self.words(Self.bytes(15))
    var bench = CodeBench(86)
    bench.dynamicShared = Self.size
    var samples = Samples(seed: 16)
    let rows = Array(0..<32).shuffled(using: &samples)
    let columns = (0..<4).map { word in (0..<32).map { memory[4 * $0 + word] } }
    func element(_ matrix: Int, _ row: Int, _ column: Int) -> UInt32 {
      let word = memory[4 * rows[8 * matrix + row] + column / 2]
      return column % 2 == 0 ? word & 0xffff : word >> 16
    }
    let number = count == 1 ? "" : ".\(count)"
    let found = try bench.results(
      of: [
        "IMAD R6, R0, 0x10, RZ", "STS.128 [R6], R20",
        "LDSM.16.M\(transposes ? "T" : "")88\(number) R8, [R16]",
      ], inputs: [rows.map { UInt32(16 * $0) }] + Self.padding + columns, words: count)
    for matrix in 0..<count {
      for lane in 0..<32 {
        let (row, column) = (lane / 4, 2 * (lane % 4))
        let low = transposes ? element(matrix, column, row) : element(matrix, row, column)
        let high = transposes ? element(matrix, column + 1, row) : element(matrix, row, column + 1)
        check(found[matrix][lane] == low | high << 16)
      }
    }
  }

  @Test(arguments: [("S", 0), ("L", 1), ("G", 2)])
  func `which memory an address lies in`(_ row: (suffix: String, window: Int)) throws {
    let windows = [GridExecution.sharedWindow, GridExecution.localWindow, DeviceMemory.base]
    let inputs = [0, 32].map { shift in
      (0..<32).map { UInt32(truncatingIfNeeded: windows[$0 % 3] >> UInt64(shift)) }
    }
    let found = try CodeBench(86).results(
      of: ["QSPC.E.\(row.suffix) P0, RZ, [R16.64]", "SEL R8, R1, RZ, P0"], inputs: inputs)
    for lane in 0..<32 { #expect((found[0][lane] != 0) == (lane % 3 == row.window)) }
  }
}
