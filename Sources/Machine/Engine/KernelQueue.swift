/// Which kernels may start: those of a stream one after the other, those of the default stream with
/// nothing beside them.
struct KernelQueue {
  private struct Stream {
    let isDefault: Bool
    /// In order of launch.
    var kernels: [Int] = []
    /// Position of the first kernel that has not ended.
    var next = 0
    /// That kernel has started.
    var runs = false

    var head: Int { next < kernels.count ? kernels[next] : .max }
  }

  private var streams: [Stream] = []
  /// Position in `streams` by kernel.
  private var streamOf: [Int] = []

  init(_ kernels: [EngineKernel]) {
    var known: [UInt64: Int] = [:]
    for (index, kernel) in kernels.enumerated() {
      let name = kernel.launch.stream
      let stream = known[name] ?? streams.count
      if stream == streams.count {
        known[name] = stream
        streams.append(Stream(isDefault: name == 0))
      }
      streams[stream].kernels.append(index)
      streamOf.append(stream)
    }
  }

  /// The first kernel that may start.
  var next: Int? {
    let barrier = streams.first(where: \.isDefault)?.head ?? .max
    var best = Int.max
    for stream in streams where !stream.runs {
      let head = stream.head
      let waits =
        stream.isDefault ? streams.contains { $0.head < head } : head > barrier
      if !waits { best = min(best, head) }
    }
    return best == .max ? nil : best
  }

  mutating func start(_ kernel: Int) { streams[streamOf[kernel]].runs = true }

  mutating func finish(_ kernel: Int) {
    streams[streamOf[kernel]].runs = false
    streams[streamOf[kernel]].next += 1
  }
}
