import ISA

/// Static code gathered from an Accel-Sim trace as its pcs come by.
struct AccelSimCode {
  static let highestPC: UInt64 = 1 << 25

  struct Entry {
    var opcode = ""
    var destinations: [String] = []
    var sources: [String] = []
    var isMemory = false
    var immediate: Int64?
  }

  private var entries: [Entry] = []
  private var pcs: [UInt32] = []
  private var fallsThrough: [Bool] = []
  private var jumps: [Bool] = []
  /// Index by pc / 8, or -1.
  private var indices: [Int32] = []
  private var previous = -1

  mutating func beginWarp() { previous = -1 }

  /// Index of the instruction at `pc`, if it was seen; notes how the one before it went on.
  mutating func visit(pc: UInt32) -> Int? {
    let slot = Int(pc / 8)
    let index = slot < indices.count && indices[slot] >= 0 ? Int(indices[slot]) : nil
    if previous >= 0 {
      let distance = Int64(pc) - Int64(pcs[previous])
      if distance == 16 || distance == 8 {
        fallsThrough[previous] = true
      } else {
        jumps[previous] = true
      }
    }
    previous = index ?? entries.count
    return index
  }

  mutating func add(_ entry: Entry, pc: UInt32) -> Int {
    let slot = Int(pc / 8)
    while indices.count <= slot { indices.append(-1) }
    indices[slot] = Int32(entries.count)
    entries.append(entry)
    pcs.append(pc)
    fallsThrough.append(false)
    jumps.append(false)
    return entries.count - 1
  }

  /// Opcodes that are not in the table.
  var warnings: [String] {
    var unknown: Set<String> = []
    for entry in entries {
      let base = String(entry.opcode.prefix { $0 != "." })
      if OpcodeTable.index(of: base) == nil { unknown.insert(base) }
    }
    return unknown.isEmpty
      ? []
      : ["unknown opcodes, classified conservatively: " + unknown.sorted().joined(separator: ", ")]
  }

  /// The code as SASS text, in the order in which it was first seen.
  func instructions(_ architecture: Architecture) -> [StaticInstruction] {
    entries.indices.map { index in
      StaticInstruction(pc: pcs[index], text: text(index), control: nil)
    }
  }

  private func text(_ index: Int) -> String {
    let entry = entries[index]
    let base = String(entry.opcode.prefix { $0 != "." })
    let known = OpcodeTable.lookup(base)
    var operands = entry.destinations.map(named)
    var sources = entry.sources.map(named)
    if entry.isMemory || known?.unit == .memory && known?.action != .exchange && !sources.isEmpty {
      let isWide = entry.opcode.split(separator: ".").contains("E")
      let address = sources.isEmpty ? "URZ" : sources.removeFirst() + (isWide ? ".64" : "")
      operands.append("[\(address)]")
    } else if base.hasSuffix("SETP"), operands.isEmpty {
      operands.append(base.hasPrefix("U") ? "UP0" : "P0")
    }
    operands += sources
    if known?.effect == .depbar { operands.insert("SB0", at: 0) }
    if known?.effect == .barrierSync, operands.isEmpty { operands.append("0x0") }
    if let immediate = entry.immediate, known?.effect == .depbar {
      operands.append("0x" + String(max(0, immediate), radix: 16))
    }
    let isConditional = known?.effect == .branch && fallsThrough[index] && jumps[index]
    return (isConditional ? "@P0 " : "") + entry.opcode
      + (operands.isEmpty ? "" : " " + operands.joined(separator: ", "))
  }

  private func named(_ register: String) -> String {
    switch register {
    case "R255": "RZ"
    case "P7": "PT"
    case "UP7": "UPT"
    default: register
    }
  }
}
