import Configuration
import Foundation
import ISA
import Machine
import Reports
import Simulation
import Testing

/// A timeline holds what the counts hold, in a format that Perfetto reads.
@Suite struct TimelineTests {
  private func run(
    _ listing: String = reduction, threads: Int = 1, leap: Bool = true,
    _ change: (inout TimelineSelection) -> Void = { _ in }
  ) throws -> (result: RunResult, file: Data) {
    var selection = TimelineSelection()
    change(&selection)
    var options = Simulator.Options()
    options.profiles = true
    options.timeline = selection
    options.threads = threads
    options.leap = leap
    let machine = try MachineDescription.load("rtx-a6000", overrides: ["smCount=3"])
    let program = ListingProgram(try Listing.parse(Array(listing.utf8), file: "listing"))
    let result = try Simulator(machine: machine, options: options).run(program, name: "listing")
    var file = Data()
    try PerfettoWriter.write(#require(result.timeline), kernels: [0: "reduction"]) { file += $0 }
    return (result, file)
  }

  @Test func `states by SM are the profile's stalls`() throws {
    let (result, file) = try run()
    let trace = try PerfettoFile(file)
    let sms = try #require(result.kernels[0].profile?.sms)
    #expect(sms.count == 3)
    var checked = 0
    for (sm, statistics) in sms {
      for reason in StallReason.allCases where statistics[reason: reason] > 0 {
        let shown = trace.slices.filter {
          $0.sm == "SM \(sm)" && $0.track.hasPrefix("warp slot") && $0.name == reason.name
        }.reduce(0) { $0 + $1.end - $1.start }
        #expect(shown == statistics[reason: reason], "SM \(sm), \(reason)")
        checked += 1
      }
    }
    #expect(checked > 15)
    let ctas = trace.slices.filter { $0.track.hasPrefix("CTA slot") }
    #expect(ctas.count == 9 && ctas.contains { $0.name == "CTA 8 of reduction" })
    #expect(trace.counters["SM 0"]?.contains("memory requests in flight") == true)
  }

  @Test func `states follow each other without gap or overlap`() throws {
    let trace = try PerfettoFile(run().file)
    let tracks = Dictionary(grouping: trace.slices.filter { $0.track.hasPrefix("warp slot") }) {
      $0.sm + $0.track
    }
    let ctas = trace.slices.filter { $0.track.hasPrefix("CTA slot") }
    for states in tracks.values {
      let sorted = states.sorted { $0.start < $1.start }
      for (first, second) in zip(sorted, sorted.dropFirst()) where first.end != second.start {
        // Only between two warps of the slot.
        #expect(first.end < second.start)
        #expect(
          ctas.contains {
            $0.sm == second.sm && $0.start <= second.start && $0.start >= first.end
          })
      }
    }
  }

  @Test func `neither leaps nor threads change a byte`() throws {
    let plain = try run().file
    #expect(try run(leap: false).file == plain)
    #expect(try run(threads: 3).file == plain)
  }

  @Test func `SMs, CTAs, warps and cycles bound it`() throws {
    let trace = try PerfettoFile(
      run {
        $0.sms = [1, 2]
        $0.ctas = [1, 4]
        $0.warps = [0]
        $0.cycles = 1700...2100
      }.file)
    #expect(Set(trace.slices.map(\.sm)).isSubset(of: ["SM 1", "SM 2"]))
    #expect(!trace.slices.isEmpty)
    #expect(trace.slices.allSatisfy { $0.start >= 1700 && $0.end <= 2101 })
    let ctas = Set(trace.slices.filter { $0.track.hasPrefix("CTA") }.map(\.name))
    #expect(ctas.isSubset(of: ["CTA 1 of reduction", "CTA 4 of reduction"]))
  }

  private static let reduction = """
    .grid 9
    .block 128
    .shared 1024
    .pattern R2 = 0x7f0000000000 + 4*thread
    .pattern R4 = 128*warp + 4*lane
    [B------:R-:W1:-:S02] LDG.E R6, [R2.64] ;
    [B-1----:R0:W-:-:S02] STS [R4], R6 ;
    [B0-----:R-:W-:Y:S05] BAR.SYNC.DEFER_BLOCKING 0x0 ;
    [B------:R-:W0:-:S01] LDS R8, [R4] ;
    [B0-----:R-:W-:-:S05] FADD R8, R8, R9 ;
    [B------:R-:W-:-:S04] FFMA R8, R8, R9, R8 ;
    [B------:R0:W-:-:S02] STG.E [R2.64], R8 ;
    [B------:R-:W-:Y:S05] EXIT ;
    """
}

/// Reads `TracePacket`s as far as the tests ask.
private struct PerfettoFile {
  struct Slice {
    let sm, track, name: String
    let start, end: UInt64
  }

  var slices: [Slice] = []
  /// Names of counters by SM.
  var counters: [String: Set<String>] = [:]

  init(_ data: Data) throws {
    var names: [UInt64: String] = [:]
    var tracks: [UInt64: (parent: String, name: String)] = [:]
    var open: [UInt64: (name: String, start: UInt64)] = [:]
    for packet in try Message(Array(data)).messages(1) {
      for entry in try packet.messages(12).flatMap({ try $0.messages(2) }) {
        names[entry.number(1)] = entry.text(2)
      }
      for track in try packet.messages(60) {
        tracks[track.number(1)] = (tracks[track.number(5)]?.name ?? "", track.text(2))
      }
      guard let event = try packet.messages(11).first else { continue }
      let track = event.number(11)
      let (sm, title) = try #require(tracks[track])
      switch event.number(9) {
      case 1:
        #expect(open[track] == nil)
        open[track] = (try #require(names[event.number(10)]), packet.number(8))
      case 2:
        let begun = open.removeValue(forKey: track)
        let (name, start) = try #require(begun)
        slices.append(
          Slice(sm: sm, track: title, name: name, start: start, end: packet.number(8)))
      default: counters[sm, default: []].insert(title)
      }
    }
    #expect(open.isEmpty)
  }

  /// Fields of a message in the wire format.
  private struct Message {
    private var numbers: [UInt64: UInt64] = [:]
    private var contents: [UInt64: [[UInt8]]] = [:]

    init(_ bytes: [UInt8]) throws {
      var place = 0
      func varint() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
          try #require(place < bytes.count && shift < 64)
          value |= UInt64(bytes[place] & 0x7f) << shift
          shift += 7
          place += 1
          if bytes[place - 1] < 0x80 { return value }
        }
      }
      while place < bytes.count {
        let key = try varint()
        if key & 7 == 0 {
          numbers[key >> 3] = try varint()
        } else {
          try #require(key & 7 == 2)
          let length = Int(try varint())
          try #require(place + length <= bytes.count)
          contents[key >> 3, default: []].append(Array(bytes[place..<place + length]))
          place += length
        }
      }
    }

    func number(_ field: UInt64) -> UInt64 { numbers[field] ?? 0 }
    func text(_ field: UInt64) -> String {
      contents[field]?.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    func messages(_ field: UInt64) throws -> [Message] {
      try (contents[field] ?? []).map { try Message($0) }
    }
  }
}
