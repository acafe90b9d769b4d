/// A program written by hand: SASS with control bits, kernel geometry, address patterns and
/// repetitions. Docs/listings.md describes the language.
public struct Listing: Sendable {
  public enum Command: Sendable {
    /// Host-to-device copy before the kernels that follow: address and bytes.
    case copy(address: UInt64, bytes: UInt64)
    case kernel(ListingKernel)
  }

  public var commands: [Command]

  /// Reads a listing. Errors name file and line.
  public static func parse(_ bytes: [UInt8], file: String) throws -> Listing {
    var parser = ListingParser(file: file)
    return Listing(commands: try parser.parse(String(decoding: bytes, as: UTF8.self)))
  }

  /// Whether the bytes look like a listing: text whose first word is a directive, a label, a
  /// control code, a guard or a known opcode.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    for line in bytes.prefix(1 << 16).split(separator: 10) {
      let text = String(decoding: line.prefix(256), as: UTF8.self)
      guard let first = text.split(whereSeparator: \.isWhitespace).first else { continue }
      if first.hasPrefix("#") || first.hasPrefix("//") { continue }
      if first.hasPrefix(".") { return first.hasPrefix(".L") || ListingParser.isDirective(first) }
      if first.hasPrefix("[B") || first.hasPrefix("@P") || first.hasPrefix("@!") { return true }
      return OpcodeTable.index(of: String(first.prefix { $0 != "." && $0 != ";" })) != nil
    }
    return false
  }
}

public struct ListingError: Error, CustomStringConvertible {
  public let file: String
  public let line: Int
  public let message: String
  public var description: String { "\(file):\(line): \(message)" }
}

/// One kernel of a listing; CTAs are expanded when asked for.
public final class ListingKernel: Sendable {
  public let launch: KernelLaunch
  public let code: [StaticInstruction]
  let body: [ListingItem]
  /// Some address depends on the CTA; otherwise all CTAs are alike.
  let dependsOnCTA: Bool

  init(launch: KernelLaunch, code: [StaticInstruction], body: [ListingItem]) {
    self.launch = launch
    self.code = code
    self.body = body
    dependsOnCTA = body.contains {
      $0.mentions("cta") || $0.mentions("thread") && launch.grid.count > 1
    }
  }

  /// Expands the CTA at `index` (x fastest).
  public func cta(index: Int) -> CTATrace {
    let x = UInt32(max(1, launch.grid.x))
    let y = UInt32(max(1, launch.grid.y))
    let linear = UInt32(truncatingIfNeeded: index)
    var expansion = ListingExpansion(kernel: self, cta: index)
    expansion.run()
    return CTATrace(
      x: linear % x, y: linear / x % y, z: linear / x / y, warpStarts: expansion.starts,
      instructions: expansion.instructions, references: expansion.references,
      addresses: expansion.addresses)
  }
}

/// What a kernel's body consists of, after static repetition.
indirect enum ListingItem: Sendable {
  case instruction(index: Int, mask: UInt32, references: [ListingReference])
  case loop(count: Int, body: [ListingItem])
  case warps(mask: UInt64, body: [ListingItem])

  func mentions(_ name: String) -> Bool {
    switch self {
    case .instruction(_, _, let references):
      references.contains {
        if case .pattern(let pattern) = $0 { pattern.expression.mentions(name) } else { false }
      }
    case .loop(_, let body), .warps(_, let body): body.contains { $0.mentions(name) }
    }
  }
}

enum ListingReference: @unchecked Sendable {
  case pattern(Pattern)
  case list([UInt64])
}

/// Walks a kernel's body for each warp of one CTA.
struct ListingExpansion {
  let kernel: ListingKernel
  let cta: Int
  var starts: [Int] = [0]
  var instructions: [DynamicInstruction] = []
  var references: [AddressReference] = []
  var addresses: [UInt64] = []
  private var warp = 0
  private var iteration = 0
  private var values: [UInt64] = []
  private var stack: [Int] = []
  private let lastWarpMask: UInt32

  init(kernel: ListingKernel, cta: Int) {
    self.kernel = kernel
    self.cta = cta
    let rest = kernel.launch.block.count % 32
    lastWarpMask = rest == 0 ? .max : (1 << UInt32(rest)) - 1
  }

  mutating func run() {
    for warp in 0..<kernel.launch.warpsPerCTA {
      self.warp = warp
      walk(kernel.body)
      starts.append(instructions.count)
    }
  }

  private mutating func walk(_ items: [ListingItem]) {
    for item in items {
      switch item {
      case .instruction(let index, let mask, let wanted): emit(index, mask, wanted)
      case .loop(let count, let body):
        let outer = iteration
        for turn in 0..<count {
          iteration = turn
          walk(body)
        }
        iteration = outer
      case .warps(let mask, let body):
        if warp < 64, mask >> UInt64(warp) & 1 == 1 { walk(body) }
      }
    }
  }

  private mutating func emit(_ index: Int, _ mask: UInt32, _ wanted: [ListingReference]) {
    let lanes = warp == kernel.launch.warpsPerCTA - 1 ? mask & lastWarpMask : mask
    var instruction = DynamicInstruction(index: UInt32(index), mask: lanes)
    if !wanted.isEmpty {
      instruction.reference = UInt32(references.count)
      instruction.referenceCount = UInt32(wanted.count)
      for reference in wanted { add(reference, lanes) }
    }
    instructions.append(instruction)
  }

  private mutating func add(_ reference: ListingReference, _ lanes: UInt32) {
    values.removeAll(keepingCapacity: true)
    var place = Pattern.Place(
      warp: warp, cta: cta, firstThread: cta &* kernel.launch.block.count &+ warp * 32,
      iteration: iteration)
    for lane in 0..<32 where lanes >> UInt32(lane) & 1 == 1 {
      switch reference {
      case .list(let list): values.append(list.isEmpty ? 0 : list[values.count % list.count])
      case .pattern(let pattern):
        place.lane = lane
        values.append(UInt64(bitPattern: Int64(pattern.value(at: place, stack: &stack))))
      }
    }
    let base = values.first ?? 0
    let stride = values.count > 1 ? Int64(bitPattern: values[1] &- base) : 0
    let linear = values.enumerated().allSatisfy {
      $1 == base &+ UInt64(bitPattern: stride &* Int64($0))
    }
    if linear {
      references.append(AddressReference(base: base, stride: stride))
    } else {
      references.append(AddressReference(base: base, list: UInt32(addresses.count)))
      addresses += values
    }
  }
}
