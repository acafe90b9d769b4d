/// An address expression in the order of its evaluation, for the many lanes that need its value.
struct Pattern {
  /// Where a lane is in its launch.
  struct Place {
    var lane = 0
    var warp = 0
    var cta = 0
    /// Global number of lane 0.
    var firstThread = 0
    var iteration = 0
  }

  private enum Step {
    case constant(Int)
    case lane, warp, cta, thread, iteration
    case operation(UInt8)
  }

  let expression: Expression
  private let steps: [Step]

  init(_ expression: Expression) {
    self.expression = expression
    var steps: [Step] = []
    Self.append(expression, to: &steps)
    self.steps = steps
  }

  private static func append(_ expression: Expression, to steps: inout [Step]) {
    switch expression {
    case .constant(let value): steps.append(.constant(value))
    case .variable("lane"): steps.append(.lane)
    case .variable("warp"): steps.append(.warp)
    case .variable("cta"): steps.append(.cta)
    case .variable("thread"): steps.append(.thread)
    case .variable: steps.append(.iteration)
    case .binary(let operation, let left, let right):
      append(left, to: &steps)
      append(right, to: &steps)
      steps.append(.operation(operation))
    }
  }

  /// The value for one lane; `stack` is scratch.
  func value(at place: Place, stack: inout [Int]) -> Int {
    stack.removeAll(keepingCapacity: true)
    for step in steps {
      switch step {
      case .constant(let value): stack.append(value)
      case .lane: stack.append(place.lane)
      case .warp: stack.append(place.warp)
      case .cta: stack.append(place.cta)
      case .thread: stack.append(place.firstThread &+ place.lane)
      case .iteration: stack.append(place.iteration)
      case .operation(let operation):
        let right = stack.removeLast()
        let last = stack.count - 1
        stack[last] = Expression.apply(operation, stack[last], right)
      }
    }
    return stack[0]
  }
}
