/// What stands behind the SMs' ports: interconnect, address translation, L2 slices and DRAM.
/// Latencies are in core cycles unless a field says picoseconds.
public struct MemorySystemSpec: Codable, Hashable, Sendable {
  public var interconnect: InterconnectSpec
  public var translation: TranslationSpec
  public var l2: L2Spec
  public var dram: DRAMSpec
}

/// Request and reply networks between SMs and L2 slices.
public struct InterconnectSpec: Codable, Hashable, Sendable {
  /// Graphics processing clusters, which the SMs are spread over, TPC by TPC.
  public var gpcs: Int
  /// SMs of a TPC.
  public var smsPerTPC: Int
  /// Cycles one way between an SM's port and the nearest slice; also the simulator's window.
  public var latency: Int
  /// Cycles that the farthest slice is farther, one way.
  public var distanceSpread: Int
  /// Bytes per cycle from an SM into the request network.
  public var requestBytes: Int
  /// Bytes per cycle from the reply network into an SM.
  public var replyBytes: Int
  /// Lines written by an SM that may wait for their acknowledgement: the credits of its port.
  public var writeCredits: Int
}

/// Translation of addresses on the way to the L2. Zero entries switch it off.
public struct TranslationSpec: Codable, Hashable, Sendable {
  public var pageSize: Bytes
  /// Pages held by the first-level TLB of a GPC.
  public var l1Entries: Int
  /// Pages held by the TLB that all GPCs share.
  public var l2Entries: Int
  /// Cycles added by a miss in the first level.
  public var l2Latency: Int
  /// Cycles added by a miss in the second: the page walk.
  public var walkLatency: Int
}

/// The L2: slices that each own a part of the addresses.
public struct L2Spec: Codable, Hashable, Sendable {
  public var size: Bytes
  public var ways: Int
  /// Which line of a set goes first.
  public var replacement: Replacement
  public var slices: Int
  /// Halves of the chip; a slice in the other half than the SM costs `farLatency` more each way.
  public var partitions: Int
  public var farLatency: Int
  /// Cycles inside a slice for a hit.
  public var latency: Int
  /// Bytes per cycle of a slice's data stage.
  public var bytesPerCycle: Int
  /// Sectors of a line, aligned to their number, that a read miss fetches together: 1, 2 or 4.
  public var fetchSectors: Int
  /// Lines that a slice can wait for.
  public var mshrs: Int
  /// Cycles that an atomic takes longer than a read that hits.
  public var atomicLatency: Int
  /// Cycles of the atomic unit for each sector; lanes on one word add one such time each.
  public var atomicInterval: Int
  /// A dirty line that is evicted takes the dirty lines of its DRAM row along.
  public var writesBackRows: Bool
  /// The L2 is emptied before every kernel, as Nsight Compute does when it measures.
  public var flushBeforeKernel: Bool
}

/// DRAM channels behind the slices; each serves an equal share of them. Times are in picoseconds.
public struct DRAMSpec: Codable, Hashable, Sendable {
  public var channels: Int
  /// Data pins of a channel.
  public var channelBits: Int
  public var banks: Int
  public var bankGroups: Int
  /// Bytes of an open row of a bank.
  public var rowSize: Bytes
  /// Core cycles from an L2 miss to the channel's queue and from the last data to the slice: the
  /// part of a miss that does not depend on the DRAM's state.
  public var controllerLatency: Int
  /// Reads that the scheduler of a channel chooses from; the same for writes.
  public var queueEntries: Int
  /// Waiting writes at which a channel turns to writing, and at which it turns back.
  public var writeHigh: Int
  public var writeLow: Int
  /// The oldest request goes first when it has waited this long.
  public var starvation: Int
  /// Which request goes first.
  public var scheduler: Scheduler
  /// An open row is closed when it was not used for this long.
  public var rowTimeout: Int
  /// Read command to data, write command to data.
  public var readLatency: Int
  public var writeLatency: Int
  /// Activation to read, to write, to precharge; precharge to activation.
  public var activateToRead: Int
  public var activateToWrite: Int
  public var activateToPrecharge: Int
  public var precharge: Int
  /// Activations of different banks: one after the other, and four of them.
  public var activateToActivate: Int
  public var fourActivates: Int
  /// Read to precharge, end of write data to precharge.
  public var readToPrecharge: Int
  public var writeRecovery: Int
  /// Column commands in one bank group; others follow each other at the data bus's rate.
  public var columnSameGroup: Int
  /// End of write data to a read, and the gap on the bus from read data to write data.
  public var writeToRead: Int
  public var readToWrite: Int
  /// Every bank is refreshed once in an interval, together with others, and is gone for the duration.
  public var banksPerRefresh: Int
  public var refreshInterval: Int
  public var refreshDuration: Int

  public enum Scheduler: String, Codable, Hashable, Sendable, CaseIterable {
    /// First ready, first come first served: requests to open rows before older ones.
    case firstReady
    /// First come, first served.
    case inOrder
  }
}
