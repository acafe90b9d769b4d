/// Request and reply networks: latency by the distance between SM and slice, and the width of an
/// SM's reply port. (The request port is the SM's own.)
struct Interconnect: ~Copyable {
  private let spec: InterconnectSpec
  private let slices: Int
  private let partitions: Int
  /// Copies take at most half of the ways.
  private let keepsCopies: Bool
  private let farLatency: Int
  /// First free cycle of each SM's reply port.
  private let replyFree: UnsafeMutablePointer<Cycle>

  init(spec: MemorySystemSpec, smCount: Int) {
    self.spec = spec.interconnect
    slices = spec.l2.slices
    partitions = spec.l2.partitions
    keepsCopies = partitions > 1 && spec.l2.ways > 1
    farLatency = spec.l2.farLatency
    replyFree = .allocate(capacity: smCount)
    replyFree.initialize(repeating: 0, count: smCount)
  }

  deinit { replyFree.deallocate() }

  /// GPC of an SM: TPCs are dealt to the GPCs in turn.
  func gpc(_ sm: Int) -> Int { sm / spec.smsPerTPC % spec.gpcs }

  /// Half of the chip that an SM is in.
  private func partition(ofSM sm: Int) -> Int { gpc(sm) * partitions / spec.gpcs }

  /// The slice in an SM's own half of the chip that serves its reads of a line whose home is `slice`.
  func near(sm: Int, slice: Int) -> Int {
    guard keepsCopies else { return slice }
    let share = slices / partitions
    return partition(ofSM: sm) * share + slice % share
  }

  /// Cycles one way. GPCs and slices lie along a line, each at its even distance; the far half of
  /// a chip with two partitions is behind a bridge.
  func latency(sm: Int, slice: Int) -> Cycle {
    let gpc = gpc(sm)
    let here = (2 * gpc + 1) * slices
    let there = (2 * slice + 1) * spec.gpcs
    let apart = abs(here - there) * spec.distanceSpread / (2 * slices * spec.gpcs)
    let crosses = partitions > 1 && partition(ofSM: sm) != slice * partitions / slices
    return Cycle(spec.latency + apart + (crosses ? farLatency : 0))
  }

  /// The cycle in which a reply that leaves the slice at `departure` has come through the SM's port.
  mutating func deliver(sm: Int, slice: Int, bytes: Int, departure: Cycle) -> Cycle {
    let start = max(departure + latency(sm: sm, slice: slice), replyFree[sm])
    let cycles = max(1, (bytes + spec.replyBytes - 1) / spec.replyBytes)
    replyFree[sm] = start + Cycle(cycles)
    return start
  }
}
