import ISA

/// Where the addresses of a warp lead.
extension Warp {
  private static let windowMask: UInt64 = 0xffff_ffff_0000_0000

  /// Host memory behind `bytes` bytes at an address of a lane. Throws a fault when the access
  /// leaves every allocation or is not aligned.
  @inline(__always)
  func pointer(
    _ space: Space, _ address: UInt64, bytes: Int, lane: Int
  ) throws -> UnsafeMutableRawPointer {
    switch space {
    case .global:
      if address >= reachable.lower, address &+ UInt64(bytes) <= reachable.upper,
        address & UInt64(bytes - 1) == 0
      {
        return UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
      }
      return try globalPointer(address, bytes: bytes, lane: lane)
    case .shared: return try sharedPointer(address, bytes: bytes, lane: lane)
    case .local: return try localPointer(address, bytes: bytes, lane: lane)
    case .generic:
      let window = address & Self.windowMask
      if window == LaunchContext.sharedWindow {
        return try sharedPointer(
          address &- window, bytes: bytes, lane: lane, isGeneric: true)
      }
      if window == LaunchContext.localWindow {
        return try localPointer(address &- window, bytes: bytes, lane: lane)
      }
      return try pointer(.global, address, bytes: bytes, lane: lane)
    case .constant: throw EmulationFault(.memory, "constants cannot be addressed so")
    }
  }

  @inline(never)
  private func globalPointer(
    _ address: UInt64, bytes: Int, lane: Int
  ) throws -> UnsafeMutableRawPointer {
    guard address & UInt64(bytes - 1) == 0 else {
      throw fault("misaligned access", address, bytes: bytes, lane: lane)
    }
    guard let allocation = cta.context.memory.allocation(containing: address),
      UInt64(bytes) <= allocation.end - address
    else {
      throw fault("access outside every allocation", address, bytes: bytes, lane: lane)
    }
    reachable = (allocation.address, allocation.end)
    return UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
  }

  @inline(__always)
  private func sharedPointer(
    _ address: UInt64, bytes: Int, lane: Int, isGeneric: Bool = false
  ) throws -> UnsafeMutableRawPointer {
    var owner: CTA = cta
    var offset = address & 0xffff_ffff
    if offset >= 1 << 24 || isGeneric && !cta.cluster.isEmpty {
      // Distributed shared memory: the rank in the cluster stands from bit 24 on. Other CTAs are
      // reached by generic addresses; a shared one without a rank is the CTA's own (assumed).
      let rank = Int(offset >> 24)
      offset &= 0xff_ffff
      if rank < cta.cluster.count {
        owner = cta.cluster[rank]
      } else if rank != 0 {
        throw fault("shared access outside the cluster", address, bytes: bytes, lane: lane)
      }
    }
    guard offset + UInt64(bytes) <= UInt64(cta.context.sharedBytes) else {
      throw fault("access outside shared memory", address, bytes: bytes, lane: lane)
    }
    guard offset & UInt64(bytes - 1) == 0 else {
      throw fault("misaligned shared access", address, bytes: bytes, lane: lane)
    }
    return owner.shared + Int(offset)
  }

  private func localPointer(
    _ address: UInt64, bytes: Int, lane: Int
  ) throws -> UnsafeMutableRawPointer {
    let offset = address & 0xffff_ffff
    guard offset + UInt64(bytes) <= UInt64(cta.context.localBytes) else {
      throw fault("access outside local memory", address, bytes: bytes, lane: lane)
    }
    guard offset & UInt64(bytes - 1) == 0 else {
      throw fault("misaligned local access", address, bytes: bytes, lane: lane)
    }
    let thread = index * 32 + lane
    return cta.local + thread * cta.context.localBytes + Int(offset)
  }

  private func fault(
    _ message: String, _ address: UInt64, bytes: Int, lane: Int
  ) -> EmulationFault {
    locate(
      EmulationFault(
        .memory, "\(message) (\(bytes) bytes at 0x\(String(address, radix: 16)))"), lane: lane)
  }

  // MARK: Addresses of an instruction

  /// The address that each executing lane's operand gives, into `addresses`; recorded.
  @inline(__always)
  func computeAddresses(_ o: UnsafePointer<Operation>) {
    let a = registers + o.pointee.a.index * 32
    var base = UInt64(bitPattern: o.pointee.offset)
    let number = o.pointee.addressUniform
    if number != OperandText.zeroRegister {
      let isWide = o.pointee.addressUniformIsWide
      base = base &+ UInt64(uniform[number]) &+ (isWide ? UInt64(uniform[number + 1]) << 32 : 0)
    }
    let addresses = addresses
    if o.pointee.addressIsWide {
      eachLane { lane in
        addresses[lane] = (UInt64(a[lane]) | UInt64(a[lane + 32]) << 32) &+ base
      }
    } else {
      let scale = UInt64(o.pointee.scale)
      let isNarrow = o.pointee.space == .shared || o.pointee.space == .local
      let keep: UInt64 = isNarrow ? 0xffff_ffff : .max
      eachLane { lane in addresses[lane] = (UInt64(a[lane]) &* scale &+ base) & keep }
    }
    if stream != nil { recordAddresses() }
  }

  /// Adds the executing lanes' addresses to the stream.
  func recordAddresses() {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 32) { list in
      var count = 0
      eachLane { lane in
        list[count] = addresses[lane]
        count += 1
      }
      stream!.reference(UnsafeBufferPointer(rebasing: list[..<count]))
    }
  }
}
