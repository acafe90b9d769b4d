/// One direction of the way between an SM and the memory system: while one side sends in a window,
/// the other takes, at the same time, what was sent in the window before.
struct Port<Message: BitwiseCopyable>: ~Copyable {
  private var sent = GrowableBuffer<Message>()
  private var arrived = GrowableBuffer<Message>()

  /// The sender's end.
  mutating func send(_ message: Message) { sent.append(message) }

  /// Between windows: what was sent arrives. Everything that arrived before has to be cleared.
  mutating func turn() {
    precondition(arrived.count == 0, "messages of the window before were not taken")
    swap(&sent, &arrived)
  }

  // MARK: The receiver's end

  var count: Int { arrived.count }
  subscript(index: Int) -> Message { arrived[index] }
  mutating func clear() { arrived.removeAll() }
}

/// An answer of the memory system to an SM.
struct MemoryReply {
  var cycle: Cycle
  var line: UInt64
  var sectors: UInt32
  /// The SM's own name for what it asked.
  var token: UInt32
}

extension SM {
  /// Takes the replies that have come through the port.
  func receive() {
    for index in 0..<replies.pointee.count {
      let reply = replies.pointee[index]
      inbox.pointee.schedule(
        Event(
          .memoryReply, a: Int(reply.sectors), b: Int(reply.token), address: reply.line),
        at: reply.cycle)
    }
    replies.pointee.clear()
  }
}
