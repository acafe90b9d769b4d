import CubinSupport
import Foundation
import Testing

@testable import Emulator

/// A scratch folder in which the stand-in program runs kernels that are written here.
final class GuestBench: ScratchFolder {
  var environment: [String: String] { ["NEEDLETAIL_SASS": url.path] }

  var trace: String { path("x.ntrace") }

  /// Whether anything is left that looks like a trace.
  var hasTrace: Bool {
    (try? names())?.contains { $0.hasPrefix("x.ntrace") } ?? false
  }

  /// A fat binary with one cubin.
  func fat(_ name: String, cubin: [UInt8], architecture: UInt32 = 86) throws -> String {
    try write(
      name, FatBinaryBuilder.build([.init(architecture: architecture, payload: cubin)]))
  }

  /// A fat binary with one kernel, `k`, and its disassembly where it is looked for.
  func kernel(_ instructions: [String]) throws -> String {
    var text = "code for sm_86\n.target sm_86\nFunction : k\n"
    var code: [UInt8] = []
    for (index, instruction) in instructions.enumerated() {
      // Any words do: the emulator executes the text.
      let low = UInt64(truncatingIfNeeded: instruction.hashValue)
      let high: UInt64 = 0x000f_e200_0000_0000
      text += "/*\(hex(UInt64(index * 16), 4))*/ \(instruction) ; /* 0x\(hex(low, 16)) */\n"
      text += "/* 0x\(hex(high, 16)) */\n"
      code += littleEndian(low) + littleEndian(high)
    }
    var builder = CubinBuilder()
    builder.add(".nv.constant0.k", .bits(Array(repeating: 0, count: 0x160)))
    builder.add(".text.k", .bits(code), info: 8 << 24)
    builder.symbol("k", in: ".text.k", type: 2, size: code.count)
    // Fat binaries pad their entries.
    let bytes = builder.build()
    let cubin = bytes + Array(repeating: 0, count: -bytes.count & 7)
    try write(Disassembler.fingerprint(cubin) + ".sass", Array(text.utf8))
    return try fat("kernel.fat", cubin: cubin)
  }

  private func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// The stand-in program with the kernel of a fat binary registered.
  func guest(_ fat: String) -> [String] { [guestProgram, "fat=\(fat)", "kernel=k"] }

  /// Status and standard error of recording a program.
  func record(_ program: [String], _ options: [String] = []) throws -> (Int32, String) {
    let (status, _, complaint) = try call(
      ["trace", "record", "-o", trace] + options + ["--"] + program, environment: environment)
    return (status, complaint)
  }

  /// Records, and expects one line with `text`, a status, and nothing left.
  func expectFailure(
    _ status: Int32, _ text: String, _ program: [String], _ options: [String] = [],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let (code, complaint) = try record(program, options)
    #expect(code == status, "\(complaint)", sourceLocation: location)
    #expect(complaint.contains(text), sourceLocation: location)
    expectComplaint(complaint, at: location)
    #expect(!hasTrace, sourceLocation: location)
  }
}

/// The stand-in program and the runtime library stand beside the test runner.
let guestProgram = program.deletingLastPathComponent().appendingPathComponent("GuestProgram").path

/// False where a build left the library out.
let hasGuestLibrary = FileManager.default.fileExists(
  atPath: program.deletingLastPathComponent().appendingPathComponent("libNeedletailCUDA.so").path)
