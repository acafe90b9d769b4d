import CCUDARuntime
import Emulator
import ISA

// Kernels execute inside their launch.

/// A launch with its arguments copied: it may run later, and more than once.
struct PreparedLaunch {
  var kernel: ExecutableKernel
  var launch: GridLaunch
}

/// What a launch asks for, before anything is checked.
struct LaunchRequest {
  var function: UnsafeRawPointer?
  var grid: CUDADim3
  var block: CUDADim3
  var arguments: UnsafePointer<UnsafeMutableRawPointer?>?
  var shared: Int
  var stream: UnsafeMutableRawPointer?
  var cluster: CUDADim3?
  var cooperative = false
}

extension Dim3 {
  fileprivate init(_ size: CUDADim3) { self.init(size.x, size.y, size.z) }
}

extension ShimRuntime {
  /// Runs a kernel to its end, or keeps it for the graph that its stream is captured into.
  func launch(_ request: LaunchRequest) -> Status {
    switch prepare(request) {
    case .failure(let failure): return failure.status
    case .success(let prepared):
      return perform(on: request.stream, kind: .kernel) { $0.run(prepared) }
    }
  }

  /// Checks a launch as the driver does, and copies its arguments.
  func prepare(_ request: LaunchRequest) -> Result<PreparedLaunch, LaunchRefusal> {
    guard let kernel = kernel(request.function) else { return .refused(.invalidDeviceFunction) }
    let image = kernel.image
    let (grid, block) = (request.grid, request.block)
    let threads = UInt64(block.x) * UInt64(block.y) * UInt64(block.z & 0xffff)
    let limit = image.maximumThreads > 0 ? min(1024, image.maximumThreads) : 1024
    guard threads > 0, block.x <= 1024, block.y <= 1024, block.z <= 64, threads <= UInt64(limit),
      grid.x > 0, grid.y > 0, grid.z > 0, grid.x <= 0x7fff_ffff, grid.y <= 65535, grid.z <= 65535
    else { return .refused(.invalidConfiguration) }
    let key = UInt(bitPattern: request.function)
    let allowed =
      modules.functions[key]?.maxDynamicShared ?? device.sharedPerBlock - image.ownShared
    guard request.shared >= 0, request.shared <= allowed,
      request.shared + image.ownShared <= device.sharedPerBlockOptIn
    else { return .refused(.invalidValue) }
    guard (Int(threads) + 31) / 32 * 32 * image.registers <= device.registersPerSM else {
      return .refused(.launchOutOfResources)
    }

    var launch = GridLaunch(kernel: image, grid: Dim3(grid), block: Dim3(block))
    launch.dynamicShared = request.shared
    launch.stream = UInt64(UInt(bitPattern: request.stream))
    launch.cooperative = request.cooperative
    launch.cluster = image.cluster ?? Dim3(1)
    if let cluster = request.cluster, cluster.x > 0, cluster.y > 0, cluster.z > 0 {
      launch.cluster = Dim3(cluster)
    }
    guard isPossible(launch.cluster, grid, key) else { return .refused(.invalidClusterSize) }
    if request.cooperative {
      let resident = device.residentCTAs(
        threads: Int(threads), registers: image.registers,
        shared: image.ownShared + request.shared)
      guard launch.grid.count <= resident * device.smCount else {
        return .refused(.cooperativeLaunchTooLarge)
      }
    }
    var parameters = [UInt8](repeating: 0, count: image.parameterBytes)
    for (index, parameter) in image.parameters.enumerated() {
      guard let source = request.arguments?[index],
        parameter.offset + parameter.size <= parameters.count
      else { return .refused(.invalidValue) }
      parameters.withUnsafeMutableBytes { target in
        target.baseAddress?.advanced(by: parameter.offset).copyMemory(
          from: source, byteCount: parameter.size)
      }
    }
    launch.parameters = parameters
    return .success(PreparedLaunch(kernel: kernel, launch: launch))
  }

  /// A cluster divides the grid, and has at most 8 CTAs, or 16 where the function allows it.
  private func isPossible(_ cluster: Dim3, _ grid: CUDADim3, _ function: UInt) -> Bool {
    if cluster == Dim3(1) { return true }
    let largest: UInt64 = modules.functions[function]?.allowsLargeClusters == true ? 16 : 8
    let (x, y, z) = (UInt64(cluster.x), UInt64(cluster.y), UInt64(cluster.z))
    guard device.architecture.number >= 90, max(x, y, z) <= 16, x * y * z <= largest else {
      return false
    }
    return UInt64(grid.x) % x == 0 && UInt64(grid.y) % y == 0 && UInt64(grid.z) % z == 0
  }

  func run(_ prepared: PreparedLaunch) -> Status {
    let image = prepared.kernel.image
    var options = ExecutionOptions()
    options.threads = settings.threads
    options.instructionLimit = settings.instructionLimit
    options.smCount = device.smCount
    options.startClock = clock
    options.textures = textures
    if prepared.launch.cooperative { options.gridWorkspace = cooperativeWorkspace() }
    checkOwnership()
    launches += 1
    progress(image.name)
    let execution = GridExecution(
      prepared.launch, kernel: prepared.kernel, memory: memory, options: options,
      builtins: builtins)
    do {
      if let recorder, recorder.wants(launch: launches, kernel: image.name) {
        try recorder.begin(prepared.launch)
        try execution.run(recorder: recorder)
        try recorder.end(image)
      } else {
        try execution.run()
      }
    } catch let fault as EmulationFault {
      if fault.kind == .unsupported { fail(65, fault.description) }
      self.fault(Self.status(of: fault), fault.description)
      return .success
    } catch {
      fail(1, "\(error)")
    }
    clock &+= UInt64(execution.warpInstructions) * 4 + 1000
    warpInstructions += execution.warpInstructions
    progress(image.name)
    return .success
  }

  /// What later calls answer after a fault.
  private static func status(of fault: EmulationFault) -> Status {
    switch fault.kind {
    case .memory: fault.message.contains("misaligned") ? .misalignedAddress : .illegalAddress
    case .hang: .launchTimeout
    case .code: fault.message.contains("assertion") ? .assertion : .launchFailure
    case .unsupported: .launchFailure
    }
  }

  private func cooperativeWorkspace() -> UInt64? {
    if workspace == nil, let address = try? memory.allocate(bytes: 256) {
      UnsafeMutableRawPointer(bitPattern: UInt(address))?.initializeMemory(
        as: UInt8.self, repeating: 0, count: 256)
      workspace = address
    }
    return workspace
  }
}

/// Why a launch is refused.
struct LaunchRefusal: Error {
  var status: Status
}

extension Result where Failure == LaunchRefusal {
  fileprivate static func refused(_ status: Status) -> Self {
    .failure(LaunchRefusal(status: status))
  }
}

@_cdecl("cudaLaunchKernel")
public func launchKernel(
  _ function: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.launch(
      LaunchRequest(
        function: function, grid: grid, block: block, arguments: arguments, shared: shared,
        stream: stream))
  }
}

@_cdecl("cudaLaunchCooperativeKernel")
public func launchCooperativeKernel(
  _ function: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.launch(
      LaunchRequest(
        function: function, grid: grid, block: block, arguments: arguments, shared: shared,
        stream: stream, cooperative: true))
  }
}

extension LaunchRequest {
  init(
    _ settings: CUDALaunchConfiguration, _ function: UnsafeRawPointer?,
    _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?
  ) {
    self.init(
      function: function, grid: settings.grid, block: settings.block, arguments: arguments,
      shared: Int(truncatingIfNeeded: settings.dynamicShared), stream: settings.stream)
    for index in 0..<Int(settings.attributeCount) {
      guard let attribute = settings.attributes?[index] else { break }
      // cudaLaunchAttributeCooperative and cudaLaunchAttributeClusterDimension; the others say
      // how fast, not what.
      if attribute.id == 2 { cooperative = attribute.value.integer != 0 }
      if attribute.id == 4 { cluster = attribute.value.size }
    }
  }
}

@_cdecl("cudaLaunchKernelExC")
public func launchKernelExtended(
  _ configuration: UnsafePointer<CUDALaunchConfiguration>?, _ function: UnsafeRawPointer?,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?
) -> Status {
  entry { runtime in
    guard let configuration else { return .invalidValue }
    return runtime.launch(LaunchRequest(configuration.pointee, function, arguments))
  }
}

@_cdecl("cudaLaunchHostFunc")
public func launchHostFunction(
  _ stream: UnsafeMutableRawPointer?,
  _ function: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
  _ data: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let function else { return .invalidValue }
    // All work before it in the stream is done.
    return runtime.perform(on: stream, kind: .host) { _ in
      function(data)
      return .success
    }
  }
}
