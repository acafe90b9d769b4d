import CCUDARuntime
import Emulator

/// Work to be done in an order, once or often: made node by node, or captured from streams.
final class Graph {
  /// Numbers are those of `cudaGraphNodeType`.
  enum Kind: Int32 {
    case kernel = 0
    case copy = 1
    case fill = 2
    case host = 3
    case child = 4
    case empty = 5
  }

  typealias Work = (ShimRuntime) -> Status

  final class Node {
    let kind: Kind
    let handle: UInt
    var work: Work
    var dependencies: [Node]

    init(_ kind: Kind, handle: UInt, dependencies: [Node], work: @escaping Work) {
      self.kind = kind
      self.handle = handle
      self.dependencies = dependencies
      self.work = work
    }
  }

  let handle: UInt
  /// In the order in which they were made.
  var nodes: [Node] = []

  init(handle: UInt) { self.handle = handle }

  /// Nodes with each behind what it depends on, older ones first; nil when they wait in a circle.
  func ordered() -> [Node]? {
    var done: Set<UInt> = []
    var result: [Node] = []
    var rest = nodes
    while !rest.isEmpty {
      let next = rest.firstIndex { node in
        node.dependencies.allSatisfy { done.contains($0.handle) }
      }
      guard let next else { return nil }
      let node = rest.remove(at: next)
      done.insert(node.handle)
      result.append(node)
    }
    return result
  }
}

/// A graph made ready: later changes of the graph do not reach it.
final class ExecutableGraph {
  private var steps: [(node: UInt, work: Graph.Work)]

  init(_ nodes: [Graph.Node]) { steps = nodes.map { ($0.handle, $0.work) } }

  func replace(_ node: UInt, with work: @escaping Graph.Work) -> Bool {
    guard let index = steps.firstIndex(where: { $0.node == node }) else { return false }
    steps[index].work = work
    return true
  }

  /// Takes the work of another graph of the same shape.
  func update(from nodes: [Graph.Node]) -> Bool {
    guard nodes.count == steps.count else { return false }
    for (index, node) in nodes.enumerated() { steps[index].work = node.work }
    return true
  }

  func run(_ runtime: ShimRuntime) -> Status {
    for step in steps {
      let status = step.work(runtime)
      if status != .success { return status }
      if runtime.stickyError != .success { return .success }
    }
    return .success
  }
}

extension ShimRuntime {
  /// Does work now, or puts it into the graph that the stream is captured into.
  func perform(
    on stream: UnsafeRawPointer?, kind: Graph.Kind, _ work: @escaping Graph.Work
  ) -> Status {
    guard let graph = captures[UInt(bitPattern: stream)] else { return work(self) }
    // Captured work keeps the order in which the program gave it, whatever the stream.
    _ = add(kind, to: graph, after: graph.nodes.last.map { [$0] } ?? [], work)
    return .success
  }

  func add(
    _ kind: Graph.Kind, to graph: Graph, after dependencies: [Graph.Node],
    _ work: @escaping Graph.Work
  ) -> Graph.Node {
    let node = Graph.Node(kind, handle: handle(), dependencies: dependencies, work: work)
    graph.nodes.append(node)
    nodes[node.handle] = node
    return node
  }

  func makeGraph() -> Graph {
    let graph = Graph(handle: handle())
    graphs[graph.handle] = graph
    return graph
  }

  func graph(_ handle: UnsafeRawPointer?) -> Graph? { graphs[UInt(bitPattern: handle)] }

  func node(_ handle: UnsafeRawPointer?) -> Graph.Node? { nodes[UInt(bitPattern: handle)] }
}
