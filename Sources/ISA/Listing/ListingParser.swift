/// Reads the text of a listing line by line.
struct ListingParser {
  let file: String
  /// Lines without comments and outer blanks, cleaned once: repetitions read them again.
  private var lines: [String] = []
  private var position = 0
  private var commands: [Listing.Command] = []

  // The kernel being read.
  private var launch: KernelLaunch?
  private var code: [StaticInstruction] = []
  private var mask: UInt32 = .max
  private var patterns: [String: Expression] = [:]
  private var nextAddresses: [UInt64]?
  private var textBytes = 0
  private var dynamicCount = 0

  /// Static instructions of a kernel, and executed instructions of one warp.
  private static let staticLimit = 1 << 16
  /// Bytes of a kernel's instructions, repetitions included.
  private static let textLimit = 1 << 20
  private static let dynamicLimit = 1 << 22
  private static let loopLimit = 1 << 24
  private static let kernelDirectives: [String] = [
    ".arch", ".grid", ".block", ".cluster", ".registers", ".shared", ".stream",
  ]
  private static let bodyDirectives = [
    ".repeat", ".loop", ".warps", ".end", ".mask", ".pattern", ".addresses",
  ]

  init(file: String) { self.file = file }

  mutating func parse(_ text: String) throws -> [Listing.Command] {
    lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
      .map(cleaned)
    if let line = lines.firstIndex(where: { !$0.utf8.allSatisfy { $0 < 0x80 } }) {
      throw fail("only comments may hold characters outside ASCII", at: line + 1)
    }
    while position < lines.count {
      let words = lines[position]
      if words.isEmpty {
        position += 1
        continue
      }
      let (directive, rest) = split(words)
      switch directive {
      case ".copy":
        position += 1
        let fields = rest.split(separator: ",").map { integer(trimmed($0)) }
        guard fields.count == 2, let address = fields[0], let bytes = fields[1], bytes >= 0 else {
          throw fail("write .copy ADDRESS, BYTES", at: position)
        }
        commands.append(
          .copy(address: UInt64(bitPattern: Int64(address)), bytes: UInt64(bytes)))
      default: try parseKernel(directive, rest)
      }
    }
    guard commands.contains(where: { if case .kernel = $0 { true } else { false } }) else {
      throw fail("the listing has no instructions", at: lines.count)
    }
    return commands
  }

  // MARK: Kernels

  /// Reads header directives and body up to the next `.kernel`, `.copy` or the end.
  private mutating func parseKernel(_ directive: String, _ rest: String) throws {
    var name = "listing"
    if directive == ".kernel" {
      name = trimmed(rest).isEmpty ? name : trimmed(rest)
      position += 1
    }
    var header = KernelLaunch(
      name: name, grid: Dim3(1), block: Dim3(32), architecture: Architecture(86))
    header.registers = 32
    code = []
    mask = .max
    patterns = [:]
    nextAddresses = nil
    while position < lines.count {
      let text = lines[position]
      if text.isEmpty {
        position += 1
        continue
      }
      let (word, arguments) = split(text)
      guard Self.kernelDirectives.contains(word) else { break }
      position += 1
      try apply(word, arguments, to: &header)
    }
    launch = header
    dynamicCount = 0
    textBytes = 0
    let firstLine = position + 1
    var body = try parseBody(variables: [:], depth: 0, multiplicity: 1)
    guard !code.isEmpty else { throw fail("kernel '\(name)' has no instructions", at: firstLine) }
    if InstructionDecoder.mnemonic(of: code[code.count - 1].text) != "EXIT" {
      body.append(.instruction(index: code.count, mask: .max, references: []))
      try append("EXIT", ControlCode(stall: 5, yield: true), line: position)
    }
    try checkSize(header, line: firstLine)
    commands.append(.kernel(ListingKernel(launch: header, code: code, body: body)))
  }

  private func checkSize(_ header: KernelLaunch, line: Int) throws {
    let warps = header.warpsPerCTA
    guard header.block.count >= 1, header.block.count <= 1024 else {
      throw fail("a block has 1 to 1024 threads, this one \(header.block.count)", at: line)
    }
    guard header.grid.count >= 1, header.grid.count <= 1 << 32 else {
      throw fail("a grid has 1 to 4294967296 CTAs", at: line)
    }
    guard dynamicCount * warps <= Self.dynamicLimit else {
      throw fail(
        "one CTA would execute more than \(Self.dynamicLimit) warp instructions", at: line)
    }
  }

  private func apply(_ word: String, _ arguments: String, to header: inout KernelLaunch) throws {
    let fields = arguments.split(whereSeparator: { ", ()".contains($0) }).map { integer($0) }
    func number(_ range: ClosedRange<Int>) throws -> Int {
      guard fields.count == 1, let value = fields[0], range.contains(value) else {
        throw fail(
          "\(word) takes one number from \(range.lowerBound) to \(range.upperBound)", at: position)
      }
      return value
    }
    func size() throws -> Dim3 {
      let values = fields.compactMap { $0 }
      guard values.count == fields.count, (1...3).contains(values.count),
        values.allSatisfy({ $0 >= 1 && $0 <= Int(Int32.max) })
      else { throw fail("\(word) takes one to three positive numbers", at: position) }
      return Dim3(
        UInt32(values[0]), UInt32(values.count > 1 ? values[1] : 1),
        UInt32(values.count > 2 ? values[2] : 1))
    }
    switch word {
    case ".grid": header.grid = try size()
    case ".block": header.block = try size()
    case ".cluster": header.cluster = try size()
    case ".registers": header.registers = try number(1...255)
    case ".shared": header.staticShared = try number(0...(1 << 20))
    case ".stream": header.stream = UInt64(try number(0...Int(Int32.max)))
    default:
      let text = trimmed(arguments)
      guard text.hasPrefix("sm_"), let value = Int(text.dropFirst(3)), (20...200).contains(value)
      else {
        throw fail(".arch takes an architecture such as sm_86", at: position)
      }
      header.architecture = Architecture(value)
    }
  }

  // MARK: Bodies

  private mutating func parseBody(
    variables: [String: Int], depth: Int, multiplicity: Int
  ) throws -> [ListingItem] {
    guard depth < 16 else { throw fail("blocks are nested too deeply", at: position) }
    var items: [ListingItem] = []
    let opening = position
    while position < lines.count {
      let text = lines[position]
      if text.isEmpty {
        position += 1
        continue
      }
      let (word, arguments) = split(text)
      if word == ".kernel" || word == ".copy" {
        if depth > 0 { throw fail("'.end' is missing", at: opening) }
        return items
      }
      position += 1
      switch word {
      case ".end":
        guard depth > 0 else { throw fail("'.end' without a block", at: position) }
        return items
      case ".repeat":
        items += try parseRepeat(arguments, variables, depth, multiplicity)
      case ".loop":
        let count = try self.count(arguments, variables, limit: Self.loopLimit)
        let (product, overflow) = multiplicity.multipliedReportingOverflow(by: count)
        guard !overflow else { throw fail("the loops execute too many instructions", at: position) }
        let body = try parseBody(variables: variables, depth: depth + 1, multiplicity: product)
        items.append(.loop(count: count, body: body))
      case ".warps":
        let warps = try warpMask(arguments)
        let body = try parseBody(variables: variables, depth: depth + 1, multiplicity: multiplicity)
        items.append(.warps(mask: warps, body: body))
      case ".mask": try applyMask(arguments)
      case ".pattern": try applyPattern(arguments, variables)
      case ".addresses":
        let values = arguments.split(separator: ",").map { integer(trimmed($0)) }
        guard values.allSatisfy({ $0 != nil }), values.count <= 32, !values.isEmpty else {
          throw fail(".addresses takes 1 to 32 numbers, one for each executing lane", at: position)
        }
        nextAddresses = values.compactMap { $0.map { UInt64(bitPattern: Int64($0)) } }
      default:
        if word.hasPrefix("."), !word.hasPrefix(".L") { throw unknownDirective(word) }
        if let item = try parseInstruction(text, variables, multiplicity) { items.append(item) }
      }
    }
    if depth > 0 { throw fail("'.end' is missing", at: opening) }
    return items
  }

  /// `.repeat N [i]`: the body N times in the static code.
  private mutating func parseRepeat(
    _ arguments: String, _ variables: [String: Int], _ depth: Int, _ multiplicity: Int
  ) throws -> [ListingItem] {
    let fields = arguments.split(separator: " ").map(String.init)
    guard let first = fields.first, fields.count <= 2 else {
      throw fail("write .repeat COUNT or .repeat COUNT VARIABLE", at: position)
    }
    let count = try self.count(first, variables, limit: Self.staticLimit)
    let start = position
    var items: [ListingItem] = []
    if count == 0 {
      let kept = code.count
      let before = dynamicCount
      _ = try parseBody(
        variables: variables.merging([fields.last ?? "i": 0]) { $1 }, depth: depth + 1,
        multiplicity: 0)
      code.removeLast(code.count - kept)
      dynamicCount = before
      return []
    }
    for turn in 0..<count {
      position = start
      var inner = variables
      if fields.count == 2 { inner[fields[1]] = turn }
      let before = code.count
      items += try parseBody(variables: inner, depth: depth + 1, multiplicity: multiplicity)
      // A body without instructions need not be read a million times.
      if code.count == before { break }
    }
    return items
  }

  private func count(_ text: String, _ variables: [String: Int], limit: Int) throws -> Int {
    let expression: Expression
    do {
      expression = try Expression.parse(trimmed(text), known: Set(variables.keys))
    } catch { throw fail(error.message, at: position) }
    let value = expression.value { variables[$0] ?? 0 }
    guard (0...limit).contains(value) else {
      throw fail("a count lies between 0 and \(limit), this one is \(value)", at: position)
    }
    return value
  }

  private func warpMask(_ text: String) throws -> UInt64 {
    var mask: UInt64 = 0
    for field in text.split(separator: ",") {
      let ends = field.split(separator: "-").map { Int(trimmed($0)) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        (0...63).contains(first), (first...63).contains(last)
      else { throw fail(".warps takes warps 0 to 63, such as 0,4-7", at: position) }
      for warp in first...last { mask |= 1 << UInt64(warp) }
    }
    return mask
  }

  private mutating func applyMask(_ text: String) throws {
    let word = trimmed(text)
    if word == "all" {
      mask = .max
    } else if let value = integer(word), (0...Int(UInt32.max)).contains(value) {
      mask = UInt32(value)
    } else {
      throw fail(".mask takes 'all' or a 32-bit number", at: position)
    }
  }

  /// `.pattern R4 = expression`.
  private mutating func applyPattern(_ text: String, _ variables: [String: Int]) throws {
    let halves = text.split(separator: "=", maxSplits: 1)
    guard halves.count == 2 else {
      throw fail("write .pattern REGISTER = EXPRESSION", at: position)
    }
    let known = Set(variables.keys).union(["lane", "warp", "cta", "thread", "iteration"])
    do {
      let expression = try Expression.parse(trimmed(halves[1]), known: known)
      patterns[trimmed(halves[0])] = expression.binding(variables)
    } catch { throw fail(error.message, at: position) }
  }

  // MARK: Instructions

  private mutating func parseInstruction(
    _ line: String, _ variables: [String: Int], _ multiplicity: Int
  ) throws -> ListingItem? {
    textBytes += line.utf8.count
    guard textBytes <= Self.textLimit else {
      throw fail(
        "a kernel's instructions take at most \(Self.textLimit) bytes of text", at: position)
    }
    var text = try substituted(line, variables)
    var control = ControlCode()
    if let colon = text.firstIndex(of: ":"), !text.hasPrefix("["), isLabel(text[..<colon]) {
      text = trimmed(text[text.index(after: colon)...])
      if text.isEmpty { return nil }
    }
    if text.hasPrefix("[B") {
      guard let end = text.firstIndex(of: "]") else {
        throw fail("the control code has no ']'", at: position)
      }
      control = try controlCode(text[text.index(after: text.startIndex)..<end])
      text = trimmed(text[text.index(after: end)...])
    }
    if text.hasSuffix(";") { text = trimmed(text.dropLast()) }
    guard let first = text.first, first.isLetter || first == "@" else {
      throw fail("'\(text.prefix(30))' is no instruction", at: position)
    }
    let mnemonic = InstructionDecoder.mnemonic(of: text)
    guard let entry = OpcodeTable.lookup(mnemonic) else {
      let near = nearestName(to: mnemonic, among: OpcodeTable.entries.map(\.name))
      throw fail(
        "unknown opcode '\(mnemonic)'" + (near.map { "; did you mean \($0)?" } ?? ""), at: position)
    }
    let references = entry.unit == .memory ? try references(text) : []
    let index = code.count
    try append(text, control, line: position)
    let (sum, overflow) = dynamicCount.addingReportingOverflow(multiplicity)
    guard !overflow, sum <= Self.dynamicLimit else {
      throw fail("a warp would execute more than \(Self.dynamicLimit) instructions", at: position)
    }
    dynamicCount = sum
    return .instruction(index: index, mask: mask, references: references)
  }

  private mutating func append(_ text: String, _ control: ControlCode, line: Int) throws {
    guard code.count < Self.staticLimit else {
      throw fail("a kernel has at most \(Self.staticLimit) static instructions", at: line)
    }
    let bytes = launch?.architecture.instructionBytes ?? 16
    let hasControl = launch?.architecture.hasControlCodes ?? true
    var complete = control
    if let launch {
      let plain = StaticInstruction(pc: 0, text: text, control: control)
      complete = InstructionDecoder.decode(plain, architecture: launch.architecture).control
    }
    code.append(
      StaticInstruction(
        pc: UInt32(code.count) * bytes, text: text, control: hasControl ? complete : nil))
  }

  private func isLabel(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
  }

  /// Puts values in place of `{expression}` where it directly follows a letter or digit.
  private func substituted(_ text: String, _ variables: [String: Int]) throws -> String {
    guard text.contains("{") else { return text }
    var output = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      output += rest[..<open]
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw fail("a '}' is missing", at: position)
      }
      let inside = rest[rest.index(after: open)..<close]
      if let before = output.last, before.isLetter || before.isNumber || before == "x" {
        do {
          let expression = try Expression.parse(String(inside), known: Set(variables.keys))
          output += String(expression.value { variables[$0] ?? 0 })
        } catch { throw fail(error.message, at: position) }
      } else {
        output += rest[open...close]
      }
      rest = rest[rest.index(after: close)...]
    }
    return output + rest
  }

  /// The address expression of each bracket of a memory instruction.
  private mutating func references(_ text: String) throws -> [ListingReference] {
    var found: [ListingReference] = []
    var rest = text[...]
    if let descriptor = rest.range(of: "desc["),
      let end = rest[descriptor.upperBound...].firstIndex(of: "]")
    {
      rest = rest[rest.index(after: end)...]
    }
    let isConstant = text.contains("c[")
    while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
      let inside = rest[rest.index(after: open)..<close]
      rest = rest[rest.index(after: close)...]
      var sum: Expression?
      var hasRegister = false
      for piece in inside.split(separator: "+") {
        let name = String(trimmed(piece).prefix { $0 != "." })
        var term: Expression?
        if let value = integer(name) {
          term = isConstant ? nil : .constant(value)
        } else {
          hasRegister = true
          term = patterns[name]
        }
        if let term { sum = sum.map { .binary(UInt8(ascii: "+"), $0, term) } ?? term }
      }
      if isConstant, !hasRegister { continue }
      if let list = nextAddresses {
        found.append(.list(list))
        nextAddresses = nil
      } else {
        found.append(.pattern(Pattern(sum ?? .constant(0))))
      }
    }
    return found
  }

  /// `B--2---:R0:W3:Y:S04`.
  private func controlCode(_ text: Substring) throws -> ControlCode {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false).map { trimmed($0) }
    func bad(_ what: String) -> ListingError {
      fail("\(what) in the control code [\(text)]; the form is [B------:R-:W-:-:S01]", at: position)
    }
    guard fields.count == 5 else { throw bad("five fields are needed") }
    var code = ControlCode()
    let waits = Array(fields[0].utf8)
    guard waits.count == 7, waits[0] == UInt8(ascii: "B") else { throw bad("'\(fields[0])'") }
    for position in 0..<6 {
      let byte = waits[position + 1]
      if byte == UInt8(ascii: "-") { continue }
      guard byte == UInt8(48 + position) else { throw bad("'\(fields[0])'") }
      code.waitMask |= 1 << UInt8(position)
    }
    func counter(_ field: String, _ letter: Character) throws -> UInt8 {
      guard field.count == 2, field.first == letter, let last = field.last else {
        throw bad("'\(field)'")
      }
      if last == "-" { return ControlCode.noBarrier }
      guard let value = last.wholeNumberValue, value < 6 else { throw bad("'\(field)'") }
      return UInt8(value)
    }
    code.readBarrier = try counter(fields[1], "R")
    code.writeBarrier = try counter(fields[2], "W")
    guard fields[3] == "Y" || fields[3] == "-" else { throw bad("'\(fields[3])'") }
    code.yield = fields[3] == "Y"
    guard fields[4].first == "S", let stall = UInt8(fields[4].dropFirst()), stall < 16 else {
      throw bad("'\(fields[4])'")
    }
    code.stall = stall
    return code
  }

  // MARK: Text

  /// The line without comments and surrounding blanks.
  private func cleaned(_ line: Substring) -> String {
    var text = line[...]
    while let open = text.range(of: "/*") {
      let close = text[open.upperBound...].range(of: "*/")
      let tail = close.map { String(text[$0.upperBound...]) } ?? ""
      text = (String(text[..<open.lowerBound]) + tail)[...]
    }
    if let comment = text.range(of: "//") { text = text[..<comment.lowerBound] }
    if let comment = text.firstIndex(of: "#") { text = text[..<comment] }
    return trimmed(text)
  }

  private func trimmed(_ text: some StringProtocol) -> String {
    // Bytes, not characters: blanks are ASCII, and lines may hold anything.
    var bytes = Array(text.utf8)[...]
    func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    while let first = bytes.first, isBlank(first) { bytes = bytes.dropFirst() }
    while let last = bytes.last, isBlank(last) { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func split(_ text: String) -> (String, String) {
    let end = text.firstIndex { $0.isWhitespace } ?? text.endIndex
    return (String(text[..<end]), trimmed(text[end...]))
  }

  private func fail(_ message: String, at line: Int) -> ListingError {
    ListingError(file: file, line: max(1, min(line, lines.count)), message: message)
  }

  static func isDirective(_ word: some StringProtocol) -> Bool {
    (kernelDirectives + bodyDirectives + [".kernel", ".copy"]).contains(String(word))
  }

  private func unknownDirective(_ word: String) -> ListingError {
    let names = Self.kernelDirectives + Self.bodyDirectives + [".kernel", ".copy"]
    let late = Self.kernelDirectives.contains(word)
    let near = nearestName(to: word, among: names)
    let hint =
      late
      ? "\(word) stands before the first instruction"
      : "unknown directive '\(word)'" + (near.map { "; did you mean \($0)?" } ?? "")
    return fail(hint, at: position)
  }
}

extension StringProtocol {
  /// First occurrence of an ASCII `needle`.
  fileprivate func range(of needle: String) -> Range<Index>? {
    let bytes = utf8
    let wanted = Array(needle.utf8)
    var start = bytes.startIndex
    while start < bytes.endIndex {
      if bytes[start] == wanted[0], bytes[start...].starts(with: wanted) {
        return start..<bytes.index(start, offsetBy: wanted.count)
      }
      bytes.formIndex(after: &start)
    }
    return nil
  }
}
