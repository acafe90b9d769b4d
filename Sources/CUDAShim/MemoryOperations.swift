import CCUDARuntime
import Emulator
import Foundation
import Traces

/// What an allocation of host-visible memory is for.
enum MemoryKind {
  case host(flags: UInt32)
  case managed
}

// Allocation, copies and fills. Device addresses are addresses of this process: copies move bytes.

extension ShimRuntime {
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard bytes >= 0, bytes <= device.memory - memory.used else { return nil }
    guard let address = try? memory.allocate(bytes: bytes) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(address))
  }

  func allocate(
    _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ bytes: Int,
    kind: MemoryKind? = nil
  ) -> Status {
    guard let result else { return .invalidValue }
    if bytes == 0 {
      result.pointee = nil
      return .success
    }
    guard let address = allocate(bytes) else { return .memoryAllocation }
    if let kind { kinds[UInt64(UInt(bitPattern: address))] = kind }
    result.pointee = address
    return .success
  }

  /// Frees host memory, or memory of the device.
  func free(_ pointer: UnsafeMutableRawPointer?, isHost: Bool = false) -> Status {
    guard let pointer else { return .success }
    let address = UInt64(UInt(bitPattern: pointer))
    if case .host = kinds[address] {
      guard isHost else { return .invalidValue }
    } else if isHost {
      return .invalidValue
    }
    do {
      try memory.free(address)
      kinds[address] = nil
      return .success
    } catch {
      return .invalidValue
    }
  }

  func isDevice(_ address: UInt64) -> Bool {
    address >= DeviceMemory.base && address < DeviceMemory.base + UInt64(memory.capacity)
  }

  /// Whether kernels can reach the address.
  private func isReachable(_ pointer: UnsafeRawPointer) -> Bool {
    memory.allocation(containing: UInt64(UInt(bitPattern: pointer))) != nil
  }

  /// A range of device memory lies in one allocation; other memory is the host's own affair.
  func isValid(_ pointer: UnsafeRawPointer?, _ bytes: Int) -> Bool {
    guard let pointer else { return bytes == 0 }
    let address = UInt64(UInt(bitPattern: pointer))
    return !isDevice(address) || memory.contains(address, bytes: bytes)
  }

  /// Numbers of `cudaMemcpyKind`: 1 to the device, 2 to the host, 3 inside the device, 4 as the
  /// addresses say.
  func copy(
    _ target: UnsafeMutableRawPointer?, _ source: UnsafeRawPointer?, _ bytes: Int,
    kind: Int32 = 4
  ) -> Status {
    guard (0...4).contains(kind) else { return .invalidCopyDirection }
    guard bytes >= 0 else { return .invalidValue }
    guard bytes > 0 else { return .success }
    guard let target, let source, isValid(target, bytes), isValid(source, bytes) else {
      return .invalidValue
    }
    if kind == 1 || kind == 3 { guard isReachable(target) else { return .invalidValue } }
    if kind == 2 || kind == 3 { guard isReachable(source) else { return .invalidValue } }
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
    fillRows(target, bytes, UInt32(bitPattern: value), elementBytes: 1, width: bytes, height: 1)
  }

  /// Fills rows of `width` elements.
  func fillRows(
    _ target: UnsafeMutableRawPointer?, _ pitch: Int, _ value: UInt32, elementBytes: Int,
    width: Int, height: Int
  ) -> Status {
    guard width >= 0, height >= 0 else { return .invalidValue }
    guard width > 0, height > 0 else { return .success }
    guard let target, let bytes = product(width, elementBytes), height == 1 || bytes <= pitch,
      let span = span(pitch, rows: height, width: bytes), isValid(target, span)
    else { return .invalidValue }
    for row in 0..<height {
      let start = target + row * pitch
      switch elementBytes {
      case 2:
        for index in 0..<width {
          start.storeBytes(
            of: UInt16(truncatingIfNeeded: value), toByteOffset: 2 * index, as: UInt16.self)
        }
      case 4:
        for index in 0..<width {
          start.storeBytes(of: value, toByteOffset: 4 * index, as: UInt32.self)
        }
      default: memset(start, Int32(truncatingIfNeeded: value & 0xff), bytes)
      }
    }
    do {
      let address = UInt64(UInt(bitPattern: target))
      if isDevice(address) { try recorder?.copy(.memset, address: address, bytes: bytes * height) }
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
    guard width > 0, height > 0 else { return .success }
    guard height == 1 || (width <= targetPitch && width <= sourcePitch) else {
      return .invalidPitch
    }
    guard let target, let source, let to = span(targetPitch, rows: height, width: width),
      let from = span(sourcePitch, rows: height, width: width), isValid(target, to),
      isValid(source, from)
    else { return .invalidValue }
    for row in 0..<height {
      memmove(target + row * targetPitch, source + row * sourcePitch, width)
    }
    record(target, source, width * height)
    return .success
  }

  /// Bytes from the first byte of the first row to the last of the last; nil beyond all numbers.
  private func span(_ pitch: Int, rows: Int, width: Int) -> Int? {
    guard pitch >= 0, let before = product(pitch, rows - 1) else { return nil }
    let (sum, overflow) = before.addingReportingOverflow(width)
    return overflow ? nil : sum
  }

  /// `cudaMemcpy3D`: boxes of arrays and of pitched memory.
  func copy(_ p: CUDAMemcpy3D) -> Status {
    // Where a side is an array, widths and x positions count elements.
    let source = arrays[UInt(bitPattern: p.sourceArray)]
    let target = arrays[UInt(bitPattern: p.targetArray)]
    if (p.sourceArray != nil && source == nil) || (p.targetArray != nil && target == nil) {
      return .invalidHandle
    }
    if let source, let target, source.elementBytes != target.elementBytes { return .invalidValue }
    let element = source?.elementBytes ?? target?.elementBytes ?? 1
    let limit = 1 << 40
    for size in [p.extent.width, p.extent.height, p.extent.depth] {
      guard (0...limit).contains(size) else { return .invalidValue }
    }
    guard let width = product(p.extent.width, element),
      let from = side(source, p.source, p.sourcePosition, p.extent),
      let to = side(target, p.target, p.targetPosition, p.extent)
    else { return .invalidValue }
    for plane in 0..<max(1, p.extent.depth) {
      guard let sourceOffset = product(plane, from.slice),
        let targetOffset = product(plane, to.slice)
      else { return .invalidValue }
      let status = copyRows(
        to.base + targetOffset, to.pitch, from.base + sourceOffset, from.pitch, width: width,
        height: max(1, p.extent.height))
      if status != .success { return status }
    }
    return .success
  }

  private func side(
    _ array: DeviceArray?, _ pointer: CUDAPitchedPointer, _ position: CUDAPosition,
    _ extent: CUDAExtent
  ) -> (base: UnsafeMutableRawPointer, pitch: Int, slice: Int)? {
    guard let base = array?.pointer ?? pointer.pointer else { return nil }
    let limit = 1 << 40
    for value in [position.x, position.y, position.z, pointer.pitch, pointer.ySize] {
      guard array != nil || (0...limit).contains(value) else { return nil }
    }
    if let array {
      guard array.contains(position, extent) else { return nil }
    }
    let pitch = array?.pitch ?? pointer.pitch
    guard let slice = product(pitch, array.map { max(1, $0.height) } ?? pointer.ySize),
      let x = product(position.x, array?.elementBytes ?? 1), let y = product(position.y, pitch),
      let z = product(position.z, slice)
    else { return nil }
    let (rows, first) = x.addingReportingOverflow(y)
    let (offset, second) = rows.addingReportingOverflow(z)
    guard !first, !second else { return nil }
    return (base + offset, pitch, slice)
  }
}

/// A product of sizes that the program gives; nil when there is no such number.
func product(_ a: Int, _ b: Int) -> Int? {
  let (result, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? nil : result
}
