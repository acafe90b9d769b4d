import Foundation

/// Why device memory could not be had or reached.
public enum MemoryError: Error, Hashable, CustomStringConvertible {
  case reservation
  case outOfMemory(bytes: Int)
  case notAllocated(address: UInt64)

  public var description: String {
    switch self {
    case .reservation: "the address range of device memory is in use by this process"
    case .outOfMemory(let bytes): "\(bytes) bytes of device memory cannot be had"
    case .notAllocated(let address):
      "0x\(String(address, radix: 16)) is not the start of an allocation"
    }
  }
}

/// The global memory of the emulated GPU.
///
/// Device addresses are addresses of this process, in a range reserved at a fixed place: they are
/// the same from run to run, host code may copy with `memcpy`, and managed memory needs nothing
/// more. Allocations are found first-fit, so a program that allocates in the same order gets the
/// same addresses.
public final class DeviceMemory: @unchecked Sendable {
  public struct Allocation: Hashable, Sendable {
    public let address: UInt64
    /// Bytes asked for; an access beyond them is a fault.
    public let bytes: Int
    /// Memory of the host program, registered for the device.
    public let isHost: Bool
    public var end: UInt64 { address + UInt64(bytes) }
  }

  /// Start of the reserved range: far from where Linux places programs, libraries and stacks.
  public static let base: UInt64 = 0x0000_0200_0000_0000
  private static let pageBytes = 4096

  /// Bytes of the range, the most that can be allocated.
  public let capacity: Int
  /// Live allocations by address.
  public private(set) var allocations: [Allocation] = []
  /// Bytes in live allocations inside the range.
  public private(set) var used = 0
  private let reserved: UnsafeMutableRawPointer?
  /// First address of the range.
  private let start: UInt64

  /// Reserves `capacity` bytes of addresses (no memory yet), which nothing in the process may use;
  /// without capacity, nothing is reserved.
  public init(capacity: Int = 1 << 36, at start: UInt64 = DeviceMemory.base) throws {
    self.capacity = capacity
    self.start = start
    guard capacity > 0 else {
      reserved = nil
      return
    }
    let wanted = UnsafeMutableRawPointer(bitPattern: UInt(start))
    let noReplace: Int32 = 0x100000  // MAP_FIXED_NOREPLACE
    let address = mmap(
      wanted, capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | noReplace, -1, 0)
    guard let address, address != MAP_FAILED, address == wanted else {
      throw MemoryError.reservation
    }
    reserved = address
  }

  deinit { if let reserved { munmap(reserved, capacity) } }

  /// Memory of `bytes` bytes, zeroed when it is new.
  public func allocate(bytes: Int, alignment: Int = 256) throws -> UInt64 {
    guard bytes >= 0, bytes <= capacity, alignment > 0, alignment & (alignment - 1) == 0 else {
      throw MemoryError.outOfMemory(bytes: bytes)
    }
    let mask = UInt64(max(alignment, 512) - 1)
    // A guard of 512 bytes keeps neighbours apart, as a sanitizer would.
    let size = UInt64(max(bytes, 1)) + 512
    var candidate = (start + mask) & ~mask
    var position = 0
    for (index, allocation) in allocations.enumerated() {
      if allocation.isHost {
        if allocation.address < candidate { position = index + 1 }
        continue
      }
      if candidate + size <= allocation.address { break }
      candidate = max(candidate, (allocation.end + 512 + mask) & ~mask)
      position = index + 1
    }
    guard candidate + size <= start + UInt64(capacity) else {
      throw MemoryError.outOfMemory(bytes: bytes)
    }
    let page = UInt64(Self.pageBytes - 1)
    let first = candidate & ~page
    let last = (candidate + size + page) & ~page
    guard
      mprotect(
        UnsafeMutableRawPointer(bitPattern: UInt(first)), Int(last - first),
        PROT_READ | PROT_WRITE) == 0
    else { throw MemoryError.outOfMemory(bytes: bytes) }
    allocations.insert(
      Allocation(address: candidate, bytes: bytes, isHost: false), at: position)
    used += bytes
    return candidate
  }

  /// Ends the allocation that starts at `address`.
  public func free(_ address: UInt64) throws {
    guard let index = allocations.firstIndex(where: { $0.address == address && !$0.isHost }) else {
      throw MemoryError.notAllocated(address: address)
    }
    used -= allocations.remove(at: index).bytes
  }

  /// Lets kernels reach memory of the host program.
  public func register(host address: UInt64, bytes: Int) {
    let position = allocations.firstIndex { $0.address > address } ?? allocations.count
    allocations.insert(
      Allocation(address: address, bytes: max(0, bytes), isHost: true), at: position)
  }

  public func unregister(host address: UInt64) throws {
    guard let index = allocations.firstIndex(where: { $0.address == address && $0.isHost }) else {
      throw MemoryError.notAllocated(address: address)
    }
    allocations.remove(at: index)
  }

  /// The allocation that holds `address`.
  public func allocation(containing address: UInt64) -> Allocation? {
    var low = 0
    var high = allocations.count
    while low < high {
      let middle = (low + high) / 2
      if allocations[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < allocations[low - 1].end else { return nil }
    return allocations[low - 1]
  }

  /// Whether all of `bytes` bytes at `address` lie in one allocation.
  public func contains(_ address: UInt64, bytes: Int) -> Bool {
    guard let allocation = allocation(containing: address) else { return false }
    return bytes >= 0 && UInt64(bytes) <= allocation.end - address
  }
}
