import ISA

/// Reads instruction lines, of all tracer versions, into the streams of a CTA:
/// `[line] pc mask ndst [dst…] opcode nsrc [src…] width [mode address…] [immediate…]`.
struct AccelSimInstructionReader {
  let version: Int
  let hasLineNumbers: Bool
  private(set) var code = AccelSimCode()
  var builder = CTABuilder()
  /// Bulk copies were seen, of whose box of addresses only the first is kept.
  private(set) var hasBulkCopies = false

  init(_ header: AccelSimHeader) {
    version = header.version
    hasLineNumbers = header.hasLineNumbers
  }

  /// Starts a warp: what ran before it has no successor in it.
  mutating func beginWarp() { code.beginWarp() }

  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(AccelSimFailure) {
    var fields = FieldScanner(bytes)
    // CTA and warp, before the tracer left them to the block's head.
    if version < 3 { for _ in 0..<4 { _ = fields.field() } }
    if hasLineNumbers { _ = fields.field() }
    guard let pc = fields.hexadecimal(), pc <= AccelSimCode.highestPC, pc % 8 == 0 else {
      throw malformed("pc")
    }
    guard let wide = fields.hexadecimal(), let mask = UInt32(exactly: wide) else {
      throw malformed("mask")
    }
    var destinations = fields
    try skipRegisters(&fields, "destinations")
    guard let opcode = fields.field(), opcode.count < 64 else { throw malformed("opcode") }
    var sources = fields
    try skipRegisters(&fields, "sources")
    let seen = code.visit(pc: UInt32(pc), opcode: opcode)
    // Warpgroup matrix products say whether they commit a group.
    if version >= 6, Self.isWarpgroupProduct(opcode) { _ = fields.field() }
    guard let width = fields.decimal(), width >= 0, width <= 4096 else {
      throw malformed("access width")
    }
    let first = UInt32(builder.references.count)
    if width > 0 { try readReference(&fields, mask, isBulk: version >= 6 && Self.isBulk(opcode)) }
    var index = seen
    if index == nil {
      var entry = AccelSimCode.Entry(opcode: Array(opcode), isMemory: width > 0)
      entry.destinations = registers(&destinations)
      entry.sources = registers(&sources)
      if version >= 5 { entry.immediate = fields.decimal() }
      index = try code.add(entry, pc: UInt32(pc))
    }
    guard let index else { return }
    if mask == 0 { code.noteIdle(index) }
    let references = UInt32(builder.references.count) - first
    builder.append(
      DynamicInstruction(
        index: UInt32(index), mask: mask,
        reference: references > 0 ? first : DynamicInstruction.none, referenceCount: references))
  }

  private func malformed(_ what: String) -> AccelSimFailure {
    AccelSimFailure("the instruction's \(what) cannot be read")
  }

  // MARK: Registers

  private func skipRegisters(
    _ fields: inout FieldScanner, _ what: String
  ) throws(AccelSimFailure) {
    guard let count = fields.decimal(), count >= 0, count <= 16 else { throw malformed(what) }
    for _ in 0..<count {
      guard let register = fields.field(), register.count <= 8 else { throw malformed(what) }
    }
  }

  /// The names in a list that was skipped before, so it is known to be sound.
  private func registers(_ fields: inout FieldScanner) -> [String] {
    (0..<(fields.decimal() ?? 0)).compactMap { _ in
      fields.field().map { String(decoding: $0, as: UTF8.self) }
    }
  }

  // MARK: Addresses

  private mutating func readReference(
    _ fields: inout FieldScanner, _ mask: UInt32, isBulk: Bool
  ) throws(AccelSimFailure) {
    if isBulk {
      hasBulkCopies = true
      var attempt = fields
      if let address = bulkAddress(&attempt) {
        fields = attempt
        if mask != 0 { builder.references.append(AddressReference(base: address)) }
        return
      }
    }
    if let reference = try readAddresses(&fields, mask.nonzeroBitCount) {
      builder.references.append(reference)
    }
  }

  /// Address modes: 0 lists all, 1 base and stride, 2 base and lanes - 1 differences.
  private mutating func readAddresses(
    _ fields: inout FieldScanner, _ lanes: Int
  ) throws(AccelSimFailure) -> AddressReference? {
    guard let mode = fields.decimal() else { throw malformed("address mode") }
    let list = builder.addresses.count
    switch mode {
    case 0:
      for _ in 0..<lanes {
        guard let address = fields.hexadecimal() else { throw malformed("addresses") }
        builder.addresses.append(address)
      }
    case 1:
      guard let base = fields.hexadecimal(), let stride = fields.decimal() else {
        throw malformed("addresses")
      }
      return lanes > 0 ? AddressReference(base: base, stride: stride) : nil
    case 2:
      guard var address = fields.hexadecimal() else { throw malformed("addresses") }
      for lane in 0..<lanes {
        if lane > 0 {
          guard let difference = fields.decimal() else { throw malformed("addresses") }
          address &+= UInt64(bitPattern: difference)
        }
        builder.addresses.append(address)
      }
    default: throw malformed("address mode")
    }
    return lanes > 0 ? builder.simplified(list: list) : nil
  }

  // MARK: Version 6

  /// HGMMA, IGMMA, QGMMA, BGMMA.
  private static func isWarpgroupProduct(_ opcode: UnsafeBufferPointer<UInt8>) -> Bool {
    opcode.dropFirst().starts(with: "GMMA".utf8)
  }

  /// Bulk copies of the tensor memory accelerator: UTMALDG, UTMASTG, UTMAPF, UTMAREDG, UBLKCP,
  /// UBLKPF, UBLKRED.
  private static func isBulk(_ opcode: UnsafeBufferPointer<UInt8>) -> Bool {
    opcode.starts(with: "UTMA".utf8) || opcode.starts(with: "UBLK".utf8)
  }

  /// First address of `barrier multicast [CTAs] bytes outside mode …`; nil when the line is of the
  /// earlier form that goes on as any other memory access. Modes above 2 begin with a count or a
  /// base; that the list is 3 and the differences 4 is assumed.
  private func bulkAddress(_ fields: inout FieldScanner) -> UInt64? {
    guard fields.hexadecimal() != nil, let multicast = fields.decimal(), multicast >> 1 == 0
    else { return nil }
    if multicast == 1, fields.hexadecimal() == nil { return nil }
    guard let bytes = fields.decimal(), let outside = fields.decimal(), bytes >= 0, outside >= 0,
      let mode = fields.decimal(), (0...4).contains(mode)
    else { return nil }
    if mode == 3, fields.decimal() == nil { return nil }
    return fields.hexadecimal()
  }
}
