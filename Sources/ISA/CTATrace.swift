/// One executed warp instruction: what differs from execution to execution.
public struct DynamicInstruction: Hashable, BitwiseCopyable, Sendable {
  /// Index in the kernel's static code.
  public var index: UInt32
  /// Lanes that execute (active and predicated on).
  public var mask: UInt32
  /// Index of the first address reference in `CTATrace.references`, or `none`.
  public var reference: UInt32
  /// Number of address references: 0, 1, or 2 (LDGSTS: shared destination, then global source).
  public var referenceCount: UInt32

  public static let none = UInt32.max

  public init(
    index: UInt32, mask: UInt32, reference: UInt32 = none, referenceCount: UInt32 = 0
  ) {
    self.index = index
    self.mask = mask
    self.reference = reference
    self.referenceCount = referenceCount
  }
}

/// The addresses of one memory reference, for the executing lanes in lane order.
public struct AddressReference: Hashable, Sendable {
  /// Address of the first executing lane.
  public var base: UInt64
  /// Distance between executing lanes in bytes, when `list` is `none`.
  public var stride: Int64
  /// Index in `CTATrace.addresses` of one address for each executing lane, or `none`.
  public var list: UInt32

  public static let none = UInt32.max

  public init(base: UInt64, stride: Int64 = 0, list: UInt32 = none) {
    self.base = base
    self.stride = stride
    self.list = list
  }
}

/// The dynamic streams of one CTA in flat buffers, owned by this object.
/// The simulator reads the pointers; nothing is allocated while it runs.
public final class CTATrace: @unchecked Sendable {
  /// Position in the kernel's CTA order, and coordinates in the grid.
  public let x, y, z: UInt32
  /// First instruction of each warp in `instructions`; one more entry closes the last warp.
  public let warpStarts: UnsafeMutableBufferPointer<Int>
  public let instructions: UnsafeMutableBufferPointer<DynamicInstruction>
  public let references: UnsafeMutableBufferPointer<AddressReference>
  public let addresses: UnsafeMutableBufferPointer<UInt64>

  public var warpCount: Int { warpStarts.count - 1 }

  /// Copies the given streams into flat storage.
  public init(
    x: UInt32, y: UInt32, z: UInt32, warpStarts: [Int], instructions: [DynamicInstruction],
    references: [AddressReference], addresses: [UInt64]
  ) {
    precondition(warpStarts.last == instructions.count, "warp starts must close the stream")
    self.x = x
    self.y = y
    self.z = z
    self.warpStarts = Self.copy(warpStarts)
    self.instructions = Self.copy(instructions)
    self.references = Self.copy(references)
    self.addresses = Self.copy(addresses)
  }

  private static func copy<T>(_ values: [T]) -> UnsafeMutableBufferPointer<T> {
    let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: values.count)
    _ = buffer.initialize(from: values)
    return buffer
  }

  deinit {
    warpStarts.deallocate()
    instructions.deallocate()
    references.deallocate()
    addresses.deallocate()
  }
}
