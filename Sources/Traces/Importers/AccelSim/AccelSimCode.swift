import Foundation
import ISA

/// Static code gathered from an Accel-Sim trace as its pcs come by.
///
/// A pc of the trace is an offset in its function, and the function is not recorded. So one pc may
/// come with different opcodes: those are laid out as further images behind the first.
struct AccelSimCode {
  static let highestPC: UInt64 = 1 << 25
  private static let imageLimit = 32

  /// What the trace records of an instruction.
  struct Entry {
    var opcode: [UInt8] = []
    var destinations: [String] = []
    var sources: [String] = []
    var isMemory = false
    var immediate: Int64?
  }

  private struct Place {
    var entry: Entry
    var pc: UInt32
    var image = 0
    /// Another instruction of the same pc, or -1.
    var next = -1
    var fallsThrough = false
    var jumps = false
    /// It was seen to execute in no lane.
    var idles = false
  }

  private var places: [Place] = []
  /// First place of a pc, by pc / 8; -1 where there is none.
  private var firsts: [Int32] = []
  private var previous = -1
  private var images = 1

  mutating func beginWarp() { previous = -1 }

  /// Index of the instruction, if it was seen; notes how the one before it went on.
  mutating func visit(pc: UInt32, opcode: UnsafeBufferPointer<UInt8>) -> Int? {
    if previous >= 0 {
      // Before Volta every fourth slot is a control word, which is stepped over.
      let distance = Int64(pc) - Int64(places[previous].pc)
      if distance == 16 || distance == 8 {
        places[previous].fallsThrough = true
      } else {
        places[previous].jumps = true
      }
    }
    let slot = Int(pc / 8)
    var index = slot < firsts.count ? Int(firsts[slot]) : -1
    while index >= 0, !matches(places[index].entry.opcode, opcode) { index = places[index].next }
    previous = index >= 0 ? index : places.count
    return index >= 0 ? index : nil
  }

  private func matches(_ known: [UInt8], _ opcode: UnsafeBufferPointer<UInt8>) -> Bool {
    guard known.count == opcode.count, let base = opcode.baseAddress else { return false }
    return known.withUnsafeBufferPointer { memcmp($0.baseAddress ?? base, base, opcode.count) == 0 }
  }

  /// Adds an instruction that `visit` did not know; returns its index.
  mutating func add(_ entry: Entry, pc: UInt32) throws(AccelSimFailure) -> Int {
    let slot = Int(pc / 8)
    if firsts.count <= slot {
      firsts.append(contentsOf: repeatElement(-1, count: slot + 1 - firsts.count))
    }
    var place = Place(entry: entry, pc: pc)
    var last = Int(firsts[slot])
    if last < 0 {
      firsts[slot] = Int32(places.count)
    } else {
      while places[last].next >= 0 { last = places[last].next }
      place.image = places[last].image + 1
      guard place.image < Self.imageLimit else {
        throw AccelSimFailure("pc 0x\(String(pc, radix: 16)) has too many different opcodes")
      }
      places[last].next = places.count
      images = max(images, place.image + 1)
    }
    places.append(place)
    return places.count - 1
  }

  /// Notes that an instruction was executed by no lane.
  mutating func noteIdle(_ index: Int) { places[index].idles = true }

  var warnings: [String] {
    var found: [String] = []
    let names = Set(places.map { Self.base($0.entry) })
    let unknown = names.filter { OpcodeTable.index(of: $0) == nil }.sorted()
    if !unknown.isEmpty {
      found.append("unknown opcodes, classified conservatively: " + unknown.joined(separator: ", "))
    }
    let shared = places.count { $0.image > 0 }
    if shared > 0 {
      found.append(
        "\(shared) pcs have several opcodes, as when functions are called; laid out one behind the other"
      )
    }
    return found
  }

  /// The code as SASS text, in the order in which it was first seen.
  func instructions(_ architecture: Architecture) -> [StaticInstruction] {
    let end = (places.map(\.pc).max() ?? 0) + architecture.instructionBytes
    let imageSize = (end + 127) / 128 * 128
    return places.map { place in
      StaticInstruction(
        pc: UInt32(place.image) * imageSize + place.pc, text: text(place), control: nil)
    }
  }

  private static func base(_ entry: Entry) -> String {
    String(decoding: entry.opcode.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
  }

  private func text(_ place: Place) -> String {
    let text = AccelSimText(place.entry, base: Self.base(place.entry))
    // What was skipped, or branched both ways, or exited and went on, has a guard; the format does
    // not say which.
    let isConditional =
      place.idles || text.effect == .branch && place.fallsThrough && place.jumps
      || text.effect == .exit && place.fallsThrough
    return (isConditional ? "@P0 " : "") + text.text
  }
}
