import CCUDARuntime
import Emulator
import Foundation

// Questions about functions, and how many of their CTAs an SM holds.

extension ShimRuntime {
  /// A kernel by its host function; a module that cannot be loaded ends the program.
  func kernel(_ function: UnsafeRawPointer?) -> ExecutableKernel? {
    do {
      return try modules.kernel(UInt(bitPattern: function))
    } catch {
      fail(ShimRuntime.exitStatus(error), "\(error)")
    }
  }
}

@_cdecl("cudaFuncGetAttributes")
public func cudaFuncGetAttributes(
  _ result: UnsafeMutablePointer<CUDAFunctionAttributes>?, _ function: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let result else { return .invalidValue }
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    let entry = runtime.modules.functions[UInt(bitPattern: function)]
    // The trailing reserved words are left alone: older programs pass a smaller structure.
    var w = StructureWriter(base: UnsafeMutableRawPointer(result))
    w.size(image.ownShared)
    w.size(image.constantBanks.values.reduce(0) { $0 + $1.count })
    w.size(image.localBytes)
    w.int(image.maximumThreads > 0 ? min(1024, image.maximumThreads) : 1024)
    w.int(image.registers, image.architecture.number, image.architecture.number, 0)
    w.int(entry?.maxDynamicShared ?? runtime.device.sharedPerBlock - image.ownShared, -1)
    return .success
  }
}

/// Numbers of `cudaFuncAttribute`: 8 most dynamic shared memory, 14 large clusters; the others
/// say how fast, not what.
@_cdecl("cudaFuncSetAttribute")
public func cudaFuncSetAttribute(
  _ function: UnsafeRawPointer?, _ attribute: Int32, _ value: Int32
) -> Status {
  entry { runtime in
    let key = UInt(bitPattern: function)
    guard runtime.modules.functions[key] != nil, let kernel = runtime.kernel(function) else {
      return .invalidDeviceFunction
    }
    switch attribute {
    case 8:
      guard value >= 0,
        Int(value) + kernel.image.ownShared <= runtime.device.sharedPerBlockOptIn
      else { return .invalidValue }
      runtime.modules.functions[key]?.maxDynamicShared = Int(value)
    case 14: runtime.modules.functions[key]?.allowsLargeClusters = value != 0
    case 9...15: break
    default: return .invalidValue
    }
    return .success
  }
}

/// `cudaKernel_t` is the host function's address here.
@_cdecl("cudaKernelSetAttributeForDevice")
public func cudaKernelSetAttributeForDevice(
  _ function: UnsafeRawPointer?, _ attribute: Int32, _ value: Int32, _ device: Int32
) -> Status {
  device == 0 ? cudaFuncSetAttribute(function, attribute, value) : entry { _ in .invalidDevice }
}

@_cdecl("cudaFuncSetCacheConfig")
public func cudaFuncSetCacheConfig(
  _ function: UnsafeRawPointer?, _ configuration: Int32
) -> Status {
  entry { _ in .success }
}

@_cdecl("cudaFuncSetSharedMemConfig")
public func cudaFuncSetSharedMemConfig(
  _ function: UnsafeRawPointer?, _ configuration: Int32
) -> Status {
  entry { _ in .success }
}

@_cdecl("cudaFuncGetName")
public func cudaFuncGetName(
  _ result: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ function: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let name = runtime.modules.functions[UInt(bitPattern: function)]?.name else {
      return .invalidDeviceFunction
    }
    // Kept for ever: the caller holds on to it.
    result?.pointee = UnsafePointer(strdup(name))
    return .success
  }
}

@_cdecl("cudaFuncGetParamInfo")
public func cudaFuncGetParamInfo(
  _ function: UnsafeRawPointer?, _ index: Int, _ offset: UnsafeMutablePointer<Int>?,
  _ size: UnsafeMutablePointer<Int>?
) -> Status {
  entry { runtime in
    guard let parameters = runtime.kernel(function)?.image.parameters else {
      return .invalidDeviceFunction
    }
    guard parameters.indices.contains(index) else { return .invalidValue }
    offset?.pointee = parameters[index].offset
    size?.pointee = parameters[index].size
    return .success
  }
}

@_cdecl("cudaFuncGetParamCount")
public func cudaFuncGetParamCount(
  _ function: UnsafeRawPointer?, _ count: UnsafeMutablePointer<Int>?
) -> Status {
  entry { runtime in
    guard let parameters = runtime.kernel(function)?.image.parameters else {
      return .invalidDeviceFunction
    }
    count?.pointee = parameters.count
    return .success
  }
}

// MARK: Occupancy

@_cdecl("cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags")
public func cudaOccupancyWithFlags(
  _ result: UnsafeMutablePointer<Int32>?, _ function: UnsafeRawPointer?, _ threads: Int32,
  _ shared: Int, _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let result, threads > 0, shared >= 0 else { return .invalidValue }
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    let fits = shared <= runtime.device.sharedPerSM
    result.pointee =
      fits
      ? Int32(
        runtime.device.residentCTAs(
          threads: Int(threads), registers: image.registers, shared: image.ownShared + shared))
      : 0
    return .success
  }
}

@_cdecl("cudaOccupancyMaxActiveBlocksPerMultiprocessor")
public func cudaOccupancy(
  _ result: UnsafeMutablePointer<Int32>?, _ function: UnsafeRawPointer?, _ threads: Int32,
  _ shared: Int
) -> Status {
  cudaOccupancyWithFlags(result, function, threads, shared, 0)
}

@_cdecl("cudaOccupancyAvailableDynamicSMemPerBlock")
public func cudaOccupancyShared(
  _ result: UnsafeMutablePointer<Int>?, _ function: UnsafeRawPointer?, _ ctas: Int32,
  _ threads: Int32
) -> Status {
  entry { runtime in
    guard let result, ctas > 0 else { return .invalidValue }
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    let reserved = runtime.device.reservedShared
    result.pointee = max(
      0, runtime.device.sharedPerSM / Int(ctas) - reserved - image.ownShared)
    return .success
  }
}

/// Clusters need all their CTAs on the SMs of one GPC: assumed to be 16.
@_cdecl("cudaOccupancyMaxActiveClusters")
public func cudaOccupancyMaxActiveClusters(
  _ result: UnsafeMutablePointer<Int32>?, _ function: UnsafeRawPointer?,
  _ configuration: UnsafePointer<CUDALaunchConfiguration>?
) -> Status {
  entry { runtime in
    guard let result, let configuration else { return .invalidValue }
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    let request = LaunchRequest(configuration.pointee, function, nil)
    let cluster = request.cluster ?? CUDADim3(x: 1, y: 1, z: 1)
    let size = UInt64(cluster.x & 31) * UInt64(cluster.y & 31) * UInt64(cluster.z & 31)
    let (block, shared) = (request.block, request.shared)
    let threads = UInt64(block.x & 0xfff) * UInt64(block.y & 0xfff) * UInt64(block.z & 0xfff)
    guard (1...16).contains(size), (1...1024).contains(threads),
      (0...runtime.device.sharedPerSM).contains(shared)
    else { return .invalidValue }
    let perSM = runtime.device.residentCTAs(
      threads: Int(threads), registers: image.registers, shared: image.ownShared + shared)
    let groups = max(1, runtime.device.smCount / 16)
    result.pointee = Int32(groups * (min(16, runtime.device.smCount) * perSM / Int(size)))
    return .success
  }
}

@_cdecl("cudaOccupancyMaxPotentialClusterSize")
public func cudaOccupancyMaxPotentialClusterSize(
  _ result: UnsafeMutablePointer<Int32>?, _ function: UnsafeRawPointer?,
  _ configuration: UnsafePointer<CUDALaunchConfiguration>?
) -> Status {
  entry { runtime in
    guard let result else { return .invalidValue }
    guard runtime.kernel(function) != nil else { return .invalidDeviceFunction }
    let entry = runtime.modules.functions[UInt(bitPattern: function)]
    let hasClusters = runtime.device.architecture.number >= 90
    result.pointee = hasClusters ? (entry?.allowsLargeClusters == true ? 16 : 8) : 1
    return .success
  }
}
