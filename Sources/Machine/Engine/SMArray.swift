/// The GPU's SMs. An SM comes into being with its first CTA, so that a small kernel pays for the
/// SMs that it uses.
final class SMArray {
  /// SMs of the GPU.
  let count: Int
  /// Those that have had a CTA, by number.
  private(set) var inUse: [SM] = []
  /// Cycle that a new SM starts in.
  var now: Cycle = 0
  /// Bytes of shared memory that the present kernels have set aside in every SM.
  private var carveOut: Int?

  private var all: [SM?]
  private let make: (Int) -> SM

  init(count: Int, make: @escaping (Int) -> SM) {
    self.count = count
    self.make = make
    all = Array(repeating: nil, count: count)
  }

  subscript(index: Int) -> SM {
    if let sm = all[index] { return sm }
    let sm = make(index)
    sm.state.pointee.now = now
    if let carveOut { sm.setCarveOut(carveOut) }
    all[index] = sm
    inUse.insert(sm, at: inUse.firstIndex { $0.index > index } ?? inUse.count)
    return sm
  }

  func setCarveOut(_ bytes: Int) {
    carveOut = bytes
    for sm in inUse { sm.setCarveOut(bytes) }
  }
}
