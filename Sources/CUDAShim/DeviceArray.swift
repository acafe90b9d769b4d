import CCUDARuntime
import Emulator
import Foundation

/// A CUDA array: rows of elements, linear here where hardware tiles them.
struct DeviceArray {
  var pointer: UnsafeMutableRawPointer
  var format: CUDAChannelFormat
  /// Elements; height and depth are 0 for fewer dimensions.
  var width: Int
  var height: Int
  var depth: Int
  var elementBytes: Int
  /// `cudaArrayLayered` and the like.
  var flags: UInt32
  /// Bytes between rows.
  var pitch: Int { width * elementBytes }
  var bytes: Int { pitch * max(1, height) * max(1, depth) }

  /// Whether a box of elements lies inside.
  func contains(_ position: CUDAPosition, _ extent: CUDAExtent) -> Bool {
    func fits(_ start: Int, _ count: Int, _ size: Int) -> Bool {
      start >= 0 && count >= 0 && start <= size && count <= size - start
    }
    return fits(position.x, extent.width, width)
      && fits(position.y, max(1, extent.height), max(1, height))
      && fits(position.z, max(1, extent.depth), max(1, depth))
  }
}

extension CUDAChannelFormat {
  /// Bits of one channel and how many there are; nil for formats that are not CUDA's basic ones.
  var channels: (bits: Int, count: Int)? {
    let all = [x, y, z, w]
    let count = all.prefix { $0 > 0 }.count
    guard [1, 2, 4].contains(count), [8, 16, 32].contains(x), (0...2).contains(kind),
      all[..<count].allSatisfy({ $0 == x }), all[count...].allSatisfy({ $0 == 0 })
    else { return nil }
    return (Int(x), count)
  }
}

extension ShimRuntime {
  fileprivate func allocateArray(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ format: UnsafePointer<CUDAChannelFormat>?, _ extent: CUDAExtent, _ flags: UInt32
  ) -> Status {
    guard let result, let format = format?.pointee else { return .invalidValue }
    guard let (bits, count) = format.channels else { return 20 }
    guard (1..<1 << 24).contains(extent.width), (0..<1 << 20).contains(extent.height),
      (0..<1 << 16).contains(extent.depth)
    else { return .invalidValue }
    let element = bits / 8 * count
    let bytes = extent.width * max(1, extent.height) * max(1, extent.depth) * element
    guard let pointer = allocate(bytes) else { return .memoryAllocation }
    let handle = self.handle()
    arrays[handle] = DeviceArray(
      pointer: pointer, format: format, width: extent.width, height: extent.height,
      depth: extent.depth, elementBytes: element, flags: flags)
    result.pointee = UnsafeMutableRawPointer(bitPattern: handle)
    return .success
  }

  func array(_ handle: UnsafeRawPointer?) -> DeviceArray? { arrays[UInt(bitPattern: handle)] }

  /// Where a window of `width` bytes and `height` rows of an array starts; nil when it leaves it.
  fileprivate func window(
    _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ width: Int, _ height: Int
  ) -> (base: UnsafeMutableRawPointer, pitch: Int)? {
    guard let array = array(handle), x >= 0, y >= 0, width >= 0, height >= 0, x <= array.pitch,
      width <= array.pitch - x, y <= max(1, array.height), height <= max(1, array.height) - y
    else { return nil }
    return (array.pointer + y * array.pitch + x, array.pitch)
  }
}

@_cdecl("cudaCreateChannelDesc")
public func cudaCreateChannelDesc(
  _ x: Int32, _ y: Int32, _ z: Int32, _ w: Int32, _ kind: Int32
) -> CUDAChannelFormat {
  CUDAChannelFormat(x: x, y: y, z: z, w: w, kind: kind)
}

@_cdecl("cudaMallocArray")
public func cudaMallocArray(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ format: UnsafePointer<CUDAChannelFormat>?, _ width: Int, _ height: Int, _ flags: UInt32
) -> Status {
  entry {
    $0.allocateArray(
      result, format, CUDAExtent(width: width, height: height, depth: 0), flags)
  }
}

@_cdecl("cudaMalloc3DArray")
public func cudaMalloc3DArray(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ format: UnsafePointer<CUDAChannelFormat>?, _ extent: CUDAExtent, _ flags: UInt32
) -> Status {
  entry { $0.allocateArray(result, format, extent, flags) }
}

@_cdecl("cudaFreeArray")
public func cudaFreeArray(_ handle: UnsafeRawPointer?) -> Status {
  entry { runtime in
    guard handle != nil else { return .success }
    guard let array = runtime.arrays.removeValue(forKey: UInt(bitPattern: handle)) else {
      return .invalidHandle
    }
    return runtime.free(array.pointer)
  }
}

@_cdecl("cudaArrayGetInfo")
public func cudaArrayGetInfo(
  _ format: UnsafeMutablePointer<CUDAChannelFormat>?, _ extent: UnsafeMutablePointer<CUDAExtent>?,
  _ flags: UnsafeMutablePointer<UInt32>?, _ handle: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let array = runtime.array(handle) else { return .invalidHandle }
    format?.pointee = array.format
    extent?.pointee = CUDAExtent(width: array.width, height: array.height, depth: array.depth)
    flags?.pointee = array.flags
    return .success
  }
}

@_cdecl("cudaGetChannelDesc")
public func cudaGetChannelDesc(
  _ format: UnsafeMutablePointer<CUDAChannelFormat>?, _ handle: UnsafeRawPointer?
) -> Status {
  cudaArrayGetInfo(format, nil, nil, handle)
}

// MARK: Copies

@_cdecl("cudaMemcpy2DToArrayAsync")
public func cudaMemcpy2DToArrayAsync(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ pitch: Int,
  _ width: Int, _ height: Int, _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let (base, own) = runtime.window(handle, x, y, width, height) else {
      return .invalidValue
    }
    return runtime.perform(on: stream, kind: .copy) {
      $0.copyRows(base, own, source, pitch, width: width, height: height)
    }
  }
}

@_cdecl("cudaMemcpy2DToArray")
public func cudaMemcpy2DToArray(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ pitch: Int,
  _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  cudaMemcpy2DToArrayAsync(handle, x, y, source, pitch, width, height, kind, nil)
}

@_cdecl("cudaMemcpy2DFromArrayAsync")
public func cudaMemcpy2DFromArrayAsync(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ handle: UnsafeRawPointer?, _ x: Int,
  _ y: Int, _ width: Int, _ height: Int, _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let (base, own) = runtime.window(handle, x, y, width, height) else {
      return .invalidValue
    }
    return runtime.perform(on: stream, kind: .copy) {
      $0.copyRows(target, pitch, base, own, width: width, height: height)
    }
  }
}

@_cdecl("cudaMemcpy2DFromArray")
public func cudaMemcpy2DFromArray(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ handle: UnsafeRawPointer?, _ x: Int,
  _ y: Int, _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  cudaMemcpy2DFromArrayAsync(target, pitch, handle, x, y, width, height, kind, nil)
}

@_cdecl("cudaMemcpy2DArrayToArray")
public func cudaMemcpy2DArrayToArray(
  _ target: UnsafeRawPointer?, _ targetX: Int, _ targetY: Int, _ source: UnsafeRawPointer?,
  _ sourceX: Int, _ sourceY: Int, _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  entry { runtime in
    guard let to = runtime.window(target, targetX, targetY, width, height),
      let from = runtime.window(source, sourceX, sourceY, width, height)
    else { return .invalidValue }
    return runtime.copyRows(
      to.base, to.pitch, from.base, from.pitch, width: width, height: height)
  }
}

/// Bytes of an array as they follow each other from a place on.
private func linear(
  _ runtime: ShimRuntime, _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ bytes: Int
) -> UnsafeMutableRawPointer? {
  guard let array = runtime.array(handle), x >= 0, x <= array.pitch, y >= 0,
    y <= max(1, array.height), bytes >= 0, bytes <= array.bytes - (y * array.pitch + x)
  else { return nil }
  return array.pointer + y * array.pitch + x
}

@_cdecl("cudaMemcpyToArray")
public func cudaMemcpyToArray(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ bytes: Int,
  _ kind: Int32
) -> Status {
  entry { runtime in
    guard let target = linear(runtime, handle, x, y, bytes) else { return .invalidValue }
    return runtime.copy(target, source, bytes)
  }
}

@_cdecl("cudaMemcpyFromArray")
public func cudaMemcpyFromArray(
  _ target: UnsafeMutableRawPointer?, _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int,
  _ bytes: Int, _ kind: Int32
) -> Status {
  entry { runtime in
    guard let source = linear(runtime, handle, x, y, bytes) else { return .invalidValue }
    return runtime.copy(target, source, bytes)
  }
}
