import Foundation
import Testing

@testable import Machine
@testable import Simulation

/// A run's events come back in order, whether memory held them or not.
@Suite struct EventLogTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "needletail-events-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func event(sm: Int, start: Int) -> TimelineEvent {
    TimelineEvent(
      kind: .warp, detail: 3, sm: Int32(sm), slot: 5, kernel: 1, start: Int64(start),
      end: Int64(start + 7), value: Int64(start * 84 + sm))
  }

  /// Sorts events of `sms` SMs, given a few at a time, and gives back their values.
  private func values(
    sms: Int, cycles: Int, capacity: Int, handed: Int = 100, folder: String
  ) throws -> [Int64] {
    // Every cycle once, far from in order.
    let events = (0..<cycles).flatMap { cycle in
      (0..<sms).map { event(sm: $0, start: cycle * 7919 % cycles) }
    }
    let sorter = EventSorter<TimelineEvent>(folder: folder, capacity: capacity)
    for first in stride(from: 0, to: events.count, by: handed) {
      events.withUnsafeBufferPointer {
        sorter.add(UnsafeBufferPointer(rebasing: $0[first..<min(first + handed, events.count)]))
      }
    }
    let log = sorter.finish()
    #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path).isEmpty)
    var values: [Int64] = []
    try log.forEach { values.append($0.value) }
    var again: [Int64] = []
    try log.forEach { again.append($0.value) }
    #expect(again == values)
    return values
  }

  /// In memory; in blocks below and above a buffer's size; so many that each has a small buffer.
  @Test(arguments: [(1000, 1 << 19), (10_000, 1000), (10_000, 10_000), (20_000, 4)])
  func `events come in order, once each`(cycles: Int, capacity: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let handed = capacity == 4 ? 3 : 100
    let found = try values(
      sms: 3, cycles: cycles, capacity: capacity, handed: handed, folder: folder.path)
    let expected = (0..<3).flatMap { sm in (0..<cycles).map { Int64($0 * 84 + sm) } }
    #expect(found == expected)
  }

  @Test func `what finds no room is an error when it is read`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let nowhere = folder.path + "/nowhere"
    #expect(try values(sms: 1, cycles: 99, capacity: 1000, folder: nowhere).count == 99)
    let error = #expect(throws: SimulationError.self) {
      try values(sms: 1, cycles: 9999, capacity: 1000, folder: nowhere)
    }
    #expect(
      error.map(String.init(describing:))
        == "\(nowhere): a part of the timeline or pipeline view cannot be kept there "
        + "(No such file or directory)")
  }
}
