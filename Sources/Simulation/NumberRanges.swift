/// Numbers as users write them: `1,3-5`.
public struct NumberRanges: Sendable, CustomStringConvertible {
  public let numbers: Set<Int>

  public init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers) }

  /// `least`: the first number that is allowed.
  public init(_ text: String, from least: Int = 1) throws(NumberRangesError) {
    var numbers: Set<Int> = []
    for field in text.split(separator: ",") {
      let ends = field.split(separator: "-").map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first >= least, last >= first, last - first < 1_000_000
      else { throw NumberRangesError("'\(field)' is no number or range from \(least)") }
      numbers.formUnion(first...last)
    }
    guard !numbers.isEmpty else { throw NumberRangesError("names no number") }
    self.numbers = numbers
  }

  /// The shortest text for the same numbers.
  public var description: String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound == number - 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

/// What is wrong with a text that should name numbers.
public struct NumberRangesError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
