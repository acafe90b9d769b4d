import Foundation

// Streams and events. Work is done when it is asked for, so every wait is over at once.

@_cdecl("cudaStreamCreate")
public func cudaStreamCreate(_ stream: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status {
  entry { runtime in
    let handle = runtime.handle()
    runtime.streams.insert(handle)
    stream.pointee = UnsafeMutableRawPointer(bitPattern: handle)
    return .success
  }
}

@_cdecl("cudaStreamCreateWithFlags")
public func cudaStreamCreateWithFlags(
  _ stream: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ flags: UInt32
) -> Status {
  cudaStreamCreate(stream)
}

@_cdecl("cudaStreamCreateWithPriority")
public func cudaStreamCreateWithPriority(
  _ stream: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ flags: UInt32, _ priority: Int32
) -> Status {
  cudaStreamCreate(stream)
}

@_cdecl("cudaStreamDestroy")
public func cudaStreamDestroy(_ stream: UnsafeRawPointer?) -> Status {
  entry { $0.streams.remove(UInt(bitPattern: stream)) == nil ? .invalidHandle : .success }
}

@_cdecl("cudaStreamSynchronize")
public func cudaStreamSynchronize(_ stream: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaStreamQuery")
public func cudaStreamQuery(_ stream: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaStreamWaitEvent")
public func cudaStreamWaitEvent(_ stream: UnsafeRawPointer?, _ event: UnsafeRawPointer?) -> Status {
  .success
}

@_cdecl("cudaStreamGetPriority")
public func cudaStreamGetPriority(
  _ stream: UnsafeRawPointer?, _ priority: UnsafeMutablePointer<Int32>
) -> Status {
  priority.pointee = 0
  return .success
}

@_cdecl("cudaStreamGetFlags")
public func cudaStreamGetFlags(
  _ stream: UnsafeRawPointer?, _ flags: UnsafeMutablePointer<UInt32>
) -> Status {
  flags.pointee = 0
  return .success
}

@_cdecl("cudaStreamIsCapturing")
public func cudaStreamIsCapturing(
  _ stream: UnsafeRawPointer?, _ state: UnsafeMutablePointer<Int32>
) -> Status {
  state.pointee = 0
  return .success
}

@_cdecl("cudaStreamAddCallback")
public func cudaStreamAddCallback(
  _ stream: UnsafeMutableRawPointer?,
  _ callback: @convention(c) (UnsafeMutableRawPointer?, Status, UnsafeMutableRawPointer?) -> Void,
  _ data: UnsafeMutableRawPointer?, _ flags: UInt32
) -> Status {
  callback(stream, .success, data)
  return .success
}

@_cdecl("cudaDeviceGetStreamPriorityRange")
public func cudaDeviceGetStreamPriorityRange(
  _ least: UnsafeMutablePointer<Int32>?, _ greatest: UnsafeMutablePointer<Int32>?
) -> Status {
  least?.pointee = 0
  greatest?.pointee = -5
  return .success
}

// MARK: Events, timed by the host's clock

@_cdecl("cudaEventCreate")
public func cudaEventCreate(_ event: UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status {
  entry { runtime in
    let handle = runtime.handle()
    runtime.events[handle] = -1
    event.pointee = UnsafeMutableRawPointer(bitPattern: handle)
    return .success
  }
}

@_cdecl("cudaEventCreateWithFlags")
public func cudaEventCreateWithFlags(
  _ event: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ flags: UInt32
) -> Status {
  cudaEventCreate(event)
}

@_cdecl("cudaEventDestroy")
public func cudaEventDestroy(_ event: UnsafeRawPointer?) -> Status {
  entry {
    $0.events.removeValue(forKey: UInt(bitPattern: event)) == nil ? .invalidHandle : .success
  }
}

@_cdecl("cudaEventRecord")
public func cudaEventRecord(_ event: UnsafeRawPointer?, _ stream: UnsafeRawPointer?) -> Status {
  entry { runtime in
    guard runtime.events[UInt(bitPattern: event)] != nil else { return .invalidHandle }
    runtime.events[UInt(bitPattern: event)] = ProcessInfo.processInfo.systemUptime
    return .success
  }
}

@_cdecl("cudaEventRecordWithFlags")
public func cudaEventRecordWithFlags(
  _ event: UnsafeRawPointer?, _ stream: UnsafeRawPointer?, _ flags: UInt32
) -> Status {
  cudaEventRecord(event, stream)
}

@_cdecl("cudaEventSynchronize")
public func cudaEventSynchronize(_ event: UnsafeRawPointer?) -> Status { .success }

@_cdecl("cudaEventQuery")
public func cudaEventQuery(_ event: UnsafeRawPointer?) -> Status { .success }

/// Milliseconds of the host between two events: how long emulation took, not a GPU.
@_cdecl("cudaEventElapsedTime")
public func cudaEventElapsedTime(
  _ result: UnsafeMutablePointer<Float>, _ start: UnsafeRawPointer?, _ end: UnsafeRawPointer?
) -> Status {
  entry { runtime in
    guard let first = runtime.events[UInt(bitPattern: start)],
      let last = runtime.events[UInt(bitPattern: end)], first >= 0, last >= 0
    else { return .invalidHandle }
    result.pointee = Float(max((last - first) * 1000, 0.001))
    return .success
  }
}

@_cdecl("cudaEventElapsedTime_v2")
public func cudaEventElapsedTime2(
  _ result: UnsafeMutablePointer<Float>, _ start: UnsafeRawPointer?, _ end: UnsafeRawPointer?
) -> Status {
  cudaEventElapsedTime(result, start, end)
}
