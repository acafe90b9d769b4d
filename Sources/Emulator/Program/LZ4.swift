/// The LZ4 block format (LZ4 Block Format Description, lz4 project): sequences of literals and
/// copies of earlier output.
enum LZ4 {
  /// `expected` is the size of the result; anything else is damage.
  static func decompress(_ input: [UInt8], expected: Int) throws -> [UInt8] {
    // A byte of input gives at most 255 bytes: sizes beyond it are not believed.
    guard expected >= 0, expected / 256 <= input.count else {
      throw ModuleError("damaged LZ4 data")
    }
    var output: [UInt8] = []
    output.reserveCapacity(expected)
    var at = 0
    func length(_ nibble: UInt8) throws -> Int {
      var total = Int(nibble)
      guard nibble == 15 else { return total }
      while true {
        guard at < input.count else { throw ModuleError("damaged LZ4 data") }
        let byte = input[at]
        at += 1
        total += Int(byte)
        if byte != 255 { return total }
      }
    }
    while at < input.count {
      let token = input[at]
      at += 1
      let literals = try length(token >> 4)
      guard literals <= input.count - at, output.count + literals <= expected else {
        throw ModuleError("damaged LZ4 data")
      }
      output += input[at..<(at + literals)]
      at += literals
      // The last sequence has no copy.
      if at == input.count { break }
      guard at + 2 <= input.count else { throw ModuleError("damaged LZ4 data") }
      let distance = Int(input[at]) | Int(input[at + 1]) << 8
      at += 2
      let count = try length(token & 15) + 4
      guard distance > 0, distance <= output.count, output.count + count <= expected else {
        throw ModuleError("damaged LZ4 data")
      }
      for _ in 0..<count { output.append(output[output.count - distance]) }
    }
    guard output.count == expected else { throw ModuleError("damaged LZ4 data") }
    return output
  }
}
