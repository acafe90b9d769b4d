import Testing

@testable import Emulator

/// Texture instructions as the compiler writes them for each architecture: every element of the
/// textures here says by its value where it stands.
@Suite struct TextureInstructionTests {
  /// A texture with 8 × 4 × 3 elements of one float: x + 10 y + 100 z.
  static func bench(
    _ architecture: Int, height: Int = 4, depth: Int = 3, isLayered: Bool = false,
    isCubemap: Bool = false, channels: Int = 1, isSurface: Bool = false
  ) throws -> (bench: CodeBench, handle: UInt64, address: UInt64) {
    let width = isCubemap ? 4 : 8
    var values: [Float] = []
    for z in 0..<max(1, depth) {
      for y in 0..<max(1, height) {
        for x in 0..<width {
          for channel in 0..<channels {
            values.append(Float(x + 10 * y + 100 * z + 1000 * channel))
          }
        }
      }
    }
    let address = try CodeBench.allocate(values)
    var descriptor = TextureDescriptor(
      address: address, format: .float, channelBits: 32, channels: channels, width: width,
      pitch: 4 * channels * width)
    descriptor.height = height
    descriptor.depth = depth
    descriptor.slice = descriptor.pitch * max(1, height)
    descriptor.isLayered = isLayered
    descriptor.isCubemap = isCubemap
    descriptor.isSurface = isSurface
    let table = TextureTable()
    let handle = table.add(descriptor)
    var bench = CodeBench(architecture)
    bench.options.textures = table
    return (bench, handle, address)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var architecture: Int
    var text: String
    /// Arguments in R16, R17, …: floats, or whole numbers for layers, levels and TLD; `h` is the
    /// handle.
    var arguments: String
    /// In R8, R9, ….
    var wanted: [Float]
    var isLayered = false
    var channels = 1

    var testDescription: String { "sm_\(architecture) \(text)" }

    init(
      _ architecture: Int, _ text: String, _ arguments: String, _ wanted: [Float],
      isLayered: Bool = false, channels: Int = 1
    ) {
      self.architecture = architecture
      self.text = text
      self.arguments = arguments
      self.wanted = wanted
      self.isLayered = isLayered
      self.channels = channels
    }
  }

  /// `H` stands for the handle's place: a constant before sm_90, then a uniform register.
  static let rows: [Row] = [
    Row(86, "TEX.SCR.LL RZ, R8, R16, R18, H, 2D, 0x1", "3.5 2.5 -32.0", [23]),
    Row(86, "TEX.SCR.LZ RZ, R8, R16, R17, H, 2D, 0x1", "3.5 2.5", [23]),
    Row(75, "TEX.SCR.LL RZ, R8, R16, R18, H, 3D, 0x1", "3.5 2.5 1.5 0.0", [123]),
    Row(
      86, "TEX.SCR.LL RZ, R8, R16, R18, H, ARRAY_2D, 0x1", "2 3.5 1.5 0.0", [213], isLayered: true),
    Row(86, "TEX.SCR.B.LL RZ, R8, R16, R18, 2D, 0x1", "3.5 2.5 h -32.0", [23]),
    Row(86, "TEX.SCR.B.LZ RZ, R8, R16, R18, 3D, 0x1", "3.5 2.5 2.5 h", [223]),
    Row(86, "TEX.B.LL RZ, R8, R16, R19, 3D, 0x1", "3.5 2.5 2.5 h 0.0", [223]),
    Row(
      86, "TEX.SCR.LL R10, R8, R16, R18, H, 2D", "3.5 2.5 0.0", [23, 1023, 2023, 3023], channels: 4),
    Row(
      86, "TEX.SCR.LL R10, R8, R16, R18, H, 2D, 0xb", "3.5 2.5 0.0", [23, 1023, 3023], channels: 4),
    Row(86, "TEX.SCR.LL RZ, R8, R16, R18, H, 2D, 0xa", "3.5 2.5 0.0", [1023, 3023], channels: 4),
    Row(90, "TEX.LL RZ, R8, R16, R18, H, 2D, 0x1", "3.5 2.5 -32.0", [23]),
    Row(90, "TEX.LL RZ, R8, R16, R19, H, 3D, 0x1", "3.5 2.5 1.5 0.0", [123]),
    Row(90, "TEX.LZ RZ, R8, R16, H, ARRAY_2D, 0x1", "1 3.5 2.5", [123], isLayered: true),
    Row(120, "TEX RZ, R8, R16, H, 3D, 0x1", "3.5 2.5 1.5", [123]),
    Row(120, "TEX RZ, R8, R16, H, ARRAY_2D, 0x1", "7 3.5 2.5", [223], isLayered: true),
    Row(
      86, "TXD RZ, R8, R16, R20, H, ARRAY_2D, 0x1", "3.5 2.5 1 0.0 9.0 9.0", [123], isLayered: true),
    Row(86, "TXD.B RZ, R8, R16, R20, 2D, 0x1", "h 3.5 2.5 0.0 9.0 9.0", [23]),
    Row(86, "TLD.SCR.LZ RZ, R8, R16, R17, H, 2D, 0x1", "3 2", [23]),
    Row(86, "TLD.SCR.LZ RZ, R8, R16, R18, H, 3D, 0x1", "3 2 1", [123]),
    Row(86, "TLD.SCR.LZ RZ, R8, R16, R18, H, ARRAY_2D, 0x1", "1 3 2", [123], isLayered: true),
    Row(86, "TLD.SCR.B.LZ RZ, R8, R16, R17, 1D, 0x1", "3 h", [3]),
    Row(86, "TLD.SCR.LZ RZ, R8, R16, R17, H, 2D, 0x1", "8 2", [0]),
    Row(90, "TLD.LZ RZ, R8, R16, H, 1D, 0x1", "3", [3]),
    Row(120, "TLD.LL.CL RZ, R8, R16, R18, H, 2D, 0x1", "3 2 0", [23]),
    Row(86, "TLD4.SCR.R R10, R8, R16, R17, H, 2D", "3.0 2.0", [22, 23, 13, 12]),
    Row(
      86, "TLD4.SCR.A.B R10, R8, R16, R18, 2D", "3.0 2.0 h", [3022, 3023, 3013, 3012], channels: 4),
    Row(120, "TLD4.B R10, R8, R16, H, 2D", "3.0 2.0", [2022, 2023, 2013, 2012], channels: 4),
  ]

  private func words(_ row: Row, handle: UInt64) -> [[UInt32]] {
    row.arguments.split(separator: " ").map { argument in
      let word: UInt32 =
        argument == "h"
        ? UInt32(handle)
        : argument.contains(".") ? Float(argument)!.bitPattern : UInt32(argument)!
      return Array(repeating: word, count: 32)
    }
  }

  @Test(arguments: rows) func `arguments and results are where the text says`(row: Row) throws {
    let (bench, handle, _) = try Self.bench(
      row.architecture, isLayered: row.isLayered, channels: row.channels)
    let inputs = words(row, handle: handle)
    // The handle comes behind the pointers to output and inputs.
    let place = ConstantLayout(bench.kind).parameters + 8 * (1 + inputs.count)
    let hex = String(place, radix: 16)
    var lines: [String] = []
    var operand = "0x0, 0x\(String(place / 4, radix: 16))"
    if row.architecture >= 90 {
      lines.append("ULDC.64 UR4, c[0x0][0x\(hex)]")
      operand = row.architecture >= 100 ? "UR4" : "UR4, 0x0"
    }
    lines.append(row.text.replacing(" H,", with: " \(operand),"))
    let found = try bench.results(
      of: lines, inputs: inputs, words: row.wanted.count, parameters: [handle])
    #expect(found.map { Float(bitPattern: $0[0]) } == row.wanted)
    #expect(found.map { Float(bitPattern: $0[31]) } == row.wanted)
  }

  @Test func `a handle that names nothing is a fault`() throws {
    let (bench, handle, _) = try Self.bench(86)
    #expect(throws: EmulationFault.self) {
      try bench.results(of: ["TLD.SCR.B.LZ RZ, R8, R0, R0, 1D, 0x1"], parameters: [handle])
    }
  }

  @Test(arguments: [
    "TEX.SCR.LL.AOFFI RZ, R8, R16, R18, 0x0, 0x58, 2D, 0x1",
    "TEX.SCR.NDV RZ, R8, R16, R18, 0x0, 0x58, 2D, 0x1",
    "TEX.SCR.LL RZ, R8, R16, R18, 0x0, 0x58, 4D",
    "SULD.P.2D.STRONG.SM.TRAP R0, [R2], 0x0, 0x58",
  ]) func `what is not known is refused`(text: String) throws {
    let kernel = ExecutableKernel(
      KernelImage(
        name: "one", architecture: .init(86),
        code: [.init(pc: 0, text: text, control: nil)]))
    #expect(!kernel.unsupported.isEmpty)
  }

  // MARK: Surfaces

  private func surface(_ text: String, _ arguments: [UInt32], words: Int) throws -> [UInt32] {
    let (bench, handle, _) = try Self.bench(86, isLayered: text.contains("ARRAY"), isSurface: true)
    let inputs = arguments.map { [UInt32](repeating: $0, count: 32) }
    let place = ConstantLayout(bench.kind).parameters + 8 * (1 + inputs.count)
    let line = text.replacing(" H", with: " 0x0, 0x\(String(place / 4, radix: 16))")
    return try bench.results(of: [line], inputs: inputs, words: words, parameters: [handle])
      .map { $0[0] }
  }

  @Test func `surface coordinates are bytes, rows, slices`() throws {
    let one = try surface("SULD.D.BA.3D.STRONG.SM.TRAP R8, [R16], H", [12, 2, 1], words: 1)
    #expect(one.map { Float(bitPattern: $0) } == [123])
    let pair = try surface(
      "SULD.D.BA.2D_ARRAY.64.STRONG.SM.TRAP R8, [R16], H", [16, 3, 2], words: 2)
    #expect(pair.map { Float(bitPattern: $0) } == [234, 235])
    let half = try surface("SULD.D.BA.2D.U16.STRONG.SM.TRAP R8, [R16], H", [14, 1], words: 1)
    #expect(half == [Float(13).bitPattern >> 16])
  }

  @Test func `outside, surfaces trap, give zero or clamp`() throws {
    #expect(throws: EmulationFault.self) {
      try surface("SULD.D.BA.2D.STRONG.SM.TRAP R8, [R16], H", [32, 0], words: 1)
    }
    let zero = try surface("SULD.D.BA.2D.STRONG.SM.IGN R8, [R16], H", [32, 0], words: 1)
    #expect(zero == [0])
    let clamped = try surface("SULD.D.BA.2D.STRONG.SM R8, [R16], H", [99, 99], words: 1)
    #expect(clamped.map { Float(bitPattern: $0) } == [37])
  }

  @Test func `stores and reductions change one element`() throws {
    let (bench, handle, address) = try Self.bench(86, isSurface: true)
    let lines = [
      "ISETP.EQ.AND P0, PT, R0, RZ, PT", "MOV R16, 0x8", "MOV R17, 0x1", "MOV R18, 0x42f60000",
      "@P0 SUST.D.BA.2D.STRONG.SM.TRAP [R16], R18, 0x0, 0x5a", "MOV R16, 0x2", "MOV R17, 0x2",
      "@P0 SUST.P.2D.STRONG.SM.R.TRAP [R16], R18, 0x0, 0x5a", "MOV R16, 0x4", "MOV R17, 0x3",
      "MOV R19, 0x1", "SURED.D.BA.2D.ADD.STRONG.SYS.TRAP [R16], R19, 0x0, 0x5a",
    ]
    _ = try bench.results(of: lines, parameters: [handle])
    let found = CodeBench.words(address, 32)
    #expect(Float(bitPattern: found[8 + 2]) == 123)
    #expect(Float(bitPattern: found[16 + 2]) == 123)
    #expect(found[24 + 1] == Float(31).bitPattern + 32)
    #expect(Float(bitPattern: found[8 + 3]) == 13)
  }

  @Test func `a query tells width, height and depth`() throws {
    let (bench, handle, _) = try Self.bench(86)
    let found = try bench.results(
      of: ["MOV R16, RZ", "TXQ R10, R8, R16, TEX_HEADER_DIMENSION, 0x0, 0x5a, 0x7"], words: 3,
      parameters: [handle])
    #expect(found.map { $0[0] } == [8, 4, 3])
  }

  @Test(arguments: [
    (SIMD3<Float>(1, 0.25, 0.75), 0, 0, 1), (SIMD3(-1, 0.25, 0.75), 1, 3, 1),
    (SIMD3(0.25, 1, 0.75), 2, 2, 3), (SIMD3(0.25, -1, 0.75), 3, 2, 0),
    (SIMD3(0.75, 0.25, 1), 4, 3, 1), (SIMD3(0.75, 0.25, -1), 5, 0, 1),
  ]) func `directions lead to the faces of a cube`(
    _ row: (direction: SIMD3<Float>, face: Int, x: Int, y: Int)
  ) throws {
    let (bench, handle, _) = try Self.bench(120, depth: 6, isCubemap: true)
    let inputs = (0..<3).map { [UInt32](repeating: row.direction[$0].bitPattern, count: 32) }
    let place = ConstantLayout(bench.kind).parameters + 8 * 4
    let found = try bench.results(
      of: [
        "ULDC.64 UR4, c[0x0][0x\(String(place, radix: 16))]", "TEX RZ, R8, R16, UR4, CUBE, 0x1",
      ], inputs: inputs, parameters: [handle])
    #expect(Float(bitPattern: found[0][0]) == Float(row.x + 10 * row.y + 100 * row.face))
  }
}
