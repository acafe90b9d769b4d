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

  /// How many CTAs one resource lets onto an SM.
  public struct Limit: Hashable, Sendable {
    public var resource: String
    public var ctas: Int
  }

  public init(_ launch: KernelLaunch, spec: SMSpec) {
    warpsPerCTA = max(1, launch.warpsPerCTA)
    sharedPerCTA = Self.shared(launch, spec)
    let warpsByRegisters = Self.warpsByRegisters(launch, spec)
    registerShare = Double(warpsPerCTA) / Double(max(1, warpsByRegisters))
    let least =
      Self.limits(launch, spec: spec).min { $0.ctas < $1.ctas }
      ?? Limit(resource: "CTA slots", ctas: 0)
    ctasPerSM = least.ctas
    limiter = least.resource
    let carveOuts = spec.sharedMemory.carveOuts.map(\.count).sorted()
    let wanted = max(sharedPerCTA * ctasPerSM, spec.sharedMemory.leastCarveOut.count)
    carveOut = carveOuts.first { $0 >= wanted } ?? carveOuts.last ?? 0
  }

  /// What each resource allows, the first of the least ones being the limiter.
  public static func limits(_ launch: KernelLaunch, spec: SMSpec) -> [Limit] {
    let warps = max(1, launch.warpsPerCTA)
    let shared = shared(launch, spec)
    let mostShared = spec.sharedMemory.carveOuts.map(\.count).max() ?? 0
    return [
      Limit(resource: "CTA slots", ctas: spec.ctas),
      Limit(resource: "warps", ctas: spec.warps / warps),
      Limit(resource: "registers", ctas: warpsByRegisters(launch, spec) / warps),
      Limit(resource: "shared memory", ctas: shared > 0 ? mostShared / shared : spec.ctas),
    ]
  }

  private static func shared(_ launch: KernelLaunch, _ spec: SMSpec) -> Int {
    let unit = max(1, spec.sharedMemory.allocationUnit.count)
    let own = launch.staticShared + launch.dynamicShared
    let asked = own > 0 ? own + spec.sharedMemory.reservePerCTA.count : 0
    return (asked + unit - 1) / unit * unit
  }

  private static func warpsByRegisters(_ launch: KernelLaunch, _ spec: SMSpec) -> Int {
    let registerUnit = max(1, spec.registerAllocationUnit)
    let registers = max(1, launch.registers) * 32
    let registersPerWarp = (registers + registerUnit - 1) / registerUnit * registerUnit
    // Each sub-core gets the same number of warps.
    return spec.registers / registersPerWarp / spec.subCores * spec.subCores
  }
}
