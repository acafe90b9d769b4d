/// A point in time or a duration in core clock cycles.
public typealias Cycle = Int64

/// "Never": later than any cycle that a simulation reaches.
public let never: Cycle = .max / 2

/// A size in bytes. In YAML: `131072` or `"128 KiB"`.
public struct Bytes: Hashable, Sendable, Codable {
  public var count: Int
  public init(_ count: Int) { self.count = count }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self.init(count)
      return
    }
    let text = try container.decode(String.self)
    let units = ["B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
    guard let (value, unit) = splitQuantity(text), let factor = units[unit],
      let count = Int(exactly: (value * Double(factor)).rounded())
    else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription:
          "'\(text)' is not a size: write bytes, or a number with B, KiB, MiB or GiB")
    }
    self.init(count)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

/// A clock frequency. In YAML: `"1800 MHz"` or `"1.8 GHz"`.
public struct Megahertz: Hashable, Sendable, Codable {
  public var value: Double
  public init(_ value: Double) { self.value = value }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Double.self) {
      self.init(value)
      return
    }
    let text = try container.decode(String.self)
    let units = ["MHz": 1.0, "GHz": 1000.0]
    guard let (value, unit) = splitQuantity(text), let factor = units[unit] else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "'\(text)' is not a frequency: write a number with MHz or GHz")
    }
    self.init(value * factor)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// Splits `"128 KiB"` into its number and its unit.
private func splitQuantity(_ text: String) -> (Double, String)? {
  let parts = text.split(separator: " ", omittingEmptySubsequences: true)
  guard parts.count == 2, let value = Double(parts[0]), value.isFinite, value >= 0, value < 1e15
  else { return nil }
  return (value, String(parts[1]))
}
