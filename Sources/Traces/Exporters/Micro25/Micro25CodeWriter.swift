import Foundation
import ISA

/// Gathers the static code of the launches and writes it as `enhanced_execution_info.json`.
/// Launches of the same code share a function.
struct Micro25CodeWriter {
  private struct Function: Hashable {
    let name: String
    let architecture: Architecture
    let code: [StaticInstruction]
  }

  private let source: String
  private var functions: [Function] = []
  private var numbers: [Function: Int32] = [:]

  /// `source` is the trace that errors speak of.
  init(source: String) { self.source = source }

  /// What of a kernel's code the format cannot hold.
  static func warnings(_ kernel: TraceKernel) -> [String] {
    var found: [String] = []
    let known = kernel.code.count { $0.control != nil }
    if known > 0, known < kernel.code.count {
      found.append(
        "\(kernel.code.count - known) instructions have no control bits, others have; the MICRO "
          + "2025 simulator may not take that")
    }
    let flags = kernel.code.count {
      $0.encoding == nil && ($0.control?.reuse ?? 0) != 0 && !$0.text.contains(".reuse")
    }
    if flags > 0 {
      found.append(
        "the reuse flags of \(flags) instructions are lost: neither text nor encoding "
          + "holds them")
    }
    return found
  }

  /// Number of the function of a kernel's code, from 1; refuses code that the format cannot hold.
  mutating func add(_ kernel: TraceKernel, _ place: String) throws -> Int32 {
    let code = kernel.code.sorted { $0.pc < $1.pc }
    let function = Function(
      name: kernel.launch.name, architecture: kernel.launch.architecture, code: code)
    if let number = numbers[function] { return number }
    var previous: UInt32?
    for instruction in code {
      let pc = "the instruction at 0x" + String(instruction.pc, radix: 16)
      guard instruction.pc != previous else {
        throw TraceError(source, "\(place): \(pc) is there twice")
      }
      guard instruction.pc < Micro25Image.pcLimit else {
        throw TraceError(source, "\(place): \(pc) lies beyond what readers of the format take")
      }
      guard Micro25CodeEntry(instruction) != nil else {
        let text = SASSText(instruction.text)
        throw TraceError(
          source,
          "\(place): \(pc) "
            + (text.opcode.isEmpty
              ? "has no SASS text" : "has a guard '@\(text.guardText)' that is no predicate"))
      }
      previous = instruction.pc
    }
    guard let number = Int32(exactly: functions.count + 1) else {
      throw TraceError(source, "has too many kernels for the format")
    }
    functions.append(function)
    numbers[function] = number
    return number
  }

  /// Writes the file, function by function.
  func write(to folder: ExportFolder, _ name: String, benchmark: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let file = try folder.makeFile(name)
    try file.write(Array("{\"benchmark_name\":".utf8))
    try file.write([UInt8](try encoder.encode(benchmark)))
    try file.write(Array(",\"kernels\":[".utf8))
    // Functions get load addresses one behind the other, as code in memory has.
    var address: UInt64 = 1 << 20
    for (position, function) in functions.enumerated() {
      let entry = Entry(function, number: position + 1, address: address)
      if position > 0 { try file.write(Array(",\n".utf8)) }
      try file.write([UInt8](try encoder.encode(entry)))
      let end = UInt64(function.code.last?.pc ?? 0) + 16
      address += (end + 127) / 128 * 128
    }
    try file.write(Array("]}\n".utf8))
    try folder.close(file)
  }

  /// A function as the file holds it.
  private struct Entry: Encodable {
    let kernel_name: String
    let architecture_version: Int
    let is_captured_from_binary: Bool
    let unique_function_id: Int
    let function_address: UInt64
    let instructions: [Micro25CodeEntry]

    init(_ function: Function, number: Int, address: UInt64) {
      // The reader's table is by name, so that names must differ.
      kernel_name = "\(function.name)___\(number)"
      architecture_version = function.architecture.number
      let isCaptured = function.code.contains { $0.control != nil || $0.encoding != nil }
      is_captured_from_binary = isCaptured
      unique_function_id = number
      function_address = address
      instructions = function.code.compactMap {
        Micro25CodeEntry($0, isCaptured: isCaptured)
      }
    }
  }
}
