/// Immediates and direct constant operands of a kernel, each broadcast over the lanes once per
/// launch, so that handlers read every operand the same way.
final class ConstantPool {
  enum Entry: Hashable {
    case immediate(UInt64)
    /// 64 bits at a byte offset of a bank.
    case constant(bank: Int, offset: Int)
  }

  /// A low and a high vector of 32 lanes.
  static let wordsPerEntry = 64

  private(set) var entries: [Entry] = []
  private var indices: [Entry: Int] = [:]

  /// Position of an entry's low vector, in words.
  func word(_ entry: Entry) -> Int {
    if let index = indices[entry] { return index * Self.wordsPerEntry }
    indices[entry] = entries.count
    entries.append(entry)
    return (entries.count - 1) * Self.wordsPerEntry
  }

  /// The pool with a launch's constants in place.
  func fill(_ constants: ConstantBanks) -> UnsafeMutablePointer<UInt32> {
    let words = UnsafeMutablePointer<UInt32>.allocate(
      capacity: max(1, entries.count) * Self.wordsPerEntry)
    for (index, entry) in entries.enumerated() {
      let value: UInt64 =
        switch entry {
        case .immediate(let value): value
        case .constant(let bank, let offset):
          UInt64(constants.word(bank: bank, offset: offset))
            | UInt64(constants.word(bank: bank, offset: offset &+ 4)) << 32
        }
      let base = words + index * Self.wordsPerEntry
      base.update(repeating: UInt32(truncatingIfNeeded: value), count: 32)
      (base + 32).update(repeating: UInt32(truncatingIfNeeded: value >> 32), count: 32)
    }
    return words
  }
}

/// The constant banks of one launch; reading outside them gives zero, as hardware does.
struct ConstantBanks {
  var banks: [[UInt8]]

  func word(bank: Int, offset: Int) -> UInt32 {
    guard bank >= 0, bank < banks.count else { return 0 }
    return banks[bank].withUnsafeBytes { bytes in
      guard offset >= 0, offset < bytes.count else { return 0 }
      if offset <= bytes.count - 4 {
        return bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      }
      // The last parameter may end inside a word.
      var word: UInt32 = 0
      for index in offset..<bytes.count {
        word |= UInt32(bytes[index]) << UInt32(8 * (index - offset))
      }
      return word
    }
  }
}
