import Foundation

// Streams and events. Work is done when it is asked for, so every wait is over at once.

struct StreamState {
  var flags: UInt32 = 0
  var priority: Int32 = 0
}

struct EventState {
  var hasTiming: Bool
  /// Seconds of the host's clock; nil before the event is recorded.
  var time: Double?
  /// The graph of the capture in which it was last recorded.
  var capture: UInt?
}

public typealias Handle = UnsafeMutableRawPointer

extension ShimRuntime {
  func isStream(_ stream: UnsafeRawPointer?) -> Bool {
    // 0, 1 and 2 are the default stream by its three names.
    let number = UInt(bitPattern: stream)
    return number <= 2 || streams[number] != nil
  }
}

/// Runs a body for a stream that exists.
private func onStream(_ stream: UnsafeRawPointer?, _ body: (ShimRuntime) -> Status) -> Status {
  entry { $0.isStream(stream) ? body($0) : .invalidHandle }
}

@_cdecl("cudaStreamCreateWithPriority")
public func cudaStreamCreateWithPriority(
  _ stream: UnsafeMutablePointer<Handle?>?, _ flags: UInt32, _ priority: Int32
) -> Status {
  entry { runtime in
    guard let stream, flags <= 1 else { return .invalidValue }
    let handle = runtime.handle()
    runtime.streams[handle] = StreamState(flags: flags, priority: min(0, max(-5, priority)))
    stream.pointee = Handle(bitPattern: handle)
    return .success
  }
}

@_cdecl("cudaStreamCreate")
public func cudaStreamCreate(_ stream: UnsafeMutablePointer<Handle?>?) -> Status {
  cudaStreamCreateWithPriority(stream, 0, 0)
}

@_cdecl("cudaStreamCreateWithFlags")
public func cudaStreamCreateWithFlags(
  _ stream: UnsafeMutablePointer<Handle?>?, _ flags: UInt32
) -> Status {
  cudaStreamCreateWithPriority(stream, flags, 0)
}

@_cdecl("cudaStreamDestroy")
public func cudaStreamDestroy(_ stream: UnsafeRawPointer?) -> Status {
  entry {
    $0.streams.removeValue(forKey: UInt(bitPattern: stream)) == nil ? .invalidHandle : .success
  }
}

@_cdecl("cudaStreamSynchronize")
public func cudaStreamSynchronize(_ stream: UnsafeRawPointer?) -> Status {
  onStream(stream) {
    $0.captures[UInt(bitPattern: stream)] == nil ? .success : .captureUnsupported
  }
}

@_cdecl("cudaStreamQuery")
public func cudaStreamQuery(_ stream: UnsafeRawPointer?) -> Status {
  onStream(stream) { _ in .success }
}

@_cdecl("cudaStreamWaitEvent")
public func cudaStreamWaitEvent(
  _ stream: UnsafeRawPointer?, _ event: UnsafeRawPointer?, _ flags: UInt32
) -> Status {
  onStream(stream) { runtime in
    guard let state = runtime.events[UInt(bitPattern: event)] else { return .invalidHandle }
    // Waiting for a captured event draws the stream into the capture.
    if let capture = state.capture, let graph = runtime.graphs[capture],
      runtime.captures.values.contains(where: { $0 === graph })
    {
      runtime.captures[UInt(bitPattern: stream)] = graph
    }
    return .success
  }
}

@_cdecl("cudaStreamGetPriority")
public func cudaStreamGetPriority(
  _ stream: UnsafeRawPointer?, _ priority: UnsafeMutablePointer<Int32>?
) -> Status {
  onStream(stream) { runtime in
    priority?.pointee = runtime.streams[UInt(bitPattern: stream)]?.priority ?? 0
    return .success
  }
}

@_cdecl("cudaStreamGetFlags")
public func cudaStreamGetFlags(
  _ stream: UnsafeRawPointer?, _ flags: UnsafeMutablePointer<UInt32>?
) -> Status {
  onStream(stream) { runtime in
    flags?.pointee = runtime.streams[UInt(bitPattern: stream)]?.flags ?? 0
    return .success
  }
}

@_cdecl("cudaStreamGetId")
public func cudaStreamGetId(
  _ stream: UnsafeRawPointer?, _ result: UnsafeMutablePointer<UInt64>?
) -> Status {
  onStream(stream) { _ in
    result?.pointee = UInt64(UInt(bitPattern: stream))
    return .success
  }
}

@_cdecl("cudaStreamGetDevice")
public func cudaStreamGetDevice(
  _ stream: UnsafeRawPointer?, _ device: UnsafeMutablePointer<Int32>?
) -> Status {
  onStream(stream) { _ in
    device?.pointee = 0
    return .success
  }
}

/// Attributes say where caches keep data and the like: nothing here depends on them.
@_cdecl("cudaStreamSetAttribute")
public func cudaStreamSetAttribute(_ stream: UnsafeRawPointer?) -> Status {
  onStream(stream) { _ in .success }
}

@_cdecl("cudaStreamCopyAttributes")
public func cudaStreamCopyAttributes(_ stream: UnsafeRawPointer?) -> Status {
  onStream(stream) { _ in .success }
}

@_cdecl("cudaCtxResetPersistingL2Cache")
public func cudaCtxResetPersistingL2Cache() -> Status { entry { _ in .success } }

@_cdecl("cudaStreamAddCallback")
public func cudaStreamAddCallback(
  _ stream: Handle?, _ callback: (@convention(c) (Handle?, Status, Handle?) -> Void)?,
  _ data: Handle?, _ flags: UInt32
) -> Status {
  onStream(stream) { runtime in
    guard let callback else { return .invalidValue }
    guard runtime.captures[UInt(bitPattern: stream)] == nil else { return .captureUnsupported }
    callback(stream, .success, data)
    return .success
  }
}

@_cdecl("cudaDeviceGetStreamPriorityRange")
public func cudaDeviceGetStreamPriorityRange(
  _ least: UnsafeMutablePointer<Int32>?, _ greatest: UnsafeMutablePointer<Int32>?
) -> Status {
  entry { _ in
    least?.pointee = 0
    greatest?.pointee = -5
    return .success
  }
}

// MARK: Events, timed by the host's clock

@_cdecl("cudaEventCreateWithFlags")
public func cudaEventCreateWithFlags(
  _ event: UnsafeMutablePointer<Handle?>?, _ flags: UInt32
) -> Status {
  entry { runtime in
    guard let event else { return .invalidValue }
    let handle = runtime.handle()
    // cudaEventDisableTiming
    runtime.events[handle] = EventState(hasTiming: flags & 2 == 0)
    event.pointee = Handle(bitPattern: handle)
    return .success
  }
}

@_cdecl("cudaEventCreate")
public func cudaEventCreate(_ event: UnsafeMutablePointer<Handle?>?) -> Status {
  cudaEventCreateWithFlags(event, 0)
}

@_cdecl("cudaEventDestroy")
public func cudaEventDestroy(_ event: UnsafeRawPointer?) -> Status {
  entry {
    $0.events.removeValue(forKey: UInt(bitPattern: event)) == nil ? .invalidHandle : .success
  }
}

@_cdecl("cudaEventRecord")
public func cudaEventRecord(_ event: UnsafeRawPointer?, _ stream: UnsafeRawPointer?) -> Status {
  onStream(stream) { runtime in
    let key = UInt(bitPattern: event)
    guard runtime.events[key] != nil else { return .invalidHandle }
    let capture = runtime.captures[UInt(bitPattern: stream)]
    runtime.events[key]?.capture = capture?.handle
    return runtime.perform(on: stream, kind: .empty) {
      $0.events[key]?.time = ProcessInfo.processInfo.systemUptime
      return .success
    }
  }
}

@_cdecl("cudaEventRecordWithFlags")
public func cudaEventRecordWithFlags(
  _ event: UnsafeRawPointer?, _ stream: UnsafeRawPointer?, _ flags: UInt32
) -> Status {
  cudaEventRecord(event, stream)
}

@_cdecl("cudaEventSynchronize")
public func cudaEventSynchronize(_ event: UnsafeRawPointer?) -> Status {
  entry { $0.events[UInt(bitPattern: event)] == nil ? .invalidHandle : .success }
}

@_cdecl("cudaEventQuery")
public func cudaEventQuery(_ event: UnsafeRawPointer?) -> Status { cudaEventSynchronize(event) }

/// Milliseconds of the host between two events: how long emulation took, not a GPU.
@_cdecl("cudaEventElapsedTime")
public func cudaEventElapsedTime(
  _ result: UnsafeMutablePointer<Float>?, _ start: UnsafeRawPointer?, _ end: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let result else { return .invalidValue }
    guard let first = runtime.events[UInt(bitPattern: start)], first.hasTiming,
      let last = runtime.events[UInt(bitPattern: end)], last.hasTiming,
      let from = first.time, let to = last.time
    else { return .invalidHandle }
    result.pointee = Float(max((to - from) * 1000, 0.001))
    return .success
  }
}

@_cdecl("cudaEventElapsedTime_v2")
public func cudaEventElapsedTime2(
  _ result: UnsafeMutablePointer<Float>?, _ start: UnsafeRawPointer?, _ end: UnsafeRawPointer?
) -> Status {
  cudaEventElapsedTime(result, start, end)
}

// MARK: Capture

@_cdecl("cudaStreamBeginCapture")
public func cudaStreamBeginCapture(_ stream: UnsafeRawPointer?, _ mode: Int32) -> Status {
  onStream(stream) { runtime in
    let key = UInt(bitPattern: stream)
    // The default stream cannot be captured.
    guard key > 2 else { return .captureUnsupported }
    guard runtime.captures[key] == nil else { return 401 }
    runtime.captures[key] = runtime.makeGraph()
    return .success
  }
}

@_cdecl("cudaStreamEndCapture")
public func cudaStreamEndCapture(
  _ stream: UnsafeRawPointer?, _ result: UnsafeMutablePointer<Handle?>?
) -> Status {
  onStream(stream) { runtime in
    guard let graph = runtime.captures[UInt(bitPattern: stream)] else {
      return .captureUnmatched
    }
    runtime.captures = runtime.captures.filter { $0.value !== graph }
    result?.pointee = Handle(bitPattern: graph.handle)
    return .success
  }
}

@_cdecl("cudaStreamIsCapturing")
public func cudaStreamIsCapturing(
  _ stream: UnsafeRawPointer?, _ state: UnsafeMutablePointer<Int32>?
) -> Status {
  onStream(stream) { runtime in
    state?.pointee = runtime.captures[UInt(bitPattern: stream)] == nil ? 0 : 1
    return .success
  }
}

/// Later parameters, which differ between versions, are left alone: they say nothing while no
/// capture is on.
@_cdecl("cudaStreamGetCaptureInfo")
public func cudaStreamGetCaptureInfo(
  _ stream: UnsafeRawPointer?, _ state: UnsafeMutablePointer<Int32>?,
  _ id: UnsafeMutablePointer<UInt64>?
) -> Status {
  onStream(stream) { runtime in
    let graph = runtime.captures[UInt(bitPattern: stream)]
    state?.pointee = graph == nil ? 0 : 1
    if let graph { id?.pointee = UInt64(graph.handle) }
    return .success
  }
}

@_cdecl("cudaStreamGetCaptureInfo_v2")
public func cudaStreamGetCaptureInfo2(
  _ stream: UnsafeRawPointer?, _ state: UnsafeMutablePointer<Int32>?,
  _ id: UnsafeMutablePointer<UInt64>?
) -> Status {
  cudaStreamGetCaptureInfo(stream, state, id)
}

/// Captures hinder nobody here, in no mode.
@_cdecl("cudaThreadExchangeStreamCaptureMode")
public func cudaThreadExchangeStreamCaptureMode(_ mode: UnsafeMutablePointer<Int32>?) -> Status {
  .success
}
