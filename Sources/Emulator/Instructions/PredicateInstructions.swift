import ISA

/// Logic on predicates, moves, special registers.
extension InstructionRules {
  static let predicates: [String: Rule] = [
    "PLOP3": { c in
      c.ignore("LUT")
      guard try c.predicateResult(\.result) else { throw c.unsupported("no predicate result") }
      try c.predicateResult(\.secondResult)
      c.operation.p = try c.predicate()
      c.operation.q = try c.predicate()
      c.operation.r = try c.predicate()
      c.operation.immediate = UInt32(truncatingIfNeeded: try c.integer()) & 0xff
      c.operation.mode = Int(truncatingIfNeeded: try c.integer()) & 0xff
      c.operation.run = { w, o in
        let p = w.predicate(o.pointee.p)
        let q = w.predicate(o.pointee.q)
        let r = w.predicate(o.pointee.r)
        let (first, second) = (o.pointee.immediate, UInt32(truncatingIfNeeded: o.pointee.mode))
        w.set(o.pointee.result, IntegerArithmetic.lookup(p, q, r, table: first))
        w.set(o.pointee.secondResult, IntegerArithmetic.lookup(p, q, r, table: second))
      }
    },
    // Predicates into the bits of a register, and back.
    "P2R": { c in
      c.operation.mode = c.choice(["B0": 0, "B1": 8, "B2": 16, "B3": 24]) ?? 0
      try c.destination()
      guard case .allPredicates = try c.next().kind else { throw c.unsupported("not PR") }
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let (d, shift) = (w.write(o), UInt32(truncatingIfNeeded: o.pointee.mode))
        w.eachLane { lane in
          var bits: UInt32 = 0
          for index in 0..<7 { bits |= (w.predicates[index] >> UInt32(lane) & 1) << UInt32(index) }
          let chosen = b[lane] & 0xff
          d[lane] = a[lane] & ~(chosen << shift) | (bits & chosen) << shift
        }
      }
    },
    "R2P": { c in
      guard case .allPredicates = try c.next().kind else { throw c.unsupported("not PR") }
      if case .some(let operand) = c.operands.first {
        for (suffix, shift) in [("B0", 0), ("B1", 8), ("B2", 16), ("B3", 24)]
        where operand.suffixes.contains(suffix) {
          c.operation.mode = shift
        }
      }
      c.operation.a = try c.source()
      c.operation.b = try c.source()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let b = w.read(o.pointee.b, slot: 1)
        let shift = UInt32(truncatingIfNeeded: o.pointee.mode)
        w.eachLane { lane in
          let bits = a[lane] >> shift
          for index in 0..<7 where b[lane] >> UInt32(index) & 1 == 1 {
            let bit = UInt32(1) << UInt32(lane)
            if bits >> UInt32(index) & 1 == 1 {
              w.predicates[index] |= bit
            } else {
              w.predicates[index] &= ~bit
            }
          }
        }
      }
    },
  ]

  static let moves: [String: Rule] = [
    "MOV": { c in
      let words = c.take("64") ? 2 : 1
      try c.destination(words: words)
      c.operation.a = try c.source()
      // A byte mask, always full in compiled code.
      if !c.operands.isEmpty, try c.integer() != 0xf { throw c.unsupported("a partial move") }
      c.operation.run = words == 2 ? Moves.move64 : Moves.move
    },
    // From the first executing lane to the uniform file.
    "R2UR": { c in
      c.ignore("OR")
      if c.nextIsPredicate { _ = try c.next() }
      try c.destination()
      if c.nextIsPredicate { _ = try c.next() }
      c.operation.a = try c.source()
      c.operation.run = Moves.move
    },
    "S2R": { c in try special(&c, words: 1) },
    "S2UR": { c in try special(&c, words: 1) },
    "CS2UR": { c in try special(&c, words: c.take("32") ? 1 : 2) },
    "CS2R": { c in try special(&c, words: c.take("32") ? 1 : 2) },
    "LEPC": { c in
      try c.destination(words: 2)
      // Later architectures name a target; the first ones give the address after next.
      c.operation.target = c.operands.isEmpty ? -1 : try c.codeTarget()
      c.operation.run = { w, o in
        let d = w.write(o)
        let bytes = Int(w.cta.context.launch.kernel.architecture.instructionBytes)
        let index = o.pointee.target >= 0 ? o.pointee.target : w.pc
        let address = LaunchContext.codeBase + UInt64(index * bytes)
        w.eachLane { d.setWide($0, address) }
      }
    },
  ]

  private static func special(_ c: inout DecodeContext, words: Int) throws {
    try c.destination(words: words)
    guard case .special(let name) = try c.next().kind else {
      throw c.unsupported("not a special register")
    }
    guard let register = SpecialRegister(name) else { throw c.unsupported(name) }
    c.operation.mode = register.rawValue
    c.operation.run = words == 2 ? Moves.special64 : Moves.special
  }
}

/// Special registers that code of these architectures reads.
enum SpecialRegister: Int {
  case zero, laneID, clockLow, clockHigh, globalTimerLow, globalTimerHigh
  case threadX, threadY, threadZ, ctaX, ctaY, ctaZ, blockX, blockY, blockZ, gridX, gridY, gridZ
  case packedThread
  case equalMask, lessMask, lessOrEqualMask, greaterMask, greaterOrEqualMask
  case smID, smCount, warpID, virtualID, gridID
  case sharedWindowHigh, localWindowHigh, clusterRank, clusterSize, sharedSize, dynamicSharedSize

  private static let names: [String: SpecialRegister] = [
    "SRZ": .zero, "SR_LANEID": .laneID, "SR_CLOCKLO": .clockLow, "SR_CLOCKHI": .clockHigh,
    "SR_GLOBALTIMERLO": .globalTimerLow, "SR_GLOBALTIMERHI": .globalTimerHigh,
    "SR_TID.X": .threadX, "SR_TID.Y": .threadY, "SR_TID.Z": .threadZ, "SR_TID": .packedThread,
    "SR_CTAID.X": .ctaX, "SR_CTAID.Y": .ctaY, "SR_CTAID.Z": .ctaZ,
    "SR_NTID.X": .blockX, "SR_NTID.Y": .blockY, "SR_NTID.Z": .blockZ,
    "SR_NCTAID.X": .gridX, "SR_NCTAID.Y": .gridY, "SR_NCTAID.Z": .gridZ,
    "SR_EQMASK": .equalMask, "SR_LTMASK": .lessMask, "SR_LEMASK": .lessOrEqualMask,
    "SR_GTMASK": .greaterMask, "SR_GEMASK": .greaterOrEqualMask,
    "SR_VIRTUALSMID": .smID, "SR_SMID": .smID, "SR_NSMID": .smCount, "SR_WARPID": .warpID,
    "SR_VIRTID": .virtualID, "SR_GRIDID": .gridID, "SR_SWINHI": .sharedWindowHigh,
    "SR_LWINHI": .localWindowHigh, "SR_CgaCtaId": .clusterRank, "SR_CgaSize": .clusterSize,
    "SR_SMEMSZ": .sharedSize, "SR_DYN_SMEM_SIZE": .dynamicSharedSize,
  ]

  init?(_ name: String) {
    guard let register = Self.names[name] else { return nil }
    self = register
  }
}

enum Moves {
  static let move: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0), w.write(o))
    w.eachLane { d[$0] = a[$0] }
  }

  static let move64: Handler = { w, o in
    let (a, d) = (w.read(o.pointee.a, slot: 0, words: 2), w.write(o))
    w.eachLane { d.setWide($0, a.wide($0)) }
  }

  static let special: Handler = { w, o in
    let d = w.write(o)
    guard let register = SpecialRegister(rawValue: o.pointee.mode) else { return }
    w.eachLane { d[$0] = UInt32(truncatingIfNeeded: w.value(of: register, lane: $0)) }
  }

  static let special64: Handler = { w, o in
    let d = w.write(o)
    guard let register = SpecialRegister(rawValue: o.pointee.mode) else { return }
    w.eachLane { d.setWide($0, w.value(of: register, lane: $0)) }
  }
}

extension Warp {
  /// The clock that a program sees: four cycles for each instruction of its warp. Kernels do not
  /// take time here; differences are positive and the same in every run.
  private var clock: UInt64 { cta.context.startClock &+ UInt64(executed) &* 4 }

  /// What a lane reads from a special register.
  func value(of register: SpecialRegister, lane: Int) -> UInt64 {
    let launch = cta.context.launch
    let bit = UInt64(1) << UInt64(lane)
    switch register {
    case .zero: return 0
    case .laneID: return UInt64(lane)
    case .clockLow: return clock
    case .clockHigh: return clock >> 32
    case .globalTimerLow: return clock & ~31
    case .globalTimerHigh: return clock >> 32
    case .threadX: return UInt64(threadPosition(lane: lane).x)
    case .threadY: return UInt64(threadPosition(lane: lane).y)
    case .threadZ: return UInt64(threadPosition(lane: lane).z)
    case .packedThread:
      let position = threadPosition(lane: lane)
      return UInt64(position.x) | UInt64(position.y) << 16 | UInt64(position.z) << 26
    case .ctaX: return UInt64(cta.position.x)
    case .ctaY: return UInt64(cta.position.y)
    case .ctaZ: return UInt64(cta.position.z)
    case .blockX: return UInt64(launch.block.x)
    case .blockY: return UInt64(launch.block.y)
    case .blockZ: return UInt64(launch.block.z)
    case .gridX: return UInt64(launch.grid.x)
    case .gridY: return UInt64(launch.grid.y)
    case .gridZ: return UInt64(launch.grid.z)
    case .equalMask: return bit
    case .lessMask: return bit - 1
    case .lessOrEqualMask: return bit | (bit - 1)
    case .greaterMask: return 0xffff_ffff & ~(bit | (bit - 1))
    case .greaterOrEqualMask: return 0xffff_ffff & ~(bit - 1)
    case .smID: return UInt64(cta.index % max(1, cta.context.options.smCount))
    case .smCount: return UInt64(cta.context.options.smCount)
    case .warpID: return UInt64(index)
    case .virtualID:
      // The SM stands from bit 20 on.
      return UInt64(index) | UInt64(cta.index % max(1, cta.context.options.smCount)) << 20
    case .gridID: return 0
    case .sharedWindowHigh: return LaunchContext.sharedWindow >> 32
    case .localWindowHigh: return LaunchContext.localWindow >> 32
    case .clusterRank:
      let cluster = launch.cluster
      let position = cta.position
      return UInt64(
        position.x % cluster.x + (position.y % cluster.y) * cluster.x
          + (position.z % cluster.z) * cluster.x * cluster.y)
    case .clusterSize:
      // Since sm_100, code multiplies it by a negative stride into the constants about clusters
      // and the grid's workspace: it chooses one of several blocks. Here there is one (assumed).
      return launch.kernel.architecture.number >= 100 ? 0 : UInt64(launch.cluster.count)
    case .sharedSize: return UInt64(cta.context.sharedBytes)
    case .dynamicSharedSize: return UInt64(launch.dynamicShared)
    }
  }
}
