/// A request from an L0 cache to the SM's L1 instruction and constant cache.
struct LineRequest {
  enum Kind: UInt8 { case instruction, prefetch, constant, constantLoad }
  var kind: Kind = .instruction
  var core = 0
  /// Line number in the requester's own line size.
  var line: UInt64 = 0
  /// Line number in the L1.
  var l1Line: UInt64 = 0
  var kernelSlot = 0
  /// Pending request of an LDC.
  var pending = 0
  /// Next request that waits for the same L1 line, or -1; also the free list.
  var next = -1
}

/// State of the L1/L1.5 instruction and constant cache and of its arbiter.
struct FrontEndState: ~Copyable {
  var requests = GrowableBuffer<LineRequest>()
  var free = -1
  /// First cycle in which the arbiter can take a request, and deliver a reply.
  var requestFree: Cycle = 0
  var replyFree: Cycle = 0
  /// Lines that the L1 waits for, with their first waiting request.
  var missing = GrowableBuffer<MissingLine>()

  struct MissingLine {
    var line: UInt64
    var first: Int
  }
}

/// The SM's L1 instruction cache (also the L1.5 constant cache) and the paths to it: one request
/// and one reply a cycle for the whole SM (arXiv 2503.20481 §4; MICRO 2025 configuration).
extension SM {
  /// Sends a request of an L0 cache on its way.
  func requestLine(
    _ kind: LineRequest.Kind, core: Int, line: UInt64, kernelSlot: Int, pending: Int = 0,
    _ now: Cycle
  ) {
    let bytes: Int
    switch kind {
    case .instruction, .prefetch: bytes = spec.frontEnd.l0.line.count
    case .constant: bytes = spec.constantCache.l0.line.count
    case .constantLoad: bytes = spec.constantCache.loadPath.line.count
    }
    let l1Line = line * UInt64(bytes) / UInt64(spec.frontEnd.l1.line.count)
    let request = LineRequest(
      kind: kind, core: core, line: line, l1Line: l1Line, kernelSlot: kernelSlot, pending: pending)
    let index: Int
    if front.pointee.free >= 0 {
      index = front.pointee.free
      front.pointee.free = front.pointee.requests[index].next
      front.pointee.requests[index] = request
    } else {
      index = front.pointee.requests.count
      front.pointee.requests.append(request)
    }
    let accepted = max(now, front.pointee.requestFree)
    front.pointee.requestFree = accepted + 1
    let isCode = kind == .instruction || kind == .prefetch
    let path = isCode ? spec.frontEnd.l0ToL1 : spec.constantCache.l0ToL1
    events.pointee.schedule(Event(.l1InstructionLookup, b: index), at: accepted + Cycle(path))
  }

  func lookUpL1Instruction(_ index: Int, _ now: Cycle) {
    let request = front.pointee.requests[index]
    let counts = statistics + request.kernelSlot
    counts.pointee.l1InstructionAccesses += 1
    if l1Instruction.pointee.lookup(request.l1Line) != 0 {
      reply(index, now + Cycle(spec.frontEnd.l1Lookup))
      return
    }
    counts.pointee.l1InstructionMisses += 1
    for missing in 0..<front.pointee.missing.count
    where front.pointee.missing[missing].line == request.l1Line {
      var changed = request
      changed.next = front.pointee.missing[missing].first
      front.pointee.requests[index] = changed
      front.pointee.missing[missing].first = index
      return
    }
    var changed = request
    changed.next = -1
    front.pointee.requests[index] = changed
    front.pointee.missing.append(FrontEndState.MissingLine(line: request.l1Line, first: index))
    send(
      .read, line: Self.instructionSpace | request.l1Line, sectors: 15,
      token: Token.instruction, kernelSlot: request.kernelSlot,
      at: now + Cycle(spec.frontEnd.l1Lookup))
  }

  /// Keeps code and constants apart from data in the memory system.
  static let instructionSpace: UInt64 = 1 << 62

  /// A line of code or constants arrived from the L2.
  func fillL1Instruction(line: UInt64, _ now: Cycle) {
    let l1Line = line & ~Self.instructionSpace
    l1Instruction.pointee.fill(l1Line)
    for missing in 0..<front.pointee.missing.count
    where front.pointee.missing[missing].line == l1Line {
      var waiting = front.pointee.missing[missing].first
      front.pointee.missing.removeSwapping(at: missing)
      while waiting >= 0 {
        let next = front.pointee.requests[waiting].next
        reply(waiting, now)
        waiting = next
      }
      return
    }
  }

  private func reply(_ index: Int, _ ready: Cycle) {
    let kind = front.pointee.requests[index].kind
    let isCode = kind == .instruction || kind == .prefetch
    // One reply leaves the L1 a cycle; the paths behind it differ in length.
    let leaves = max(ready, front.pointee.replyFree)
    front.pointee.replyFree = leaves + 1
    let cycle = leaves + Cycle(isCode ? spec.frontEnd.l1ToL0 : spec.constantCache.l1ToL0)
    events.pointee.schedule(Event(.lineArrives, b: index), at: cycle)
  }

  func lineArrives(_ index: Int, _ now: Cycle) {
    let request = front.pointee.requests[index]
    front.pointee.requests[index].next = front.pointee.free
    front.pointee.free = index
    let core = cores + request.core
    switch request.kind {
    case .instruction:
      for awaited in 0..<core.pointee.awaitedCount
      where core.pointee.awaitedLines[awaited] == request.line {
        core.pointee.awaitedCount -= 1
        core.pointee.awaitedLines[awaited] = core.pointee.awaitedLines[core.pointee.awaitedCount]
        break
      }
      l0[request.core].fill(request.line)
      answerFetches(core, line: request.line, now)
    case .prefetch: prefetchArrives(core, line: request.line, now)
    case .constant: constantArrives(core, line: request.line, now)
    case .constantLoad:
      constantLoads.pointee.fill(request.line)
      constantLoadArrives(request.pending, now)
    }
  }
}
