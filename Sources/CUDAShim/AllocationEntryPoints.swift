import CCUDARuntime
import Emulator
import Foundation

// Memory of the device, of the host, and of both.

@_cdecl("cudaMalloc")
public func cudaMalloc(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int
) -> Status {
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocManaged")
public func cudaMallocManaged(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int, _ flags: UInt32
) -> Status {
  entry {
    bytes == 0 || !(1...2).contains(flags)
      ? .invalidValue : $0.allocate(result, bytes, kind: .managed)
  }
}

@_cdecl("cudaHostAlloc")
public func cudaHostAlloc(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int, _ flags: UInt32
) -> Status {
  entry { $0.allocate(result, bytes, kind: .host(flags: flags)) }
}

@_cdecl("cudaMallocHost")
public func cudaMallocHost(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int
) -> Status {
  cudaHostAlloc(result, bytes, 0)
}

@_cdecl("cudaMallocAsync")
public func cudaMallocAsync(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMalloc(result, bytes)
}

@_cdecl("cudaMallocFromPoolAsync")
public func cudaMallocFromPoolAsync(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int,
  _ pool: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMalloc(result, bytes)
}

@_cdecl("cudaMallocPitch")
public func cudaMallocPitch(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ pitch: UnsafeMutablePointer<Int>?,
  _ width: Int, _ height: Int
) -> Status {
  entry { runtime in
    guard let pitch, (0...1 << 40).contains(width), height >= 0 else { return .invalidValue }
    let row = (width + 511) & ~511
    guard let bytes = product(row, height) else { return .memoryAllocation }
    let status = runtime.allocate(result, bytes)
    if status == .success { pitch.pointee = row }
    return status
  }
}

@_cdecl("cudaMalloc3D")
public func cudaMalloc3D(
  _ result: UnsafeMutablePointer<CUDAPitchedPointer>?, _ extent: CUDAExtent
) -> Status {
  entry { runtime in
    guard let result, (0...1 << 40).contains(extent.width), extent.height >= 0, extent.depth >= 0
    else { return .invalidValue }
    let pitch = (extent.width + 511) & ~511
    guard let plane = product(pitch, extent.height), let bytes = product(plane, extent.depth)
    else { return .memoryAllocation }
    var address: UnsafeMutableRawPointer?
    let status = runtime.allocate(&address, bytes)
    if status == .success {
      result.pointee = CUDAPitchedPointer(
        pointer: address, pitch: pitch, xSize: extent.width, ySize: extent.height)
    }
    return status
  }
}

@_cdecl("cudaFree")
public func cudaFree(_ pointer: UnsafeMutableRawPointer?) -> Status { entry { $0.free(pointer) } }

@_cdecl("cudaFreeHost")
public func cudaFreeHost(_ pointer: UnsafeMutableRawPointer?) -> Status {
  entry { $0.free(pointer, isHost: true) }
}

@_cdecl("cudaFreeAsync")
public func cudaFreeAsync(
  _ pointer: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaFree(pointer)
}

// MARK: Host memory that the program allocated itself

@_cdecl("cudaHostRegister")
public func cudaHostRegister(
  _ pointer: UnsafeMutableRawPointer?, _ bytes: Int, _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let pointer, bytes > 0 else { return .invalidValue }
    let address = UInt64(UInt(bitPattern: pointer))
    guard !runtime.isDevice(address), address < 1 << 47, bytes < 1 << 46 else {
      return .invalidValue
    }
    guard runtime.memory.allocation(containing: address) == nil,
      runtime.memory.allocation(containing: address + UInt64(bytes) - 1) == nil
    else { return .hostMemoryAlreadyRegistered }
    runtime.memory.register(host: address, bytes: bytes)
    runtime.kinds[address] = .host(flags: flags)
    return .success
  }
}

@_cdecl("cudaHostUnregister")
public func cudaHostUnregister(_ pointer: UnsafeMutableRawPointer?) -> Status {
  entry { runtime in
    let address = UInt64(UInt(bitPattern: pointer))
    do {
      try runtime.memory.unregister(host: address)
      runtime.kinds[address] = nil
      return .success
    } catch {
      return .hostMemoryNotRegistered
    }
  }
}

@_cdecl("cudaHostGetDevicePointer")
public func cudaHostGetDevicePointer(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ host: UnsafeMutableRawPointer?,
  _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let result, let host,
      runtime.memory.contains(UInt64(UInt(bitPattern: host)), bytes: 1)
    else { return .invalidValue }
    result.pointee = host
    return .success
  }
}

@_cdecl("cudaHostGetFlags")
public func cudaHostGetFlags(
  _ flags: UnsafeMutablePointer<UInt32>?, _ host: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard case .host(let value) = runtime.kinds[UInt64(UInt(bitPattern: host))] else {
      return .invalidValue
    }
    // All pinned memory is mapped: cudaHostAllocMapped.
    flags?.pointee = value | 2
    return .success
  }
}

// MARK: Questions and hints

@_cdecl("cudaMemGetInfo")
public func cudaMemGetInfo(
  _ free: UnsafeMutablePointer<Int>?, _ total: UnsafeMutablePointer<Int>?
) -> Status {
  entry { runtime in
    free?.pointee = max(0, runtime.device.memory - runtime.memory.used)
    total?.pointee = runtime.device.memory
    return .success
  }
}

/// Numbers of `cudaMemoryType`: 0 unregistered, 1 host, 2 device, 3 managed.
@_cdecl("cudaPointerGetAttributes")
public func cudaPointerGetAttributes(
  _ result: UnsafeMutablePointer<CUDAPointerAttributes>?, _ pointer: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let result else { return .invalidValue }
    var attributes = CUDAPointerAttributes()
    let own = UnsafeMutableRawPointer(mutating: pointer)
    let address = UInt64(UInt(bitPattern: pointer))
    if let allocation = runtime.memory.allocation(containing: address) {
      attributes.devicePointer = own
      switch runtime.kinds[allocation.address] {
      case .host: attributes.type = 1
      case .managed: attributes.type = 3
      case nil: attributes.type = allocation.isHost ? 1 : 2
      }
      if attributes.type != 2 { attributes.hostPointer = own }
    } else {
      attributes.device = -2
      attributes.hostPointer = own
    }
    result.pointee = attributes
    return .success
  }
}

/// All memory is where both sides reach it: placement has nothing to do.
private func place(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status {
  entry { runtime in
    let address = UInt64(UInt(bitPattern: pointer))
    guard bytes >= 0, runtime.memory.contains(address, bytes: bytes) else { return .invalidValue }
    return .success
  }
}

@_cdecl("cudaMemPrefetchAsync")
public func cudaMemPrefetchAsync(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status {
  place(pointer, bytes)
}

@_cdecl("cudaMemPrefetchAsync_v2")
public func cudaMemPrefetchAsync2(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status {
  place(pointer, bytes)
}

@_cdecl("cudaMemAdvise")
public func cudaMemAdvise(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status {
  place(pointer, bytes)
}

@_cdecl("cudaMemAdvise_v2")
public func cudaMemAdvise2(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status {
  place(pointer, bytes)
}

@_cdecl("cudaStreamAttachMemAsync")
public func cudaStreamAttachMemAsync(_ stream: UnsafeRawPointer?) -> Status {
  entry { _ in .success }
}

/// Numbers of `cudaMemRangeAttribute`: 1 read mostly, the others are places: none.
@_cdecl("cudaMemRangeGetAttribute")
public func cudaMemRangeGetAttribute(
  _ result: UnsafeMutableRawPointer?, _ size: Int, _ attribute: Int32,
  _ pointer: UnsafeRawPointer?, _ bytes: Int
) -> Status {
  entry { _ in
    guard let result, size >= 4, size < 1 << 20 else { return .invalidValue }
    for offset in stride(from: 0, to: size - size % 4, by: 4) {
      result.storeBytes(of: attribute == 1 ? 0 : -2, toByteOffset: offset, as: Int32.self)
    }
    return .success
  }
}

// MARK: Pools: one pool in truth, under as many handles as are asked for

@_cdecl("cudaMemPoolCreate")
public func cudaMemPoolCreate(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ properties: UnsafeRawPointer?
) -> Status {
  entry {
    pool?.pointee = UnsafeMutableRawPointer(bitPattern: $0.handle())
    return .success
  }
}

@_cdecl("cudaMemPoolDestroy")
public func cudaMemPoolDestroy(_ pool: UnsafeRawPointer?) -> Status { entry { _ in .success } }

@_cdecl("cudaMemPoolTrimTo")
public func cudaMemPoolTrimTo(_ pool: UnsafeRawPointer?, _ bytes: Int) -> Status {
  entry { _ in .success }
}

@_cdecl("cudaMemPoolSetAttribute")
public func cudaMemPoolSetAttribute(_ pool: UnsafeRawPointer?) -> Status { entry { _ in .success } }

/// The first three attributes (what may be reused) are 32-bit flags, the others bytes.
@_cdecl("cudaMemPoolGetAttribute")
public func cudaMemPoolGetAttribute(
  _ pool: UnsafeRawPointer?, _ attribute: Int32, _ value: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let value, attribute >= 1 else { return .invalidValue }
    switch attribute {
    case 1...3: value.storeBytes(of: 1, as: Int32.self)
    case 4: value.storeBytes(of: 0, as: UInt64.self)
    default: value.storeBytes(of: UInt64(runtime.memory.used), as: UInt64.self)
    }
    return .success
  }
}

@_cdecl("cudaMemPoolSetAccess")
public func cudaMemPoolSetAccess(_ pool: UnsafeRawPointer?) -> Status { entry { _ in .success } }

@_cdecl("cudaDeviceGetDefaultMemPool")
public func cudaDeviceGetDefaultMemPool(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ device: Int32
) -> Status {
  entry { _ in
    guard device == 0 else { return .invalidDevice }
    pool?.pointee = UnsafeMutableRawPointer(bitPattern: 0x10)
    return .success
  }
}

@_cdecl("cudaDeviceGetMemPool")
public func cudaDeviceGetMemPool(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ device: Int32
) -> Status {
  cudaDeviceGetDefaultMemPool(pool, device)
}

@_cdecl("cudaDeviceSetMemPool")
public func cudaDeviceSetMemPool(_ device: Int32, _ pool: UnsafeRawPointer?) -> Status {
  entry { _ in device == 0 ? .success : .invalidDevice }
}
