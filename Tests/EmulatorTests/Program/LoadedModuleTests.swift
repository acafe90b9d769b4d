import CubinSupport
import Foundation
import ISA
import Testing

@testable import Emulator

/// Modules are loaded and run. Device memory has one place in a process: one test at a time.
@Suite(.serialized) struct LoadedModuleTests {
  private func load(
    _ builder: CubinBuilder, _ text: String, _ memory: DeviceMemory
  ) throws -> LoadedModule {
    try LoadedModule(
      Cubin(builder.build()), disassembly: Disassembly(parsing: text), memory: memory)
  }

  private func pointer(_ address: UInt64) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(address))!
  }

  private func run(
    _ kernel: ExecutableKernel, threads: Int, _ parameters: [UInt8], _ memory: DeviceMemory
  ) throws {
    let launch = GridLaunch(
      kernel: kernel.image, grid: Dim3(1), block: Dim3(UInt32(threads)), parameters: parameters)
    try GridExecution(launch, kernel: kernel, memory: memory, builtins: NoBuiltins()).run()
  }

  @Test func `a kernel reads variables and constants where the host put them`() throws {
    let memory = try DeviceMemory(capacity: 1 << 24)
    let module = try load(ProgramSamples.scaleCubin(), ProgramSamples.scaleText, memory)
    let kernel = try #require(module.kernels["_Z5scalePfi"])
    let input = try memory.allocate(bytes: 64)
    let output = try memory.allocate(bytes: 64)
    for index in 0..<16 {
      pointer(input).storeBytes(of: Float(index), toByteOffset: 4 * index, as: Float.self)
    }
    let target = try #require(module.symbols["target"])
    pointer(target.address).storeBytes(of: output, as: UInt64.self)
    let bias = try #require(module.symbols["bias"])
    #expect(bias.bytes == 8)
    pointer(bias.address).storeBytes(of: 0.5, toByteOffset: 4, as: Float.self)
    try run(kernel, threads: 32, littleEndian(input) + littleEndian(Int32(16)), memory)
    for index in 0..<16 {
      let result = pointer(output).load(fromByteOffset: 4 * index, as: Float.self)
      #expect(result == Float(index) * 2 + 0.5)
    }
    #expect(module.symbols["factor"]?.bytes == 4)
    module.unload()
    #expect(memory.allocations.count == 2)
  }

  @Test func `separately compiled functions are called by name and by pointer`() throws {
    let memory = try DeviceMemory(capacity: 1 << 24)
    let module = try load(ProgramSamples.callsCubin(), ProgramSamples.callsText, memory)
    let kernel = try #require(module.kernels["_Z5callsPi"])
    let output = try memory.allocate(bytes: 64)
    try run(kernel, threads: 8, littleEndian(output), memory)
    func countdown(_ x: Int32) -> Int32 { x > 0 ? x + countdown(x - 3) : 0 }
    for index in 0..<8 {
      let result = pointer(output).load(fromByteOffset: 4 * index, as: Int32.self)
      #expect(result == 2 * Int32(index) + countdown(Int32(index)))
    }
    let code = kernel.image.code
    #expect(code.map(\.pc) == code.indices.map { UInt32($0 * 16) })
  }

  @Test func `an image needs the disassembly of its own cubin`() throws {
    let memory = try DeviceMemory(capacity: 1 << 24)
    #expect(throws: ModuleError.self) {
      try load(ProgramSamples.scaleCubin(), ProgramSamples.callsText, memory)
    }
    let short = ProgramSamples.scaleText.split(separator: "\n").dropLast(2).joined(separator: "\n")
    #expect(throws: ModuleError.self) { try load(ProgramSamples.scaleCubin(), short, memory) }
    let other = ProgramSamples.scaleText.replacingOccurrences(of: "sm_86", with: "sm_89")
    #expect(throws: ModuleError.self) { try load(ProgramSamples.scaleCubin(), other, memory) }
    #expect(memory.allocations.isEmpty)
  }

  @Test func `symbols that nobody defines are named`() throws {
    let memory = try DeviceMemory(capacity: 1 << 24)
    var builder = CubinBuilder()
    builder.add(
      ".nv.constant4", .bits(Array(repeating: 0, count: 8)),
      relocations: [.init(offset: 0, type: 2, symbol: "cudaGraphDeviceThing")])
    builder.symbol("cudaGraphDeviceThing", in: "", type: 2)
    do {
      _ = try load(builder, "", memory)
      Issue.record("an unknown function is accepted")
    } catch { #expect("\(error)".contains("cudaGraphDeviceThing")) }
    #expect(memory.allocations.isEmpty)
  }

  @Test func `damaged modules are errors or load, never trap`() throws {
    let memory = try DeviceMemory(capacity: 1 << 24)
    for (builder, text) in [
      (try ProgramSamples.scaleCubin(), ProgramSamples.scaleText),
      (try ProgramSamples.callsCubin(), ProgramSamples.callsText),
    ] {
      let disassembly = try Disassembly(parsing: text)
      let whole = builder.build()
      for index in whole.indices {
        var bytes = whole
        bytes[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
        guard let cubin = try? Cubin(bytes) else { continue }
        try? LoadedModule(cubin, disassembly: disassembly, memory: memory).unload()
      }
    }
    #expect(memory.allocations.isEmpty)
  }
}
