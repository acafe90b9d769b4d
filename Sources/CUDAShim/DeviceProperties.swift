import Foundation

/// Lays values out as a C structure does: each aligned to its size.
struct StructureWriter {
  let base: UnsafeMutableRawPointer
  private(set) var offset = 0

  init(base: UnsafeMutableRawPointer, offset: Int = 0) {
    self.base = base
    self.offset = offset
  }

  mutating func int(_ values: Int...) { ints(values) }

  mutating func ints(_ values: [Int]) {
    for value in values {
      base.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: offset, as: Int32.self)
      offset += 4
    }
  }

  mutating func size(_ value: Int) {
    offset = (offset + 7) & ~7
    base.storeBytes(of: value, toByteOffset: offset, as: Int.self)
    offset += 8
  }
}

/// Largest extents of textures and surfaces, in elements; the same for all architectures here
/// (CUDA C++ Programming Guide, technical specifications per compute capability).
enum TextureLimits {
  static let line = 131072
  static let lineMipmapped = 32768
  static let lineLinear = 1 << 28
  static let plane = [131072, 65536]
  static let planeMipmapped = [32768, 32768]
  /// Width, height, pitch in bytes.
  static let planeLinear = [131072, 65000, 2_097_120]
  static let planeGather = [32768, 32768]
  static let volume = [16384, 16384, 16384]
  static let volumeOther = [8192, 8192, 32768]
  static let cube = 32768
  /// The last of each is the number of layers.
  static let lineLayered = [32768, 2048]
  static let planeLayered = [32768, 32768, 2048]
  static let cubeLayered = [32768, 2046]
  static let surfaceLine = 32768
  static let surfacePlane = [131072, 65536]
  static let surfaceVolume = [16384, 16384, 16384]
}

extension DeviceDescription {
  /// Fills a `cudaDeviceProp`. Version 13 of the runtime dropped members of version 12.
  func write(to base: UnsafeMutableRawPointer, version: Int) {
    let old = version < 13
    // The reserved tail is left as it is: its length changed between minor versions.
    memset(base, 0, old ? 776 : 744)
    for (index, byte) in name.utf8.prefix(255).enumerated() {
      base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }
    // Behind the name: a UUID of 16 bytes, a LUID of 8 with its mask.
    base.storeBytes(of: 1, toByteOffset: 256, as: UInt8.self)
    var w = StructureWriter(base: base, offset: 256 + 16 + 8)
    w.int(0)
    w.size(memory)
    w.size(sharedPerBlock)
    w.int(registersPerSM, 32)
    w.size(0x7fff_ffff)  // pitch
    w.int(1024)
    w.int(1024, 1024, 64)
    w.int(0x7fff_ffff, 65535, 65535)
    if old { w.int(clock) }
    w.size(64 << 10)  // constants
    w.int(architecture.number / 10, architecture.number % 10)
    w.size(512)  // alignment of textures and of their rows
    w.size(32)
    if old { w.int(1) }  // copies beside kernels
    w.int(smCount)
    if old { w.int(0) }  // no time limit
    w.int(0, 1)  // not integrated; maps host memory
    if old { w.int(0) }  // compute mode
    writeTextures(&w, old: old)
    w.size(512)  // alignment of surfaces
    w.int(1, 0)  // concurrent kernels; no ECC
    w.int(1, 0, 0, 0)  // PCI bus, device, domain; no TCC
    w.int(2, 1)  // copy engines; unified addresses
    if old { w.int(memoryClock) }
    w.int(memoryBus, l2Bytes, persistingL2Bytes, threadsPerSM)
    w.int(1, 1, 1)  // stream priorities; the L1 caches global and local memory
    w.size(sharedPerSM)
    w.int(registersPerSM, 1)  // managed memory
    w.int(0, 0, 0)  // one GPU on the board; no atomics between host and device
    if old { w.int(singleToDouble) }
    w.int(0, 1, 1, 1)  // no pageable access; concurrent managed access; preemption; host pointers
    w.int(1)  // cooperative launches
    if old { w.int(0) }  // on several devices
    w.size(sharedPerBlockOptIn)
    w.int(0, 0, ctasPerSM, persistingL2Bytes)
    w.size(reservedShared)
    w.int(1, 0, 0, 0, 1)  // registering host memory; …; memory pools
    w.int(0, 0, 0, 0, 0, 0)
    w.int(hasClusters ? 1 : 0)
  }

  private func writeTextures(_ w: inout StructureWriter, old: Bool) {
    typealias Limits = TextureLimits
    w.int(Limits.line, Limits.lineMipmapped)
    if old { w.int(Limits.lineLinear) }
    for extent in [
      Limits.plane, Limits.planeMipmapped, Limits.planeLinear, Limits.planeGather,
      Limits.volume, Limits.volumeOther, [Limits.cube], Limits.lineLayered,
      Limits.planeLayered, Limits.cubeLayered, [Limits.surfaceLine], Limits.surfacePlane,
      Limits.surfaceVolume, Limits.lineLayered, Limits.planeLayered, [Limits.cube],
      Limits.cubeLayered,
    ] { w.ints(extent) }
  }

  /// A `cudaDeviceAttr` by its number; nil when there is no such attribute.
  func attribute(_ number: Int32) -> Int? {
    switch number {
    case 1: 1024  // threads per CTA
    case 2, 3: 1024
    case 4: 64
    case 5: 0x7fff_ffff
    case 6, 7: 65535
    case 8: sharedPerBlock
    case 9: 64 << 10
    case 10: 32
    case 11: 0x7fff_ffff
    case 12, 82: registersPerSM
    case 13: clock
    case 14, 30: 512
    case 16: smCount
    case 33: 1
    case 36: memoryClock
    case 37: memoryBus
    case 38: l2Bytes
    case 39: threadsPerSM
    case 40: 2
    case 51: 32
    case 75: architecture.number / 10
    case 76: architecture.number % 10
    case 81: sharedPerSM
    case 87: singleToDouble
    case 97: sharedPerBlockOptIn
    case 106: ctasPerSM
    case 108, 109: persistingL2Bytes
    case 111: reservedShared
    case 120: hasClusters ? 1 : 0
    case 126: 1
    case 130, 131, 134: -1  // no NUMA node
    // Present: overlap, mapped memory, concurrent kernels, unified addressing, priorities, cached
    // loads, managed memory and its concurrency, preemption, registered pointers, cooperative
    // launches, registering, pools.
    case 15, 19, 31, 41, 78, 79, 80, 83, 89, 90, 91, 95, 99, 115: 1
    case 21...29, 42...74, 77: textureAttribute(number)
    case 1...160: 0
    default: nil
    }
  }

  private func textureAttribute(_ number: Int32) -> Int {
    typealias Limits = TextureLimits
    let rows: [(Int32, [Int])] = [
      (21, [Limits.line]), (22, Limits.plane), (24, Limits.volume), (27, Limits.planeLayered),
      (42, Limits.lineLayered), (45, Limits.planeGather), (47, Limits.volumeOther),
      (50, [0, 32]), (52, [Limits.cube]), (53, Limits.cubeLayered), (55, [Limits.surfaceLine]),
      (56, Limits.surfacePlane), (58, Limits.surfaceVolume), (61, Limits.lineLayered),
      (63, Limits.planeLayered), (66, [Limits.cube]), (67, Limits.cubeLayered),
      (69, [Limits.lineLinear]), (70, Limits.planeLinear), (73, Limits.planeMipmapped),
      (77, [Limits.lineMipmapped]),
    ]
    for (first, values) in rows where number >= first && Int(number - first) < values.count {
      return values[Int(number - first)]
    }
    return 0
  }
}
