import ISA

/// One CTA while it executes: its warps, shared and local memory, and barriers.
final class CTA {
  struct Barrier {
    /// Threads expected; 0: all of the CTA that live.
    var expected = 0
    /// Threads counted by BAR.ARV.
    var arrived = 0
    var anyone: UInt32 = 0
    var everyone = true
    var count: UInt32 = 0
    /// 0 population count, 1 AND, 2 OR.
    var reduction: UInt32 = 0
  }

  static let barrierCount = 16
  /// The cluster's barrier among those that groups of threads wait at.
  static let clusterBarrier = barrierCount
  /// Warp instructions that a warp may execute before another one has its turn.
  private static let quantum = 4096

  let context: LaunchContext
  let index: Int
  let position: Dim3
  let shared: UnsafeMutableRawPointer
  let local: UnsafeMutableRawPointer
  private(set) var warps: [Warp] = []
  var barriers = [Barrier](repeating: Barrier(), count: CTA.barrierCount)
  var executed = 0
  /// The CTAs of its cluster by rank, itself included; empty without clusters.
  var cluster: [CTA] = []

  init(_ context: LaunchContext, index: Int, records: Bool) {
    self.context = context
    self.index = index
    let grid = context.launch.grid
    let (x, y) = (Int(grid.x), Int(grid.y))
    position = Dim3(UInt32(index % x), UInt32(index / x % y), UInt32(index / x / y))
    let threads = context.launch.block.count
    let warpCount = (threads + 31) / 32
    shared = .allocate(byteCount: context.sharedBytes, alignment: 128)
    shared.initializeMemory(as: UInt8.self, repeating: 0, count: context.sharedBytes)
    let localTotal = max(16, context.localBytes * warpCount * 32)
    local = .allocate(byteCount: localTotal, alignment: 16)
    local.initializeMemory(as: UInt8.self, repeating: 0, count: localTotal)
    for index in 0..<warpCount {
      let rest = threads - index * 32
      let population: UInt32 = rest >= 32 ? .max : (1 << UInt32(rest)) - 1
      let warp = Warp(
        index: index, cta: self, population: population, pool: UnsafePointer(context.pool))
      if records { warp.stream = WarpStream() }
      warps.append(warp)
    }
  }

  deinit {
    shared.deallocate()
    local.deallocate()
  }

  var isFinished: Bool { warps.allSatisfy(\.convergence.isFinished) }

  /// Lets each warp run for a while; whether any did.
  func turn() throws -> Bool {
    var progressed = false
    for warp in warps where !warp.convergence.isFinished {
      let before = warp.executed
      try warp.run(quantum: Self.quantum)
      executed += warp.executed - before
      if warp.executed != before { progressed = true }
    }
    let limit = context.options.instructionLimit
    if limit > 0, executed > limit {
      throw fault(.hang, "a CTA executed more than \(limit) warp instructions")
    }
    return progressed
  }

  /// Runs to the end.
  func run() throws {
    while !isFinished {
      guard try turn() else { throw deadlock() }
    }
  }

  func fault(_ kind: EmulationFault.Kind, _ message: String) -> EmulationFault {
    var fault = EmulationFault(kind, message)
    fault.kernel = context.launch.kernel.name
    fault.cta = position
    return fault
  }

  func deadlock() -> EmulationFault {
    let waiting = warps.filter { !$0.convergence.isFinished }.prefix(4).map { warp in
      let waits = warp.convergence.groups.map { "\($0.wait)" }.joined(separator: ", ")
      return "warp \(warp.index) (\(waits))"
    }
    return fault(.hang, "no thread can go on: \(waiting.joined(separator: "; ")) wait for ever")
  }

  // MARK: Barriers

  /// Releases barrier `number` if all that it waits for are there.
  func release(_ number: Int) {
    let barrier = barriers[number]
    var present = 0
    var complete = true
    for warp in warps {
      let alive = warp.convergence.alive
      let waiting = warp.convergence.waiting(at: number)
      if alive != 0, waiting == alive {
        present += 32
      } else if alive != 0 {
        complete = false
      }
    }
    let satisfied =
      barrier.expected > 0 ? present + barrier.arrived >= barrier.expected : complete && present > 0
    guard satisfied else { return }
    for warp in warps where warp.convergence.waiting(at: number) != 0 {
      warp.barrierResult = barrier.count
      warp.barrierFlag = barrier.reduction == 1 ? barrier.everyone : barrier.anyone != 0
      warp.convergence.releaseCTA(barrier: number)
    }
    barriers[number] = Barrier()
  }

  /// Barriers that waited for threads which ended.
  func releaseAfterExit() {
    for number in 0..<Self.barrierCount { release(number) }
    releaseCluster()
  }

  /// Lets the cluster's threads go on if all of them that live have arrived.
  func releaseCluster() {
    let ctas = cluster.isEmpty ? [self] : cluster
    var someoneArrived = false
    for cta in ctas {
      for warp in cta.warps {
        if warp.convergence.alive & ~warp.arrivedAtCluster != 0 { return }
        if warp.arrivedAtCluster != 0 { someoneArrived = true }
      }
    }
    guard someoneArrived else { return }
    for cta in ctas {
      for warp in cta.warps {
        warp.arrivedAtCluster = 0
        warp.convergence.releaseCTA(barrier: Self.clusterBarrier)
      }
    }
  }

  /// What was recorded, as one CTA's streams.
  func trace() -> CTATrace {
    var starts = [0]
    var instructions: [DynamicInstruction] = []
    var references: [AddressReference] = []
    var addresses: [UInt64] = []
    for warp in warps {
      guard let stream = warp.stream else { continue }
      let firstReference = UInt32(references.count)
      let firstAddress = UInt32(addresses.count)
      for var instruction in stream.instructions {
        if instruction.reference != DynamicInstruction.none {
          instruction.reference += firstReference
        }
        instructions.append(instruction)
      }
      for var reference in stream.references {
        if reference.list != AddressReference.none { reference.list += firstAddress }
        references.append(reference)
      }
      addresses += stream.addresses
      starts.append(instructions.count)
    }
    return CTATrace(
      x: position.x, y: position.y, z: position.z, warpStarts: starts,
      instructions: instructions, references: references, addresses: addresses)
  }
}
