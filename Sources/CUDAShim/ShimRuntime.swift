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
  static let misalignedAddress: Status = 716
  static let assertion: Status = 710
  static let launchTimeout: Status = 702
  static let launchFailure: Status = 719
  static let launchOutOfResources: Status = 701
  static let invalidCopyDirection: Status = 21
  static let notReady: Status = 600
  static let symbolNotFound: Status = 500
  static let hostMemoryAlreadyRegistered: Status = 712
  static let hostMemoryNotRegistered: Status = 713
  static let captureUnsupported: Status = 900
  static let captureUnmatched: Status = 903
  static let invalidClusterSize: Status = 912
  static let notSupported: Status = 801
}

/// What the runtime keeps for each thread of the program.
final class ThreadState {
  /// For `cudaGetLastError`.
  var lastError: Status = .success
  /// Configurations between `<<<…>>>` and the launch.
  var configurations: [CallConfiguration] = []
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
  /// Major version of the library whose place this one takes: 12 or 13.
  let version: Int
  var recorder: TraceRecorder?
  /// A trace holds what one process does; another one may use the runtime, but launch nothing.
  private var ownsTrace = false
  /// What a kernel did wrong; from then on every call answers it.
  private(set) var stickyError: Status = .success
  private var threads: [UInt: ThreadState] = [:]
  /// What allocations are for, by address; plain device memory is not listed.
  var kinds: [UInt64: MemoryKind] = [:]
  var arrays: [UInt: DeviceArray] = [:]
  let textures = TextureTable()
  /// What texture and surface objects were made of, by handle.
  var textureSources: [UInt64: TextureSource] = [:]
  var limits: [Int32: Int] = [0: 1024, 1: 1 << 20, 2: 8 << 20]
  /// Opaque handles (streams, events, pools) by number.
  private var nextHandle: UInt = 0x1000
  var events: [UInt: EventState] = [:]
  var streams: [UInt: StreamState] = [:]
  var graphs: [UInt: Graph] = [:]
  var nodes: [UInt: Graph.Node] = [:]
  var executables: [UInt: ExecutableGraph] = [:]
  var captures: [UInt: Graph] = [:]
  var workspace: UInt64?
  /// Kernels started, and the warp instructions that they executed.
  var launches = 0
  var warpInstructions = 0
  var clock: UInt64 = 1 << 20
  private let status: ShimStatus
  private let process = getpid()

  private init() {
    status = ShimStatus(settings)
    status.start()
    device = DeviceDescription(settings)
    version = Int(needletail_runtime_version())
    do {
      memory = try DeviceMemory()
    } catch {
      status.fail(1, "\(error)")
    }
    modules = ModuleStore(architecture: settings.architecture, memory: memory)
    builtins = PrintingBuiltins(memory: memory)
    if let path = settings.tracePath {
      ownsTrace = status.claimTrace()
      do {
        if ownsTrace { recorder = try TraceRecorder(path: path, settings: settings) }
      } catch {
        status.fail(1, "\(error)")
      }
    }
    atexit { ShimRuntime.shared.finish() }
  }

  /// Closes the trace when the program ends.
  private func finish() {
    // A process that the program forked has a copy of the recorder that is not its own.
    guard getpid() == process else { return }
    lock.lock()
    defer { lock.unlock() }
    needletail_flush()
    do {
      try recorder?.finish()
      recorder = nil
      if settings.tracePath != nil {
        guard ownsTrace else { return }
        if launches == 0 { status.releaseTrace() }
      }
      status.done(launches: launches, warpInstructions: warpInstructions)
    } catch {
      status.fail(1, "\(error)")
    }
  }

  /// Launches that the trace would lack end the program.
  func checkOwnership() {
    guard settings.tracePath != nil, !ownsTrace else { return }
    fail(
      1,
      "a second process launches kernels (\(CommandLine.arguments.first ?? "its name is lost"));"
        + " one trace holds one process: record each by its own call")
  }

  /// Ends the program: what happened cannot be expressed as a status, or the trace would lie.
  func fail(_ code: Int32, _ message: String) -> Never {
    recorder?.cancel()
    recorder = nil
    status.fail(code, message)
  }

  /// Exit status for code that cannot be used.
  static func exitStatus(_ error: any Error) -> Int32 {
    (error as? ModuleError)?.isSystemFailure == true ? 1 : 65
  }

  /// A kernel did something wrong: the program goes on and finds out, the trace is given up.
  func fault(_ error: Status, _ message: String) {
    recorder?.cancel()
    recorder = nil
    stickyError = error
    needletail_flush()
    status.fault(message)
  }

  func resetDevice() { stickyError = .success }

  func progress(_ kernel: String) {
    status.progress(launch: launches, kernel: kernel, instructions: warpInstructions)
  }

  var thread: ThreadState {
    let key = UInt(pthread_self())
    if let state = threads[key] { return state }
    let state = ThreadState()
    threads[key] = state
    return state
  }

  /// Remembers a failure for `cudaGetLastError` and gives it back.
  func report(_ status: Status) -> Status {
    if status != .success, status != .notReady { thread.lastError = status }
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
  guard runtime.stickyError == .success else { return runtime.report(runtime.stickyError) }
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
  /// Only kernels whose names contain one of these texts are recorded.
  let kernelFilter = ShimSettings.value("KERNELS").map {
    $0.split(separator: ",").map(String.init)
  }
  /// First and last launch to record, from 1.
  let launches: ClosedRange<Int>? = {
    guard let text = ShimSettings.value("LAUNCHES") else { return nil }
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard let first = parts.first else { return nil }
    return first...max(first, parts.last ?? first)
  }()
  /// CTAs of each launch to record, in launch order; nil means all.
  let ctas: [Range<Int>]? = ShimSettings.value("CTAS").map { text in
    text.split(separator: ",").compactMap { field in
      let bounds = field.split(separator: "-").compactMap { Int($0) }
      guard let last = bounds.last else { return nil }
      // A number by itself is so many from the first on.
      return bounds.count == 1 ? 0..<last : bounds[0]..<last + 1
    }
  }
  let instructionLimit = Int(ShimSettings.value("LIMIT") ?? "") ?? 1 << 30
}
