import ISA

/// A kernel's code image: its functions one behind the other, each at a 128-byte boundary.
struct Micro25Image {
  private(set) var instructions: [StaticInstruction] = []
  private var functionsWithoutControl: [String] = []
  private var indices: [Int: [UInt32: Int]] = [:]
  /// Offset behind the last instruction.
  private var end: UInt32 = 0
  private var calls: Set<Int> = []
  private let code: Micro25Static
  private let file: String

  /// Offsets in a function are smaller.
  static let pcLimit: UInt32 = 1 << 26

  /// Bytes of code of one kernel at most.
  private static let sizeLimit: UInt32 = 1 << 30

  /// `file` is where the static code was read.
  init(_ code: Micro25Static, entry: Int, file: String) throws {
    self.code = code
    self.file = file
    try add(entry)
  }

  /// Place of `pc` of a function in the image; functions join it when first called.
  mutating func index(function: Int, pc: UInt32) throws -> Int? {
    if indices[function] == nil { try add(function) }
    return indices[function]?[pc]
  }

  /// Calls carry target addresses, which are not memory accesses.
  func isCall(_ index: Int) -> Bool { calls.contains(index) }

  /// What the user should know about the code.
  var warnings: [String] {
    var found: [String] = []
    if !functionsWithoutControl.isEmpty {
      let names = functionsWithoutControl.joined(separator: ", ")
      found.append("no control bits were captured for: " + names)
    }
    let mnemonics = Set(instructions.map { InstructionDecoder.mnemonic(of: $0.text) })
    let unknown = mnemonics.filter { OpcodeTable.index(of: $0) == nil }.sorted()
    if !unknown.isEmpty {
      found.append("unknown opcodes, classified conservatively: " + unknown.joined(separator: ", "))
    }
    return found
  }

  /// Branches whose trace lists target addresses.
  private static let calls: Set<String> = ["CALL", "RET", "BRX", "BRXU", "JMX", "JMXU"]

  private mutating func add(_ id: Int) throws {
    guard let function = code.kernels.first(where: { $0.unique_function_id == id }) else {
      throw TraceError(file, "lacks function \(id), which the trace executes")
    }
    let base = (end + 127) / 128 * 128
    guard base < Self.sizeLimit else { throw TraceError(file, "has too much code for one kernel") }
    var places: [UInt32: Int] = [:]
    for entry in function.instructions {
      guard let pc = UInt32(entry.pc_string_hex, radix: 16), pc < Self.pcLimit else {
        throw TraceError(file, "has a static pc '\(entry.pc_string_hex)' that cannot be read")
      }
      guard places[pc] == nil else {
        throw TraceError(file, "has pc \(entry.pc_string_hex) of function \(id) twice")
      }
      end = max(end, base + pc + 16)
      let control = function.is_captured_from_binary ? entry.control : nil
      if Self.calls.contains(InstructionDecoder.mnemonic(of: entry.text)) {
        calls.insert(instructions.count)
      }
      places[pc] = instructions.count
      instructions.append(
        StaticInstruction(
          pc: base + pc, text: entry.text, control: control,
          encoding: function.is_captured_from_binary ? entry.encoding : nil))
    }
    if !function.is_captured_from_binary { functionsWithoutControl.append(function.kernel_name) }
    indices[id] = places
  }
}
