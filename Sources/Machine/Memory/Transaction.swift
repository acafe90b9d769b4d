import ISA

/// A message from an SM's port to the memory system.
struct MemoryMessage {
  enum Kind: UInt8 {
    case read, write
    /// With a result for the warp, and without.
    case atomic, reduction
  }

  /// Cycle in which it leaves the SM's port.
  var cycle: Cycle
  /// Line address: byte address divided by the L1 line size.
  var line: UInt64
  var sectors: UInt32
  /// What the SM needs to recognise the reply.
  var token: UInt32
  /// Bytes of the line that are written, from bit 0 of the first word on.
  var written: SIMD4<UInt32>
  var sm: UInt16
  var kernelSlot: UInt8
  var kind: Kind
  /// How long the L2 should keep the line.
  var eviction: EvictionPriority
  /// Most lanes of an atomic that mean one word.
  var lanesOnOneWord: UInt8
}

/// A message in the memory system, at the slice that it goes to.
struct Transaction {
  var message: MemoryMessage
  /// Number of the line among those of its slice.
  var local: UInt64
  var slice: UInt16
  /// The slice is not the line's home: it keeps a copy for its own half of the chip.
  var isCopy = false
  /// The copy that the home is asked for: L2 line and slice, or -1.
  var copy: Int32 = -1
  var copySlice: UInt16 = 0
  /// Next in the queue of a slice, of the waiters of a line or of free entries; -1 at the end.
  var next: Int32
}

/// Transactions by number, with a free list.
struct TransactionPool: ~Copyable {
  private var entries = GrowableBuffer<Transaction>(capacity: 1024)
  private var free: Int32 = -1
  /// Transactions on their way.
  private(set) var live = 0

  mutating func add(_ transaction: Transaction) -> Int32 {
    live += 1
    if free < 0 {
      entries.append(transaction)
      return Int32(entries.count - 1)
    }
    let index = free
    free = entries[Int(index)].next
    entries[Int(index)] = transaction
    return index
  }

  mutating func remove(_ index: Int32) {
    live -= 1
    entries[Int(index)].next = free
    free = index
  }

  subscript(index: Int32) -> Transaction {
    get { entries[Int(index)] }
    set { entries[Int(index)] = newValue }
  }
}
