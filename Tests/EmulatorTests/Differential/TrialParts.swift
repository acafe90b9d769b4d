import Testing

@testable import Emulator

/// An instruction with its modifiers, and how its operands and their results go together.
struct Form: Sendable, CustomTestStringConvertible {
  var mnemonic: String
  var architecture = 86
  /// Executed once for the warp, on uniform registers.
  var isUniform = false
  var trials = 4
  /// Makes operands in the order of the text; gives the oracle of a lane.
  var body: @Sendable (Trial) -> (Int) -> Void

  init(
    _ mnemonic: String, architecture: Int = 86, isUniform: Bool = false, trials: Int = 4,
    _ body: @escaping @Sendable (Trial) -> (Int) -> Void
  ) {
    self.mnemonic = mnemonic
    self.architecture = architecture
    self.isUniform = isUniform
    self.trials = trials
    self.body = body
  }

  private static let repetitions = 8

  var testDescription: String { mnemonic }

  /// The base mnemonic.
  var opcode: String { mnemonic.split(separator: ".").first.map(String.init) ?? "" }

  /// The same instruction of the uniform datapath.
  var uniform: Form {
    var form = self
    form.mnemonic = "U" + mnemonic
    form.isUniform = true
    form.trials = max(1, trials / 2)
    return form
  }

  /// Runs the trials; their operands depend on the mnemonic alone.
  func check(at location: SourceLocation = #_sourceLocation) {
    var seed: UInt64 = 14_695_981_039_346_656_037
    for byte in mnemonic.utf8 { seed = (seed ^ UInt64(byte)) &* 1_099_511_628_211 }
    for number in 0..<(trials * Self.repetitions) {
      let trial = Trial(self, seed: seed &+ UInt64(number))
      let oracle = body(trial)
      if let problem = trial.run(oracle) {
        Issue.record("\(problem)", sourceLocation: location)
        return
      }
    }
  }
}

/// A source by lane: its bits, and what the marks of its text make of them.
struct Value {
  let reading: DecodeContext.Reading
  let words: Int
  var raw: [UInt64] = []
  var marks: Set<Trial.Mark> = []

  init(reading: DecodeContext.Reading, words: Int) {
    self.reading = reading
    self.words = words
  }

  var isNegated: Bool { marks.contains(.negate) }
  var isInverted: Bool { marks.contains(.invert) }

  /// 32 or 64 bits after the marks.
  subscript(lane: Int) -> UInt64 {
    let limit: UInt64 = words == 2 ? .max : 0xffff_ffff
    var bits = raw[lane]
    switch reading {
    case .integer:
      if isInverted { bits = ~bits }
      if isNegated { bits = 0 &- bits }
    default:
      let signs: UInt64 = words == 2 ? 1 << 63 : reading == .float ? 0x8000_0000 : 0x8000_8000
      if marks.contains(.absolute) { bits &= ~signs }
      if isNegated { bits ^= signs }
    }
    return bits & limit
  }

  func word(_ lane: Int) -> UInt32 { UInt32(truncatingIfNeeded: self[lane]) }
  func signed(_ lane: Int) -> Int64 {
    words == 2
      ? Int64(bitPattern: self[lane]) : Int64(Int32(truncatingIfNeeded: self[lane]))
  }
}

/// A predicate by lane.
struct Lanes {
  var bits: UInt32
  subscript(lane: Int) -> Bool { bits >> UInt32(lane) & 1 == 1 }
}

/// A result of an instruction, with what the oracle says of the current lane.
final class Result {
  enum Kind {
    case nothing
    /// Number and words.
    case register(Int, Int)
    case uniform(Int, Int)
    case predicate(Int)
    case predicateFile
  }

  var kind: Kind
  var lane = 0
  /// What the lane must hold afterwards.
  private var expected: UInt64?
  /// Where there is no one right answer.
  private var accepts: ((UInt64) -> Bool)?

  init(_ kind: Kind) { self.kind = kind }

  var predicateNumber: Int? {
    if case .predicate(let index) = kind { return index % 8 }
    return nil
  }

  func set(_ value: UInt64) { expected = value }
  func set(_ value: UInt32) { expected = UInt64(value) }
  func set(_ value: Bool) { expected = value ? 1 : 0 }
  func set(acceptable: @escaping (UInt64) -> Bool) { accepts = acceptable }

  /// Puts the lane's result into a state; what is wrong with an acceptable one.
  func apply(_ lane: Int, _ state: inout WarpState, _ after: WarpState) -> String? {
    defer { (expected, accepts) = (nil, nil) }
    if case .nothing = kind { return nil }
    var value = expected
    if let accepts {
      let found = after.value(kind, lane)
      guard accepts(found) else { return "0x\(String(found, radix: 16)) in lane \(lane)" }
      value = found
    }
    if let value { state.set(kind, lane, value) }
    return nil
  }
}
