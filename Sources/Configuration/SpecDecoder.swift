import Machine
import Yams

/// Takes the spec types apart: gives every field its leaf's value, and writes down what was asked
/// for. A field without a right value gets a harmless one, so that all fields are always seen.
struct SpecDecoder: Decoder {
  final class Record {
    let leaves: [String: Leaf]
    private(set) var fields: [Schema.Field] = []
    /// Fields that have no leaf.
    private(set) var missing: [String] = []
    /// Fields whose leaf is of another kind.
    private(set) var wrong: [Schema.Field] = []
    /// Every whole number and size, one for each item of a list.
    fileprivate(set) var numbers: [(path: String, value: Int)] = []
    /// Where a type last asked for a single value.
    fileprivate var single = ""

    init(leaves: [String: Leaf]) { self.leaves = leaves }

    fileprivate func note(_ field: Schema.Field, missing: Bool, wrong: Bool) {
      // The items of a list are one field.
      if fields.last?.path != field.path {
        fields.append(field)
        if missing { self.missing.append(field.path) }
      }
      if wrong { self.wrong.append(field) }
    }
  }

  let record: Record
  let path: String
  /// What the value is read from, if there is anything.
  private var node: Node?
  private var isList = false

  init(record: Record) {
    self.record = record
    path = ""
  }

  private init(record: Record, path: String) {
    self.record = record
    self.path = path
    node = record.leaves[path]?.node
  }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Keyed<Key>(decoder: self))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer { Unkeyed(self) }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    record.single = path
    return Single(text: node?.scalar?.string)
  }

  private func child(_ key: any CodingKey) -> SpecDecoder {
    SpecDecoder(
      record: record, path: path.isEmpty ? key.stringValue : path + "." + key.stringValue)
  }

  private func item(_ node: Node?) -> SpecDecoder {
    var decoder = self
    decoder.node = node
    decoder.isList = true
    return decoder
  }

  private func note(_ kind: Schema.Kind, isRight: Bool) {
    let isThere = record.leaves[path] != nil
    record.note(
      Schema.Field(path: path, kind: kind, isList: isList), missing: !isThere,
      wrong: isThere && !isRight)
  }

  // MARK: Values

  /// A value of any type; what stands for one scalar is noted, the rest takes itself apart.
  fileprivate func value<T: Decodable>(_ type: T.Type) throws -> T {
    if type == Int.self {
      let value = number(node?.scalar?.string.asWholeNumber, .wholeNumber)
      return plain(value)
    }
    if type == Bytes.self {
      let size = try? Bytes(from: self)
      return plain(Bytes(number(size?.count, .size)))
    }
    if type == Megahertz.self {
      return plain(scalar(try? Megahertz(from: self), .frequency, otherwise: Megahertz(1)))
    }
    if type == Bool.self {
      return plain(scalar(node?.scalar.flatMap { Bool($0.string) }, .truth, otherwise: false))
    }
    if type == Double.self {
      return plain(scalar(node?.scalar.flatMap { Double($0.string) }, .number, otherwise: 1))
    }
    if type == String.self {
      return plain(scalar(node?.scalar?.string, .text, otherwise: ""))
    }
    record.single = ""
    do {
      let value = try T(from: self)
      if record.single == path, let choices = type as? any CaseIterable.Type {
        note(.choice(names(choices)), isRight: true)
      }
      return value
    } catch {
      guard let choices = type as? any CaseIterable.Type, let first = first(choices) as? T else {
        throw error
      }
      note(.choice(names(choices)), isRight: false)
      return first
    }
  }

  /// `value`, whose type is `T`.
  private func plain<Value, T>(_ value: Value) -> T { value as! T }

  private func scalar<Value>(_ value: Value?, _ kind: Schema.Kind, otherwise: Value) -> Value {
    note(kind, isRight: value != nil)
    return value ?? otherwise
  }

  private func number(_ value: Int?, _ kind: Schema.Kind) -> Int {
    let value = scalar(value, kind, otherwise: 1)
    record.numbers.append((path, value))
    return value
  }

  private func names<C: CaseIterable>(_ type: C.Type) -> [String] {
    type.allCases.map { ($0 as? any RawRepresentable)?.rawValue as? String ?? "\($0)" }
  }

  private func first<C: CaseIterable>(_ type: C.Type) -> Any? { type.allCases.first }
}

extension String {
  /// What YAML takes for a whole number, without its octal and sexagesimal forms.
  fileprivate var asWholeNumber: Int? {
    hasPrefix("0x") ? Int(dropFirst(2), radix: 16) : Int(self)
  }
}

extension SpecDecoder {
  fileprivate struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: SpecDecoder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      try decoder.child(key).value(type)
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> { decoder.child(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
      decoder.child(key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) -> any Decoder { decoder.child(key) }
  }

  /// The items of a leaf; one without a value where the leaf is no list.
  fileprivate struct Unkeyed: UnkeyedDecodingContainer {
    private let decoder: SpecDecoder
    private let items: [Node?]
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    init(_ decoder: SpecDecoder) {
      self.decoder = decoder
      let nodes = decoder.node?.sequence.map(Array.init) ?? []
      items = nodes.isEmpty ? [nil] : nodes
    }

    private mutating func next() throws -> SpecDecoder {
      guard !isAtEnd else {
        throw DecodingError.valueNotFound(
          Any.self, .init(codingPath: [], debugDescription: "the list has no more items"))
      }
      currentIndex += 1
      return decoder.item(items[currentIndex - 1])
    }

    mutating func decodeNil() -> Bool { false }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().value(type) }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try next().unkeyedContainer()
    }
    mutating func superDecoder() -> any Decoder { decoder }
  }

  /// One word or number.
  fileprivate struct Single: SingleValueDecodingContainer {
    let text: String?
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }
    func decode(_ type: String.Type) throws -> String { try given(text) }
    func decode(_ type: Int.Type) throws -> Int { try given(text?.asWholeNumber) }
    func decode(_ type: Double.Type) throws -> Double { try given(text.flatMap { Double($0) }) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try given(nil) }

    private func given<T>(_ value: T?) throws -> T {
      guard let value else {
        throw DecodingError.valueNotFound(
          T.self, .init(codingPath: [], debugDescription: "there is no such value"))
      }
      return value
    }
  }
}
