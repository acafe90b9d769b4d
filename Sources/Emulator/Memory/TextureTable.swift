/// What a texture or surface object says about the memory behind it and how it is read.
public struct TextureDescriptor: Hashable, Sendable {
  /// How an element's bits are read.
  public enum Format: Hashable, Sendable { case signed, unsigned, float }
  /// Coordinates outside the extent.
  public enum AddressMode: Int32, Hashable, Sendable { case wrap, clamp, mirror, border }

  /// First byte of device memory.
  public var address: UInt64
  public var format: Format
  /// Bits of each channel: 8, 16 or 32; there are 1, 2 or 4 channels.
  public var channelBits: Int
  public var channels: Int
  /// Elements; height and depth are 0 for fewer dimensions.
  public var width: Int
  public var height = 0
  /// Slices, or layers where `isLayered`.
  public var depth = 0
  /// Bytes between rows and between slices.
  public var pitch: Int
  public var slice = 0
  public var isLayered = false
  public var isCubemap = false
  /// For x, y and z.
  public var addressModes: [AddressMode] = [.clamp, .clamp, .clamp]
  /// Linear interpolation; else the nearest element.
  public var isLinear = false
  /// Integers are read as fractions of their range.
  public var isNormalised = false
  /// Coordinates run from 0 to 1.
  public var hasNormalisedCoordinates = false
  /// Colours are converted from sRGB when read.
  public var isSRGB = false
  public var border: [Float] = [0, 0, 0, 0]
  /// Written by kernels through a surface object.
  public var isSurface = false

  public var elementBytes: Int { channelBits / 8 * channels }

  public init(
    address: UInt64, format: Format, channelBits: Int, channels: Int, width: Int, pitch: Int
  ) {
    self.address = address
    self.format = format
    self.channelBits = channelBits
    self.channels = channels
    self.width = width
    self.pitch = pitch
  }
}

/// Texture and surface objects by the handles that kernels get.
public final class TextureTable: @unchecked Sendable {
  private var descriptors: [UInt64: TextureDescriptor] = [:]
  private var next: UInt64 = 1

  public init() {}

  public func add(_ descriptor: TextureDescriptor) -> UInt64 {
    defer { next += 1 }
    descriptors[next] = descriptor
    return next
  }

  /// Whether there was one.
  public func remove(_ handle: UInt64) -> Bool {
    descriptors.removeValue(forKey: handle) != nil
  }

  public subscript(handle: UInt64) -> TextureDescriptor? { descriptors[handle] }
}
