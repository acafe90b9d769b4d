import Foundation
import ISA

/// The `-key = value` lines at the top of a kernel's trace.
struct AccelSimHeader {
  private(set) var version = 3
  /// Every instruction line begins with a source line number.
  private(set) var hasLineNumbers = false
  private var name: String?
  private var architecture: Int?
  private var grid: Dim3?
  private var block: Dim3?
  private var sharedBytes = 0
  private var registers = 0
  private var stream: UInt64 = 0
  private var sharedWindow: UInt64 = 0
  private var localWindow: UInt64 = 0

  /// Takes one line; keys that mean nothing here are passed over.
  mutating func take(_ line: String) throws(AccelSimFailure) {
    guard line.hasPrefix("-") else {
      throw AccelSimFailure("'\(line.prefix(40))' is no header line of an Accel-Sim trace")
    }
    let parts = line.dropFirst().split(separator: "=", maxSplits: 1)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard let key = parts.first else { return }
    let value = parts.count > 1 ? parts[1] : ""
    switch key {
    case "kernel name": name = value
    case "grid dim": grid = try dimensions(value, key)
    case "block dim": block = try dimensions(value, key)
    case "shmem": sharedBytes = try number(value, 0...(1 << 24), key)
    case "nregs": registers = try number(value, 0...1024, key)
    case "binary version": architecture = try number(value, 1...1000, key)
    case "cuda stream id": stream = try handle(value, key)
    case "shmem base_addr": sharedWindow = try hexadecimal(value, key)
    case "local mem base_addr": localWindow = try hexadecimal(value, key)
    case "enable lineinfo": hasLineNumbers = try number(value, 0...1, key) == 1
    case "accelsim tracer version":
      version = try number(value, 0...100, key)
      guard version <= 6 else {
        throw AccelSimFailure("tracer version \(version) is not known; versions up to 6 are")
      }
    default: break
    }
  }

  /// The launch that the header describes, once all its lines are taken.
  func launch() throws(AccelSimFailure) -> KernelLaunch {
    guard let name, let architecture else {
      throw AccelSimFailure("the header lacks the kernel's name or binary version")
    }
    guard let grid else { throw AccelSimFailure("the header lacks 'grid dim'") }
    guard let block else { throw AccelSimFailure("the header lacks 'block dim'") }
    guard block.count <= 1024 else {
      throw AccelSimFailure("a block of \(block.count) threads is not possible")
    }
    var launch = KernelLaunch(
      name: name, grid: grid, block: block, architecture: Architecture(architecture))
    // The format does not tell static from dynamic shared memory.
    launch.staticShared = sharedBytes
    launch.registers = registers
    launch.stream = stream
    launch.sharedWindow = sharedWindow
    launch.localWindow = localWindow
    return launch
  }

  private func bad(_ key: String, _ value: String) -> AccelSimFailure {
    AccelSimFailure("the header's '\(key)' is '\(value.prefix(40))'")
  }

  private func dimensions(_ text: String, _ key: String) throws(AccelSimFailure) -> Dim3 {
    let pieces = text.split(whereSeparator: { "(), ".contains($0) })
    let numbers = pieces.compactMap { UInt32($0) }
    guard pieces.count == 3, numbers.count == 3, numbers.allSatisfy({ $0 > 0 }) else {
      throw AccelSimFailure("the header's '\(key)' is not (x,y,z)")
    }
    return Dim3(numbers[0], numbers[1], numbers[2])
  }

  private func number(
    _ text: String, _ range: ClosedRange<Int>, _ key: String
  ) throws(AccelSimFailure) -> Int {
    guard let value = Int(text), range.contains(value) else { throw bad(key, text) }
    return value
  }

  private func handle(_ text: String, _ key: String) throws(AccelSimFailure) -> UInt64 {
    guard let value = UInt64(text) else { throw bad(key, text) }
    return value
  }

  private func hexadecimal(_ text: String, _ key: String) throws(AccelSimFailure) -> UInt64 {
    let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
    guard let value = UInt64(digits, radix: 16) else { throw bad(key, text) }
    return value
  }
}
