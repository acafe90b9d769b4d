/// Takes what a timeline or a pipeline view shows, so that the engine need not keep it.
public protocol EngineObserver: AnyObject {
  func take(_ events: UnsafeBufferPointer<TimelineEvent>)
  func take(_ events: UnsafeBufferPointer<PipelineEvent>)
}

extension Engine {
  /// Events of all SMs that may wait to be handed over: some megabytes.
  static let heldEvents = 1 << 16

  /// Hands the observer what the SMs noted, if it is so much.
  func handOver(atLeast least: Int) {
    guard let observer else { return }
    let held = sms.inUse.reduce(0) { $0 + ($1.probe?.pointee.heldEvents ?? 0) }
    guard held >= least else { return }
    for sm in sms.inUse {
      sm.probe?.pointee.timeline?.pointee.drain(observer.take)
      sm.probe?.pointee.pipeline?.pointee.drain(observer.take)
    }
  }

  /// Hands the observer the rest: the run has ended.
  public func finishEvents() {
    guard observer != nil else { return }
    for sm in sms.inUse {
      sm.sampleCounters(now)
      sm.probe?.pointee.timeline?.pointee.finish()
      sm.probe?.pointee.pipeline?.pointee.finish()
    }
    handOver(atLeast: 1)
  }
}
