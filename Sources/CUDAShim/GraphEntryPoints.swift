import CCUDARuntime
import Emulator

// Graphs: nodes for kernels, copies, fills and host functions.

/// The nodes of a list of handles; nil when one is unknown.
private func list(
  _ runtime: ShimRuntime, _ handles: UnsafePointer<UnsafeRawPointer?>?, _ count: Int
) -> [Graph.Node]? {
  guard count >= 0, count <= runtime.nodes.count else { return nil }
  var result: [Graph.Node] = []
  for index in 0..<count {
    guard let node = runtime.node(handles?[index]) else { return nil }
    result.append(node)
  }
  return result
}

/// Adds a node whose work `make` gives, from parameters that it copies.
private func add(
  _ kind: Graph.Kind, _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ make: (ShimRuntime) -> Result<Graph.Work, LaunchRefusal>
) -> Status {
  entry { runtime in
    guard let result, let graph = runtime.graph(graph),
      let before = list(runtime, dependencies, count)
    else { return .invalidValue }
    switch make(runtime) {
    case .failure(let refusal): return refusal.status
    case .success(let work):
      let node = runtime.add(kind, to: graph, after: before, work)
      result.pointee = Handle(bitPattern: node.handle)
      return .success
    }
  }
}

private func refuse(_ status: Status) -> Result<Graph.Work, LaunchRefusal> {
  .failure(LaunchRefusal(status: status))
}

/// Gives a node, or the same node of an executable graph, other work.
private func replace(
  _ executable: UnsafeRawPointer?, _ node: UnsafeRawPointer?, _ kind: Graph.Kind,
  _ make: (ShimRuntime) -> Result<Graph.Work, LaunchRefusal>
) -> Status {
  entry { runtime in
    guard let node = runtime.node(node), node.kind == kind else { return .invalidValue }
    switch make(runtime) {
    case .failure(let refusal): return refusal.status
    case .success(let work):
      guard let executable else {
        node.work = work
        return .success
      }
      let found = runtime.executables[UInt(bitPattern: executable)]
      return found?.replace(node.handle, with: work) == true ? .success : .invalidValue
    }
  }
}

// MARK: Kernels

private func work(
  _ parameters: UnsafePointer<CUDAKernelNode>?, _ runtime: ShimRuntime
) -> Result<Graph.Work, LaunchRefusal> {
  guard let p = parameters?.pointee else { return refuse(.invalidValue) }
  let request = LaunchRequest(
    function: p.function, grid: p.grid, block: p.block,
    arguments: UnsafePointer(p.arguments), shared: Int(p.sharedBytes))
  return runtime.prepare(request).map { prepared in { $0.run(prepared) } }
}

@_cdecl("cudaGraphAddKernelNode")
public func cudaGraphAddKernelNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ parameters: UnsafePointer<CUDAKernelNode>?
) -> Status {
  add(.kernel, result, graph, dependencies, count) { work(parameters, $0) }
}

@_cdecl("cudaGraphKernelNodeSetParams")
public func cudaGraphKernelNodeSetParams(
  _ node: UnsafeRawPointer?, _ parameters: UnsafePointer<CUDAKernelNode>?
) -> Status {
  replace(nil, node, .kernel) { work(parameters, $0) }
}

@_cdecl("cudaGraphExecKernelNodeSetParams")
public func cudaGraphExecKernelNodeSetParams(
  _ executable: UnsafeRawPointer?, _ node: UnsafeRawPointer?,
  _ parameters: UnsafePointer<CUDAKernelNode>?
) -> Status {
  replace(executable, node, .kernel) { work(parameters, $0) }
}

// MARK: Copies and fills

private func work(_ parameters: UnsafePointer<CUDAMemcpy3D>?) -> Result<Graph.Work, LaunchRefusal> {
  guard let p = parameters?.pointee else { return refuse(.invalidValue) }
  return .success { $0.copy(p) }
}

private func work(
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int
) -> Result<Graph.Work, LaunchRefusal> {
  .success { $0.copy(target, source, bytes) }
}

private func work(_ parameters: UnsafePointer<CUDAMemset>?) -> Result<Graph.Work, LaunchRefusal> {
  guard let p = parameters?.pointee, [1, 2, 4].contains(p.elementBytes) else {
    return refuse(.invalidValue)
  }
  return .success { runtime in
    runtime.fillRows(
      p.target, Int(truncatingIfNeeded: p.pitch), p.value, elementBytes: Int(p.elementBytes),
      width: Int(truncatingIfNeeded: p.width), height: Int(truncatingIfNeeded: p.height))
  }
}

@_cdecl("cudaGraphAddMemcpyNode")
public func cudaGraphAddMemcpyNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ parameters: UnsafePointer<CUDAMemcpy3D>?
) -> Status {
  add(.copy, result, graph, dependencies, count) { _ in work(parameters) }
}

@_cdecl("cudaGraphAddMemcpyNode1D")
public func cudaGraphAddMemcpyNode1D(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32
) -> Status {
  add(.copy, result, graph, dependencies, count) { _ in work(target, source, bytes) }
}

@_cdecl("cudaGraphExecMemcpyNodeSetParams")
public func cudaGraphExecMemcpyNodeSetParams(
  _ executable: UnsafeRawPointer?, _ node: UnsafeRawPointer?,
  _ parameters: UnsafePointer<CUDAMemcpy3D>?
) -> Status {
  replace(executable, node, .copy) { _ in work(parameters) }
}

@_cdecl("cudaGraphExecMemcpyNodeSetParams1D")
public func cudaGraphExecMemcpyNodeSetParams1D(
  _ executable: UnsafeRawPointer?, _ node: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer?,
  _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32
) -> Status {
  replace(executable, node, .copy) { _ in work(target, source, bytes) }
}

@_cdecl("cudaGraphAddMemsetNode")
public func cudaGraphAddMemsetNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ parameters: UnsafePointer<CUDAMemset>?
) -> Status {
  add(.fill, result, graph, dependencies, count) { _ in work(parameters) }
}

@_cdecl("cudaGraphExecMemsetNodeSetParams")
public func cudaGraphExecMemsetNodeSetParams(
  _ executable: UnsafeRawPointer?, _ node: UnsafeRawPointer?,
  _ parameters: UnsafePointer<CUDAMemset>?
) -> Status {
  replace(executable, node, .fill) { _ in work(parameters) }
}

// MARK: Host functions, empty nodes, graphs in graphs

@_cdecl("cudaGraphAddHostNode")
public func cudaGraphAddHostNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int,
  _ parameters: UnsafePointer<CUDAHostNode>?
) -> Status {
  add(.host, result, graph, dependencies, count) { _ in
    guard let p = parameters?.pointee, let function = p.function else {
      return refuse(.invalidValue)
    }
    return .success { _ in
      function(p.data)
      return .success
    }
  }
}

@_cdecl("cudaGraphAddEmptyNode")
public func cudaGraphAddEmptyNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int
) -> Status {
  add(.empty, result, graph, dependencies, count) { _ in .success { _ in .success } }
}

@_cdecl("cudaGraphAddChildGraphNode")
public func cudaGraphAddChildGraphNode(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?,
  _ dependencies: UnsafePointer<UnsafeRawPointer?>?, _ count: Int, _ child: UnsafeRawPointer?
) -> Status {
  add(.child, result, graph, dependencies, count) { runtime in
    guard let nodes = runtime.graph(child)?.ordered() else { return refuse(.invalidValue) }
    let copy = ExecutableGraph(nodes)
    return .success(copy.run)
  }
}

/// Version 13 put a pointer before the count.
@_cdecl("cudaGraphAddDependencies")
public func cudaGraphAddDependencies(
  _ graph: UnsafeRawPointer?, _ from: UnsafePointer<UnsafeRawPointer?>?,
  _ to: UnsafePointer<UnsafeRawPointer?>?, _ fourth: Int, _ fifth: Int
) -> Status {
  entry { runtime in
    let count = runtime.version >= 13 ? fifth : fourth
    guard let first = list(runtime, from, count), let second = list(runtime, to, count) else {
      return .invalidValue
    }
    for (before, after) in zip(first, second) { after.dependencies.append(before) }
    return .success
  }
}

// MARK: Graphs as a whole

@_cdecl("cudaGraphCreate")
public func cudaGraphCreate(_ result: UnsafeMutablePointer<Handle?>?, _ flags: UInt32) -> Status {
  entry {
    result?.pointee = Handle(bitPattern: $0.makeGraph().handle)
    return .success
  }
}

@_cdecl("cudaGraphDestroy")
public func cudaGraphDestroy(_ graph: UnsafeRawPointer?) -> Status {
  entry { runtime in
    guard let graph = runtime.graphs.removeValue(forKey: UInt(bitPattern: graph)) else {
      return .invalidValue
    }
    for node in graph.nodes { runtime.nodes[node.handle] = nil }
    return .success
  }
}

@_cdecl("cudaGraphGetNodes")
public func cudaGraphGetNodes(
  _ graph: UnsafeRawPointer?, _ result: UnsafeMutablePointer<Handle?>?,
  _ count: UnsafeMutablePointer<Int>?
) -> Status {
  give({ $0.nodes }, graph, result, count)
}

@_cdecl("cudaGraphGetRootNodes")
public func cudaGraphGetRootNodes(
  _ graph: UnsafeRawPointer?, _ result: UnsafeMutablePointer<Handle?>?,
  _ count: UnsafeMutablePointer<Int>?
) -> Status {
  give({ $0.nodes.filter(\.dependencies.isEmpty) }, graph, result, count)
}

private func give(
  _ choose: (Graph) -> [Graph.Node], _ graph: UnsafeRawPointer?,
  _ result: UnsafeMutablePointer<Handle?>?, _ count: UnsafeMutablePointer<Int>?
) -> Status {
  entry { runtime in
    guard let graph = runtime.graph(graph), let count else { return .invalidValue }
    let nodes = choose(graph)
    guard let result else {
      count.pointee = nodes.count
      return .success
    }
    let places = max(0, count.pointee)
    for index in 0..<places {
      result[index] = index < nodes.count ? Handle(bitPattern: nodes[index].handle) : nil
    }
    count.pointee = min(places, nodes.count)
    return .success
  }
}

@_cdecl("cudaGraphNodeGetType")
public func cudaGraphNodeGetType(
  _ node: UnsafeRawPointer?, _ type: UnsafeMutablePointer<Int32>?
) -> Status {
  entry { runtime in
    guard let node = runtime.node(node), let type else { return .invalidValue }
    type.pointee = node.kind.rawValue
    return .success
  }
}

@_cdecl("cudaGraphInstantiate")
public func cudaGraphInstantiate(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?
) -> Status {
  // Later parameters (flags, or where to log) change nothing here.
  entry { runtime in
    guard let result, let nodes = runtime.graph(graph)?.ordered() else { return .invalidValue }
    let handle = runtime.handle()
    runtime.executables[handle] = ExecutableGraph(nodes)
    result.pointee = Handle(bitPattern: handle)
    return .success
  }
}

@_cdecl("cudaGraphInstantiateWithFlags")
public func cudaGraphInstantiateWithFlags(
  _ result: UnsafeMutablePointer<Handle?>?, _ graph: UnsafeRawPointer?, _ flags: UInt64
) -> Status {
  cudaGraphInstantiate(result, graph)
}

@_cdecl("cudaGraphExecUpdate")
public func cudaGraphExecUpdate(
  _ executable: UnsafeRawPointer?, _ graph: UnsafeRawPointer?,
  _ result: UnsafeMutablePointer<Int32>?
) -> Status {
  entry { runtime in
    guard let executable = runtime.executables[UInt(bitPattern: executable)],
      let nodes = runtime.graph(graph)?.ordered()
    else { return .invalidValue }
    let fits = executable.update(from: nodes)
    // cudaGraphExecUpdateSuccess, or …ErrorTopologyChanged.
    result?.pointee = fits ? 0 : 2
    return fits ? .success : 910
  }
}

@_cdecl("cudaGraphUpload")
public func cudaGraphUpload(_ executable: UnsafeRawPointer?, _ stream: UnsafeRawPointer?) -> Status
{
  entry { $0.executables[UInt(bitPattern: executable)] == nil ? .invalidValue : .success }
}

@_cdecl("cudaGraphLaunch")
public func cudaGraphLaunch(_ executable: UnsafeRawPointer?, _ stream: UnsafeRawPointer?) -> Status
{
  entry { runtime in
    guard let executable = runtime.executables[UInt(bitPattern: executable)],
      runtime.isStream(stream)
    else { return .invalidValue }
    return runtime.perform(on: stream, kind: .child, executable.run)
  }
}

@_cdecl("cudaGraphExecDestroy")
public func cudaGraphExecDestroy(_ executable: UnsafeRawPointer?) -> Status {
  entry {
    $0.executables.removeValue(forKey: UInt(bitPattern: executable)) == nil
      ? .invalidValue : .success
  }
}
