import ISA

/// One record of a `.nv.info` section.
private struct Attribute {
  var number: UInt8
  /// The value of a short record, two bytes.
  var value: UInt16
  var payload: [UInt8]

  /// `EIATTR_…` numbers, as `cuobjdump -elf` names them.
  static let maximumThreads: UInt8 = 0x05
  static let parameterBank: UInt8 = 0x0a
  static let frameSize: UInt8 = 0x11
  static let minimumStack: UInt8 = 0x12
  static let parameter: UInt8 = 0x17
  static let maximumStack: UInt8 = 0x23
  static let cooperativeOffsets: UInt8 = 0x28
  static let registers: UInt8 = 0x2f
  static let cluster: UInt8 = 0x3d
  static let barriers: UInt8 = 0x4c

  /// Records: format, number, and a value, or (format 4) a size with a payload.
  static func read(_ bytes: [UInt8]) throws -> [Attribute] {
    var result: [Attribute] = []
    var at = 0
    while at + 4 <= bytes.count {
      let value = UInt16(bytes[at + 2]) | UInt16(bytes[at + 3]) << 8
      var attribute = Attribute(number: bytes[at + 1], value: value, payload: [])
      let isLong = bytes[at] == 4
      at += 4
      if isLong {
        guard Int(value) <= bytes.count - at else { throw ModuleError("damaged attributes") }
        attribute.payload = Array(bytes[at..<(at + Int(value))])
        at += Int(value)
      }
      result.append(attribute)
    }
    return result
  }

  /// The payload's words of 32 bits.
  var words: [UInt32] {
    stride(from: 0, to: payload.count - payload.count % 4, by: 4).map { at in
      (0..<4).reduce(0) { $0 | UInt32(payload[at + $1]) << UInt32(8 * $1) }
    }
  }
}

/// What the module's own `.nv.info` says about each function's registers and stack.
struct ModuleAttributes {
  private var registers: [String: Int] = [:]
  /// Largest of the frames and stack sizes of a kernel and the functions inside its section.
  private var frames: [String: Int] = [:]
  private var unbounded: Set<String> = []

  init(_ elf: ELFFile) throws {
    guard let section = elf.section(named: ".nv.info") else { return }
    for attribute in try Attribute.read(elf.contents(section)) {
      let words = attribute.words
      guard words.count >= 2, Int(words[0]) < elf.symbols.count else { continue }
      let name = elf.symbols[Int(words[0])].name
      switch attribute.number {
      case Attribute.registers: registers[name] = Int(words[1])
      case Attribute.frameSize, Attribute.minimumStack, Attribute.maximumStack:
        // A function inside a kernel's section is called `$KERNEL$FUNCTION`.
        let owner = name.hasPrefix("$") ? String(name.dropFirst().prefix { $0 != "$" }) : name
        if words[1] == .max {
          unbounded.insert(owner)
        } else {
          frames[owner] = max(frames[owner] ?? 0, Int(words[1]))
        }
      default: break
      }
    }
  }

  func apply(to kernel: inout Cubin.Kernel) {
    if let count = registers[kernel.name] { kernel.registers = count }
    kernel.frameBytes = frames[kernel.name] ?? 0
    kernel.stackIsUnbounded = unbounded.contains(kernel.name)
  }
}

extension Cubin.Kernel {
  /// Reads the kernel's own `.nv.info`.
  mutating func read(_ info: [UInt8]) throws {
    for attribute in try Attribute.read(info) {
      let words = attribute.words
      switch attribute.number {
      case Attribute.parameterBank where words.count >= 2:
        parameterBase = Int(words[1] & 0xffff)
        parameterBytes = Int(words[1] >> 16)
      case Attribute.parameter where words.count >= 3:
        parameters.append(.init(offset: Int(words[1] >> 16), size: Int(words[2] >> 18)))
      case Attribute.maximumThreads where words.count >= 3:
        // The product of three words may not fit; no CTA has more than 1,024 threads.
        maximumThreads = words.prefix(3).reduce(1) { min(1 << 20, $0 * Int(min($1, 1 << 20))) }
      case Attribute.cluster where words.count >= 3:
        cluster = Dim3(words[0], words[1], words[2])
      case Attribute.barriers: barriers = Int(attribute.value & 0xff)
      case Attribute.cooperativeOffsets: usesCooperativeGroups = true
      default: break
      }
    }
    parameters.sort { $0.offset < $1.offset }
  }

  /// Refuses sizes that no hardware has.
  func check() throws {
    func refuse(_ what: String) -> ModuleError { ModuleError("kernel \(name) has \(what)") }
    guard (1...255).contains(registers) else { throw refuse("\(registers) registers") }
    // 228 KiB of shared memory; 512 KiB of local memory per thread.
    guard staticShared <= 228 << 10 else { throw refuse("\(staticShared) bytes of shared memory") }
    guard frameBytes <= 512 << 10 else { throw refuse("a stack frame of \(frameBytes) bytes") }
    // 32,764 bytes of parameters.
    guard parameterBytes <= 1 << 15, parameterBase <= 1 << 15,
      parameters.allSatisfy({ $0.offset + $0.size <= parameterBytes })
    else { throw refuse("parameters outside their space") }
    if let cluster {
      let sides = [cluster.x, cluster.y, cluster.z]
      guard sides.allSatisfy({ (1...16).contains($0) }) else {
        throw refuse("a cluster of \(sides)")
      }
    }
  }
}
