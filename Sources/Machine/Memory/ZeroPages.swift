import Glibc

/// Zeros that cost nothing until they are touched, in huge pages where the kernel has them: fewer
/// faults at the start, and fewer misses of the host's TLB on tables that are used all over.
struct ZeroPages: ~Copyable {
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  /// Begins a page, and a huge one if there is room for one.
  let start: UnsafeMutableRawPointer

  private static let huge = 2 << 20

  init(bytes: Int) {
    let whole = (bytes + Self.huge - 1) & ~(Self.huge - 1)
    length = whole + Self.huge
    guard
      let mapping = mmap(
        nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      mapping != MAP_FAILED
    else { fatalError("there are no \(bytes) bytes of address space") }
    self.mapping = mapping
    start = mapping.alignedUp(toMultipleOf: Self.huge)
    madvise(start, whole, MADV_HUGEPAGE)
  }

  deinit { munmap(mapping, length) }
}
