import Machine

/// What a run's log holds, with the order in which it is read.
public protocol LoggedEvent: BitwiseCopyable, Sendable {
  /// No two events of a log are alike in this order: it does not depend on how they came.
  static func isInOrder(_ first: Self, _ second: Self) -> Bool
}

/// By SM, then by time.
extension TimelineEvent: LoggedEvent {
  public static func isInOrder(_ first: Self, _ second: Self) -> Bool {
    (first.sm, first.start, first.kind.rawValue, first.slot, first.detail)
      < (second.sm, second.start, second.kind.rawValue, second.slot, second.detail)
  }
}

/// As instructions appear in the pipeline.
extension PipelineEvent: LoggedEvent {
  public static func isInOrder(_ first: Self, _ second: Self) -> Bool {
    if first.fetched != second.fetched { return first.fetched < second.fetched }
    return (first.issued, first.sm, first.cta, first.warp, first.kernel)
      < (second.issued, second.sm, second.cta, second.warp, second.kernel)
  }
}
