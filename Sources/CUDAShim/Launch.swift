import CCUDARuntime
import Emulator
import ISA

// Kernels execute inside their launch.

extension ShimRuntime {
  /// Runs a kernel to its end.
  func launch(
    _ function: UnsafeRawPointer?, grid: CUDADim3, block: CUDADim3,
    arguments: UnsafePointer<UnsafeMutableRawPointer?>?, shared: Int,
    stream: UnsafeMutableRawPointer?, cluster: CUDADim3? = nil, cooperative: Bool = false
  ) -> Status {
    if isSticky(lastError) { return lastError }
    let kernel: ExecutableKernel
    do {
      guard let found = try modules.kernel(UInt(bitPattern: function)) else {
        return .invalidDeviceFunction
      }
      kernel = found
    } catch {
      fail(65, "\(error)")
    }
    let image = kernel.image
    let threads = UInt64(block.x) * UInt64(block.y) * UInt64(block.z)
    let limit = image.maximumThreads > 0 ? min(1024, image.maximumThreads) : 1024
    guard threads > 0, threads <= UInt64(limit), block.x <= 1024, block.y <= 1024, block.z <= 64,
      grid.x > 0, grid.y > 0, grid.z > 0, grid.x <= 0x7fff_ffff, grid.y <= 65535, grid.z <= 65535
    else { return .invalidConfiguration }
    guard shared >= 0, shared + image.staticShared <= device.sharedPerBlockOptIn + 1024 else {
      return .invalidValue
    }
    guard Int(threads + 31) / 32 * 32 * image.registers <= 65536 else { return 701 }

    var launch = GridLaunch(
      kernel: image, grid: Dim3(grid.x, grid.y, grid.z), block: Dim3(block.x, block.y, block.z))
    launch.dynamicShared = shared
    launch.stream = UInt64(UInt(bitPattern: stream))
    launch.cooperative = cooperative
    if let cluster, cluster.x > 0, cluster.y > 0, cluster.z > 0 {
      launch.cluster = Dim3(cluster.x, cluster.y, cluster.z)
    }
    var parameters = [UInt8](repeating: 0, count: image.parameterBytes)
    for (index, parameter) in image.parameters.enumerated() {
      guard let source = arguments?[index], parameter.offset + parameter.size <= parameters.count
      else { return .invalidValue }
      parameters.withUnsafeMutableBytes { target in
        target.baseAddress?.advanced(by: parameter.offset).copyMemory(
          from: source, byteCount: parameter.size)
      }
    }
    launch.parameters = parameters

    var options = ExecutionOptions()
    options.threads = settings.threads
    options.instructionLimit = settings.instructionLimit
    options.smCount = device.smCount
    options.startClock = clock
    if cooperative {
      let resident = device.residentCTAs(
        threads: Int(threads), registers: image.registers, shared: image.staticShared + shared)
      guard launch.grid.count <= resident * device.smCount else {
        return .cooperativeLaunchTooLarge
      }
      options.gridWorkspace = cooperativeWorkspace()
    }
    launches += 1
    progress(image.name, instructions: 0)
    let execution = GridExecution(
      launch, kernel: kernel, memory: memory, options: options, builtins: builtins)
    do {
      if let recorder, recorder.wants(launch: launches, kernel: image.name) {
        try recorder.begin(launch)
        try execution.run(recorder: recorder)
        try recorder.end(image)
      } else {
        try execution.run()
      }
    } catch let fault as EmulationFault {
      fail(fault.kind == .unsupported ? 65 : 1, fault.description)
    } catch {
      fail(1, "\(error)")
    }
    clock &+= UInt64(execution.warpInstructions) * 4 + 1000
    progress(image.name, instructions: execution.warpInstructions)
    return .success
  }

  /// Errors of a kernel stay until the program ends, as on hardware.
  private func isSticky(_ status: Status) -> Bool { (700...719).contains(status) && status != 701 }

  private func cooperativeWorkspace() -> UInt64? {
    if workspace == nil, let address = try? memory.allocate(bytes: 256) {
      UnsafeMutableRawPointer(bitPattern: UInt(address))?.initializeMemory(
        as: UInt8.self, repeating: 0, count: 256)
      workspace = address
    }
    return workspace
  }
}

private typealias Arguments = UnsafePointer<UnsafeMutableRawPointer?>?

@_cdecl("cudaLaunchKernel")
public func launchKernel(
  _ function: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.launch(
      function, grid: grid, block: block, arguments: arguments, shared: shared, stream: stream)
  }
}

@_cdecl("__cudaLaunchKernel")
public func launchKernelInternal(
  _ kernel: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  launchKernel(kernel, grid, block, arguments, shared, stream)
}

@_cdecl("__cudaLaunchKernel_ptsz")
public func launchKernelInternalPerThread(
  _ kernel: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  launchKernel(kernel, grid, block, arguments, shared, stream)
}

@_cdecl("cudaLaunchKernel_ptsz")
public func launchKernelPerThread(
  _ kernel: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  launchKernel(kernel, grid, block, arguments, shared, stream)
}

@_cdecl("cudaLaunchCooperativeKernel")
public func launchCooperativeKernel(
  _ function: UnsafeRawPointer?, _ grid: CUDADim3, _ block: CUDADim3,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?, _ shared: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.launch(
      function, grid: grid, block: block, arguments: arguments, shared: shared, stream: stream,
      cooperative: true)
  }
}

@_cdecl("cudaLaunchKernelExC")
public func launchKernelExtended(
  _ configuration: UnsafePointer<CUDALaunchConfiguration>, _ function: UnsafeRawPointer?,
  _ arguments: UnsafePointer<UnsafeMutableRawPointer?>?
) -> Status {
  entry { runtime in
    let settings = configuration.pointee
    var cluster: CUDADim3?
    var cooperative = false
    for index in 0..<Int(settings.attributeCount) {
      guard let attribute = settings.attributes?[index] else { break }
      // cudaLaunchAttributeCooperative and cudaLaunchAttributeClusterDimension.
      if attribute.id == 2 { cooperative = attribute.value.integer != 0 }
      if attribute.id == 4 { cluster = attribute.value.size }
    }
    return runtime.launch(
      function, grid: settings.grid, block: settings.block, arguments: arguments,
      shared: settings.dynamicShared, stream: settings.stream, cluster: cluster,
      cooperative: cooperative)
  }
}

@_cdecl("cudaLaunchHostFunc")
public func launchHostFunction(
  _ stream: UnsafeMutableRawPointer?,
  _ function: @convention(c) (UnsafeMutableRawPointer?) -> Void,
  _ data: UnsafeMutableRawPointer?
) -> Status {
  // All work before it in the stream is done.
  function(data)
  return .success
}
