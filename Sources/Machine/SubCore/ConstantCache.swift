/// Constant operands of fixed-latency instructions: looked up at issue in the sub-core's L0
/// constant cache (arXiv 2503.20481 §5). The scheduler holds on to the warp it issued last for some
/// cycles when that misses, then turns to another.
extension SM {
  /// Whether the next instruction of warp `index` has its constant; starts the miss otherwise.
  func constantReady(_ core: UnsafeMutablePointer<SubCoreState>, _ index: Int, _ now: Cycle) -> Bool
  {
    let warp = warps + index
    let record = warp.pointee.records + Int(warp.pointee.stream[warp.pointee.cursor].index)
    guard record.pointee.flags.contains(.constantOperand) else { return true }
    let counts = statistics + warp.pointee.kernelSlot
    let address = constantAddress(warp, record.pointee.constant)
    let line = address / UInt64(spec.constantCache.l0.line.count)
    counts.pointee.constantAccesses += 1
    if l0Constant[core.pointee.index].lookup(line) != 0 { return true }
    counts.pointee.constantMisses += 1
    if !isAwaited(core, line) {
      requestLine(
        .constant, core: core.pointee.index, line: line, kernelSlot: warp.pointee.kernelSlot, now)
    }
    if core.pointee.lastIssued == bit(of: index).trailingZeroBitCount {
      core.pointee.holdUntil = now + Cycle(spec.issue.constantMissSwitch)
    }
    warp.pointee.block = .constant
    warp.pointee.awaitedConstant = line
    evaluate(index, at: now + 1)
    return false
  }

  /// Address of a constant in the space that code and constants share.
  func constantAddress(_ warp: UnsafeMutablePointer<Warp>, _ constant: UInt32) -> UInt64 {
    warp.pointee.codeBase | Self.constantSpace | UInt64(constant & 0x3fff_ffff)
  }

  /// Where the constants of a program begin, above its code.
  static let constantSpace: UInt64 = 1 << 31

  private func isAwaited(_ core: UnsafeMutablePointer<SubCoreState>, _ line: UInt64) -> Bool {
    var left = core.pointee.resident
    while left != 0 {
      let index = warp(core, left.trailingZeroBitCount)
      left &= left - 1
      if warps[index].block == .constant, warps[index].awaitedConstant == line { return true }
    }
    return false
  }

  func constantArrives(_ core: UnsafeMutablePointer<SubCoreState>, line: UInt64, _ now: Cycle) {
    l0Constant[core.pointee.index].fill(line)
    var left = core.pointee.resident
    while left != 0 {
      let bit = left.trailingZeroBitCount
      let index = warp(core, bit)
      left &= left - 1
      guard warps[index].block == .constant, warps[index].awaitedConstant == line else { continue }
      warps[index].block = .none
      if core.pointee.lastIssued == bit { core.pointee.holdUntil = now }
      evaluate(index, at: now)
    }
  }
}
