import Machine

/// Takes the spec types apart: gives every field its leaf's value, and writes down what was asked
/// for. A field without a right value gets a harmless one, so that all fields are always seen.
struct SpecDecoder: Decoder {
  final class Record {
    fileprivate let tree: Tree
    private(set) var fields: [Schema.Field] = []
    /// The leaves of the fields that have one, in the order of declaration.
    private(set) var places: [Int] = []
    /// Whether a leaf stands for a field.
    private(set) var isField: [Bool]
    /// Fields that have no leaf.
    private(set) var missing: [String] = []
    /// Fields whose leaf is of another kind.
    private(set) var wrong: [Schema.Field] = []
    /// Every whole number and size, one for each item of a list.
    fileprivate(set) var numbers: [(path: String, value: Int)] = []
    /// Where a type last asked for a single value.
    fileprivate var single = ""

    init(_ tree: Tree) {
      self.tree = tree
      isField = Array(repeating: false, count: tree.leaves.count)
    }

    fileprivate func note(_ field: Schema.Field, leaf place: Int?, isRight: Bool) {
      // The items of a list are one field.
      if fields.last?.path != field.path {
        fields.append(field)
        if let place {
          places.append(place)
          isField[place] = true
        } else {
          missing.append(field.path)
        }
      }
      if place != nil, !isRight { wrong.append(field) }
    }
  }

  let record: Record
  let path: String
  /// The leaf that the value is read from, if there is one.
  private var place: Int?
  /// Its word, or one of its list.
  private var word: String?
  private var isList = false

  init(record: Record) {
    self.record = record
    path = ""
  }

  private init(record: Record, path: String) {
    self.record = record
    self.path = path
    place = record.tree.places[path]
    word = place.flatMap { record.tree.leaves[$0].content.word }
  }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Keyed<Key>(decoder: self))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer { Unkeyed(self) }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    record.single = path
    return Single(text: word)
  }

  private func child(_ key: any CodingKey) -> SpecDecoder {
    SpecDecoder(
      record: record, path: path.isEmpty ? key.stringValue : path + "." + key.stringValue)
  }

  private func item(_ word: String?) -> SpecDecoder {
    var decoder = self
    decoder.word = word
    decoder.isList = true
    return decoder
  }

  private func note(_ kind: Schema.Kind, isRight: Bool) {
    record.note(
      Schema.Field(path: path, kind: kind, isList: isList), leaf: place, isRight: isRight)
  }

  // MARK: Values

  /// A value of any type; what stands for one scalar is noted, the rest takes itself apart.
  fileprivate func value<T: Decodable>(_ type: T.Type) throws -> T {
    if type == Int.self {
      let value = number(word?.asWholeNumber, .wholeNumber)
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
      return plain(scalar(word.flatMap { Bool($0) }, .truth, otherwise: false))
    }
    if type == Double.self {
      return plain(scalar(word.flatMap { Double($0) }, .number, otherwise: 1))
    }
    if type == String.self {
      return plain(scalar(word, .text, otherwise: ""))
    }
    record.single = ""
    do {
      let value = try T(from: self)
      if record.single == path { note(.choice(Schema.Choices(type)), isRight: true) }
      return value
    } catch {
      guard let choices = type as? any CaseIterable.Type, let first = first(choices) as? T else {
        throw error
      }
      note(.choice(Schema.Choices(type)), isRight: false)
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
    private let items: [String?]
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    init(_ decoder: SpecDecoder) {
      self.decoder = decoder
      let content = decoder.place.map { decoder.record.tree.leaves[$0].content }
      if case .list(let words) = content, !words.isEmpty { items = words } else { items = [nil] }
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
