import ISA

/// Puts the code of a module where its calls find it.
///
/// A kernel stands at the start of its own image. Functions that separate compilation left
/// outside stand behind it, for every kernel at the same place: pointers to them must not depend
/// on the kernel that follows them.
struct CodeLinker {
  private let code: [String: [StaticInstruction]]
  private let fixups: [String: [Cubin.Fixup]]
  /// Byte offset of each outside function in every image.
  private var offsets: [String: Int] = [:]
  private let functions: [String]

  init(_ cubin: Cubin, _ disassembly: Disassembly) throws {
    var code: [String: [StaticInstruction]] = [:]
    for function in disassembly.functions {
      guard function.architecture == cubin.architecture else {
        throw ModuleError("the disassembly is of \(function.architecture)")
      }
      code[function.name] = function.code
    }
    for (name, bytes) in cubin.codeBytes {
      guard let function = code[name] else {
        throw ModuleError("the disassembly lacks function \(name)")
      }
      guard function.count * 16 == bytes else {
        throw ModuleError("the disassembly of \(name) has \(function.count * 16) of \(bytes) bytes")
      }
    }
    self.code = code
    functions = cubin.functions
    var fixups: [String: [Cubin.Fixup]] = [:]
    for fixup in cubin.fixups {
      if case .code(let function) = fixup.place { fixups[function, default: []].append(fixup) }
    }
    self.fixups = fixups
    var end = cubin.kernels.map { cubin.codeBytes[$0.name] ?? 0 }.max() ?? 0
    for name in functions {
      offsets[name] = end
      end += cubin.codeBytes[name] ?? 0
    }
  }

  /// The address that a pointer to a function holds.
  func address(of function: String) throws -> UInt64 {
    guard let offset = offsets[function] else {
      throw ModuleError("the address of kernel \(function) is used")
    }
    return LaunchContext.codeBase + UInt64(offset)
  }

  /// The code of a kernel's image. `resolve` gives addresses of variables and of driver functions.
  func link(
    _ kernel: String, resolve: (Cubin.Fixup.Target) throws -> UInt64
  ) throws -> [StaticInstruction] {
    var image = try relocated(kernel, kernel: kernel, at: 0, resolve)
    let leaves = image.contains { $0.text.contains(".ABS") || $0.text.contains("JMX") }
    guard leaves, let first = functions.first.flatMap({ offsets[$0] }) else { return image }
    while image.count * 16 < first {
      image.append(
        StaticInstruction(
          pc: UInt32(image.count * 16), text: "NOP", control: ControlCode(highWord: 0),
          encoding: .init(low: 0x7918, high: 0)))
    }
    for name in functions {
      image += try relocated(name, kernel: kernel, at: offsets[name] ?? 0, resolve)
    }
    return image
  }

  private func relocated(
    _ function: String, kernel: String, at base: Int,
    _ resolve: (Cubin.Fixup.Target) throws -> UInt64
  ) throws -> [StaticInstruction] {
    var result = code[function] ?? []
    if base > 0 {
      for index in result.indices {
        result[index].pc += UInt32(base)
        result[index].shiftTarget(by: base)
      }
    }
    for fixup in fixups[function] ?? [] {
      var value: UInt64
      switch fixup.target {
      case .inside(.code(let name), let offset) where name == kernel:
        value = LaunchContext.codeBase &+ UInt64(bitPattern: Int64(offset))
      default: value = try resolve(fixup.target)
      }
      value = value &+ UInt64(bitPattern: fixup.addend)
      let index = fixup.offset / 16
      guard result.indices.contains(index), result[index].apply(fixup.form, value) else {
        throw ModuleError(
          "\(function) cannot be relocated at 0x\(String(fixup.offset, radix: 16))")
      }
    }
    return result
  }
}

extension StaticInstruction {
  /// The last hexadecimal number of the text.
  private var lastNumber: (range: Range<String.Index>, value: UInt64)? {
    guard let start = text.lastRange(of: "0x") else { return nil }
    let digits = text[start.upperBound...].prefix(while: \.isHexDigit)
    guard let value = UInt64(digits, radix: 16) else { return nil }
    return (start.lowerBound..<digits.endIndex, value)
  }

  private mutating func replaceLastNumber(with value: UInt64) -> Bool {
    guard let (range, _) = lastNumber else { return false }
    text.replaceSubrange(range, with: "0x" + String(value, radix: 16))
    return true
  }

  /// Moves the place that a jump names, as its function moves. Encodings hold distances, which
  /// stay.
  fileprivate mutating func shiftTarget(by distance: Int) {
    let parts = text.split(separator: " ")
    let mnemonic = (parts.first?.hasPrefix("@") == true ? parts.dropFirst() : parts[...]).first
    guard let words = mnemonic?.split(separator: "."), let name = words.first else { return }
    let isRelative =
      switch name {
      case "BRA", "BSSY", "JMP": true
      case "CALL", "RET": words.contains("REL")
      case "WARPSYNC": words.contains("COLLECTIVE")
      case "LEPC": true
      default: false
      }
    guard isRelative, let (_, value) = lastNumber else { return }
    _ = replaceLastNumber(with: value &+ UInt64(distance))
  }

  fileprivate mutating func apply(_ form: Cubin.Fixup.Form, _ value: UInt64) -> Bool {
    let half: UInt64
    switch form {
    case .low: half = value & 0xffff_ffff
    case .high: half = value >> 32
    case .call:
      // Inside the image, as all other targets are written.
      let offset = value &- LaunchContext.codeBase
      return replaceLastNumber(with: offset < 1 << 32 ? offset : value)
    case .address: return false
    }
    guard replaceLastNumber(with: half) else { return false }
    if let old = encoding {
      encoding = .init(low: old.low & 0xffff_ffff | half << 32, high: old.high)
    }
    return true
  }
}

extension String {
  fileprivate func lastRange(of other: String) -> Range<String.Index>? {
    var end = endIndex
    while end > startIndex {
      let start = index(before: end)
      if self[start...].hasPrefix(other) {
        return start..<index(start, offsetBy: other.count)
      }
      end = start
    }
    return nil
  }
}
