/// TLBs on the way from the SMs to the L2: one for each GPC, one for all.
struct AddressTranslation: ~Copyable {
  private let spec: TranslationSpec
  private let linesPerPage: UInt64
  private let gpcs: Int
  private let first: UnsafeMutablePointer<TagArray>
  private var second: TagArray

  init(spec: TranslationSpec, gpcs: Int, lineBytes: Int) {
    self.spec = spec
    self.gpcs = gpcs
    linesPerPage = UInt64(max(1, spec.pageSize.count / lineBytes))
    first = .allocate(capacity: gpcs)
    for gpc in 0..<gpcs {
      (first + gpc).initialize(
        to: TagArray(lines: max(1, spec.l1Entries), ways: max(1, spec.l1Entries)))
    }
    second = TagArray(lines: max(1, spec.l2Entries), ways: min(8, max(1, spec.l2Entries)))
  }

  deinit {
    first.deinitialize(count: gpcs)
    first.deallocate()
  }

  /// Cycles that a request from `gpc` is late by.
  mutating func delay(gpc: Int, line: UInt64) -> Cycle {
    guard spec.l1Entries > 0 else { return 0 }
    let page = line / linesPerPage
    if first[gpc].lookup(page) != 0 { return 0 }
    first[gpc].fill(page)
    var delay = Cycle(spec.l2Latency)
    if spec.l2Entries > 0, second.lookup(page) == 0 {
      second.fill(page)
      delay += Cycle(spec.walkLatency)
    }
    return delay
  }
}
