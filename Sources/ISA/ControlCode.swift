/// The control information that the compiler puts in bits 105–125 of every 128-bit
/// instruction of Volta and later: how the hardware is told about dependences.
///
/// Source: arXiv 2503.20481 §4; bit positions as in CuAssembler and NAK (`sm70_encode`).
public struct ControlCode: Hashable, Sendable {
  /// Cycles that the warp waits after issuing this instruction, 0…15.
  public var stall: UInt8
  /// True when the warp must not issue in the next cycle (the encoded bit is 0).
  public var yield: Bool
  /// Dependence counter decremented at write-back, 0…5, or `ControlCode.noBarrier`.
  public var writeBarrier: UInt8
  /// Dependence counter decremented once the sources are read, 0…5, or `ControlCode.noBarrier`.
  public var readBarrier: UInt8
  /// Bit *n* set: counter *n* must be zero before the instruction may issue.
  public var waitMask: UInt8
  /// Bit *n* set: the operand in source slot *n* is kept in the register-file cache.
  public var reuse: UInt8

  /// The encoding of "no counter".
  public static let noBarrier: UInt8 = 7

  public init(
    stall: UInt8 = 1, yield: Bool = false, writeBarrier: UInt8 = noBarrier,
    readBarrier: UInt8 = noBarrier, waitMask: UInt8 = 0, reuse: UInt8 = 0
  ) {
    self.stall = stall
    self.yield = yield
    self.writeBarrier = writeBarrier
    self.readBarrier = readBarrier
    self.waitMask = waitMask
    self.reuse = reuse
  }

  /// Decodes the high 64-bit word of a 128-bit instruction.
  public init(highWord word: UInt64) {
    stall = UInt8(truncatingIfNeeded: word >> 41) & 15
    yield = (word >> 45) & 1 == 0
    writeBarrier = UInt8(truncatingIfNeeded: word >> 46) & 7
    readBarrier = UInt8(truncatingIfNeeded: word >> 49) & 7
    waitMask = UInt8(truncatingIfNeeded: word >> 52) & 63
    reuse = UInt8(truncatingIfNeeded: word >> 58) & 15
  }

  /// The control bits in place in the high 64-bit word; all other bits are zero.
  public var highWord: UInt64 {
    let scheduling = UInt64(stall & 15) << 41 | (yield ? 0 : 1) << 45
    let counters = UInt64(writeBarrier & 7) << 46 | UInt64(readBarrier & 7) << 49
    return scheduling | counters | UInt64(waitMask & 63) << 52 | UInt64(reuse & 15) << 58
  }
}

extension ControlCode {
  /// CuAssembler's notation: `[B--2---:R0:W3:Y:S04]`.
  public var notation: String {
    let waits = (0..<6).map { waitMask >> UInt8($0) & 1 == 1 ? String($0) : "-" }.joined()
    let read = readBarrier < 6 ? String(readBarrier) : "-"
    let write = writeBarrier < 6 ? String(writeBarrier) : "-"
    return "[B\(waits):R\(read):W\(write):\(yield ? "Y" : "-"):S\(stall < 10 ? "0" : "")\(stall)]"
  }
}
