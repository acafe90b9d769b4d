import CCUDARuntime
import Emulator

// Copies and fills. The forms with a stream can be captured into a graph.

@_cdecl("cudaMemcpy")
public func cudaMemcpy(
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32
) -> Status {
  entry { $0.copy(target, source, bytes, kind: kind) }
}

@_cdecl("cudaMemcpyAsync")
public func cudaMemcpyAsync(
  _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ kind: Int32,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.perform(on: stream, kind: .copy) { $0.copy(target, source, bytes, kind: kind) }
  }
}

@_cdecl("cudaMemcpyPeer")
public func cudaMemcpyPeer(
  _ target: UnsafeMutableRawPointer?, _ targetDevice: Int32, _ source: UnsafeRawPointer?,
  _ sourceDevice: Int32, _ bytes: Int
) -> Status {
  entry {
    targetDevice == 0 && sourceDevice == 0 ? $0.copy(target, source, bytes) : .invalidDevice
  }
}

@_cdecl("cudaMemcpyPeerAsync")
public func cudaMemcpyPeerAsync(
  _ target: UnsafeMutableRawPointer?, _ targetDevice: Int32, _ source: UnsafeRawPointer?,
  _ sourceDevice: Int32, _ bytes: Int, _ stream: UnsafeMutableRawPointer?
) -> Status {
  cudaMemcpyAsync(target, source, bytes, 3, stream)
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
  entry {
    $0.perform(on: stream, kind: .copy) {
      $0.copyRows(target, targetPitch, source, sourcePitch, width: width, height: height)
    }
  }
}

@_cdecl("cudaMemcpy3D")
public func cudaMemcpy3D(_ parameters: UnsafePointer<CUDAMemcpy3D>?) -> Status {
  entry { runtime in
    guard let parameters else { return .invalidValue }
    return runtime.copy(parameters.pointee)
  }
}

@_cdecl("cudaMemcpy3DAsync")
public func cudaMemcpy3DAsync(
  _ parameters: UnsafePointer<CUDAMemcpy3D>?, _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let copy = parameters?.pointee else { return .invalidValue }
    return runtime.perform(on: stream, kind: .copy) { $0.copy(copy) }
  }
}

@_cdecl("cudaMemset")
public func cudaMemset(
  _ target: UnsafeMutableRawPointer?, _ value: Int32, _ bytes: Int
) -> Status {
  entry { $0.fill(target, value, bytes) }
}

@_cdecl("cudaMemsetAsync")
public func cudaMemsetAsync(
  _ target: UnsafeMutableRawPointer?, _ value: Int32, _ bytes: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { $0.perform(on: stream, kind: .fill) { $0.fill(target, value, bytes) } }
}

@_cdecl("cudaMemset2DAsync")
public func cudaMemset2DAsync(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ value: Int32, _ width: Int, _ height: Int,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry {
    $0.perform(on: stream, kind: .fill) {
      $0.fillRows(
        target, pitch, UInt32(bitPattern: value), elementBytes: 1, width: width, height: height)
    }
  }
}

@_cdecl("cudaMemset2D")
public func cudaMemset2D(
  _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ value: Int32, _ width: Int, _ height: Int
) -> Status {
  cudaMemset2DAsync(target, pitch, value, width, height, nil)
}

@_cdecl("cudaMemset3DAsync")
public func cudaMemset3DAsync(
  _ target: CUDAPitchedPointer, _ value: Int32, _ extent: CUDAExtent,
  _ stream: UnsafeMutableRawPointer?
) -> Status {
  entry { runtime in
    guard let base = target.pointer, extent.depth >= 0, target.ySize >= 0, target.pitch >= 0,
      let slice = product(target.pitch, target.ySize), product(slice, extent.depth) != nil
    else { return .invalidValue }
    return runtime.perform(on: stream, kind: .fill) { runtime in
      for plane in 0..<extent.depth {
        let status = runtime.fillRows(
          base + plane * slice, target.pitch, UInt32(bitPattern: value), elementBytes: 1,
          width: extent.width, height: extent.height)
        if status != .success { return status }
      }
      return .success
    }
  }
}

@_cdecl("cudaMemset3D")
public func cudaMemset3D(
  _ target: CUDAPitchedPointer, _ value: Int32, _ extent: CUDAExtent
) -> Status {
  cudaMemset3DAsync(target, value, extent, nil)
}

// MARK: Symbols

extension ShimRuntime {
  /// A variable's address, or nil; a module that cannot be loaded ends the program.
  func symbol(_ host: UnsafeRawPointer?) -> LoadedModule.Symbol? {
    do {
      return try modules.symbol(UInt(bitPattern: host))
    } catch {
      fail(ShimRuntime.exitStatus(error), "\(error)")
    }
  }

  /// The place `offset` bytes into a variable that has room for `bytes` more.
  fileprivate func place(
    _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int
  ) -> Result<UnsafeMutableRawPointer?, LaunchRefusal> {
    guard let found = self.symbol(symbol) else {
      return .failure(LaunchRefusal(status: .invalidSymbol))
    }
    guard offset >= 0, bytes >= 0, offset <= found.bytes, bytes <= found.bytes - offset else {
      return .failure(LaunchRefusal(status: .invalidValue))
    }
    return .success(UnsafeMutableRawPointer(bitPattern: UInt(found.address) + UInt(offset)))
  }
}

/// A copy to or from a place in a variable.
private func copy(
  _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int, _ stream: UnsafeMutableRawPointer?,
  _ body: @escaping (ShimRuntime, UnsafeMutableRawPointer?) -> Status
) -> Status {
  entry { runtime in
    switch runtime.place(symbol, bytes, offset) {
    case .failure(let refusal): refusal.status
    case .success(let place): runtime.perform(on: stream, kind: .copy) { body($0, place) }
    }
  }
}

@_cdecl("cudaMemcpyToSymbolAsync")
public func cudaMemcpyToSymbolAsync(
  _ symbol: UnsafeRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  copy(symbol, bytes, offset, stream) { $0.copy($1, source, bytes) }
}

@_cdecl("cudaMemcpyToSymbol")
public func cudaMemcpyToSymbol(
  _ symbol: UnsafeRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32
) -> Status {
  cudaMemcpyToSymbolAsync(symbol, source, bytes, offset, kind, nil)
}

@_cdecl("cudaMemcpyFromSymbolAsync")
public func cudaMemcpyFromSymbolAsync(
  _ target: UnsafeMutableRawPointer?, _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32, _ stream: UnsafeMutableRawPointer?
) -> Status {
  copy(symbol, bytes, offset, stream) { $0.copy(target, $1, bytes) }
}

@_cdecl("cudaMemcpyFromSymbol")
public func cudaMemcpyFromSymbol(
  _ target: UnsafeMutableRawPointer?, _ symbol: UnsafeRawPointer?, _ bytes: Int, _ offset: Int,
  _ kind: Int32
) -> Status {
  cudaMemcpyFromSymbolAsync(target, symbol, bytes, offset, kind, nil)
}

@_cdecl("cudaGetSymbolAddress")
public func cudaGetSymbolAddress(
  _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ symbol: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    result?.pointee = UnsafeMutableRawPointer(bitPattern: UInt(found.address))
    return .success
  }
}

@_cdecl("cudaGetSymbolSize")
public func cudaGetSymbolSize(
  _ result: UnsafeMutablePointer<Int>?, _ symbol: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let found = runtime.symbol(symbol) else { return .invalidSymbol }
    result?.pointee = found.bytes
    return .success
  }
}
