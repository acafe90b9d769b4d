import Foundation
import ISA

/// What all CTAs of a launch share.
final class LaunchContext {
  /// Generic addresses of shared and local memory: 4 GiB windows that no allocation can reach.
  static let sharedWindow: UInt64 = 0x0000_6000_0000_0000
  static let localWindow: UInt64 = 0x0000_6001_0000_0000
  /// Where code stands for absolute calls and function pointers.
  static let codeBase: UInt64 = 0x0000_6002_0000_0000
  /// From sm_90 on, the first kilobyte of shared memory is the system's.
  static func reservedShared(_ architecture: Architecture) -> Int {
    architecture.number >= 90 ? 1024 : 0
  }

  let launch: GridLaunch
  let kernel: ExecutableKernel
  let memory: DeviceMemory
  let options: ExecutionOptions
  let constants: ConstantBanks
  let pool: UnsafeMutablePointer<UInt32>
  let sharedBytes: Int
  let localBytes: Int
  /// Serves calls to functions outside the module (printf, assertions).
  let builtins: any DeviceBuiltins
  /// Several host threads execute CTAs: atomics take the lock.
  let isParallel: Bool
  private let lock = NSLock()
  /// Ticks of the emulated clock register: executed warp instructions are as good as any.
  let startClock: UInt64

  init(
    _ launch: GridLaunch, kernel: ExecutableKernel, memory: DeviceMemory,
    options: ExecutionOptions, builtins: any DeviceBuiltins
  ) {
    self.launch = launch
    self.kernel = kernel
    self.memory = memory
    self.options = options
    self.builtins = builtins
    isParallel = options.threads > 1
    let image = launch.kernel
    let layout = ConstantLayout(image.architecture)
    let reserved = Self.reservedShared(image.architecture)
    sharedBytes = max(image.staticShared, reserved) + launch.dynamicShared + 16
    // Local memory ends at the stack's start; the last bytes are the driver's.
    localBytes = (image.localBytes + 15) & ~15 + 16
    startClock = options.startClock

    var bank = [UInt8](
      repeating: 0, count: image.parameterBase + max(image.parameterBytes, launch.parameters.count))
    func put(_ value: UInt64, at offset: Int, bytes: Int) {
      guard offset + bytes <= bank.count else { return }
      for byte in 0..<bytes {
        bank[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      }
    }
    for (index, value) in [launch.block.x, launch.block.y, launch.block.z].enumerated() {
      put(UInt64(value), at: layout.blockSize + 4 * index, bytes: 4)
    }
    for (index, value) in [launch.grid.x, launch.grid.y, launch.grid.z].enumerated() {
      put(UInt64(value), at: layout.gridSize + 4 * index, bytes: 4)
    }
    if let shared = layout.sharedWindow { put(Self.sharedWindow, at: shared, bytes: 8) }
    put(Self.localWindow, at: layout.localWindow, bytes: 8)
    put(UInt64(localBytes - 16), at: layout.stack, bytes: 4)
    if launch.cooperative, let workspace = options.gridWorkspace,
      let (low, high) = layout.gridWorkspace
    {
      put(workspace & 0xffff_ffff, at: low, bytes: 4)
      put(workspace >> 32, at: high, bytes: 4)
    }
    if let places = layout.cluster {
      let (sides, grid) = (launch.cluster, launch.grid)
      put(sides.count > 1 ? 1 : 0, at: places.isExplicit, bytes: 4)
      put(UInt64(sides.count), at: places.size, bytes: 4)
      for (index, (side, ctas)) in [(sides.x, grid.x), (sides.y, grid.y), (sides.z, grid.z)]
        .enumerated()
      {
        put(UInt64(side), at: places.sides + 4 * index, bytes: 4)
        put(UInt64(ctas / side), at: places.counts + 4 * index, bytes: 4)
        // Code divides by multiplying and truncating: the reciprocal must not be too small
        // (assumed).
        var reciprocal = 1 / Float(side)
        if Double(reciprocal) * Double(side) < 1 { reciprocal = reciprocal.nextUp }
        put(UInt64(reciprocal.bitPattern), at: places.reciprocals + 4 * index, bytes: 4)
      }
    }
    let parameters = launch.parameters.prefix(bank.count - image.parameterBase)
    bank.replaceSubrange(
      image.parameterBase..<(image.parameterBase + parameters.count), with: parameters)
    var banks: [[UInt8]] = Array(repeating: [], count: 32)
    for (number, bytes) in image.constantBanks where (0..<32).contains(number) {
      banks[number] = bytes
    }
    for (number, shared) in image.sharedBanks where (1..<32).contains(number) {
      guard memory.contains(shared.address, bytes: shared.bytes) else { continue }
      banks[number] = Array(
        UnsafeRawBufferPointer(
          start: UnsafeRawPointer(bitPattern: UInt(shared.address)), count: shared.bytes))
    }
    banks[0] = bank
    constants = ConstantBanks(banks: banks)
    pool = kernel.pool.fill(constants)
  }

  deinit {
    pool.deallocate()
  }

  func locked<T>(_ body: () throws -> T) rethrows -> T {
    guard isParallel else { return try body() }
    return try lock.withLock(body)
  }
}

/// Functions that the driver provides to kernels.
public protocol DeviceBuiltins: AnyObject, Sendable {
  /// Runs `vprintf(format, arguments)`; the strings and arguments are read through `reader`.
  func print(format: UInt64, arguments: UInt64, reader: DeviceReader) throws -> UInt32
  /// A failed device assertion.
  func assertion(message: String, file: String, line: UInt32, function: String) throws
  /// `malloc` and `free` of device code.
  func allocate(bytes: UInt64) -> UInt64
  func free(_ address: UInt64)
}

/// Reads memory as a thread sees it.
public protocol DeviceReader {
  func byte(at address: UInt64) throws -> UInt8
}

extension DeviceReader {
  /// A zero-terminated string of at most 4,096 bytes.
  public func string(at address: UInt64) throws -> String {
    var bytes: [UInt8] = []
    while bytes.count < 4096 {
      let byte = try byte(at: address &+ UInt64(bytes.count))
      if byte == 0 { break }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public func word(at address: UInt64, bytes: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<bytes {
      value |= UInt64(try byte(at: address &+ UInt64(index))) << UInt64(8 * index)
    }
    return value
  }
}
