import Emulator
import Foundation
import ISA

/// What device queries answer; `trace record` passes the values of a machine description.
struct DeviceDescription {
  var name = "Needletail emulated GPU"
  var architecture: Architecture
  var smCount = 84
  /// kHz.
  var clock = 1_800_000
  var memoryClock = 8_001_000
  /// Bits.
  var memoryBus = 384
  /// Bytes.
  var memory = 48 << 30
  var l2Bytes = 6 << 20
  var sharedPerSM: Int
  var sharedPerBlock = 48 << 10
  var sharedPerBlockOptIn: Int
  var registersPerSM = 65536
  var threadsPerSM: Int
  var ctasPerSM: Int

  /// `key=value` pairs separated by semicolons; anything else keeps its default.
  init(_ settings: ShimSettings) {
    architecture = settings.architecture
    let number = architecture.number
    (sharedPerSM, threadsPerSM, ctasPerSM) =
      switch number {
      case 75: (64 << 10, 1024, 16)
      case 80: (164 << 10, 2048, 32)
      case 90, 100, 103: (228 << 10, 2048, 32)
      case 89: (100 << 10, 1536, 24)
      case 120, 121: (100 << 10, 1536, 24)
      default: (100 << 10, 1536, 16)
      }
    sharedPerBlockOptIn = number == 75 ? 64 << 10 : sharedPerSM - 1024
    for pair in settings.device.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      if parts[0] == "name" { name = String(parts[1]) }
      guard let value = Int(parts[1]) else { continue }
      switch parts[0] {
      case "smCount": smCount = value
      case "clock": clock = value
      case "memoryClock": memoryClock = value
      case "memoryBus": memoryBus = value
      case "memory": memory = value
      case "l2Bytes": l2Bytes = value
      case "threadsPerSM": threadsPerSM = value
      case "ctasPerSM": ctasPerSM = value
      case "registersPerSM": registersPerSM = value
      case "sharedPerSM":
        sharedPerSM = value
        sharedPerBlockOptIn = number == 75 ? value : value - 1024
      default: break
      }
    }
  }

  var hasClusters: Bool { architecture.number >= 90 }
  /// Shared memory that the system takes from each CTA, in bytes.
  var reservedShared: Int { architecture.number >= 80 ? 1024 : 0 }
  /// Share of the L2 that programs may reserve, in bytes.
  var persistingL2Bytes: Int { architecture.number >= 80 ? l2Bytes / 4 * 3 : 0 }
  /// FP32 throughput as a multiple of FP64's.
  var singleToDouble: Int {
    switch architecture.number {
    case 80, 90, 100: 2
    case 120, 121, 86, 87, 89: 64
    default: 32
    }
  }

  /// CTAs of a kernel that one SM holds. Registers are given to warps by 256, shared memory by
  /// 128 bytes (CUDA occupancy calculator).
  func residentCTAs(threads: Int, registers: Int, shared: Int) -> Int {
    guard threads > 0, threads <= 1024 else { return 0 }
    let warps = (threads + 31) / 32
    var result = min(ctasPerSM, threadsPerSM / 32 / warps)
    let perWarp = (max(registers, 16) * 32 + 255) & ~255
    // Registers are split over four sub-cores.
    let warpsByRegisters = registersPerSM / 4 / perWarp * 4
    result = min(result, warpsByRegisters / warps)
    let perCTA = (shared + reservedShared + 127) & ~127
    if perCTA > 0 { result = min(result, sharedPerSM / perCTA) }
    return max(0, result)
  }
}

extension KernelImage {
  /// Static shared memory without the kilobyte of the system that cubins count from sm_90 on.
  var ownShared: Int { architecture.number >= 90 ? max(0, staticShared - 1024) : staticShared }
}
