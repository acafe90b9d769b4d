import CCUDARuntime
import Emulator
import Foundation
import Traces

// Allocation and copies. Device addresses are addresses of this process: copies move bytes.

extension ShimRuntime {
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard bytes >= 0, memory.used + bytes <= device.memory else { return nil }
    guard let address = try? memory.allocate(bytes: bytes) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(address))
  }

  func allocate(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int
  ) -> Status {
    guard let result else { return .invalidValue }
    if bytes == 0 {
      result.pointee = nil
      return .success
    }
    guard let address = allocate(bytes) else { return .memoryAllocation }
    result.pointee = address
    return .success
  }

  func free(_ pointer: UnsafeMutableRawPointer?) -> Status {
    guard let pointer else { return .success }
    do {
      try memory.free(UInt64(UInt(bitPattern: pointer)))
      return .success
    } catch {
      return .invalidValue
    }
  }

  func isDevice(_ address: UInt64) -> Bool {
    address >= DeviceMemory.base && address < DeviceMemory.base + UInt64(memory.capacity)
  }

  /// A range of device memory lies in one allocation; other memory is the host's own affair.
  func isValid(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Bool {
    guard let pointer else { return bytes == 0 }
    let address = UInt64(UInt(bitPattern: pointer))
    return !isDevice(address) || memory.contains(address, bytes: bytes)
  }

  func copy(
    _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int
  ) -> Status {
    guard bytes >= 0 else { return .invalidValue }
    guard bytes > 0 else { return .success }
    guard let target, let source, isValid(target, bytes), isValid(source, bytes) else {
      return .invalidValue
    }
    memmove(target, source, bytes)
    record(target, source, bytes)
    return .success
  }

  /// Remembers a copy that touches device memory.
  func record(_ target: UnsafeRawPointer, _ source: UnsafeRawPointer, _ bytes: Int) {
    guard let recorder else { return }
    let to = UInt64(UInt(bitPattern: target))
    let from = UInt64(UInt(bitPattern: source))
    do {
      switch (isDevice(to), isDevice(from)) {
      case (true, false): try recorder.copy(.hostToDevice, address: to, bytes: bytes)
      case (false, true): try recorder.copy(.deviceToHost, address: from, bytes: bytes)
      case (true, true): try recorder.copy(.deviceToDevice, address: to, bytes: bytes)
      case (false, false): break
      }
    } catch {
      fail(1, "\(error)")
    }
  }

  func fill(_ target: UnsafeMutableRawPointer?, _ value: Int32, _ bytes: Int) -> Status {
    guard bytes >= 0, isValid(target, bytes) else { return .invalidValue }
    guard bytes > 0, let target else { return .success }
    memset(target, value, bytes)
    do {
      try recorder?.copy(
        .memset, address: UInt64(UInt(bitPattern: target)), bytes: bytes)
    } catch {
      fail(1, "\(error)")
    }
    return .success
  }

  func copyRows(
    _ target: UnsafeMutableRawPointer?, _ targetPitch: Int, _ source: UnsafeRawPointer?,
    _ sourcePitch: Int, width: Int, height: Int
  ) -> Status {
    guard width >= 0, height >= 0 else { return .invalidValue }
    guard width <= targetPitch, width <= sourcePitch else { return .invalidPitch }
    guard width > 0, height > 0 else { return .success }
    guard let target, let source else { return .invalidValue }
    guard isValid(target, targetPitch * (height - 1) + width),
      isValid(source, sourcePitch * (height - 1) + width)
    else { return .invalidValue }
    for row in 0..<height {
      memmove(target + row * targetPitch, source + row * sourcePitch, width)
    }
    record(target, source, width * height)
    return .success
  }
}

private typealias Pointer = UnsafeMutableRawPointer

@_cdecl("cudaMalloc")
public func cudaMalloc(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int)
  -> Status
{
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocManaged")
public func cudaMallocManaged(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int, _ flags: UInt32
) -> Status {
  entry { bytes == 0 ? .invalidValue : $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocHost")
public func cudaMallocHost(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int
) -> Status {
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaHostAlloc")
public func cudaHostAlloc(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int, _ flags: UInt32
) -> Status {
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocAsync")
public func cudaMallocAsync(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocFromPoolAsync")
public func cudaMallocFromPoolAsync(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int,
  _ pool: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { $0.allocate(result, bytes) }
}

@_cdecl("cudaMallocPitch")
public func cudaMallocPitch(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ pitch: UnsafeMutablePointer<Int>,
  _ width: Int, _ height: Int
) -> Status {
  entry { runtime in
    guard width >= 0, height >= 0, width < 1 << 40, height < 1 << 20 else { return .invalidValue }
    pitch.pointee = (width + 511) & ~511
    return runtime.allocate(result, pitch.pointee * height)
  }
}

@_cdecl("cudaMalloc3D")
public func cudaMalloc3D(
  _ result: UnsafeMutablePointer<CUDAPitchedPointer>, _ extent: CUDAExtent
) -> Status {
  entry { runtime in
    guard extent.width < 1 << 30, extent.height < 1 << 20, extent.depth < 1 << 20 else {
      return .invalidValue
    }
    let pitch = (extent.width + 511) & ~511
    let bytes = pitch * extent.height * extent.depth
    guard let address = runtime.allocate(Int(bytes)) else { return .memoryAllocation }
    result.pointee = CUDAPitchedPointer(
      pointer: address, pitch: pitch, xSize: extent.width, ySize: extent.height)
    return .success
  }
}

@_cdecl("cudaFree")
public func cudaFree(_ pointer: UnsafeMutableRawPointer?) -> Status { entry { $0.free(pointer) } }

@_cdecl("cudaFreeHost")
public func cudaFreeHost(_ pointer: UnsafeMutableRawPointer?) -> Status {
  entry { $0.free(pointer) }
}

@_cdecl("cudaFreeAsync")
public func cudaFreeAsync(
  _ pointer: UnsafeMutableRawPointer?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { $0.free(pointer) }
}

@_cdecl("cudaHostRegister")
public func cudaHostRegister(_ pointer: UnsafeMutableRawPointer?, _ bytes: Int, _ flags: UInt32)
  -> Status
{
  entry { runtime in
    guard let pointer, bytes > 0 else { return .invalidValue }
    runtime.memory.register(host: UInt64(UInt(bitPattern: pointer)), bytes: bytes)
    return .success
  }
}

@_cdecl("cudaHostUnregister")
public func cudaHostUnregister(_ pointer: UnsafeMutableRawPointer?) -> Status {
  entry { runtime in
    do {
      try runtime.memory.unregister(host: UInt64(UInt(bitPattern: pointer)))
      return .success
    } catch {
      return 713
    }
  }
}

@_cdecl("cudaHostGetDevicePointer")
public func cudaHostGetDevicePointer(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ host: UnsafeMutableRawPointer?,
  _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let host, runtime.memory.contains(UInt64(UInt(bitPattern: host)), bytes: 1) else {
      return .invalidValue
    }
    result.pointee = host
    return .success
  }
}

@_cdecl("cudaHostGetFlags")
public func cudaHostGetFlags(
  _ flags: UnsafeMutablePointer<UInt32>, _ host: UnsafeMutableRawPointer?
) -> Status {
  flags.pointee = 0
  return .success
}

@_cdecl("cudaMemcpy")
public func cudaMemcpy(
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32
) -> Status {
  entry { (0...4).contains(kind) ? $0.copy(target, source, bytes) : 21 }
}

@_cdecl("cudaMemcpyAsync")
public func cudaMemcpyAsync(
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpy(target, source, bytes, kind)
}

@_cdecl("cudaMemcpyPeer")
public func cudaMemcpyPeer(
  _ target: UnsafeMutableRawPointer?, _ targetDevice: Int32, _ source: UnsafeRawPointer?,
  _ sourceDevice: Int32, _ bytes: Int
) -> Status {
  cudaMemcpy(target, source, bytes, 3)
}

@_cdecl("cudaMemcpyPeerAsync")
public func cudaMemcpyPeerAsync(
  _ target: UnsafeMutableRawPointer?, _ targetDevice: Int32, _ source: UnsafeRawPointer?,
  _ sourceDevice: Int32, _ bytes: Int, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpy(target, source, bytes, 3)
}

@_cdecl("cudaMemcpy2D")
public func cudaMemcpy2D(
  _ target: UnsafeMutableRawPointer?, _ targetPitch: Int, _ source: UnsafeRawPointer?,
  _ sourcePitch: Int, _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  entry {
    $0.copyRows(target, targetPitch, source, sourcePitch, width: width, height: height)
  }
}

@_cdecl("cudaMemcpy2DAsync")
public func cudaMemcpy2DAsync(
  _ target: UnsafeMutableRawPointer?, _ targetPitch: Int, _ source: UnsafeRawPointer?,
  _ sourcePitch: Int, _ width: Int, _ height: Int, _ kind: Int32,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpy2D(target, targetPitch, source, sourcePitch, width, height, kind)
}

@_cdecl("cudaMemcpy3D")
public func cudaMemcpy3D(_ parameters: UnsafePointer<CUDAMemcpy3D>?) -> Status {
  entry { runtime in
    guard let p = parameters?.pointee else { return .invalidValue }
    // Where a side is an array, widths and x positions count elements.
    let sourceArray = runtime.arrays[UInt(bitPattern: p.sourceArray)]
    let targetArray = runtime.arrays[UInt(bitPattern: p.targetArray)]
    let element = sourceArray?.elementBytes ?? targetArray?.elementBytes ?? 1
    let width = Int(p.extent.width) * element
    func side(
      _ array: DeviceArray?, _ pointer: CUDAPitchedPointer, _ position: CUDAPosition
    ) -> (base: UnsafeMutableRawPointer?, pitch: Int, slice: Int) {
      let pitch = array?.pitch ?? Int(pointer.pitch)
      let rows = array.map { max(1, $0.height) } ?? Int(pointer.ySize)
      let x = Int(position.x) * (array == nil ? 1 : element)
      let base = array?.pointer ?? pointer.pointer
      return (
        base.map { $0 + x + Int(position.y) * pitch + Int(position.z) * pitch * rows }, pitch,
        pitch * rows
      )
    }
    let from = side(sourceArray, p.source, p.sourcePosition)
    let to = side(targetArray, p.target, p.targetPosition)
    guard let source = from.base, let target = to.base else { return .invalidValue }
    for plane in 0..<max(1, Int(p.extent.depth)) {
      let status = runtime.copyRows(
        target + plane * to.slice, to.pitch, source + plane * from.slice, from.pitch,
        width: width, height: max(1, Int(p.extent.height)))
      if status != .success { return status }
    }
    return .success
  }
}

@_cdecl("cudaMemcpy3DAsync")
public func cudaMemcpy3DAsync(
  _ parameters: UnsafePointer<CUDAMemcpy3D>?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpy3D(parameters)
}

@_cdecl("cudaMemset")
public func cudaMemset(_ target: UnsafeMutableRawPointer?, _ value: Int32, _ bytes: Int) -> Status {
  entry { $0.fill(target, value, bytes) }
}

@_cdecl("cudaMemsetAsync")
public func cudaMemsetAsync(
  _ target: UnsafeMutableRawPointer?, _ value: Int32, _ bytes: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { $0.fill(target, value, bytes) }
}

@_cdecl("cudaMemset2D")
public func cudaMemset2D(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ value: Int32, _ width: Int, _ height: Int
) -> Status {
  entry { runtime in
    guard let target, width <= pitch, width >= 0, height >= 0 else { return .invalidValue }
    for row in 0..<height {
      let status = runtime.fill(target + row * pitch, value, width)
      if status != .success { return status }
    }
    return .success
  }
}

@_cdecl("cudaMemset2DAsync")
public func cudaMemset2DAsync(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ value: Int32, _ width: Int, _ height: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemset2D(target, pitch, value, width, height)
}

@_cdecl("cudaMemset3D")
public func cudaMemset3D(
  _ target: CUDAPitchedPointer, _ value: Int32, _ extent: CUDAExtent
) -> Status {
  entry { runtime in
    guard let base = target.pointer else { return .invalidValue }
    for plane in 0..<Int(extent.depth) {
      for row in 0..<Int(extent.height) {
        let offset = (plane * Int(target.ySize) + row) * Int(target.pitch)
        let status = runtime.fill(base + offset, value, Int(extent.width))
        if status != .success { return status }
      }
    }
    return .success
  }
}

@_cdecl("cudaMemset3DAsync")
public func cudaMemset3DAsync(
  _ target: CUDAPitchedPointer, _ value: Int32, _ extent: CUDAExtent,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemset3D(target, value, extent)
}

// MARK: Symbols

extension ShimRuntime {
  /// A variable's address, or a failure.
  func symbol(_ host: UnsafeRawPointer?) -> LoadedModule.Symbol? {
    do {
      return try modules.symbol(UInt(bitPattern: host))
    } catch {
      fail(65, "\(error)")
    }
  }
}

@_cdecl("cudaMemcpyToSymbol")
public func cudaMemcpyToSymbol(
  _ symbol: UnsafeRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    guard offset >= 0, bytes >= 0, bytes <= found.bytes - offset else { return .invalidValue }
    return runtime.copy(
      UnsafeMutableRawPointer(bitPattern: UInt(found.address) + UInt(offset)), source, bytes)
  }
}

@_cdecl("cudaMemcpyToSymbolAsync")
public func cudaMemcpyToSymbolAsync(
  _ symbol: UnsafeRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpyToSymbol(symbol, source, bytes, offset, kind)
}

@_cdecl("cudaMemcpyFromSymbol")
public func cudaMemcpyFromSymbol(
  _ target: UnsafeMutableRawPointer?, _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    guard offset >= 0, bytes >= 0, bytes <= found.bytes - offset else { return .invalidValue }
    return runtime.copy(
      target, UnsafeRawPointer(bitPattern: UInt(found.address) + UInt(offset)), bytes)
  }
}

@_cdecl("cudaMemcpyFromSymbolAsync")
public func cudaMemcpyFromSymbolAsync(
  _ target: UnsafeMutableRawPointer?, _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpyFromSymbol(target, symbol, bytes, offset, kind)
}

@_cdecl("cudaGetSymbolAddress")
public func cudaGetSymbolAddress(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ symbol: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    result.pointee = UnsafeMutableRawPointer(bitPattern: UInt(found.address))
    return .success
  }
}

@_cdecl("cudaGetSymbolSize")
public func cudaGetSymbolSize(
  _ result: UnsafeMutablePointer<Int>, _ symbol: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    result.pointee = found.bytes
    return .success
  }
}

// MARK: Questions and hints

@_cdecl("cudaMemGetInfo")
public func cudaMemGetInfo(
  _ free: UnsafeMutablePointer<Int>, _ total: UnsafeMutablePointer<Int>
) -> Status {
  entry { runtime in
    free.pointee = max(0, runtime.device.memory - runtime.memory.used)
    total.pointee = runtime.device.memory
    return .success
  }
}

@_cdecl("cudaPointerGetAttributes")
public func cudaPointerGetAttributes(
  _ result: UnsafeMutablePointer<CUDAPointerAttributes>, _ pointer: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    var attributes = CUDAPointerAttributes()
    let address = UInt64(UInt(bitPattern: pointer))
    if let allocation = runtime.memory.allocation(containing: address) {
      attributes.type = allocation.isHost ? 1 : 2
      attributes.devicePointer = UnsafeMutableRawPointer(mutating: pointer)
      attributes.hostPointer = allocation.isHost ? attributes.devicePointer : nil
    } else {
      attributes.device = -2
      attributes.hostPointer = UnsafeMutableRawPointer(mutating: pointer)
    }
    result.pointee = attributes
    return .success
  }
}

/// All memory is where both sides reach it: placement advice has nothing to do.
@_cdecl("cudaMemPrefetchAsync")
public func cudaMemPrefetchAsync(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status { .success }

@_cdecl("cudaMemAdvise")
public func cudaMemAdvise(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Status { .success }

@_cdecl("cudaStreamAttachMemAsync")
public func cudaStreamAttachMemAsync(_ stream: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaMemPoolCreate")
public func cudaMemPoolCreate(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ properties: UnsafeRawPointer?
) -> Status {
  entry {
    pool.pointee = UnsafeMutableRawPointer(bitPattern: $0.handle())
    return .success
  }
}

@_cdecl("cudaMemPoolDestroy")
public func cudaMemPoolDestroy(_ pool: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaMemPoolTrimTo")
public func cudaMemPoolTrimTo(_ pool: UnsafeRawPointer?, _ bytes: Int) -> Status { .success }

@_cdecl("cudaMemPoolSetAttribute")
public func cudaMemPoolSetAttribute(_ pool: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaMemPoolSetAccess")
public func cudaMemPoolSetAccess(_ pool: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaDeviceGetDefaultMemPool")
public func cudaDeviceGetDefaultMemPool(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ device: Int32
) -> Status {
  pool.pointee = UnsafeMutableRawPointer(bitPattern: 0x10)
  return .success
}

@_cdecl("cudaDeviceGetMemPool")
public func cudaDeviceGetMemPool(
  _ pool: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ device: Int32
) -> Status {
  cudaDeviceGetDefaultMemPool(pool, device)
}

@_cdecl("cudaDeviceSetMemPool")
public func cudaDeviceSetMemPool(_ device: Int32, _ pool: UnsafeRawPointer?) -> Status { .success }
