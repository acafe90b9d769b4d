/// A vector behind one pointer: amortised growth, no reference counting, no copies.
struct GrowableBuffer<Element: BitwiseCopyable>: ~Copyable {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 64) {
    self.capacity = capacity
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      base[index] = newValue
    }
  }

  mutating func append(_ element: Element) {
    if count == capacity {
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: base, count: count)
      base.deallocate()
      base = larger
      capacity *= 2
    }
    (base + count).initialize(to: element)
    count += 1
  }

  /// Removes one element by putting the last in its place.
  mutating func removeSwapping(at index: Int) {
    precondition(index >= 0 && index < count)
    count -= 1
    base[index] = base[count]
  }

  /// Removes one element and closes the gap.
  mutating func remove(at index: Int) {
    precondition(index >= 0 && index < count)
    count -= 1
    (base + index).update(from: base + index + 1, count: count - index)
  }

  /// Moves the elements that `belongs` names to the end of `output`.
  mutating func extract(into output: inout [Element], where belongs: (Element) -> Bool) {
    var kept = 0
    for index in 0..<count {
      if belongs(base[index]) {
        output.append(base[index])
      } else {
        base[kept] = base[index]
        kept += 1
      }
    }
    count = kept
  }

  /// Hands over the elements and gives their memory back.
  mutating func drain(_ body: (UnsafeBufferPointer<Element>) -> Void) {
    body(UnsafeBufferPointer(start: base, count: count))
    self = GrowableBuffer()
  }

  /// Keeps the first `count` elements.
  mutating func truncate(to count: Int) {
    precondition(count <= self.count)
    self.count = count
  }

  mutating func removeAll() { count = 0 }
}
