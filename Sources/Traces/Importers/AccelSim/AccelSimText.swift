import ISA

/// SASS text from what Accel-Sim's tracer records of an instruction: opcode and registers, of which
/// the first sources are those of the memory operand.
struct AccelSimText {
  private let entry: AccelSimCode.Entry
  private let base: String
  private let known: OpcodeEntry?

  init(_ entry: AccelSimCode.Entry, base: String) {
    self.entry = entry
    self.base = base
    known = OpcodeTable.lookup(base)
  }

  var effect: ControlEffect { known?.effect ?? .none }

  var text: String {
    let opcode = String(decoding: entry.opcode, as: UTF8.self)
    let list = operands
    return list.isEmpty ? opcode : opcode + " " + list.joined(separator: ", ")
  }

  private var operands: [String] {
    var list = entry.destinations.map(named)
    var sources = entry.sources.map(named)[...]
    if accessesMemory {
      if known?.action == .copyAsync, sources.count > 1 {
        list.append("[\(sources.removeFirst())]")  // the shared destination
      }
      list.append(address(&sources))
    } else if base.hasSuffix("SETP"), list.isEmpty {
      // Predicates are not recorded before version 6; this keeps a branch behind its comparison.
      list.append(base.hasPrefix("U") ? "UP0" : "P0")
    }
    list += sources
    switch effect {
    case .depbar:
      list.insert("SB0", at: 0)
      if let immediate = entry.immediate {
        list.append("0x" + String(max(0, immediate), radix: 16))
      }
    case .barrierSync where list.isEmpty: list.append("0x0")
    default: break
    }
    return list
  }

  private var accessesMemory: Bool {
    if entry.isMemory { return true }
    guard let known, known.unit == .memory, known.action != .exchange else { return false }
    return !entry.sources.isEmpty
  }

  /// The memory operand, of a general register and perhaps a uniform one on either side.
  private func address(_ sources: inout ArraySlice<String>) -> String {
    if known?.space == .constant {
      return sources.isEmpty ? "c[0x0][0x0]" : "c[0x0][\(sources.removeFirst())]"
    }
    guard let first = sources.popFirst() else { return "[URZ]" }
    let wide = String(decoding: entry.opcode, as: UTF8.self).split(separator: ".").contains("E")
    let suffix = wide ? ".64" : ""
    if first.hasPrefix("UR") {
      // A descriptor comes before the register it describes; shared memory has none.
      guard known?.space != .shared, wide, let second = sources.first, second.hasPrefix("R") else {
        return "[\(first)]"
      }
      return "desc[\(first)][\(sources.removeFirst())\(suffix)]"
    }
    if let second = sources.first, second.hasPrefix("UR") {
      return "[\(first)\(suffix)+\(sources.removeFirst())]"
    }
    return "[\(first)\(suffix)]"
  }

  private func named(_ register: String) -> String {
    switch register {
    case "R255": "RZ"
    case "UR63", "UR255": "URZ"
    case "P7": "PT"
    case "UP7": "UPT"
    default: register
    }
  }
}
