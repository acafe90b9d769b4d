/// Where the threads of a warp are, since Volta each with its own program counter: groups of
/// threads that run together, and the barriers on which they meet again.
///
/// A branch that only some lanes take splits the group; the groups join only where the code says
/// so (BSYNC, WARPSYNC), as on hardware. NVIDIA does not document which side of a branch goes
/// first: here the lanes that fall through go on and the others wait (assumed).
struct Convergence {
  enum Wait: Equatable {
    case none
    /// At BSYNC of this barrier.
    case barrier(Int)
    /// At WARPSYNC for these lanes.
    case lanes(UInt32)
    /// At the CTA barrier with this number.
    case cta(Int)
  }

  struct Group: Equatable {
    var pc: Int
    var mask: UInt32
    var wait: Wait = .none
  }

  static let barriers = 16
  private static let patience = 64

  /// The group that runs is the last one.
  private(set) var groups: [Group]
  /// Lanes that take part in each convergence barrier.
  private var participants: [UInt32]
  private(set) var alive: UInt32
  /// Barriers that promise reconvergence (`.RECONVERGENT`), one bit each.
  private var firm: UInt16 = 0
  private var fruitlessYields = 0

  init(population: UInt32) {
    groups = [Group(pc: 0, mask: population)]
    groups.reserveCapacity(33)
    participants = Array(repeating: 0, count: Self.barriers)
    alive = population
  }

  var isFinished: Bool { alive == 0 }

  /// Makes a group that can run the current one; nil when all wait or have ended.
  mutating func schedule() -> Group? {
    guard let index = groups.lastIndex(where: { $0.wait == .none }) else { return nil }
    if index != groups.count - 1 { groups.append(groups.remove(at: index)) }
    return groups[groups.count - 1]
  }

  /// Stores where the current group stands.
  mutating func advance(to pc: Int) { groups[groups.count - 1].pc = pc }

  /// Lets another group run, if one can (YIELD, long loops).
  ///
  /// Code that spins with YIELD may wait for lanes of its own warp which stand at a BSYNC for it.
  /// Forward progress is promised (CUDA C++ Programming Guide, independent thread scheduling), so
  /// after some fruitless yields they go on without it. When hardware lets them go is not
  /// documented; the number is assumed.
  ///
  /// Whether what the current group waits for may be another group of the warp.
  @discardableResult
  mutating func rotate() -> Bool {
    if let index = groups.firstIndex(where: { $0.wait == .none }), index != groups.count - 1 {
      groups.append(groups.remove(at: index))
      fruitlessYields = 0
      return true
    }
    fruitlessYields += 1
    guard fruitlessYields > Self.patience else { return groups.count > 1 }
    fruitlessYields = 0
    for index in groups.indices {
      guard case .barrier(let barrier) = groups[index].wait,
        firm >> UInt16(barrier) & 1 == 0
      else { continue }
      participants[barrier] &= ~groups[index].mask
      groups[index].wait = .none
    }
    return groups.count > 1
  }

  /// Sends the lanes of `taken` to `target`; the rest of the current group goes on at `next`.
  mutating func branch(taken: UInt32, to target: Int, next: Int) {
    let current = groups.count - 1
    let rest = groups[current].mask & ~taken
    if taken == 0 {
      groups[current].pc = next
    } else if rest == 0 {
      groups[current].pc = target
    } else {
      groups[current] = Group(pc: target, mask: taken)
      groups.append(Group(pc: next, mask: rest))
    }
  }

  /// Lanes of the current group go on at `place` as a group of their own, before it.
  mutating func splitOff(_ lanes: UInt32, at place: Int) {
    let current = groups.count - 1
    if groups[current].mask == lanes {
      groups[current].pc = place
    } else {
      groups[current].mask &= ~lanes
      groups.insert(Group(pc: place, mask: lanes), at: current)
    }
  }

  /// The lanes of the current group outside `lanes` become a group that goes on where it stands.
  mutating func separate(_ lanes: UInt32) {
    let current = groups.count - 1
    let rest = groups[current].mask & ~lanes
    guard rest != 0, lanes != 0 else { return }
    groups[current].mask = lanes
    groups.insert(Group(pc: groups[current].pc, mask: rest), at: current)
  }

  /// Sets who takes part (BSSY, or BMOV, which does not say `isFirm`).
  mutating func arm(barrier: Int, lanes: UInt32, isFirm: Bool? = nil) {
    let before = participants[barrier]
    participants[barrier] = lanes
    guard let isFirm else { return }
    // Lanes that went on without the others (see `rotate`) may come here anew while the others
    // still wait: nobody would wake those, so they go on.
    for index in groups.indices
    where groups[index].wait == .barrier(barrier) && groups[index].mask & before != 0 {
      groups[index].wait = .none
    }
    let bit = UInt16(1) << UInt16(barrier)
    firm = isFirm ? firm | bit : firm & ~bit
  }

  func participants(of barrier: Int) -> UInt32 { participants[barrier] }

  /// The current group waits at BSYNC until all participants have come.
  mutating func synchronise(barrier: Int, next: Int) {
    groups[groups.count - 1].pc = next
    guard participants[barrier] & groups[groups.count - 1].mask != 0 else { return }
    groups[groups.count - 1].wait = .barrier(barrier)
    release(barrier)
  }

  /// Takes lanes out of a barrier (BREAK).
  mutating func leave(barrier: Int, lanes: UInt32) {
    participants[barrier] &= ~lanes
    release(barrier)
  }

  /// Lanes outside the mask stay where they are: they wait for another use of the barrier, which
  /// a call saved (BMOV) and will restore.
  private mutating func release(_ barrier: Int) {
    let lanes = participants[barrier]
    let expected = lanes & alive
    var arrived: UInt32 = 0
    for group in groups where group.wait == .barrier(barrier) { arrived |= group.mask }
    guard arrived & lanes != 0, expected & ~arrived == 0 else { return }
    join { $0.wait == .barrier(barrier) && $0.mask & lanes != 0 }
  }

  /// The current group waits until all lanes of `lanes` stand at a WARPSYNC.
  mutating func synchronise(lanes: UInt32, next: Int) {
    groups[groups.count - 1].pc = next
    let expected = lanes & alive
    guard expected & ~groups[groups.count - 1].mask != 0 else { return }
    groups[groups.count - 1].wait = .lanes(lanes)
    releaseLanes(lanes)
  }

  private mutating func releaseLanes(_ lanes: UInt32) {
    var arrived: UInt32 = 0
    for group in groups where group.wait == .lanes(lanes) { arrived |= group.mask }
    guard arrived != 0, lanes & alive & ~arrived == 0 else { return }
    join { $0.wait == .lanes(lanes) }
  }

  /// Groups that wait for the same go on together where they stand at the same place.
  private mutating func join(_ matches: (Group) -> Bool) {
    var joined: [Group] = []
    groups.removeAll { group in
      guard matches(group) else { return false }
      if let index = joined.firstIndex(where: { $0.pc == group.pc }) {
        joined[index].mask |= group.mask
      } else {
        joined.append(Group(pc: group.pc, mask: group.mask))
      }
      return true
    }
    groups += joined
  }

  /// The current group waits at a CTA barrier.
  mutating func waitForCTA(barrier: Int, next: Int) {
    groups[groups.count - 1].pc = next
    groups[groups.count - 1].wait = .cta(barrier)
  }

  /// Lanes that wait at a CTA barrier.
  func waiting(at barrier: Int) -> UInt32 {
    groups.reduce(0) { $1.wait == .cta(barrier) ? $0 | $1.mask : $0 }
  }

  mutating func releaseCTA(barrier: Int) {
    join { $0.wait == .cta(barrier) }
  }

  /// Lanes of the current group end; the rest goes on at `next`.
  mutating func exit(lanes: UInt32, next: Int) {
    alive &= ~lanes
    groups[groups.count - 1].mask &= ~lanes
    groups[groups.count - 1].pc = next
    if groups[groups.count - 1].mask == 0 { groups.removeLast() }
    for barrier in 0..<Self.barriers where participants[barrier] & lanes != 0 { release(barrier) }
    for group in groups {
      if case .lanes(let lanes) = group.wait {
        releaseLanes(lanes)
        break
      }
    }
  }
}
