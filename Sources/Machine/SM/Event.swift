/// Something that happens in an SM at a later cycle.
struct Event {
  enum Kind: UInt8 {
    /// A dependence counter goes down: `warp`, counter in `a`.
    case counterRelease
    /// A warp must be looked at again.
    case wakeWarp
    /// The head of a sub-core's memory queue reads its operands: sub-core in `a`.
    case memoryOperandRead
    /// The head of a sub-core's memory queue asks the SM for acceptance: sub-core in `a`.
    case memoryRequest
    /// A slot of a sub-core's memory queue becomes free: sub-core in `a`.
    case memorySlotFree
    /// The data of pending request `b` is at the return link.
    case dataReady
    /// Pending request `b` writes its registers.
    case writeBack
    /// Pending request `b` is complete.
    case complete
    /// A warp's outstanding operation ended (store acknowledged, unit result): `warp`.
    case operationDone
    /// An instruction or constant request reaches the SM's L1: request in `b`.
    case l1InstructionLookup
    /// A line arrives at an L0 cache: request in `b`.
    case lineArrives
    /// A reply from the memory system: token in `b`, line in `address`.
    case memoryReply
    /// Scoreboard release of instruction `b` of `warp`: results (`a` = 0) or sources (`a` = 1).
    case scoreboardRelease
    /// Head of a sub-core's FP64 queue is ready: sub-core in `a`.
    case fp64Request
    case fp64SlotFree
    /// CTA barrier opens: CTA slot in `a`, barrier in `b`.
    case barrierRelease
    /// The scheduler's hold on a constant miss ends: sub-core in `a`.
    case schedulerWake
  }

  var kind: Kind
  var warp: UInt8 = 0
  var a: UInt16 = 0
  var b: UInt32 = 0
  var address: UInt64 = 0

  init(_ kind: Kind, warp: Int = 0, a: Int = 0, b: Int = 0, address: UInt64 = 0) {
    self.kind = kind
    self.warp = UInt8(truncatingIfNeeded: warp)
    self.a = UInt16(truncatingIfNeeded: a)
    self.b = UInt32(truncatingIfNeeded: b)
    self.address = address
  }
}
