import Emulator
import Foundation
import ISA

/// Registered fat binaries, and the functions and variables that host code knows by address.
final class ModuleStore {
  struct FunctionEntry {
    var module: Int
    var name: String
    /// `cudaFuncSetAttribute`: dynamic shared memory allowed, in bytes; nil: what 48 KiB leave.
    var maxDynamicShared: Int?
    /// Clusters of more than 8 CTAs are allowed.
    var allowsLargeClusters = false
  }

  private struct VariableEntry {
    var module: Int
    var name: String
    var bytes: Int
  }

  private enum Image {
    case unread(UnsafeRawPointer)
    case loaded(LoadedModule)
    case failed(ModuleError)
  }

  let architecture: Architecture
  private let memory: DeviceMemory
  private var images: [Image] = []
  var functions: [UInt: FunctionEntry] = [:]
  private var variables: [UInt: VariableEntry] = [:]
  private var managed:
    [(module: Int, host: UnsafeMutablePointer<UnsafeMutableRawPointer?>, name: String)] = []
  private let disassembler = Disassembler()
  var stackBytes = 1024

  init(architecture: Architecture, memory: DeviceMemory) {
    self.architecture = architecture
    self.memory = memory
  }

  /// Remembers a fat binary; it is read when something of it is used.
  func register(_ data: UnsafeRawPointer) -> Int {
    images.append(.unread(data))
    return images.count - 1
  }

  func register(function host: UInt, name: String, module: Int) {
    functions[host] = FunctionEntry(module: module, name: name)
  }

  func register(variable host: UInt, name: String, bytes: Int, module: Int) {
    variables[host] = VariableEntry(module: module, name: name, bytes: bytes)
  }

  func register(
    managed host: UnsafeMutablePointer<UnsafeMutableRawPointer?>, name: String, bytes: Int,
    module: Int
  ) {
    managed.append((module, host, name))
    variables[UInt(bitPattern: host)] = VariableEntry(module: module, name: name, bytes: bytes)
  }

  /// Gives managed variables their memory, as the program's start-up code asks.
  func initialiseManaged() throws {
    for entry in managed {
      let symbol = try load(entry.module).symbols[entry.name]
      entry.host.pointee = symbol.flatMap { UnsafeMutableRawPointer(bitPattern: UInt($0.address)) }
    }
    managed = []
  }

  func load(_ index: Int) throws -> LoadedModule {
    switch images[index] {
    case .loaded(let module): return module
    case .failed(let error): throw error
    case .unread(let data):
      do {
        let binary = try FatBinary(reading: data) { MappedMemory.isReadable(data, $0) }
        let cubin = try binary.cubin(
          for: architecture, in: CommandLine.arguments.first ?? "the program",
          compile: disassembler.assemble)
        let module = try LoadedModule(
          Cubin(cubin), disassembly: disassembler.disassemble(cubin), memory: memory,
          stackBytes: stackBytes)
        images[index] = .loaded(module)
        return module
      } catch {
        let failure = Self.explained(error)
        images[index] = .failed(failure)
        throw failure
      }
    }
  }

  /// Says whose code cannot be used.
  private static func explained(_ error: any Error) -> ModuleError {
    guard let error = error as? ModuleError else { return ModuleError("\(error)") }
    let program = CommandLine.arguments.first ?? "the program"
    if error.isSystemFailure || error.message.contains(program) { return error }
    return ModuleError("the code of \(program) cannot be used: \(error.message)")
  }

  /// The kernel behind a host function's address; nil when it is not registered.
  func kernel(_ host: UInt) throws -> ExecutableKernel? {
    guard let entry = functions[host] else { return nil }
    let module = try load(entry.module)
    guard let kernel = module.kernels[entry.name] else {
      throw ModuleError("the code for \(architecture) lacks kernel \(entry.name)")
    }
    return kernel
  }

  func symbol(_ host: UInt) throws -> LoadedModule.Symbol? {
    guard let entry = variables[host] else { return nil }
    guard var symbol = try load(entry.module).symbols[entry.name] else { return nil }
    if entry.bytes > 0 { symbol.bytes = entry.bytes }
    return symbol
  }
}
