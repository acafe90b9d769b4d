import Foundation
import Machine
import Simulation

/// A run's timeline in Perfetto's format (perfetto.dev, `TracePacket`): a track for each SM; in it
/// counters and a track for each CTA slot and warp slot. A core cycle is shown as a nanosecond.
public struct PerfettoWriter {
  private var output = ProtobufMessage()
  private let names: [Int: String]
  /// Interned names of slices, from 1: of states, and of CTAs by their kernel's name.
  private var states: [StallReason: UInt64] = [:]
  private var ctas: [String: [Int64: UInt32]] = [:]
  private var interned: UInt64 = 0
  private var tracks: Set<UInt64> = []

  private init(kernels names: [Int: String]) { self.names = names }

  /// Writes a run's timeline, which `take` gets in pieces. `kernels` are the kernels' names by
  /// their number in the trace. Throws what reading the timeline and `take` throw.
  public static func write(
    _ timeline: EventLog<TimelineEvent>, kernels names: [Int: String],
    to take: ([UInt8]) throws -> Void
  ) throws {
    var writer = PerfettoWriter(kernels: names)
    writer.begin()
    try timeline.forEach { event in
      writer.write(event)
      guard writer.output.bytes.count >= pieceSize else { return }
      try take(writer.output.bytes)
      writer.output.removeAll()
    }
    try take(writer.output.bytes)
  }

  private static let pieceSize = 1 << 16

  // MARK: Packets

  /// Numbers of the fields that are used, in `TracePacket` and below.
  private enum Field {
    static let packet = 1
    static let timestamp = 8
    static let sequence = 10
    static let trackEvent = 11
    static let internedData = 12
    static let sequenceFlags = 13
    static let trackDescriptor = 60
    static let counter = 8
    static let childOrdering = 11
    static let unitName = 6
  }

  private enum SliceType {
    static let begin: UInt64 = 1
    static let end: UInt64 = 2
    static let counter: UInt64 = 4
  }

  private static let sequence: UInt64 = 1
  /// Names stay known from packet to packet.
  private static let needsIncrementalState: UInt64 = 2
  private static let clearsIncrementalState: UInt64 = 1
  /// A track's children, in the order of their ranks.
  private static let byRank: UInt64 = 3

  private mutating func packet(_ fill: (inout ProtobufMessage) -> Void) {
    var packet = ProtobufMessage()
    packet.add(Field.sequence, Self.sequence)
    fill(&packet)
    output.add(Field.packet, packet)
  }

  private mutating func begin() {
    packet { $0.add(Field.sequenceFlags, Self.clearsIncrementalState) }
    describe(Self.gpu, "GPU") { $0.add(Field.childOrdering, Self.byRank) }
  }

  private mutating func write(_ event: TimelineEvent) {
    switch event.kind {
    case .cta:
      let kernel = names[Int(event.kernel)] ?? "kernel \(event.kernel + 1)"
      let known = ctas[kernel]?[event.value].map(UInt64.init)
      let name = known ?? intern()
      if known == nil { ctas[kernel, default: [:]][event.value] = UInt32(name) }
      slice(
        event, name, new: known == nil ? "CTA \(event.value) of \(kernel)" : nil,
        on: track(event, 2, "CTA slot \(event.slot)"))
    case .warp:
      let reason = StallReason(rawValue: event.detail) ?? .selected
      let known = states[reason]
      let name = known ?? intern()
      states[reason] = name
      slice(
        event, name, new: known == nil ? reason.name : nil,
        on: track(event, 3, "warp slot \(event.slot)"))
    case .counter:
      guard let counter = TimelineCounter(rawValue: event.detail) else { return }
      let track = track(event, 1, counter.title, slot: Int(event.detail), unit: counter.unitName)
      packet { packet in
        var body = ProtobufMessage()
        body.add(9, SliceType.counter)
        body.add(11, track)
        body.add(30, UInt64(bitPattern: event.value))
        packet.add(Field.timestamp, UInt64(event.start))
        packet.add(Field.trackEvent, body)
      }
    }
  }

  /// The number of a new name.
  private mutating func intern() -> UInt64 {
    interned += 1
    return interned
  }

  /// `text`: the name's, where it is new.
  private mutating func slice(
    _ event: TimelineEvent, _ name: UInt64, new text: String?, on track: UInt64
  ) {
    packet { packet in
      if let text {
        var entry = ProtobufMessage()
        entry.add(1, name)
        entry.add(2, text)
        var data = ProtobufMessage()
        data.add(2, entry)
        packet.add(Field.internedData, data)
      }
      var body = ProtobufMessage()
      body.add(9, SliceType.begin)
      body.add(10, name)
      body.add(11, track)
      packet.add(Field.sequenceFlags, Self.needsIncrementalState)
      packet.add(Field.timestamp, UInt64(event.start))
      packet.add(Field.trackEvent, body)
    }
    packet { packet in
      var body = ProtobufMessage()
      body.add(9, SliceType.end)
      body.add(11, track)
      packet.add(Field.timestamp, UInt64(event.end))
      packet.add(Field.trackEvent, body)
    }
  }

  // MARK: Tracks

  /// The track that holds the SMs.
  private static let gpu: UInt64 = 1

  /// Describes a track of the event's SM when it first comes up. Perfetto would sort by name, 10
  /// before 2, and processes by how much they hold, so tracks carry their rank.
  private mutating func track(
    _ event: TimelineEvent, _ kind: UInt64, _ name: String, slot: Int? = nil,
    unit: String? = nil
  ) -> UInt64 {
    let sm = UInt64(event.sm + 1) << 32
    let rank = kind << 24 | UInt64(slot ?? Int(event.slot)) + 1
    if tracks.insert(sm).inserted {
      describe(sm, "SM \(event.sm)", in: Self.gpu, rank: UInt64(event.sm)) {
        $0.add(Field.childOrdering, Self.byRank)
      }
    }
    if tracks.insert(sm | rank).inserted {
      describe(sm | rank, name, in: sm, rank: rank) {
        guard let unit else { return }
        var counter = ProtobufMessage()
        counter.add(Field.unitName, unit)
        $0.add(Field.counter, counter)
      }
    }
    return sm | rank
  }

  private mutating func describe(
    _ track: UInt64, _ name: String, in parent: UInt64? = nil, rank: UInt64 = 0,
    _ fill: (inout ProtobufMessage) -> Void
  ) {
    packet { packet in
      var descriptor = ProtobufMessage()
      descriptor.add(1, track)
      descriptor.add(2, name)
      if let parent { descriptor.add(5, parent) }
      descriptor.add(12, rank)
      fill(&descriptor)
      packet.add(Field.trackDescriptor, descriptor)
    }
  }
}

/// Protocol Buffers' wire format, as far as it is written here.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func add(_ field: Int, _ value: UInt64) {
    append(UInt64(field) << 3)
    append(value)
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }
  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    append(UInt64(field) << 3 | 2)
    append(UInt64(content.count))
    bytes += content
  }

  private mutating func append(_ number: UInt64) {
    var left = number
    while left >= 0x80 {
      bytes.append(UInt8(left & 0x7f) | 0x80)
      left >>= 7
    }
    bytes.append(UInt8(left))
  }
}
