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
  var pitch: Int { width * elementBytes }
}

extension CUDAChannelFormat {
  var bytes: Int { Int(x + y + z + w) / 8 }
}

extension ShimRuntime {
  func allocateArray(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ format: CUDAChannelFormat,
    width: Int, height: Int, depth: Int
  ) -> Status {
    guard width > 0, height >= 0, depth >= 0, width < 1 << 24, height < 1 << 20, depth < 1 << 16,
      (1...16).contains(format.bytes)
    else { return .invalidValue }
    let bytes = width * max(1, height) * max(1, depth) * format.bytes
    guard let pointer = allocate(bytes) else { return .memoryAllocation }
    let handle = self.handle()
    arrays[handle] = DeviceArray(
      pointer: pointer, format: format, width: width, height: height, depth: depth,
      elementBytes: format.bytes)
    result.pointee = UnsafeMutableRawPointer(bitPattern: handle)
    return .success
  }

  func array(_ handle: UnsafeRawPointer?) -> DeviceArray? { arrays[UInt(bitPattern: handle)] }
}

@_cdecl("cudaCreateChannelDesc")
public func cudaCreateChannelDesc(
  _ x: Int32, _ y: Int32, _ z: Int32, _ w: Int32, _ kind: Int32
) -> CUDAChannelFormat {
  CUDAChannelFormat(x: x, y: y, z: z, w: w, kind: kind)
}

@_cdecl("cudaMallocArray")
public func cudaMallocArray(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ format: UnsafePointer<CUDAChannelFormat>, _ width: Int, _ height: Int, _ flags: UInt32
) -> Status {
  entry { $0.allocateArray(result, format.pointee, width: width, height: height, depth: 0) }
}

@_cdecl("cudaMalloc3DArray")
public func cudaMalloc3DArray(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ format: UnsafePointer<CUDAChannelFormat>, _ extent: CUDAExtent, _ flags: UInt32
) -> Status {
  entry {
    $0.allocateArray(
      result, format.pointee, width: Int(extent.width), height: Int(extent.height),
      depth: Int(extent.depth))
  }
}

@_cdecl("cudaFreeArray")
public func cudaFreeArray(_ handle: UnsafeRawPointer?) -> Status {
  entry { runtime in
    guard handle != nil else { return .success }
    guard let array = runtime.arrays.removeValue(forKey: UInt(bitPattern: handle)) else {
      return .invalidValue
    }
    return runtime.free(array.pointer)
  }
}

@_cdecl("cudaMemcpy2DToArray")
public func cudaMemcpy2DToArray(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ pitch: Int,
  _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  entry { runtime in
    guard let array = runtime.array(handle), x >= 0, y >= 0 else { return .invalidValue }
    return runtime.copyRows(
      array.pointer + y * array.pitch + x, array.pitch, source, pitch, width: width,
      height: height)
  }
}

@_cdecl("cudaMemcpy2DToArrayAsync")
public func cudaMemcpy2DToArrayAsync(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ pitch: Int,
  _ width: Int, _ height: Int, _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpy2DToArray(handle, x, y, source, pitch, width, height, kind)
}

@_cdecl("cudaMemcpy2DFromArray")
public func cudaMemcpy2DFromArray(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ handle: UnsafeRawPointer?, _ x: Int,
  _ y: Int, _ width: Int, _ height: Int, _ kind: Int32
) -> Status {
  entry { runtime in
    guard let array = runtime.array(handle), x >= 0, y >= 0 else { return .invalidValue }
    return runtime.copyRows(
      target, pitch, array.pointer + y * array.pitch + x, array.pitch, width: width,
      height: height)
  }
}

@_cdecl("cudaMemcpyToArray")
public func cudaMemcpyToArray(
  _ handle: UnsafeRawPointer?, _ x: Int, _ y: Int, _ source: UnsafeRawPointer?, _ bytes: Int,
  _ kind: Int32
) -> Status {
  entry { runtime in
    guard let array = runtime.array(handle), x >= 0, y >= 0 else { return .invalidValue }
    return runtime.copy(array.pointer + y * array.pitch + x, source, bytes)
  }
}

@_cdecl("cudaGetChannelDesc")
public func cudaGetChannelDesc(
  _ format: UnsafeMutablePointer<CUDAChannelFormat>, _ handle: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let array = runtime.array(handle) else { return .invalidValue }
    format.pointee = array.format
    return .success
  }
}
