import CubinSupport
import Testing

@testable import Emulator

@Suite struct CubinTests {
  @Test(arguments: [7, 8] as [UInt8])
  func `a kernel's sizes, parameters and limits are read`(abiVersion: UInt8) throws {
    var builder = try ProgramSamples.scaleCubin()
    builder.abiVersion = abiVersion
    let cubin = try Cubin(builder.build())
    #expect(cubin.architecture.number == 86)
    let kernel = try #require(cubin.kernels.first)
    #expect(cubin.kernels.count == 1 && kernel.name == "_Z5scalePfi")
    #expect(kernel.registers == 12 && kernel.staticShared == 16)
    #expect(kernel.frameBytes == 0x18 && kernel.stackIsUnbounded)
    #expect(kernel.parameterBase == 0x160 && kernel.parameterBytes == 12)
    #expect(kernel.parameters == [.init(offset: 0, size: 8), .init(offset: 8, size: 4)])
    #expect(kernel.maximumThreads == 256 && kernel.barriers == 3)
  }

  @Test func `variables and the addresses of them are found`() throws {
    let cubin = try Cubin(try ProgramSamples.scaleCubin().build())
    #expect(cubin.variables.map(\.name) == ["factor", "target", "bias"])
    #expect(cubin.variables.map(\.size) == [4, 8, 8])
    #expect(cubin.globalBytes == 8 && cubin.initialised == [0, 0, 0, 0x40])
    #expect(cubin.constants.keys.sorted() == [3, 4])
    #expect(cubin.fixups.map(\.offset) == [0, 8])
  }

  @Test func `functions outside kernels are no kernels`() throws {
    let cubin = try Cubin(try ProgramSamples.callsCubin().build())
    #expect(cubin.kernels.map(\.name) == ["_Z5callsPi"])
    #expect(cubin.functions == ["_Z5twicei", "_Z9countdowni"])
  }

  @Test func `other machines, old architectures and other files are refused`() throws {
    var builder = try ProgramSamples.scaleCubin()
    builder.machine = 62
    #expect(throws: ModuleError.self) { try Cubin(builder.build()) }
    builder.machine = 190
    builder.architecture = 70
    #expect(throws: ModuleError.self) { try Cubin(builder.build()) }
    #expect(throws: ModuleError.self) { try Cubin([]) }
    #expect(throws: ModuleError.self) { try Cubin(Array("#!/bin/sh\n".utf8)) }
  }

  @Test func `sizes that no hardware has are refused`() throws {
    func refuses(_ record: [UInt8]) throws {
      var builder = CubinBuilder()
      builder.add(".text.k", .bits(Array(repeating: 0, count: 16)))
      builder.add(".nv.constant0.k", .bits([]))
      builder.add(".nv.info.k", .bits(record))
      #expect(throws: ModuleError.self) { try Cubin(builder.build()) }
    }
    // A parameter beyond the parameters; a cluster without CTAs; a record that ends early.
    try refuses(ProgramSamples.attribute(0x17, [0, 0x0100_0000, 0x0021_f000]))
    try refuses(ProgramSamples.attribute(0x3d, [0, 1, 1]))
    try refuses([4, 0x17, 12, 0, 1])
  }

  @Test func `thread limits beyond every number are only large`() throws {
    var builder = CubinBuilder()
    builder.add(".text.k", .bits(Array(repeating: 0, count: 16)))
    builder.add(".nv.constant0.k", .bits([]))
    builder.add(".nv.info.k", .bits(ProgramSamples.attribute(0x05, [.max, .max, .max])))
    #expect(try Cubin(builder.build()).kernels.first?.maximumThreads == 1 << 20)
  }

  @Test func `relocations of unknown kinds and outside their section are refused`() throws {
    for (offset, type) in [(0, 99), (1, 2), (8, 2), (UInt64.max, 2)] as [(UInt64, UInt32)] {
      var builder = CubinBuilder()
      builder.add(
        ".nv.constant4", .bits(Array(repeating: 0, count: 8)),
        relocations: [.init(offset: offset, type: type, symbol: "x")])
      builder.symbol("x", in: ".nv.constant4")
      #expect(throws: ModuleError.self) { try Cubin(builder.build()) }
    }
  }

  @Test func `a file cut at any length is an error`() throws {
    for sample in [try ProgramSamples.scaleCubin(), try ProgramSamples.callsCubin()] {
      let whole = sample.build()
      for length in whole.indices {
        #expect(throws: ModuleError.self) { try Cubin(Array(whole[..<length])) }
      }
    }
  }

  @Test func `a file with a changed byte is an error or another file, never a trap`() throws {
    for sample in [try ProgramSamples.scaleCubin(), try ProgramSamples.callsCubin()] {
      let whole = sample.build()
      for index in whole.indices {
        for change: UInt8 in [0x01, 0x80, 0xff] {
          var bytes = whole
          bytes[index] ^= change
          if let cubin = try? Cubin(bytes) { #expect(cubin.architecture.number >= 75) }
        }
      }
    }
  }
}
