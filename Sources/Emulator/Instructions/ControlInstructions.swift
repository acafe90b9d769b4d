/// Branches, calls, convergence and CTA barriers, and what has no effect on results.
extension InstructionRules {
  static let control: [String: Rule] = [
    "BRA": { c in
      let divergent = c.take("DIV")
      let convergent = c.take("CONV")
      c.ignore("U", "INC", "DEC", "ANY", "ALL")
      if divergent || convergent {
        // Without a mask: all lanes of the warp.
        if c.operands.count > 1 {
          c.operation.a = try c.source()
        } else {
          c.operation.a.place = .pool
          c.operation.a.index = c.pool.word(.immediate(0xffff_ffff))
        }
        c.operation.flag = divergent
        c.operation.target = try c.codeTarget()
        c.operation.run = Control.branchOnConvergence
        return
      }
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.target = try c.codeTarget()
      c.operation.run = { w, o in w.jump(w.mask & w.predicate(o.pointee.p), to: o.pointee.target) }
    },
    "JMP": { c in
      c.operation.target = try c.codeTarget()
      c.operation.run = { w, o in w.jump(w.mask, to: o.pointee.target) }
    },
    // Indirect, relative to the instruction behind.
    "BRX": { c in
      c.ignore("INC")
      c.operation.a = try c.source()
      c.operation.offset = c.operands.isEmpty ? 0 : try c.integer()
      c.operation.run = { w, o in
        let a = w.read(o.pointee.a, slot: 0)
        let bytes = Int(w.cta.context.launch.kernel.architecture.instructionBytes)
        let base = w.next * bytes + Int(o.pointee.offset)
        w.jump { (base + Int(Int32(bitPattern: a[$0]))) / bytes }
      }
    },
    "JMX": { c in
      c.operation.a = try c.source()
      c.operation.offset = c.operands.isEmpty ? 0 : try c.integer()
      c.operation.run = Control.jumpAbsolute
    },
    "CALL": { c in
      c.ignore("NOINC", "INC", "U")
      let absolute = c.take("ABS")
      c.ignore("REL")
      guard case .register = c.operands.first?.kind else {
        let place = try c.integer()
        if absolute, let builtin = Builtin(address: UInt64(bitPattern: place)) {
          c.operation.mode = Int(builtin.rawValue)
          c.operation.run = Control.callBuiltin
          return
        }
        c.operation.target = Int(place) / Int(c.architecture.instructionBytes)
        c.operation.run = { w, o in w.jump(w.mask, to: o.pointee.target) }
        return
      }
      c.operation.a = try c.source()
      c.operation.offset = c.operands.isEmpty ? 0 : try c.integer()
      c.operation.run = absolute ? Control.callAbsolute : Control.jumpInFunction
    },
    "RET": { c in
      c.ignore("NODEC", "DEC")
      let absolute = c.take("ABS")
      c.ignore("REL")
      c.operation.a = try c.source()
      c.operation.offset = c.operands.isEmpty ? 0 : try c.integer()
      c.operation.run = absolute ? Control.jumpAbsolute : Control.jumpInFunction
    },
    "EXIT": { c in
      c.ignore("KEEPREFCOUNT", "NO_ATEXIT")
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.run = { w, o in w.exit(w.mask & w.predicate(o.pointee.p)) }
    },
    "KILL": { c in c.operation.run = { w, _ in w.exit(w.mask) } },
    "BSSY": { c in
      c.operation.flag = c.take("RECONVERGENT") || c.take("RELIABLE")
      c.operation.mode = try c.convergenceBarrier()
      _ = try c.integer()
      c.operation.run = { w, o in
        w.convergence.arm(barrier: o.pointee.mode, lanes: w.mask, isFirm: o.pointee.flag)
      }
    },
    "BSYNC": { c in
      c.ignore("RECONVERGENT", "RELIABLE")
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.mode = try c.convergenceBarrier()
      c.operation.run = { w, o in
        // Lanes whose guard is false go on alone.
        w.part(w.mask & w.predicate(o.pointee.p))
        w.convergence.synchronise(barrier: o.pointee.mode, next: w.next)
        w.switched = true
      }
    },
    "BREAK": { c in
      c.ignore("RELIABLE", "RECONVERGENT")
      if c.nextIsPredicate { c.operation.p = try c.predicate() }
      c.operation.mode = try c.convergenceBarrier()
      c.operation.run = { w, o in
        w.convergence.advance(to: w.next)
        let lanes = w.mask & w.predicate(o.pointee.p)
        w.convergence.leave(barrier: o.pointee.mode, lanes: lanes)
        w.switched = true
      }
    },
    "BMOV": { c in
      let clears = c.take("CLEAR")
      c.ignore("32")
      if case .convergenceBarrier(let number) = c.operands.first?.kind {
        c.operands = c.operands.dropFirst()
        c.operation.mode = number
        c.operation.a = try c.source()
        c.operation.run = { w, o in
          let a = w.read(o.pointee.a, slot: 0)
          w.convergence.arm(
            barrier: o.pointee.mode, lanes: a[w.mask.trailingZeroBitCount])
        }
      } else {
        try c.destination()
        c.operation.mode = try c.convergenceBarrier()
        c.operation.flag = clears
        c.operation.run = { w, o in
          let lanes = w.convergence.participants(of: o.pointee.mode)
          let d = w.write(o)
          w.eachLane { d[$0] = lanes }
          if o.pointee.flag { w.convergence.arm(barrier: o.pointee.mode, lanes: 0) }
        }
      }
    },
    "WARPSYNC": { c in
      c.ignore("EXCLUSIVE", "COLLECTIVE")
      c.operation.flag = c.take("ALL")
      if !c.operation.flag { c.operation.a = try c.source() }
      // The collective form names where the others are collected.
      if !c.operands.isEmpty { _ = try c.integer() }
      c.operation.run = { w, o in
        let lanes =
          o.pointee.flag
          ? w.population : w.read(o.pointee.a, slot: 0)[w.mask.trailingZeroBitCount]
        w.part(w.mask)
        w.convergence.synchronise(lanes: lanes & w.population, next: w.next)
        w.switched = true
      }
    },
    "YIELD": { c in
      c.operation.run = { w, _ in
        w.convergence.advance(to: w.next)
        w.yieldTurn()
      }
    },
    "NANOSLEEP": { c in
      c.operands = []
      c.operation.run = { w, _ in
        w.convergence.advance(to: w.next)
        w.yieldTurn()
      }
    },
    "BPT": { c in
      c.modifiers = []
      c.operands = []
      c.operation.run = { w, _ in
        throw w.locate(EmulationFault(.code, "the kernel trapped"), lane: nil)
      }
    },
    "BAR": barrier,
    "UCGABAR_ARV": { c in
      c.operation.run = { w, _ in
        w.arrivedAtCluster |= w.mask
        w.cta.releaseCluster()
      }
    },
    "UCGABAR_WAIT": { c in
      c.operation.run = { w, _ in
        guard w.mask & w.arrivedAtCluster != 0 else { return }
        w.part(w.mask)
        w.convergence.waitForCTA(barrier: CTA.clusterBarrier, next: w.next)
        w.switched = true
      }
    },
    "B2R": { c in
      guard c.take("RESULT") else { throw c.unsupported("not a barrier's result") }
      try c.destination()
      try c.predicateResult(\.result)
      c.operation.run = { w, o in
        let d = w.write(o)
        w.eachLane { d[$0] = w.barrierResult }
        w.set(o.pointee.result, w.barrierFlag ? .max : 0)
      }
    },
    "NOP": nothing, "DEPBAR": nothing, "LDGDEPBAR": nothing,
    "MEMBAR": nothing, "ERRBAR": nothing, "CGAERRBAR": nothing, "CCTL": nothing,
    "CCTLL": nothing, "CCTLT": nothing, "FENCE": nothing, "PREEXIT": nothing, "ACQBULK": nothing,
    "PMTRIG": nothing, "WARPGROUP": nothing, "ENDCOLLECTIVE": nothing,
    "UTMACMDFLUSH": nothing, "UCCTL": nothing,
  ]

  /// Order in time and in memory: everything is complete before the next instruction here.
  private static let nothing: Rule = { c in
    c.modifiers = []
    c.operands = []
  }

  private static let barrier: Rule = { c in
    let kind = c.choice(["SYNC": 0, "ARV": 1, "RED": 2, "SYNCALL": 3])
    guard let kind else { throw c.unsupported("no kind of barrier") }
    c.operation.mode = kind
    c.operation.immediate = c.choice(["POPC": 0, "AND": 1, "OR": 2]) ?? 0
    c.ignore("DEFER_BLOCKING")
    if !c.operands.isEmpty { c.operation.a = try c.source() }
    if !c.operands.isEmpty, !c.nextIsPredicate {
      c.operation.b = try c.source()
      c.operation.flag = true
    }
    if c.nextIsPredicate { c.operation.p = try c.predicate() }
    c.operation.run = Control.barrier
  }
}

extension DecodeContext {
  mutating func convergenceBarrier() throws -> Int {
    guard case .convergenceBarrier(let number) = try next().kind else {
      throw unsupported("a convergence barrier is expected")
    }
    return number
  }
}

extension Warp {
  /// `taken` go to `target`, the other active lanes to the next instruction.
  func jump(_ taken: UInt32, to target: Int) {
    if taken == active {
      next = target
    } else if taken != 0 {
      convergence.branch(taken: taken, to: target, next: next)
      switched = true
    }
  }

  /// Each executing lane goes where `target` says; lanes with the same target stay together.
  func jump(_ target: (Int) -> Int) {
    var rest = mask
    if rest == active {
      let first = target(rest.trailingZeroBitCount)
      if lanes(where: { target($0) == first }) == active {
        next = first
        return
      }
    }
    switched = true
    convergence.advance(to: next)
    while rest != 0 {
      let place = target(rest.trailingZeroBitCount)
      let together = lanes { rest >> UInt32($0) & 1 == 1 && target($0) == place }
      rest &= ~together
      // The current group keeps shrinking; what is left of it falls through.
      convergence.splitOff(together, at: place)
    }
  }

  /// Leaves only `lanes` in the current group; the others go on by themselves.
  func part(_ lanes: UInt32) {
    guard lanes != active else { return }
    convergence.advance(to: next)
    convergence.separate(lanes)
    active = lanes
  }

  /// Lets another group of the warp run, or else other warps: whoever yields may wait for them.
  func yieldTurn() {
    yieldsTurn = !convergence.rotate()
    switched = true
  }

  func exit(_ lanes: UInt32) {
    guard lanes != 0 else { return }
    convergence.exit(lanes: lanes, next: next)
    switched = true
    if convergence.isFinished || !convergence.groups.contains(where: { $0.wait == .none }) {
      cta.releaseAfterExit()
    }
  }
}

enum Control {
  /// `BRA.DIV`: to the target if lanes of the mask are elsewhere; `BRA.CONV`: if none is.
  static let branchOnConvergence: Handler = { w, o in
    let wanted = w.read(o.pointee.a, slot: 0)[w.mask.trailingZeroBitCount]
    let isDivergent = wanted & w.convergence.alive & ~w.active != 0
    if isDivergent == o.pointee.flag { w.jump(w.mask, to: o.pointee.target) }
  }

  /// To the byte offset that a register holds, relative to the function.
  static let jumpInFunction: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0)
    let bytes = Int(w.cta.context.launch.kernel.architecture.instructionBytes)
    let base = Int(o.pointee.offset)
    w.jump { (base + Int(Int32(bitPattern: a[$0]))) / bytes }
  }

  static let jumpAbsolute: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let bytes = Int(w.cta.context.launch.kernel.architecture.instructionBytes)
    let offset = o.pointee.offset
    w.jump { lane in
      let place = Int64(bitPattern: a.wide(lane) &- LaunchContext.codeBase) &+ offset
      return Int(truncatingIfNeeded: place) / bytes
    }
  }

  /// A call through an address: of this module's code, or of a function of the driver.
  static let callAbsolute: Handler = { w, o in
    let a = w.read(o.pointee.a, slot: 0, words: 2)
    let first = a.wide(w.mask.trailingZeroBitCount)
    if let builtin = Builtin(address: first) {
      try w.call(builtin)
      return
    }
    try jumpAbsolute(w, o)
  }

  /// A call whose target the loader has put into the instruction.
  static let callBuiltin: Handler = { w, o in
    guard let builtin = Builtin(rawValue: UInt64(o.pointee.mode)) else { return }
    try w.call(builtin)
  }

  static let barrier: Handler = { w, o in
    let lane = w.mask.trailingZeroBitCount
    let number = Int(w.read(o.pointee.a, slot: 0)[lane] & 15)
    let count = o.pointee.flag ? Int(w.read(o.pointee.b, slot: 1)[lane]) : 0
    let cta = w.cta
    if count > 0 { cta.barriers[number].expected = count }
    if o.pointee.mode == 1 {
      cta.barriers[number].arrived += 32
      cta.release(number)
      return
    }
    if o.pointee.mode == 2 {
      let holds = w.predicate(o.pointee.p) & w.mask
      cta.barriers[number].count += UInt32(truncatingIfNeeded: holds.nonzeroBitCount)
      cta.barriers[number].anyone |= holds
      cta.barriers[number].everyone = cta.barriers[number].everyone && holds == w.mask
      cta.barriers[number].reduction = o.pointee.immediate
    }
    w.part(w.mask)
    w.convergence.waitForCTA(barrier: number, next: w.next)
    w.switched = true
    cta.release(number)
  }
}
