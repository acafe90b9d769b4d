import ISA

@testable import Emulator

/// One instruction with random operands: it is written as a disassembly writes it, decoded,
/// executed on a warp of which some lanes are inactive, and compared with what its oracle says.
/// Everything that the oracle does not name must stay as it was.
final class Trial {
  let form: Form
  var samples: Samples
  /// Lanes that execute: active, and the guard holds.
  private(set) var executing: UInt32 = 0
  /// The instruction as it was executed.
  private(set) var text = ""

  private var operands: [String] = []
  private var state = WarpState()
  private var results: [Result] = []
  /// Registers of general sources, for results that overwrite them.
  private var sources: [Int] = []
  private var nextRegister = 0
  private var nextConstant = 0
  /// Instructions have one operand at most that is not a register.
  private var hasOther = false

  init(_ form: Form, seed: UInt64) {
    self.form = form
    samples = Samples(seed: seed)
    for index in 0..<7 {
      state.predicates[index] = UInt32(truncatingIfNeeded: samples.next())
      state.predicates[Predicates.uniform + index] = samples.next() % 2 == 0 ? 0 : .max
    }
    nextRegister = Int(samples.next() % 8) * 2
  }

  func chance(_ one: UInt64, in all: UInt64) -> Bool { samples.next() % all < one }

  func add(text: String) { operands.append(text) }

  // MARK: Sources

  enum Mark { case negate, absolute, invert }

  /// A source of 32 or 64 bits; `draw` makes its bits, `write` an immediate's text (nil: this
  /// value cannot be one).
  func source(
    words: Int = 1, marks: [Mark] = [], reading: DecodeContext.Reading = .integer,
    registersOnly: Bool = false, suffix: String = "",
    write: ((UInt64) -> (text: String, bits: UInt64)?)? = nil, draw: (inout Samples) -> UInt64
  ) -> Value {
    var value = Value(reading: reading, words: words)
    for mark in marks where chance(1, in: 3) { value.marks.insert(mark) }
    var name: String
    var isImmediate = false
    let place = samples.next() % 10
    if !registersOnly, !hasOther, place < 2 {
      hasOther = true
      value.raw = Array(repeating: draw(&samples), count: 32)
      let offset = state.constant(value.raw[0], at: nextConstant)
      nextConstant += 1
      name = "c[0x0][0x\(String(offset, radix: 16))]"
    } else if !registersOnly, !hasOther, place < 4, let write,
      let immediate = write(draw(&samples) & (words == 2 ? .max : 0xffff_ffff))
    {
      hasOther = true
      isImmediate = true
      name = immediate.text
      value.raw = Array(repeating: immediate.bits, count: 32)
    } else if form.isUniform && place != 5 || !registersOnly && !hasOther && place == 4 {
      if !form.isUniform { hasOther = true }
      let number = takeRegister(words)
      let bits = draw(&samples)
      state.setUniform(number, bits, words: words)
      value.raw = Array(repeating: bits, count: 32)
      name = "UR\(number)"
    } else if place == 5 {
      value.raw = Array(repeating: 0, count: 32)
      name = form.isUniform ? "URZ" : "RZ"
    } else {
      let number = takeRegister(words)
      sources.append(number)
      value.raw = (0..<32).map { _ in draw(&samples) }
      for lane in 0..<32 { state.set(number, lane, value.raw[lane], words: words) }
      name = "R\(number)" + (chance(1, in: 6) ? ".reuse" : "")
    }
    if isImmediate {
      value.marks = []
    } else {
      name += suffix
      if value.marks.contains(.absolute) { name = "|\(name)|" }
      if value.marks.contains(.negate) { name = "-\(name)" }
      if value.marks.contains(.invert) { name = "~\(name)" }
    }
    operands.append(name)
    return value
  }

  private func takeRegister(_ words: Int) -> Int {
    nextRegister += nextRegister % words
    defer { nextRegister += words }
    return nextRegister
  }

  /// A predicate source, by lane.
  func predicate() -> Lanes {
    let number = Int(samples.next() % 8)
    let isNegated = chance(1, in: 3)
    let prefix = form.isUniform ? "U" : ""
    operands.append((isNegated ? "!" : "") + prefix + (number == 7 ? "PT" : "P\(number)"))
    let index = form.isUniform && number < 7 ? Predicates.uniform + number : number
    return Lanes(bits: isNegated ? ~state.predicates[index] : state.predicates[index])
  }

  /// The predicates P0…P6 of a lane, as they are before.
  func allPredicates(_ lane: Int) -> UInt32 {
    (0..<7).reduce(0) { $0 | (state.predicates[$1] >> UInt32(lane) & 1) << UInt32($1) }
  }

  // MARK: Results

  /// A destination register; now and then RZ, or one that is a source too.
  func destination(words: Int = 1) -> Result {
    let kind: Result.Kind
    if chance(1, in: 12) {
      kind = .nothing
      operands.append(form.isUniform ? "URZ" : "RZ")
    } else if form.isUniform {
      return uniformDestination(words: words)
    } else {
      let number = takeRegister(words)
      kind = .register(number, words)
      operands.append("R\(number)")
      aliased = operands.count - 1
    }
    results.append(Result(kind))
    return results[results.count - 1]
  }

  /// Position of a destination that may be replaced by a source's register.
  private var aliased: Int?

  func uniformDestination(words: Int = 1) -> Result {
    let number = takeRegister(words)
    operands.append("UR\(number)")
    results.append(Result(.uniform(number, words)))
    return results[results.count - 1]
  }

  func predicateResult(uniform: Bool? = nil) -> Result {
    let isUniform = uniform ?? form.isUniform
    let taken = results.compactMap(\.predicateNumber)
    let number = [7, 0, 1, 2, 3, 4, 5, 6].filter { !taken.contains($0) || $0 == 7 }
      .randomElement(using: &samples)!
    operands.append((isUniform ? "U" : "") + (number == 7 ? "PT" : "P\(number)"))
    let index = isUniform && number < 7 ? Predicates.uniform + number : number
    results.append(Result(number == 7 ? .nothing : .predicate(index)))
    return results[results.count - 1]
  }

  /// All predicates, written by R2P.
  func predicateFile() -> Result {
    results.append(Result(.predicateFile))
    return results[results.count - 1]
  }

  // MARK: Running

  /// Executes, and says what differs; nil when all is as the oracle says.
  func run(_ oracle: (Int) -> Void) -> String? {
    if let aliased, chance(1, in: 3), case .register(_, let words) = results[0].kind,
      let number = sources.filter({ $0 % words == 0 }).randomElement(using: &samples)
    {
      operands[aliased] = "R\(number)"
      results[0].kind = .register(number, words)
    }
    let condition = guardText()
    text = condition.text + form.mnemonic + " " + operands.joined(separator: ", ")
    let active: UInt32 =
      chance(1, in: 3) ? .max : UInt32(truncatingIfNeeded: samples.next()) | 1 << 9
    executing = active & condition.lanes
    let after: WarpState
    do {
      after = try state.execute(text, form.architecture, active: active)
    } catch {
      return "\(text): \(error)"
    }
    var expected = state
    for lane in 0..<32 where executing >> UInt32(lane) & 1 == 1 {
      for result in results { result.lane = lane }
      oracle(lane)
      for result in results {
        if let problem = result.apply(lane, &expected, after) { return "\(text): \(problem)" }
      }
    }
    return expected.difference(from: after).map { "\(text): \($0)" }
  }

  private func guardText() -> (text: String, lanes: UInt32) {
    let kind = samples.next() % 10
    let prefix = form.isUniform ? "U" : ""
    switch kind {
    case 0...4: return ("", .max)
    case 5: return ("@\(prefix)PT ", .max)
    case 6 where chance(1, in: 4): return ("@!\(prefix)PT ", 0)
    default:
      let number = Int(samples.next() % 7)
      let bits = state.predicates[form.isUniform ? Predicates.uniform + number : number]
      return kind % 2 == 0
        ? ("@\(prefix)P\(number) ", bits) : ("@!\(prefix)P\(number) ", ~bits)
    }
  }
}
