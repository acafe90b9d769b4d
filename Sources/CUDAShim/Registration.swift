import CCUDARuntime
import Emulator

// What compiled host code calls before `main`, and how launches find their configuration.

/// What stands between `<<<` and `>>>`.
struct CallConfiguration {
  var grid: CUDADim3
  var block: CUDADim3
  var shared: Int
  var stream: UnsafeMutableRawPointer?
}

@_cdecl("__cudaRegisterFatBinary")
public func registerFatBinary(_ wrapper: UnsafeRawPointer) -> UnsafeMutableRawPointer {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  let data = wrapper.load(as: CUDAFatBinaryWrapper.self).data
  let index = data.map(runtime.modules.register) ?? 0
  // A handle that is a real address: some programs look at it.
  let handle = UnsafeMutablePointer<Int>.allocate(capacity: 2)
  handle.pointee = index
  return UnsafeMutableRawPointer(handle)
}

private func moduleIndex(_ handle: UnsafeRawPointer) -> Int { handle.load(as: Int.self) }

@_cdecl("__cudaRegisterFatBinaryEnd")
public func registerFatBinaryEnd(_ handle: UnsafeRawPointer?) {}

@_cdecl("__cudaUnregisterFatBinary")
public func unregisterFatBinary(_ handle: UnsafeRawPointer?) {}

@_cdecl("__cudaRegisterFunction")
public func registerFunction(
  _ handle: UnsafeRawPointer, _ host: UnsafeRawPointer, _ deviceFunction: UnsafeRawPointer?,
  _ name: UnsafePointer<CChar>, _ threadLimit: Int32, _ tid: UnsafeRawPointer?,
  _ bid: UnsafeRawPointer?, _ block: UnsafeRawPointer?, _ grid: UnsafeRawPointer?,
  _ warpSize: UnsafeRawPointer?
) {
  ShimRuntime.shared.modules.register(
    function: UInt(bitPattern: host), name: String(cString: name), module: moduleIndex(handle))
}

@_cdecl("__cudaRegisterVar")
public func registerVariable(
  _ handle: UnsafeRawPointer, _ host: UnsafeRawPointer, _ deviceAddress: UnsafeRawPointer?,
  _ name: UnsafePointer<CChar>, _ isExternal: Int32, _ size: Int, _ isConstant: Int32,
  _ isGlobal: Int32
) {
  ShimRuntime.shared.modules.register(
    variable: UInt(bitPattern: host), name: String(cString: name), bytes: size,
    module: moduleIndex(handle))
}

@_cdecl("__cudaRegisterManagedVar")
public func registerManagedVariable(
  _ handle: UnsafeRawPointer, _ host: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ deviceAddress: UnsafeRawPointer?, _ name: UnsafePointer<CChar>, _ isExternal: Int32,
  _ size: Int, _ isConstant: Int32, _ isGlobal: Int32
) {
  ShimRuntime.shared.modules.register(
    managed: host, name: String(cString: name), bytes: size, module: moduleIndex(handle))
}

@_cdecl("__cudaInitModule")
public func initialiseModule(_ handle: UnsafeRawPointer?) -> CChar {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  do {
    try runtime.modules.initialiseManaged()
  } catch {
    runtime.fail(ShimRuntime.exitStatus(error), "\(error)")
  }
  return 1
}

@_cdecl("__cudaPushCallConfiguration")
public func pushCallConfiguration(
  _ grid: CUDADim3, _ block: CUDADim3, _ shared: Int, _ stream: UnsafeMutableRawPointer?
) -> UInt32 {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  runtime.thread.configurations.append(
    CallConfiguration(grid: grid, block: block, shared: shared, stream: stream))
  return 0
}

@_cdecl("__cudaPopCallConfiguration")
public func popCallConfiguration(
  _ grid: UnsafeMutablePointer<CUDADim3>, _ block: UnsafeMutablePointer<CUDADim3>,
  _ shared: UnsafeMutablePointer<Int>,
  _ stream: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> Status {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  guard let configuration = runtime.thread.configurations.popLast() else {
    return runtime.report(.missingConfiguration)
  }
  grid.pointee = configuration.grid
  block.pointee = configuration.block
  shared.pointee = configuration.shared
  stream.pointee = configuration.stream
  return .success
}

/// Kernels are known by the address of their host function.
@_cdecl("__cudaGetKernel")
public func getKernelInternal(
  _ kernel: UnsafeMutablePointer<UnsafeRawPointer?>, _ host: UnsafeRawPointer?
) -> Status {
  kernel.pointee = host
  return .success
}

@_cdecl("cudaGetKernel")
public func getKernel(
  _ kernel: UnsafeMutablePointer<UnsafeRawPointer?>, _ host: UnsafeRawPointer?
) -> Status {
  getKernelInternal(kernel, host)
}

@_cdecl("cudaGetFuncBySymbol")
public func getFunctionBySymbol(
  _ function: UnsafeMutablePointer<UnsafeRawPointer?>, _ host: UnsafeRawPointer?
) -> Status {
  getKernelInternal(function, host)
}
