import ISA

/// The state of one warp: registers by lane, predicates, and where its threads are.
///
/// Registers are vectors of 32 words. Operands are read through pointers: a plain register or a
/// broadcast constant in place, anything else from a scratch vector.
final class Warp {
  /// Registers as they are numbered; 255 and the next seven read zero (DMMA takes eight), then
  /// eight that take results nobody reads.
  static let registerVectors = 271
  static let discard = 263
  private static let scratchVectors = 12

  let index: Int
  unowned(unsafe) let cta: CTA
  let registers: UnsafeMutablePointer<UInt32>
  let uniform: UnsafeMutablePointer<UInt32>
  let predicates: UnsafeMutablePointer<UInt32>
  let pool: UnsafePointer<UInt32>
  private let scratch: UnsafeMutablePointer<UInt32>

  /// Threads that exist: 1 bit a lane.
  let population: UInt32
  var convergence: Convergence
  /// Lanes of the current instruction: active, and active with the guard true.
  var active: UInt32 = 0
  var mask: UInt32 = 0
  /// Index of the current and of the next instruction.
  var pc = 0
  var next = 0
  /// Lanes that stand at or behind an arrival at the cluster's barrier which is not complete yet.
  var arrivedAtCluster: UInt32 = 0
  /// The result of the last barrier reduction.
  var barrierResult: UInt32 = 0
  var barrierFlag = false
  /// The current instruction has changed which group runs, or where it stands.
  var switched = false
  /// Nothing is to be done here until other warps have done something.
  var yieldsTurn = false
  var executed = 0
  /// The allocation that the last global access went to.
  var reachable: (lower: UInt64, upper: UInt64) = (1, 0)
  /// Addresses of the current instruction by lane.
  let addresses = UnsafeMutablePointer<UInt64>.allocate(capacity: 32)
  var stream: WarpStream?

  init(index: Int, cta: CTA, population: UInt32, pool: UnsafePointer<UInt32>) {
    self.index = index
    self.cta = cta
    self.population = population
    self.pool = pool
    convergence = Convergence(population: population)
    registers = .allocate(capacity: (Self.registerVectors + Self.scratchVectors) * 32)
    scratch = registers + Self.registerVectors * 32
    uniform = .allocate(capacity: 264)
    predicates = .allocate(capacity: Predicates.count)
    reset()
  }

  private func reset() {
    registers.update(repeating: 0, count: (Self.registerVectors + Self.scratchVectors) * 32)
    uniform.update(repeating: 0, count: 264)
    predicates.update(repeating: 0, count: Predicates.count)
    predicates[Predicates.true] = .max
  }

  deinit {
    registers.deallocate()
    uniform.deallocate()
    predicates.deallocate()
    addresses.deallocate()
  }

  // MARK: Operands

  /// The 32 words of an operand; with `words` 2, the high words stand 32 further.
  /// `slot` (0…5) tells apart operands that are read at once.
  @inline(__always)
  func read(_ source: borrowing Source, slot: Int, words: Int = 1) -> UnsafePointer<UInt32> {
    if source.change == .none {
      if source.place == .register { return UnsafePointer(registers + source.index * 32) }
      if source.place == .pool { return pool + source.index }
    }
    return readChanged(source, slot: slot, words: words)
  }

  @inline(never)
  private func readChanged(
    _ source: borrowing Source, slot: Int, words: Int
  ) -> UnsafePointer<UInt32> {
    let target = scratch + slot * 64
    switch source.place {
    case .uniform:
      for word in 0..<words {
        let isZero = source.index == OperandText.zeroRegister
        (target + word * 32).update(
          repeating: isZero ? 0 : uniform[source.index + word], count: 32)
      }
    case .register:
      target.update(from: registers + source.index * 32, count: 32 * words)
    case .pool: target.update(from: pool + source.index, count: 32 * words)
    }
    switch source.change {
    case .none: break
    case .invert: for lane in 0..<(32 * words) { target[lane] = ~target[lane] }
    case .sign:
      let high = target + (words - 1) * 32
      for lane in 0..<32 { high[lane] = high[lane] & source.keep ^ source.flip }
    case .integerNegate:
      if words == 1 {
        for lane in 0..<32 { target[lane] = 0 &- target[lane] }
      } else {
        for lane in 0..<32 {
          let value = 0 &- (UInt64(target[lane]) | UInt64(target[lane + 32]) << 32)
          target[lane] = UInt32(truncatingIfNeeded: value)
          target[lane + 32] = UInt32(truncatingIfNeeded: value >> 32)
        }
      }
    }
    return UnsafePointer(target)
  }

  /// Where results go: the register itself, or a vector whose first executing lane becomes the
  /// uniform register.
  @inline(__always)
  func write(_ operation: UnsafePointer<Operation>) -> UnsafeMutablePointer<UInt32> {
    operation.pointee.isUniform
      ? registers + Self.discard * 32 : registers + operation.pointee.destination * 32
  }

  @inline(__always)
  func predicate(_ source: PredicateSource) -> UInt32 {
    let bits = predicates[source.index]
    return source.isNegated ? ~bits : bits
  }

  /// Sets a predicate for the executing lanes.
  @inline(__always)
  func set(_ index: Int, _ bits: UInt32) {
    predicates[index] = predicates[index] & ~mask | bits & mask
  }

  // MARK: Lanes

  /// Runs `body` for each executing lane.
  @inline(__always)
  func eachLane(_ body: (Int) -> Void) {
    if mask == .max {
      for lane in 0..<32 { body(lane) }
    } else {
      var rest = mask
      while rest != 0 {
        body(rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }

  @inline(__always)
  func eachLaneThrowing(_ body: (Int) throws -> Void) rethrows {
    var rest = mask
    while rest != 0 {
      try body(rest.trailingZeroBitCount)
      rest &= rest &- 1
    }
  }

  /// One bit per executing lane for which `body` holds.
  @inline(__always)
  func lanes(where body: (Int) -> Bool) -> UInt32 {
    var result: UInt32 = 0
    eachLane { lane in if body(lane) { result |= 1 << UInt32(lane) } }
    return result
  }
}

/// Reading and writing 64-bit values of a lane in vectors of words.
extension UnsafePointer<UInt32> {
  @inline(__always)
  func wide(_ lane: Int) -> UInt64 { UInt64(self[lane]) | UInt64(self[lane + 32]) << 32 }
}

extension UnsafeMutablePointer<UInt32> {
  @inline(__always)
  func setWide(_ lane: Int, _ value: UInt64) {
    self[lane] = UInt32(truncatingIfNeeded: value)
    self[lane + 32] = UInt32(truncatingIfNeeded: value >> 32)
  }
}
