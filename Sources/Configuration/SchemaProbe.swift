import Machine

/// A decoder that hands every field a harmless value and writes down what was asked for.
struct SchemaProbe: Decoder {
  final class Record {
    var fields: [Schema.Field] = []
  }

  let record: Record
  let path: String
  var isList = false
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Keyed<Key>(probe: self))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer {
    Unkeyed(probe: SchemaProbe(record: record, path: path, isList: true))
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(probe: self) }

  private func note(_ kind: Schema.Kind) {
    record.fields.append(Schema.Field(path: path, kind: kind, isList: isList))
  }

  /// A value of any type; what stands for one scalar is noted, the rest takes itself apart.
  fileprivate func value<T: Decodable>(_ type: T.Type) throws -> T {
    guard let (scalar, kind) = Self.scalar(type), let value = scalar as? T else {
      return try T(from: self)
    }
    note(kind)
    return value
  }

  private static func scalar(_ type: any Decodable.Type) -> (value: Any, kind: Schema.Kind)? {
    switch type {
    case is Bytes.Type: return (Bytes(1), .size)
    case is Megahertz.Type: return (Megahertz(1), .frequency)
    case is Bool.Type: return (false, .truth)
    case is String.Type: return ("", .text)
    case is Double.Type: return (1.0, .number)
    case is Int.Type: return (1, .wholeNumber)
    case let choices as any CaseIterable.Type:
      let (names, first) = cases(choices)
      return first.map { ($0, .choice(names)) }
    default: return nil
    }
  }

  private static func cases<C: CaseIterable>(_ type: C.Type) -> (names: [String], first: Any?) {
    let names = type.allCases.map { value in
      (value as? any RawRepresentable)?.rawValue as? String ?? "\(value)"
    }
    return (names, type.allCases.first)
  }
}

extension SchemaProbe {
  fileprivate struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    private func child(_ key: any CodingKey) -> SchemaProbe {
      let path = probe.path.isEmpty ? key.stringValue : probe.path + "." + key.stringValue
      return SchemaProbe(record: probe.record, path: path)
    }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      try child(key).value(type)
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> { child(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
      child(key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { probe }
    func superDecoder(forKey key: Key) -> any Decoder { child(key) }
  }

  /// A list of one item.
  fileprivate struct Unkeyed: UnkeyedDecodingContainer {
    let probe: SchemaProbe
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex > 0 }

    init(probe: SchemaProbe) { self.probe = probe }

    mutating func decodeNil() -> Bool { false }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
      currentIndex += 1
      return try probe.value(type)
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) -> KeyedDecodingContainer<Nested> {
      currentIndex += 1
      return probe.container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
      currentIndex += 1
      return probe.unkeyedContainer()
    }
    mutating func superDecoder() -> any Decoder { probe }
  }

  fileprivate struct Single: SingleValueDecodingContainer {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    func decodeNil() -> Bool { false }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try probe.value(type) }
  }
}
