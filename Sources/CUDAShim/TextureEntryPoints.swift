import CCUDARuntime
import Emulator

// Texture and surface objects: descriptors that kernels find by their handle.

/// What an object was made of, for the queries.
struct TextureSource {
  var resource: CUDAResource
  var texture: CUDATexture?
}

extension ShimRuntime {
  /// The memory behind a resource; nil when it cannot be read so.
  private func descriptor(_ resource: CUDAResource) -> TextureDescriptor? {
    func make(
      _ pointer: UnsafeRawPointer?, _ format: CUDAChannelFormat, width: Int, pitch: Int
    ) -> TextureDescriptor? {
      guard let pointer, let (bits, count) = format.channels else { return nil }
      return TextureDescriptor(
        address: UInt64(UInt(bitPattern: pointer)),
        format: [.signed, .unsigned, .float][Int(format.kind)], channelBits: bits,
        channels: count, width: width, pitch: pitch)
    }
    // Numbers of `cudaResourceType`.
    switch resource.type {
    case 0:
      guard let array = array(resource.resource.array.array) else { return nil }
      var result = make(array.pointer, array.format, width: array.width, pitch: array.pitch)
      result?.height = array.height
      result?.depth = array.depth
      result?.slice = array.pitch * max(1, array.height)
      result?.isLayered = array.flags & 1 != 0
      result?.isCubemap = array.flags & 4 != 0
      return result
    case 2:
      let linear = resource.resource.linear
      guard let (bits, count) = linear.format.channels, linear.bytes >= 0,
        isValid(linear.pointer, linear.bytes)
      else { return nil }
      return make(
        linear.pointer, linear.format, width: linear.bytes / (bits / 8 * count),
        pitch: linear.bytes)
    case 3:
      let pitched = resource.resource.pitched
      guard let (bits, count) = pitched.format.channels, pitched.width > 0, pitched.height > 0,
        let row = product(pitched.width, bits / 8 * count), row <= pitched.pitch,
        let bytes = product(pitched.pitch, pitched.height - 1),
        isValid(pitched.pointer, bytes &+ row)
      else { return nil }
      var result = make(
        pitched.pointer, pitched.format, width: pitched.width, pitch: pitched.pitch)
      result?.height = pitched.height
      return result
    default: return nil
    }
  }

  fileprivate func makeTexture(
    _ result: UnsafeMutablePointer<UInt64>?, _ resource: UnsafePointer<CUDAResource>?,
    _ texture: UnsafePointer<CUDATexture>?
  ) -> Status {
    guard let result, let resource = resource?.pointee,
      var descriptor = descriptor(resource)
    else { return .invalidValue }
    if let t = texture?.pointee {
      descriptor.addressModes = [t.addressMode.0, t.addressMode.1, t.addressMode.2].map {
        TextureDescriptor.AddressMode(rawValue: $0) ?? .clamp
      }
      descriptor.isLinear = t.filterMode == 1
      descriptor.isNormalised = t.readMode == 1
      descriptor.isSRGB = t.sRGB != 0
      descriptor.hasNormalisedCoordinates = t.normalizedCoordinates != 0
      descriptor.border = [
        t.borderColor.0, t.borderColor.1, t.borderColor.2, t.borderColor.3,
      ]
      // Only floats can be interpolated; 32-bit integers have no fraction to be read as.
      let isFloat = descriptor.format == .float
      guard !descriptor.isLinear || isFloat || descriptor.isNormalised else { return 26 }
      guard !descriptor.isNormalised || (!isFloat && descriptor.channelBits < 32) else { return 27 }
    } else {
      // Surfaces are of arrays only.
      guard resource.type == 0 else { return .invalidValue }
      descriptor.isSurface = true
    }
    let handle = textures.add(descriptor)
    textureSources[handle] = TextureSource(resource: resource, texture: texture?.pointee)
    result.pointee = handle
    return .success
  }

  fileprivate func removeTexture(_ handle: UInt64) -> Status {
    textureSources[handle] = nil
    return textures.remove(handle) ? .success : .invalidValue
  }
}

@_cdecl("cudaCreateTextureObject")
public func cudaCreateTextureObject(
  _ result: UnsafeMutablePointer<UInt64>?, _ resource: UnsafePointer<CUDAResource>?,
  _ texture: UnsafePointer<CUDATexture>?, _ view: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard texture != nil else { return .invalidValue }
    guard view == nil else {
      return unsupported("cudaCreateTextureObject with a resource view")
    }
    return runtime.makeTexture(result, resource, texture)
  }
}

@_cdecl("cudaDestroyTextureObject")
public func cudaDestroyTextureObject(_ handle: UInt64) -> Status {
  entry { $0.removeTexture(handle) }
}

@_cdecl("cudaCreateSurfaceObject")
public func cudaCreateSurfaceObject(
  _ result: UnsafeMutablePointer<UInt64>?, _ resource: UnsafePointer<CUDAResource>?
) -> Status {
  entry { $0.makeTexture(result, resource, nil) }
}

@_cdecl("cudaDestroySurfaceObject")
public func cudaDestroySurfaceObject(_ handle: UInt64) -> Status {
  entry { $0.removeTexture(handle) }
}

@_cdecl("cudaGetTextureObjectResourceDesc")
public func cudaGetTextureObjectResourceDesc(
  _ result: UnsafeMutablePointer<CUDAResource>?, _ handle: UInt64
) -> Status {
  entry { runtime in
    guard let result, let source = runtime.textureSources[handle] else { return .invalidValue }
    result.pointee = source.resource
    return .success
  }
}

@_cdecl("cudaGetSurfaceObjectResourceDesc")
public func cudaGetSurfaceObjectResourceDesc(
  _ result: UnsafeMutablePointer<CUDAResource>?, _ handle: UInt64
) -> Status {
  cudaGetTextureObjectResourceDesc(result, handle)
}

@_cdecl("cudaGetTextureObjectTextureDesc")
public func cudaGetTextureObjectTextureDesc(
  _ result: UnsafeMutablePointer<CUDATexture>?, _ handle: UInt64
) -> Status {
  entry { runtime in
    guard let result, let texture = runtime.textureSources[handle]?.texture else {
      return .invalidValue
    }
    result.pointee = texture
    return .success
  }
}
