import Emulator
import Foundation
import ISA
import Traces

/// Writes what the program does to one trace.
final class TraceRecorder: LaunchRecorder {
  private let writer: TraceWriter
  private let settings: ShimSettings

  init(path: String, settings: ShimSettings) throws {
    writer = try TraceWriter(path: path, origin: "needletail emulator, \(settings.architecture)")
    self.settings = settings
  }

  /// Whether the launch with this number (from 1) is wanted.
  func wants(launch: Int, kernel: String) -> Bool {
    if let filter = settings.kernelFilter, !filter.contains(where: kernel.contains) {
      return false
    }
    return settings.launches?.contains(launch) ?? true
  }

  func copy(_ direction: MemoryCopy.Direction, address: UInt64, bytes: Int) throws {
    try writer.memoryCopy(
      MemoryCopy(direction: direction, address: address, bytes: UInt64(bytes)))
  }

  func begin(_ launch: GridLaunch) throws {
    var header = KernelLaunch(
      name: launch.kernel.name, grid: launch.grid, block: launch.block,
      architecture: launch.kernel.architecture)
    header.cluster = launch.cluster
    header.registers = launch.kernel.registers
    header.staticShared = launch.kernel.ownShared
    header.dynamicShared = launch.dynamicShared
    header.stream = launch.stream
    header.sharedWindow = GridExecution.sharedWindow
    header.localWindow = GridExecution.localWindow
    try writer.beginKernel(header)
  }

  func end(_ kernel: KernelImage) throws { try writer.endKernel(code: kernel.code, warnings: []) }

  func wants(cta index: Int) -> Bool { settings.ctas?.contains { $0.contains(index) } ?? true }

  func record(_ cta: CTATrace) throws { try writer.append(cta) }

  func finish() throws { try writer.finish() }

  func cancel() { writer.cancel() }
}
