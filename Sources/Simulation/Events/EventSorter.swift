import Foundation
import Machine

/// Sorts more events than memory holds: full blocks go sorted to a file and are merged when the log
/// is read.
final class EventSorter<Event: LoggedEvent> {
  private let folder: String
  /// Events that are held.
  private let capacity: Int
  private var held: [Event] = []
  private var file: SpillFile?
  private var blocks: [Range<Int>] = []
  private var failure: SimulationError?

  /// `folder` has room for what does not fit in memory.
  init(folder: String, capacity: Int = (20 << 20) / MemoryLayout<Event>.stride) {
    self.folder = folder
    self.capacity = capacity
  }

  func add(_ events: UnsafeBufferPointer<Event>) {
    // A log that cannot be kept does not end the run that it is of.
    guard failure == nil else { return }
    held.append(contentsOf: events)
    guard held.count >= capacity else { return }
    do throws(SimulationError) {
      try spill()
    } catch {
      failure = error
      file = nil
    }
    held.removeAll(keepingCapacity: failure == nil)
  }

  private func spill() throws(SimulationError) {
    held.sort(by: Event.isInOrder)
    let file: SpillFile
    if let open = self.file { file = open } else { file = try SpillFile(in: folder) }
    self.file = file
    blocks.append(try file.append(held))
  }

  func finish() -> EventLog<Event> {
    held.sort(by: Event.isInOrder)
    defer { held = [] }
    return EventLog(rest: held, blocks: blocks, file: file, failure: failure)
  }
}

/// The sorters of a run, for what was asked for.
final class EventCollector: EngineObserver {
  private let timeline: EventSorter<TimelineEvent>?
  private let pipeline: EventSorter<PipelineEvent>?

  /// Nil where nothing was asked for.
  init?(_ options: Simulator.Options) {
    guard options.timeline != nil || options.pipeline != nil else { return nil }
    let folder = options.scratchFolder ?? FileManager.default.temporaryDirectory.path
    timeline = options.timeline.map { _ in EventSorter(folder: folder) }
    pipeline = options.pipeline.map { _ in EventSorter(folder: folder) }
  }

  func take(_ events: UnsafeBufferPointer<TimelineEvent>) { timeline?.add(events) }
  func take(_ events: UnsafeBufferPointer<PipelineEvent>) { pipeline?.add(events) }

  func finish(into result: inout RunResult) {
    result.timeline = timeline?.finish()
    result.pipeline = pipeline?.finish()
  }
}
