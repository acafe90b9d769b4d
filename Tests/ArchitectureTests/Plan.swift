/// The plan of the house (Docs/architecture.md): which target may import which.
/// Rooms that are not built yet stand here too; a room that is not here may not be built.
enum Plan {
  static let arrows: [String: Set<String>] = [
    "CZstd": [],
    "ISA": [],
    "Machine": ["ISA"],
    "Traces": ["ISA", "CZstd", "SwiftProtobuf"],
    "Configuration": ["Machine", "Yams"],
    "Simulation": ["Machine", "Traces", "Configuration"],
    "Emulator": ["ISA", "Traces"],
    "CUDAShim": ["Emulator"],
    "Validation": ["Simulation"],
    "Reports": ["Simulation", "Validation"],
    "Sweeps": ["Simulation", "Reports"],
    "needletail": [
      "ISA", "Machine", "Traces", "Configuration", "Simulation", "Emulator", "CUDAShim",
      "Validation", "Reports", "Sweeps", "ArgumentParser",
    ],
  ]

  /// Modules of the system that a target may import; nil: any.
  /// What runs every cycle and what describes instructions do no input or output.
  static let systemModules: [String: Set<String>] = [
    "ISA": [],
    "Machine": ["Synchronization"],
  ]

  /// Everything that can be seen from a target along the arrows.
  static func visible(from target: String) -> Set<String> {
    var seen: Set<String> = []
    var open = [target]
    while let next = open.popLast() {
      for module in arrows[next, default: []] where seen.insert(module).inserted {
        open.append(module)
      }
    }
    return seen
  }
}
