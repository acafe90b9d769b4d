import ISA

/// A formula that computes a row's figure from what a run gave, as the measured program computes
/// it: `clocks / 1024`, `256 * 1024 * 16 / span`, `span@many - span@few`.
///
/// Numbers, `+ - * /`, parentheses and the quantities of `FigureQuantity`; `@` and a name or number
/// behind a quantity picks another kernel of the run than the row's own.
public struct Figure: Sendable, Equatable {
  /// As it is written in the suite.
  public let text: String
  let root: Node

  indirect enum Node: Sendable, Equatable {
    case number(Double)
    case quantity(FigureQuantity, arguments: [Int], kernel: KernelReference?)
    case binary(UInt8, Node, Node)
  }

  /// Reads a formula; the error is a sentence.
  public init(_ text: String) throws(FigureError) {
    self.text = text
    var parser = FigureParser(text)
    root = try parser.whole()
  }

  /// Whether the run must keep its issue log.
  var needsIssueLog: Bool { root.contains { $0.needsIssueLog } }

  /// Value for a run; `kernel` is the row's own.
  func value(of run: RunView, kernel: KernelReference?) throws(FigureError) -> Double {
    let value = try root.value(of: run, kernel: kernel)
    guard value.isFinite else { throw FigureError("'\(text)' is no number for this run") }
    return value
  }
}

/// A kernel of a run: by name, or by number from 1.
public enum KernelReference: Sendable, Hashable, CustomStringConvertible {
  case number(Int)
  case name(String)

  public init(_ text: String) { self = Int(text).map(KernelReference.number) ?? .name(text) }

  public var description: String {
    switch self {
    case .number(let number): String(number)
    case .name(let name): name
    }
  }
}

/// Why a figure cannot be read or computed.
public struct FigureError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

extension Figure.Node {
  func contains(_ test: (FigureQuantity) -> Bool) -> Bool {
    switch self {
    case .number: false
    case .quantity(let quantity, _, _): test(quantity)
    case .binary(_, let left, let right): left.contains(test) || right.contains(test)
    }
  }

  func value(of run: RunView, kernel: KernelReference?) throws(FigureError) -> Double {
    switch self {
    case .number(let value): return value
    case .quantity(let quantity, let arguments, let other):
      return try quantity.value(of: run, kernel: run.kernel(other ?? kernel), arguments)
    case .binary(let operation, let left, let right):
      let a = try left.value(of: run, kernel: kernel)
      let b = try right.value(of: run, kernel: kernel)
      switch operation {
      case UInt8(ascii: "+"): return a + b
      case UInt8(ascii: "-"): return a - b
      case UInt8(ascii: "*"): return a * b
      default: return a / b
      }
    }
  }
}
