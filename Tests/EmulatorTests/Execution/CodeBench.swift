import Foundation
import ISA

@testable import Emulator

/// Executes hand-written SASS of one kernel in device memory that all tests share.
struct CodeBench {
  /// Away from the range that tests of modules use.
  static let memory: DeviceMemory = {
    do {
      return try DeviceMemory(capacity: 1 << 28, at: DeviceMemory.base + (1 << 40))
    } catch { fatalError("\(error)") }
  }()
  private static let lock = NSLock()

  var architecture: Int
  var grid = Dim3(1)
  var cluster = Dim3(1)
  var threads = 32
  var dynamicShared = 0
  var options = ExecutionOptions()

  init(_ architecture: Int = 86) { self.architecture = architecture }

  var kind: Architecture { Architecture(architecture) }

  static func allocate(_ bytes: Int) throws -> UnsafeMutableRawPointer {
    let address = try lock.withLock { try memory.allocate(bytes: bytes) }
    guard let pointer = UnsafeMutableRawPointer(bitPattern: UInt(address)) else {
      throw MemoryError.reservation
    }
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    return pointer
  }

  /// Device memory with these values.
  static func allocate<T: BitwiseCopyable>(_ values: [T]) throws -> UInt64 {
    let pointer = try allocate(max(1, values.count * MemoryLayout<T>.stride))
    values.withUnsafeBytes { pointer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return UInt64(UInt(bitPattern: pointer))
  }

  static func words(_ address: UInt64, _ count: Int) -> [UInt32] {
    let pointer = UnsafeRawPointer(bitPattern: UInt(address))!
    return (0..<count).map { pointer.load(fromByteOffset: 4 * $0, as: UInt32.self) }
  }

  /// Runs the lines; 64-bit parameters start at the architecture's first.
  func run(_ code: [String], _ parameters: [UInt64]) throws {
    let listing = code.enumerated().map {
      StaticInstruction(pc: UInt32(16 * $0), text: $1, control: ControlCode())
    }
    let image = KernelImage(name: "bench", architecture: Architecture(architecture), code: listing)
    var launch = GridLaunch(kernel: image, grid: grid, block: Dim3(UInt32(threads), 1, 1))
    launch.cluster = cluster
    launch.dynamicShared = dynamicShared
    launch.parameters = parameters.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    try Self.lock.withLock {
      try GridExecution(
        launch, kernel: ExecutableKernel(image), memory: Self.memory, options: options,
        builtins: NoBuiltins()
      ).run()
    }
  }

  /// Results of a piece of code that leaves `words` registers from R8 on, for each lane: register
  /// vectors one after the other. `inputs` are loaded into R16 and on; R0 is the lane.
  func results(
    of code: [String], inputs: [[UInt32]] = [], words: Int = 1, parameters: [UInt64] = []
  ) throws -> [[UInt32]] {
    let base = ConstantLayout(Architecture(architecture)).parameters
    let output = try Self.allocate([UInt32](repeating: 0, count: 32 * words))
    var addresses = [output]
    var lines = ["S2R R0, SR_TID.X", "MOV R1, 0x4"]
    func constant(_ index: Int) -> String { "c[0x0][0x\(String(base + 8 * index, radix: 16))]" }
    for (index, values) in inputs.enumerated() {
      addresses.append(try Self.allocate(values))
      lines.append("IMAD.WIDE R4, R0, R1, \(constant(index + 1))")
      lines.append("LDG.E R\(16 + index), [R4.64]")
    }
    lines += code
    lines.append("IMAD.WIDE R4, R0, R1, \(constant(0))")
    for word in 0..<words { lines.append("STG.E [R4.64+\(128 * word)], R\(8 + word)") }
    lines.append("EXIT")
    try run(lines, addresses + parameters)
    let found = Self.words(output, 32 * words)
    return (0..<words).map { Array(found[(32 * $0)..<(32 * $0 + 32)]) }
  }
}
