import ISA

@testable import Emulator

/// Registers and predicates of a warp before or after an instruction.
struct WarpState {
  private static let registers = 255
  /// Recognisable contents of registers that an instruction has nothing to do with.
  private static let untouched: [UInt32] = (0..<(registers * 32)).map {
    UInt32(truncatingIfNeeded: $0 &* 0x9e37_79b1)
  }

  private var vectors = WarpState.untouched
  private var uniform: [UInt32] = (0..<63).map { UInt32($0) &* 0x85eb_ca77 }
  /// As the warp has them: P0…P6, PT, UP0…UP6.
  var predicates = [UInt32](repeating: 0, count: 16)
  private var constants = [UInt8](repeating: 0xa5, count: 64)

  init() { predicates[Predicates.true] = .max }

  mutating func set(_ register: Int, _ lane: Int, _ value: UInt64, words: Int) {
    vectors[register * 32 + lane] = UInt32(truncatingIfNeeded: value)
    if words == 2 { vectors[register * 32 + 32 + lane] = UInt32(value >> 32) }
  }

  mutating func setUniform(_ register: Int, _ value: UInt64, words: Int) {
    uniform[register] = UInt32(truncatingIfNeeded: value)
    if words == 2 { uniform[register + 1] = UInt32(value >> 32) }
  }

  /// Puts 64 bits among the parameters; their byte offset in bank 0.
  mutating func constant(_ value: UInt64, at index: Int) -> Int {
    for byte in 0..<8 {
      constants[index * 8 + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
    }
    return ConstantLayout(Architecture(86)).parameters + index * 8
  }

  func value(_ kind: Result.Kind, _ lane: Int) -> UInt64 {
    switch kind {
    case .nothing, .predicateFile: return 0
    case .register(let number, let words):
      let high = words == 2 ? UInt64(vectors[number * 32 + 32 + lane]) << 32 : 0
      return UInt64(vectors[number * 32 + lane]) | high
    case .uniform(let number, let words):
      return UInt64(uniform[number]) | (words == 2 ? UInt64(uniform[number + 1]) << 32 : 0)
    case .predicate(let index): return UInt64(predicates[index] >> UInt32(lane) & 1)
    }
  }

  mutating func set(_ kind: Result.Kind, _ lane: Int, _ value: UInt64) {
    let bit = UInt32(1) << UInt32(lane)
    switch kind {
    case .nothing: break
    case .register(let number, let words): set(number, lane, value, words: words)
    case .uniform(let number, let words): setUniform(number, value, words: words)
    case .predicate(let index) where index >= Predicates.uniform:
      predicates[index] = value == 1 ? .max : 0
    case .predicate(let index):
      predicates[index] = value == 1 ? predicates[index] | bit : predicates[index] & ~bit
    case .predicateFile:
      for index in 0..<7 {
        set(.predicate(index), lane, value >> UInt64(index) & 1)
      }
    }
  }

  /// The state after an instruction whose `active` lanes stand at it.
  func execute(_ text: String, _ number: Int, active: UInt32) throws -> WarpState {
    let architecture = Architecture(number)
    var image = KernelImage(
      name: "trial", architecture: architecture,
      code: [StaticInstruction(pc: 0, text: text, control: nil, encoding: nil)])
    image.parameterBase = ConstantLayout(Architecture(86)).parameters
    image.parameterBytes = constants.count
    let kernel = ExecutableKernel(image)
    if let reason = kernel.unsupported[0] { throw ModuleError("unsupported: \(reason)") }
    var launch = GridLaunch(
      kernel: image, grid: Dim3(5, 3, 2), block: Dim3(32), parameters: constants)
    launch.dynamicShared = 48
    let context = LaunchContext(
      launch, kernel: kernel, memory: try DeviceMemory(capacity: 0), options: ExecutionOptions(),
      builtins: NoBuiltins())
    let cta = CTA(context, index: 17, records: false)
    let warp = cta.warps[0]
    warp.convergence = Convergence(population: active)
    warp.registers.update(from: vectors, count: vectors.count)
    warp.uniform.update(from: uniform, count: uniform.count)
    warp.predicates.update(from: predicates, count: predicates.count)
    try warp.run(quantum: 1)
    var after = self
    after.vectors = Array(UnsafeBufferPointer(start: warp.registers, count: vectors.count))
    after.uniform = Array(UnsafeBufferPointer(start: warp.uniform, count: uniform.count))
    after.predicates = Array(
      UnsafeBufferPointer(start: warp.predicates, count: predicates.count))
    return after
  }

  /// The first difference, in words.
  func difference(from other: WarpState) -> String? {
    func hex(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
    if vectors != other.vectors,
      let index = vectors.indices.first(where: { vectors[$0] != other.vectors[$0] })
    {
      return "R\(index / 32) of lane \(index % 32) is \(hex(other.vectors[index])), not "
        + hex(vectors[index])
    }
    for index in uniform.indices where uniform[index] != other.uniform[index] {
      return "UR\(index) is \(hex(other.uniform[index])), not \(hex(uniform[index]))"
    }
    for index in predicates.indices where predicates[index] != other.predicates[index] {
      return "predicate \(index) is \(hex(other.predicates[index])), not \(hex(predicates[index]))"
    }
    return nil
  }
}
