import ISA
import Machine

/// The names that a machine description can give, and what each of them takes: read off the spec
/// types themselves, so that a new field needs no line here.
struct Schema {
  /// What a value must be.
  enum Kind: Equatable {
    case wholeNumber, number, truth, text, size, frequency
    /// One of a few names.
    case choice(Choices)
  }

  /// The names of an enumeration's cases, worked out when a message needs them.
  struct Choices: Equatable {
    private let type: Any.Type

    init(_ type: Any.Type) { self.type = type }

    var names: [String] {
      func names<C: CaseIterable>(_ type: C.Type) -> [String] {
        type.allCases.map { ($0 as? any RawRepresentable)?.rawValue as? String ?? "\($0)" }
      }
      return (type as? any CaseIterable.Type).map { names($0) } ?? []
    }

    static func == (one: Choices, other: Choices) -> Bool { one.type == other.type }
  }

  struct Field: Equatable {
    /// Dotted path, such as `sm.registerFile.readPorts`.
    var path: String
    var kind: Kind
    var isList = false

    /// What to write, for messages.
    var expectation: String {
      let one =
        switch kind {
        case .wholeNumber: "a whole number"
        case .number: "a number"
        case .truth: "true or false"
        case .text: "text"
        case .size: "a size: bytes, or a number with B, KiB, MiB or GiB"
        case .frequency: "a frequency: a number with MHz or GHz"
        case .choice(let choices): "one of " + choices.names.joined(separator: ", ")
        }
      return isList ? "a list, each item " + one : one
    }
  }

  /// In the order of declaration.
  let fields: [Field]

  init(of type: (some Decodable).Type) throws {
    let record = SpecDecoder.Record(Tree())
    _ = try type.init(from: SpecDecoder(record: record))
    self.init(record.fields)
  }

  init(_ fields: [Field]) { self.fields = fields }

  var paths: [String] { fields.map(\.path) }

  /// Why `path` names no value, with the nearest name that does.
  func complaint(about path: String) -> String {
    if fields.contains(where: { $0.path.hasPrefix(path + ".") }) {
      return "'\(path)' is a group of values, not a value"
    }
    // A right name in a wrong group is likelier than a misspelt path.
    let last = path.split(separator: ".").last.map(String.init) ?? path
    let namesakes = paths.filter { $0 == last || $0.hasSuffix("." + last) }
    let near =
      nearestName(to: path, among: namesakes) ?? namesakes.first
      ?? nearestName(to: path, among: paths)
    return "unknown name '\(path)'" + (near.map { "; did you mean \($0)?" } ?? "")
  }
}
