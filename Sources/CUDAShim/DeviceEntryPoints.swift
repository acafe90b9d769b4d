import CCUDARuntime
import Emulator
import Foundation

// Questions about the device, functions and occupancy.

@_cdecl("cudaGetDeviceCount")
public func cudaGetDeviceCount(_ count: UnsafeMutablePointer<Int32>) -> Status {
  count.pointee = 1
  return .success
}

@_cdecl("cudaGetDevice")
public func cudaGetDevice(_ device: UnsafeMutablePointer<Int32>) -> Status {
  device.pointee = 0
  return .success
}

@_cdecl("cudaSetDevice")
public func cudaSetDevice(_ device: Int32) -> Status {
  entry { _ in device == 0 ? .success : .invalidDevice }
}

@_cdecl("cudaInitDevice")
public func cudaInitDevice(_ device: Int32, _ flags: UInt32, _ more: UInt32) -> Status {
  cudaSetDevice(device)
}

@_cdecl("cudaChooseDevice")
public func cudaChooseDevice(
  _ device: UnsafeMutablePointer<Int32>, _ properties: UnsafeRawPointer?
) -> Status {
  cudaGetDevice(device)
}

@_cdecl("cudaSetDeviceFlags")
public func cudaSetDeviceFlags(_ flags: UInt32) -> Status { .success }

@_cdecl("cudaGetDeviceFlags")
public func cudaGetDeviceFlags(_ flags: UnsafeMutablePointer<UInt32>) -> Status {
  flags.pointee = 0
  return .success
}

@_cdecl("cudaDeviceSynchronize")
public func cudaDeviceSynchronize() -> Status { .success }

@_cdecl("cudaThreadSynchronize")
public func cudaThreadSynchronize() -> Status { .success }

@_cdecl("cudaDeviceReset")
public func cudaDeviceReset() -> Status { .success }

@_cdecl("cudaThreadExit")
public func cudaThreadExit() -> Status { .success }

@_cdecl("cudaProfilerStart")
public func cudaProfilerStart() -> Status { .success }

@_cdecl("cudaProfilerStop")
public func cudaProfilerStop() -> Status { .success }

@_cdecl("cudaDeviceSetCacheConfig")
public func cudaDeviceSetCacheConfig(_ configuration: Int32) -> Status { .success }

@_cdecl("cudaDeviceSetSharedMemConfig")
public func cudaDeviceSetSharedMemConfig(_ configuration: Int32) -> Status { .success }

@_cdecl("cudaDeviceCanAccessPeer")
public func cudaDeviceCanAccessPeer(
  _ result: UnsafeMutablePointer<Int32>, _ device: Int32, _ peer: Int32
) -> Status {
  result.pointee = 0
  return .success
}

@_cdecl("cudaRuntimeGetVersion")
public func cudaRuntimeGetVersion(_ version: UnsafeMutablePointer<Int32>) -> Status {
  version.pointee = 13000
  return .success
}

@_cdecl("cudaDriverGetVersion")
public func cudaDriverGetVersion(_ version: UnsafeMutablePointer<Int32>) -> Status {
  version.pointee = 13000
  return .success
}

@_cdecl("cudaDeviceGetPCIBusId")
public func cudaDeviceGetPCIBusId(
  _ text: UnsafeMutablePointer<CChar>, _ length: Int32, _ device: Int32
) -> Status {
  let name = Array("0000:01:00.0".utf8CString)
  guard Int(length) >= name.count else { return .invalidValue }
  for (index, byte) in name.enumerated() { text[index] = byte }
  return .success
}

/// Numbers as the CUDA Runtime API reference gives them (`cudaLimit`): 0 stack, 1 printf buffer,
/// 2 device heap.
@_cdecl("cudaDeviceSetLimit")
public func cudaDeviceSetLimit(_ limit: Int32, _ value: Int) -> Status {
  entry { runtime in
    guard runtime.limits[limit] != nil || limit <= 6 else { return .invalidValue }
    runtime.limits[limit] = value
    if limit == 0 { runtime.modules.stackBytes = min(max(value, 0), 512 << 10) }
    return .success
  }
}

@_cdecl("cudaDeviceGetLimit")
public func cudaDeviceGetLimit(_ value: UnsafeMutablePointer<Int>, _ limit: Int32) -> Status {
  entry { runtime in
    value.pointee = runtime.limits[limit] ?? 0
    return .success
  }
}

/// Lays values out as a C structure does: each aligned to its size.
private struct StructureWriter {
  let base: UnsafeMutableRawPointer
  var offset = 0

  mutating func int(_ values: Int...) {
    for value in values {
      base.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: offset, as: Int32.self)
      offset += 4
    }
  }

  mutating func size(_ value: Int) {
    offset = (offset + 7) & ~7
    base.storeBytes(of: value, toByteOffset: offset, as: Int.self)
    offset += 8
  }
}

/// `cudaDeviceProp`; version 13 dropped some members of version 12.
private func write(_ device: DeviceDescription, to base: UnsafeMutableRawPointer, version: Int) {
  let bytes = version >= 13 ? 1008 : 1032
  memset(base, 0, min(bytes, 1000))
  let name = Array(device.name.utf8.prefix(255))
  for (index, byte) in name.enumerated() {
    base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
  }
  let old = version < 13
  var w = StructureWriter(base: base, offset: 256 + 16 + 8)
  w.int(1)
  w.size(device.memory)
  w.size(device.sharedPerBlock)
  w.int(device.registersPerSM, 32)
  w.size(1 << 31 - 1)
  w.int(1024, 1024, 1024, 64, 0x7fff_ffff, 65535, 65535)
  if old { w.int(device.clock) }
  w.size(64 << 10)
  w.int(device.architecture.number / 10, device.architecture.number % 10)
  w.size(512)
  w.size(32)
  if old { w.int(1) }
  w.int(device.smCount)
  if old { w.int(0) }
  w.int(0, 1)
  if old { w.int(0) }
  w.int(131072, 32768)
  if old { w.int(268_435_456) }
  w.int(131072, 65536, 32768, 32768, 131072, 65000, 2_097_120, 32768, 32768)
  w.int(16384, 16384, 16384, 8192, 8192, 32768, 32768)
  w.int(32768, 2048, 32768, 32768, 2048, 32768, 2046)
  w.int(32768, 131072, 65536, 16384, 16384, 16384, 32768, 2048, 32768, 32768, 2048)
  w.int(32768, 32768, 2046)
  w.size(512)
  w.int(1, 0, 1, 0, 0, 0, 2, 1)
  if old { w.int(device.memoryClock) }
  w.int(device.memoryBus, device.l2Bytes, 0, device.threadsPerSM, 1, 1, 1)
  w.size(device.sharedPerSM)
  w.int(device.registersPerSM, 1, 0, 0, 0)
  if old { w.int(32) }
  w.int(0, 1, 1, 1, 1)
  if old { w.int(0) }
  w.size(device.sharedPerBlockOptIn)
  w.int(0, 0, device.ctasPerSM, 0)
  w.size(device.architecture.number >= 80 ? 1024 : 0)
  w.int(1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, device.architecture.number >= 90 ? 1 : 0, 1)
}

@_cdecl("cudaGetDeviceProperties")
public func cudaGetDeviceProperties(_ properties: UnsafeMutableRawPointer, _ device: Int32)
  -> Status
{
  entry { runtime in
    guard device == 0 else { return .invalidDevice }
    write(runtime.device, to: properties, version: 13)
    return .success
  }
}

@_cdecl("cudaGetDeviceProperties_v2")
public func cudaGetDeviceProperties2(_ properties: UnsafeMutableRawPointer, _ device: Int32)
  -> Status
{
  entry { runtime in
    guard device == 0 else { return .invalidDevice }
    write(runtime.device, to: properties, version: 12)
    return .success
  }
}

@_cdecl("cudaDeviceGetAttribute")
public func cudaDeviceGetAttribute(
  _ value: UnsafeMutablePointer<Int32>, _ attribute: Int32, _ device: Int32
) -> Status {
  entry { runtime in
    guard device == 0 else { return .invalidDevice }
    let d = runtime.device
    let number: Int
    switch attribute {
    case 1: number = 1024
    case 2, 3: number = 1024
    case 4: number = 64
    case 5: number = 0x7fff_ffff
    case 6, 7: number = 65535
    case 8: number = d.sharedPerBlock
    case 9: number = 64 << 10
    case 10: number = 32
    case 11: number = 0x7fff_ffff
    case 12, 82: number = d.registersPerSM
    case 13: number = d.clock
    case 14, 30: number = 512
    case 16: number = d.smCount
    case 36: number = d.memoryClock
    case 37: number = d.memoryBus
    case 38: number = d.l2Bytes
    case 39: number = d.threadsPerSM
    case 40: number = 2
    case 51: number = 32
    case 75: number = d.architecture.number / 10
    case 76: number = d.architecture.number % 10
    case 81: number = d.sharedPerSM
    case 87: number = 32
    case 97: number = d.sharedPerBlockOptIn
    case 106: number = d.ctasPerSM
    case 111: number = d.architecture.number >= 80 ? 1024 : 0
    case 120: number = d.architecture.number >= 90 ? 1 : 0
    // Present: overlap, mapped memory, concurrent kernels, unified addressing, priorities, cached
    // loads, managed memory and its concurrency, preemption, cooperative launches, pools.
    case 15, 19, 31, 41, 78, 79, 80, 83, 89, 90, 91, 95, 99, 113, 115: number = 1
    default: number = 0
    }
    value.pointee = Int32(truncatingIfNeeded: number)
    return .success
  }
}

// MARK: Functions

extension ShimRuntime {
  func kernel(_ function: UnsafeRawPointer?) -> ExecutableKernel? {
    do {
      return try modules.kernel(UInt(bitPattern: function))
    } catch {
      fail(65, "\(error)")
    }
  }
}

@_cdecl("cudaFuncGetAttributes")
public func cudaFuncGetAttributes(
  _ result: UnsafeMutablePointer<CUDAFunctionAttributes>, _ function: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    // The trailing reserved words are left alone: older programs pass a smaller structure.
    let a = UnsafeMutableRawPointer(result)
    var w = StructureWriter(base: a)
    w.size(image.staticShared)
    w.size(image.constantBanks.values.reduce(0) { $0 + $1.count })
    w.size(image.localBytes)
    w.int(image.maximumThreads > 0 ? min(1024, image.maximumThreads) : 1024)
    w.int(image.registers, image.architecture.number, image.architecture.number, 0)
    w.int(runtime.modules.functions[UInt(bitPattern: function)]?.maxDynamicShared ?? 48 << 10, -1)
    return .success
  }
}

@_cdecl("cudaFuncSetAttribute")
public func cudaFuncSetAttribute(
  _ function: UnsafeRawPointer?, _ attribute: Int32, _ value: Int32
) -> Status {
  entry { runtime in
    let key = UInt(bitPattern: function)
    guard runtime.modules.functions[key] != nil else { return .invalidDeviceFunction }
    // cudaFuncAttributeMaxDynamicSharedMemorySize
    if attribute == 8 {
      guard value >= 0, Int(value) <= runtime.device.sharedPerBlockOptIn else {
        return .invalidValue
      }
      runtime.modules.functions[key]?.maxDynamicShared = Int(value)
    }
    return .success
  }
}

@_cdecl("cudaFuncSetCacheConfig")
public func cudaFuncSetCacheConfig(_ function: UnsafeRawPointer?, _ configuration: Int32) -> Status
{
  .success
}

@_cdecl("cudaFuncSetSharedMemConfig")
public func cudaFuncSetSharedMemConfig(_ function: UnsafeRawPointer?, _ configuration: Int32)
  -> Status
{
  .success
}

@_cdecl("cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags")
public func cudaOccupancyWithFlags(
  _ result: UnsafeMutablePointer<Int32>, _ function: UnsafeRawPointer?, _ threads: Int32,
  _ shared: Int, _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    guard threads > 0, shared >= 0 else { return .invalidValue }
    result.pointee = Int32(
      runtime.device.residentCTAs(
        threads: Int(threads), registers: image.registers, shared: image.staticShared + shared))
    return .success
  }
}

@_cdecl("cudaOccupancyMaxActiveBlocksPerMultiprocessor")
public func cudaOccupancy(
  _ result: UnsafeMutablePointer<Int32>, _ function: UnsafeRawPointer?, _ threads: Int32,
  _ shared: Int
) -> Status {
  cudaOccupancyWithFlags(result, function, threads, shared, 0)
}

@_cdecl("cudaOccupancyAvailableDynamicSMemPerBlock")
public func cudaOccupancyShared(
  _ result: UnsafeMutablePointer<Int>, _ function: UnsafeRawPointer?, _ ctas: Int32,
  _ threads: Int32
) -> Status {
  entry { runtime in
    guard let image = runtime.kernel(function)?.image else { return .invalidDeviceFunction }
    guard ctas > 0 else { return .invalidValue }
    result.pointee = max(
      0, runtime.device.sharedPerSM / Int(ctas) - 1024 - image.staticShared)
    return .success
  }
}
