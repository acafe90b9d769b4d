/// Functions outside the module that kernels call: the loader gives their symbols these addresses.
public enum Builtin: UInt64, CaseIterable, Sendable {
  case vprintf = 0x10
  case assertFail = 0x20
  case allocate = 0x30
  case free = 0x40

  private static let base: UInt64 = 0x0000_6003_0000_0000

  /// What a relocation against the symbol gives.
  public var address: UInt64 { Self.base + rawValue }

  /// The builtin that a symbol names.
  public init?(symbol: String) {
    switch symbol {
    case "vprintf": self = .vprintf
    case "__assertfail": self = .assertFail
    case "malloc": self = .allocate
    case "free": self = .free
    default: return nil
    }
  }

  init?(address: UInt64) {
    guard address >= Self.base else { return nil }
    self.init(rawValue: address - Self.base)
  }
}

extension Warp {
  /// Runs a builtin for each executing lane. By the ABI that compiled code follows, arguments
  /// start in R4, 64-bit ones in pairs, and the result comes back in R4.
  func call(_ builtin: Builtin) throws {
    func register(_ number: Int, _ lane: Int) -> UInt64 { UInt64(registers[number * 32 + lane]) }
    func pair(_ number: Int, _ lane: Int) -> UInt64 {
      register(number, lane) | register(number + 1, lane) << 32
    }
    let builtins = cta.context.builtins
    try eachLaneThrowing { lane in
      let reader = LaneReader(warp: self, lane: lane)
      switch builtin {
      case .vprintf:
        let result = try cta.context.locked {
          try builtins.print(
            format: pair(4, lane), arguments: pair(6, lane), reader: reader)
        }
        registers[4 * 32 + lane] = result
      case .assertFail:
        try cta.context.locked {
          try builtins.assertion(
            message: reader.string(at: pair(4, lane)), file: reader.string(at: pair(6, lane)),
            line: UInt32(truncatingIfNeeded: register(8, lane)),
            function: reader.string(at: pair(10, lane)))
        }
        throw locate(EmulationFault(.code, "device-side assertion failed"), lane: lane)
      case .allocate:
        let address = cta.context.locked { builtins.allocate(bytes: pair(4, lane)) }
        (registers + 4 * 32).setWide(lane, address)
      case .free: cta.context.locked { builtins.free(pair(4, lane)) }
      }
    }
  }
}

/// Memory as one lane sees it through generic addresses.
struct LaneReader: DeviceReader {
  let warp: Warp
  let lane: Int

  func byte(at address: UInt64) throws -> UInt8 {
    try warp.pointer(.generic, address, bytes: 1, lane: lane).load(as: UInt8.self)
  }
}
