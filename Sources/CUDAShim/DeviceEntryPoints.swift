import CCUDARuntime
import Emulator
import Foundation

// Questions about the device, functions and occupancy.

/// Answers a question with a number.
private func answer<T>(_ result: UnsafeMutablePointer<T>?, _ value: T) -> Status {
  entry { _ in
    guard let result else { return .invalidValue }
    result.pointee = value
    return .success
  }
}

/// Accepts a wish that changes nothing here.
private func accept() -> Status { entry { _ in .success } }

@_cdecl("cudaGetDeviceCount")
public func cudaGetDeviceCount(_ count: UnsafeMutablePointer<Int32>?) -> Status {
  answer(count, 1)
}

@_cdecl("cudaGetDevice")
public func cudaGetDevice(_ device: UnsafeMutablePointer<Int32>?) -> Status { answer(device, 0) }

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
  _ device: UnsafeMutablePointer<Int32>?, _ properties: UnsafeRawPointer?
) -> Status {
  cudaGetDevice(device)
}

@_cdecl("cudaSetDeviceFlags")
public func cudaSetDeviceFlags(_ flags: UInt32) -> Status { accept() }

@_cdecl("cudaGetDeviceFlags")
public func cudaGetDeviceFlags(_ flags: UnsafeMutablePointer<UInt32>?) -> Status {
  answer(flags, 0)
}

@_cdecl("cudaDeviceSynchronize")
public func cudaDeviceSynchronize() -> Status { accept() }

@_cdecl("cudaThreadSynchronize")
public func cudaThreadSynchronize() -> Status { accept() }

@_cdecl("cudaDeviceReset")
public func cudaDeviceReset() -> Status {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  runtime.resetDevice()
  return .success
}

@_cdecl("cudaThreadExit")
public func cudaThreadExit() -> Status { accept() }

@_cdecl("cudaProfilerStart")
public func cudaProfilerStart() -> Status { accept() }

@_cdecl("cudaProfilerStop")
public func cudaProfilerStop() -> Status { accept() }

@_cdecl("cudaDeviceSetCacheConfig")
public func cudaDeviceSetCacheConfig(_ configuration: Int32) -> Status { accept() }

@_cdecl("cudaDeviceSetSharedMemConfig")
public func cudaDeviceSetSharedMemConfig(_ configuration: Int32) -> Status { accept() }

@_cdecl("cudaDeviceCanAccessPeer")
public func cudaDeviceCanAccessPeer(
  _ result: UnsafeMutablePointer<Int32>?, _ device: Int32, _ peer: Int32
) -> Status {
  entry { _ in
    guard let result else { return .invalidValue }
    guard device == 0, peer == 0 else { return .invalidDevice }
    result.pointee = 0
    return .success
  }
}

/// There is no other device.
@_cdecl("cudaDeviceEnablePeerAccess")
public func cudaDeviceEnablePeerAccess(_ peer: Int32, _ flags: UInt32) -> Status {
  entry { _ in .invalidDevice }
}

@_cdecl("cudaDeviceDisablePeerAccess")
public func cudaDeviceDisablePeerAccess(_ peer: Int32) -> Status { entry { _ in .invalidDevice } }

@_cdecl("cudaDeviceGetP2PAttribute")
public func cudaDeviceGetP2PAttribute(
  _ result: UnsafeMutablePointer<Int32>?, _ attribute: Int32, _ first: Int32, _ second: Int32
) -> Status {
  entry { _ in .invalidDevice }
}

@_cdecl("cudaDeviceGetCacheConfig")
public func cudaDeviceGetCacheConfig(_ configuration: UnsafeMutablePointer<Int32>?) -> Status {
  answer(configuration, 0)
}

/// cudaSharedMemBankSizeFourByte
@_cdecl("cudaDeviceGetSharedMemConfig")
public func cudaDeviceGetSharedMemConfig(_ configuration: UnsafeMutablePointer<Int32>?) -> Status {
  answer(configuration, 1)
}

@_cdecl("cudaSetValidDevices")
public func cudaSetValidDevices(_ devices: UnsafePointer<Int32>?, _ count: Int32) -> Status {
  accept()
}

@_cdecl("cudaDeviceFlushGPUDirectRDMAWrites")
public func cudaDeviceFlushGPUDirectRDMAWrites(_ target: Int32, _ scope: Int32) -> Status {
  accept()
}

@_cdecl("cudaRuntimeGetVersion")
public func cudaRuntimeGetVersion(_ version: UnsafeMutablePointer<Int32>?) -> Status {
  // 12.8 or 13.0, as the library's name promises.
  answer(version, ShimRuntime.shared.version >= 13 ? 13000 : 12080)
}

@_cdecl("cudaDriverGetVersion")
public func cudaDriverGetVersion(_ version: UnsafeMutablePointer<Int32>?) -> Status {
  // 12.8 or 13.0, as the library's name promises.
  answer(version, ShimRuntime.shared.version >= 13 ? 13000 : 12080)
}

private let busName = "0000:01:00.0"

@_cdecl("cudaDeviceGetPCIBusId")
public func cudaDeviceGetPCIBusId(
  _ text: UnsafeMutablePointer<CChar>?, _ length: Int32, _ device: Int32
) -> Status {
  entry { _ in
    guard device == 0 else { return .invalidDevice }
    let name = Array(busName.utf8CString)
    guard let text, Int(length) >= name.count else { return .invalidValue }
    for (index, byte) in name.enumerated() { text[index] = byte }
    return .success
  }
}

@_cdecl("cudaDeviceGetByPCIBusId")
public func cudaDeviceGetByPCIBusId(
  _ device: UnsafeMutablePointer<Int32>?, _ text: UnsafePointer<CChar>?
) -> Status {
  entry { _ in
    guard let device, let text, busName.hasSuffix(String(cString: text)) else {
      return .invalidValue
    }
    device.pointee = 0
    return .success
  }
}

/// Numbers as the CUDA Runtime API reference gives them (`cudaLimit`): 0 stack, 1 printf buffer,
/// 2 device heap.
@_cdecl("cudaDeviceSetLimit")
public func cudaDeviceSetLimit(_ limit: Int32, _ value: Int) -> Status {
  entry { runtime in
    guard (0...6).contains(limit) else { return 215 }
    guard value >= 0 else { return .invalidValue }
    runtime.limits[limit] = value
    if limit == 0 { runtime.modules.stackBytes = min(value, 512 << 10) }
    return .success
  }
}

@_cdecl("cudaDeviceGetLimit")
public func cudaDeviceGetLimit(_ value: UnsafeMutablePointer<Int>?, _ limit: Int32) -> Status {
  entry { runtime in
    guard let value else { return .invalidValue }
    guard (0...6).contains(limit) else { return 215 }
    value.pointee = runtime.limits[limit] ?? 0
    return .success
  }
}

/// The properties as a program of one of the runtime's versions lays them out.
private func write(
  _ properties: UnsafeMutableRawPointer?, _ device: Int32, version: Int
) -> Status {
  entry { runtime in
    guard device == 0 else { return .invalidDevice }
    guard let properties else { return .invalidValue }
    runtime.device.write(to: properties, version: version)
    return .success
  }
}

@_cdecl("cudaGetDeviceProperties")
public func cudaGetDeviceProperties(
  _ properties: UnsafeMutableRawPointer?, _ device: Int32
) -> Status {
  write(properties, device, version: 13)
}

/// What programs of version 12 call.
@_cdecl("cudaGetDeviceProperties_v2")
public func cudaGetDeviceProperties2(
  _ properties: UnsafeMutableRawPointer?, _ device: Int32
) -> Status {
  write(properties, device, version: 12)
}

@_cdecl("cudaDeviceGetAttribute")
public func cudaDeviceGetAttribute(
  _ value: UnsafeMutablePointer<Int32>?, _ attribute: Int32, _ device: Int32
) -> Status {
  entry { runtime in
    guard device == 0 else { return .invalidDevice }
    guard let value, let number = runtime.device.attribute(attribute) else {
      return .invalidValue
    }
    value.pointee = Int32(truncatingIfNeeded: number)
    return .success
  }
}

@_cdecl("cudaDeviceGetTexture1DLinearMaxWidth")
public func cudaDeviceGetTexture1DLinearMaxWidth(
  _ width: UnsafeMutablePointer<Int>?, _ format: UnsafeRawPointer?, _ device: Int32
) -> Status {
  answer(width, TextureLimits.lineLinear)
}

// MARK: The driver's interface, which is not there

/// Says which driver function a program wanted.
private func refuseDriver(
  _ symbol: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ status: UnsafeMutablePointer<Int32>?
) -> Status {
  result?.pointee = nil
  // cudaDriverEntryPointSymbolNotFound
  status?.pointee = 1
  let name = symbol.map { String(cString: $0) } ?? "?"
  return unsupported("the driver's \(name)") == .notSupported ? .symbolNotFound : .notSupported
}

@_cdecl("cudaGetDriverEntryPoint")
public func cudaGetDriverEntryPoint(
  _ symbol: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ flags: UInt64, _ status: UnsafeMutablePointer<Int32>?
) -> Status {
  refuseDriver(symbol, result, status)
}

@_cdecl("cudaGetDriverEntryPointByVersion")
public func cudaGetDriverEntryPointByVersion(
  _ symbol: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ version: UInt32, _ flags: UInt64, _ status: UnsafeMutablePointer<Int32>?
) -> Status {
  refuseDriver(symbol, result, status)
}
