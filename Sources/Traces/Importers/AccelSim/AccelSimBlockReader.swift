import ISA

/// Reads the lines of thread blocks, from `#BEGIN_TB` to `#END_TB`.
struct AccelSimBlockReader {
  private let launch: KernelLaunch
  private(set) var instructions: AccelSimInstructionReader
  private(set) var warpInstructions = 0
  private(set) var isOpen = false
  private var position: Dim3?
  /// The warp being read, or -1.
  private var warp = -1
  /// Whether its `insts` line was read.
  private var isCounted = false
  /// Instructions that are still to come.
  private var left: Int64 = 0
  private var hasClusters = false

  /// Warp instructions of one CTA, as many as a container's chunk holds.
  private static let instructionLimit = ChunkDecoder.instructionLimit / 2

  init(_ header: AccelSimHeader, _ launch: KernelLaunch) {
    self.launch = launch
    instructions = AccelSimInstructionReader(header)
  }

  var warnings: [String] {
    var found = instructions.code.warnings
    if hasClusters {
      found.append(
        "CTAs are launched in clusters, whose size the trace does not give: as single CTAs")
    }
    if instructions.hasBulkCopies {
      found.append("of the addresses of bulk copies only the first is kept")
    }
    return found
  }

  /// Takes one line; true when it ends the block.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) throws(AccelSimFailure) -> Bool {
    guard let first = bytes.first else { return false }
    switch first {
    case UInt8(ascii: "#"):
      if bytes.starts(with: "#BEGIN_TB".utf8) { try begin() }
      if bytes.starts(with: "#END_TB".utf8) {
        try end()
        return true
      }
    case UInt8(ascii: "t") where bytes.starts(with: "thread block".utf8): try place(bytes)
    case UInt8(ascii: "w") where bytes.starts(with: "warp".utf8):
      try beginWarp(try value(bytes, "warp"))
    case UInt8(ascii: "i") where bytes.starts(with: "insts".utf8):
      try count(try value(bytes, "insts"))
    case UInt8(ascii: "c") where bytes.starts(with: "cluster".utf8): hasClusters = true
    default: try instruction(bytes)
    }
    return false
  }

  /// The CTA that was just completed.
  mutating func finish() -> CTATrace {
    while instructions.builder.warps < launch.warpsPerCTA { instructions.builder.endWarp() }
    let at = position ?? Dim3(0, 0, 0)
    return instructions.builder.finish(x: at.x, y: at.y, z: at.z)
  }

  // MARK: Lines

  private mutating func begin() throws(AccelSimFailure) {
    guard !isOpen else { throw AccelSimFailure("a thread block begins within another") }
    isOpen = true
    position = nil
    warp = -1
    isCounted = false
    left = 0
    instructions.builder.removeAll()
  }

  private mutating func end() throws(AccelSimFailure) {
    guard isOpen else { throw AccelSimFailure("a thread block ends that never began") }
    guard position != nil else { throw AccelSimFailure("the block has no 'thread block' line") }
    try endWarp()
    isOpen = false
  }

  private mutating func place(_ bytes: UnsafeBufferPointer<UInt8>) throws(AccelSimFailure) {
    let text = String(decoding: bytes, as: UTF8.self)
    let numbers = text.split(whereSeparator: { !$0.isNumber }).compactMap { UInt32($0) }
    guard isOpen, numbers.count == 3 else {
      throw AccelSimFailure("'thread block' is out of place or not x,y,z")
    }
    let at = Dim3(numbers[0], numbers[1], numbers[2])
    guard at.x < launch.grid.x, at.y < launch.grid.y, at.z < launch.grid.z else {
      throw AccelSimFailure("thread block \(at) lies outside the grid \(launch.grid)")
    }
    position = at
  }

  private mutating func beginWarp(_ number: Int64) throws(AccelSimFailure) {
    guard isOpen else { throw AccelSimFailure("a warp outside of a thread block") }
    try endWarp()
    guard number > warp, number < launch.warpsPerCTA else {
      throw AccelSimFailure("warp \(number) does not fit the block or is out of order")
    }
    warp = Int(number)
    while instructions.builder.warps < warp { instructions.builder.endWarp() }
    isCounted = false
  }

  private mutating func count(_ count: Int64) throws(AccelSimFailure) {
    guard isOpen, warp >= 0, !isCounted else {
      throw AccelSimFailure("'insts' without a warp, or twice")
    }
    isCounted = true
    left = count
    instructions.beginWarp()
  }

  private func endWarp() throws(AccelSimFailure) {
    guard warp < 0 || isCounted else { throw AccelSimFailure("warp \(warp) has no 'insts' line") }
    guard left == 0 else {
      throw AccelSimFailure("warp \(warp) has \(left) instructions fewer than it says")
    }
  }

  private mutating func instruction(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(AccelSimFailure) {
    guard isOpen, warp >= 0 else { throw AccelSimFailure("an instruction outside of a warp") }
    guard left > 0 else {
      throw AccelSimFailure("warp \(warp) has more instructions than it says")
    }
    guard instructions.builder.instructionCount < Self.instructionLimit else {
      throw AccelSimFailure("a thread block executes too many instructions")
    }
    try instructions.read(bytes)
    left -= 1
    warpInstructions += 1
    if left == 0 { instructions.builder.endWarp() }
  }

  /// The number after `=`.
  private func value(
    _ bytes: UnsafeBufferPointer<UInt8>, _ key: String
  ) throws(AccelSimFailure) -> Int64 {
    if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
      var fields = FieldScanner(UnsafeBufferPointer(rebasing: bytes[(equals + 1)...]))
      if let value = fields.decimal(), value >= 0, fields.isAtEnd { return value }
    }
    throw AccelSimFailure("'\(key)' has no number")
  }
}
