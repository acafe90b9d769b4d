import CCUDARuntime
import Emulator
import Foundation
import ISA

/// Status codes of the runtime; CUDA Runtime API reference, `cudaError`.
public typealias Status = Int32

extension Status {
  static let success: Status = 0
  static let invalidValue: Status = 1
  static let memoryAllocation: Status = 2
  static let invalidConfiguration: Status = 9
  static let invalidPitch: Status = 12
  static let invalidSymbol: Status = 13
  static let missingConfiguration: Status = 52
  static let invalidDeviceFunction: Status = 98
  static let invalidDevice: Status = 101
  static let invalidImage: Status = 200
  static let noImageForDevice: Status = 209
  static let invalidHandle: Status = 400
  static let illegalAddress: Status = 700
  static let cooperativeLaunchTooLarge: Status = 720
  static let launchFailure: Status = 719
  static let notSupported: Status = 801
}

/// The state behind the entry points: one device, its memory, modules and streams.
final class ShimRuntime: @unchecked Sendable {
  static let shared = ShimRuntime()

  /// Held by every entry point: the runtime may be called from several threads.
  let lock = NSRecursiveLock()
  let settings = ShimSettings()
  let device: DeviceDescription
  let memory: DeviceMemory
  let modules: ModuleStore
  let builtins: PrintingBuiltins
  var recorder: TraceRecorder?
  var arrays: [UInt: DeviceArray] = [:]
  var lastError: Status = 0
  var limits: [Int32: Int] = [0: 1024, 1: 1 << 20, 2: 8 << 20]
  /// Opaque handles (streams, events, pools) by number.
  var nextHandle: UInt = 0x1000
  var events: [UInt: Double] = [:]
  var streams: Set<UInt> = []
  var workspace: UInt64?
  var launches = 0
  var clock: UInt64 = 1 << 20
  var pitchedRows: [UInt64: Int] = [:]
  private let status: ShimStatus

  private init() {
    status = ShimStatus(settings)
    device = DeviceDescription(settings)
    do {
      memory = try DeviceMemory()
    } catch {
      status.fail(1, "\(error)")
    }
    modules = ModuleStore(architecture: settings.architecture, memory: memory)
    builtins = PrintingBuiltins(memory: memory)
    if let path = settings.tracePath {
      do {
        recorder = try TraceRecorder(path: path, settings: settings)
      } catch {
        status.fail(1, "\(error)")
      }
      atexit { ShimRuntime.shared.finish() }
    }
    status.start()
  }

  /// Closes the trace when the program ends.
  private func finish() {
    lock.lock()
    defer { lock.unlock() }
    needletail_flush()
    do {
      try recorder?.finish()
      recorder = nil
      status.done(launches: launches)
    } catch {
      status.fail(1, "\(error)")
    }
  }

  /// Ends the program: what happened cannot be expressed as a status, or the trace would lie.
  func fail(_ code: Int32, _ message: String) -> Never {
    recorder?.cancel()
    recorder = nil
    status.fail(code, message)
  }

  func progress(_ kernel: String, instructions: Int) {
    status.progress(launch: launches, kernel: kernel, instructions: instructions)
  }

  /// Remembers a failure and gives it back.
  func report(_ status: Status) -> Status {
    if status != .success { lastError = status }
    return status
  }

  func handle() -> UInt {
    nextHandle += 0x10
    return nextHandle
  }
}

/// Runs an entry point's body under the lock and remembers what it answers.
func entry(_ body: (ShimRuntime) -> Status) -> Status {
  let runtime = ShimRuntime.shared
  runtime.lock.lock()
  defer { runtime.lock.unlock() }
  return runtime.report(body(runtime))
}

/// What the caller of the program asks, in environment variables.
struct ShimSettings {
  private static func value(_ name: String) -> String? {
    ProcessInfo.processInfo.environment["NEEDLETAIL_" + name].flatMap { $0.isEmpty ? nil : $0 }
  }

  let architecture = Architecture(Int(ShimSettings.value("ARCH") ?? "") ?? 86)
  let tracePath = ShimSettings.value("TRACE")
  let statusPath = ShimSettings.value("STATUS")
  let device = ShimSettings.value("DEVICE") ?? ""
  let threads = max(1, Int(ShimSettings.value("THREADS") ?? "") ?? 1)
  /// Only kernels whose names contain this text are recorded.
  let kernelFilter = ShimSettings.value("KERNELS")
  /// First and last launch to record, from 1.
  let launches: ClosedRange<Int>? = {
    guard let text = ShimSettings.value("LAUNCHES") else { return nil }
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard let first = parts.first else { return nil }
    return first...max(first, parts.last ?? first)
  }()
  /// CTAs of each launch to record.
  let ctas = Int(ShimSettings.value("CTAS") ?? "") ?? .max
  let instructionLimit = Int(ShimSettings.value("LIMIT") ?? "") ?? 1 << 30
}

/// Tells `needletail trace record` how it goes, through a file that both know.
final class ShimStatus: @unchecked Sendable {
  private let path: String?
  private var lastWrite = Date.distantPast

  init(_ settings: ShimSettings) { path = settings.statusPath }

  private func write(_ line: String) {
    guard let path, let handle = FileHandle(forWritingAtPath: path) else { return }
    defer { try? handle.close() }
    _ = try? handle.seekToEnd()
    try? handle.write(contentsOf: Data((line + "\n").utf8))
  }

  func start() { write("start") }

  func done(launches: Int) { write("done \(launches)") }

  func progress(launch: Int, kernel: String, instructions: Int) {
    guard Date().timeIntervalSince(lastWrite) > 0.2 else { return }
    lastWrite = Date()
    write("launch \(launch) \(instructions) \(kernel)")
  }

  func fail(_ code: Int32, _ message: String) -> Never {
    let line = message.replacingOccurrences(of: "\n", with: " ")
    if path == nil {
      FileHandle.standardError.write(Data("needletail: error: \(line)\n".utf8))
    }
    write("error \(code) \(line)")
    needletail_flush()
    _exit(code)
  }
}
