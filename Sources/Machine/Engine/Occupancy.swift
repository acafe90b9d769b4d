import ISA

/// What one CTA of a kernel takes of an SM, and how many fit: the hardware's rules
/// (CUDA C++ Programming Guide, compute capabilities; occupancy calculator).
public struct Occupancy: Hashable, Sendable {
  public var warpsPerCTA: Int
  /// Bytes of shared memory per CTA, with the system's reserve, rounded to the allocation unit.
  public var sharedPerCTA: Int
  /// Share of the SM's registers that one CTA takes.
  public var registerShare: Double
  /// CTAs that fit on one SM.
  public var ctasPerSM: Int
  /// What keeps the number down: "warps", "CTA slots", "registers" or "shared memory".
  public var limiter: String
  /// Shared-memory carve-out in bytes: the smallest that lets all of them in.
  public var carveOut: Int

  public init(_ launch: KernelLaunch, spec: SMSpec) {
    warpsPerCTA = max(1, launch.warpsPerCTA)
    let unit = max(1, spec.sharedMemory.allocationUnit.count)
    let own = launch.staticShared + launch.dynamicShared
    let asked = own > 0 ? own + spec.sharedMemory.reservePerCTA.count : 0
    sharedPerCTA = (asked + unit - 1) / unit * unit
    let registerUnit = max(1, spec.registerAllocationUnit)
    let registers = max(1, launch.registers) * 32
    let registersPerWarp = (registers + registerUnit - 1) / registerUnit * registerUnit
    // Each sub-core gets the same number of warps.
    let warpsByRegisters = spec.registers / registersPerWarp / spec.subCores * spec.subCores
    registerShare = Double(warpsPerCTA) / Double(max(1, warpsByRegisters))
    let carveOuts = spec.sharedMemory.carveOuts.map(\.count).sorted()
    let mostShared = carveOuts.last ?? 0
    let limits = [
      ("CTA slots", spec.ctas),
      ("warps", spec.warps / warpsPerCTA),
      ("registers", warpsByRegisters / warpsPerCTA),
      ("shared memory", sharedPerCTA > 0 ? mostShared / sharedPerCTA : spec.ctas),
    ]
    let least = limits.min { $0.1 < $1.1 } ?? ("CTA slots", 0)
    ctasPerSM = least.1
    limiter = least.0
    let wanted = max(sharedPerCTA * ctasPerSM, spec.sharedMemory.leastCarveOut.count)
    carveOut = carveOuts.first { $0 >= wanted } ?? mostShared
  }
}
