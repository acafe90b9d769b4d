/// Surface accesses: elements of arrays by whole coordinates, the first one in bytes (`.BA`) or in
/// elements.
enum Surfaces {
  /// What happens outside the surface: PTX ISA, `suld`, `.clamp`, `.zero` and `.trap`.
  enum Outside: Sendable { case clamp, ignore, trap }

  struct Form: Sendable {
    var texture: TextureForm
    var outside: Outside
    var countsBytes: Bool
    var width: Int
  }

  static let load: Rule = { c in
    guard c.take("D") else { throw c.unsupported("a formatted load") }
    var form = try takeForm(&c)
    try c.takeWidth()
    form.width = c.operation.width
    try c.destination(words: max(1, form.width / 4))
    try c.surfaceCoordinates(&form.texture)
    form.texture.handle = try c.textureHandle()
    let found = form
    c.operation.run = { w, o in
      let (d, isSigned) = (w.write(o), o.pointee.isSigned)
      try eachElement(w, found) { lane, pointer in
        switch found.width {
        case 1:
          let value = pointer?.load(as: UInt8.self) ?? 0
          d[lane] = isSigned ? UInt32(bitPattern: Int32(Int8(bitPattern: value))) : UInt32(value)
        case 2:
          let value = pointer?.load(as: UInt16.self) ?? 0
          d[lane] = isSigned ? UInt32(bitPattern: Int32(Int16(bitPattern: value))) : UInt32(value)
        default:
          for word in 0..<(found.width / 4) {
            d[word * 32 + lane] = pointer?.load(fromByteOffset: 4 * word, as: UInt32.self) ?? 0
          }
        }
      }
    }
  }

  static let store: Rule = { c in
    if c.take("P") { return try storeFormatted(&c) }
    guard c.take("D") else { throw c.unsupported("no form") }
    var form = try takeForm(&c)
    try c.takeWidth()
    form.width = c.operation.width
    try c.surfaceCoordinates(&form.texture)
    c.operation.b = try c.source()
    form.texture.handle = try c.textureHandle()
    let found = form
    c.operation.run = { w, o in
      let b = w.read(o.pointee.b, slot: 1, words: max(1, found.width / 4))
      try eachElement(w, found) { lane, pointer in
        switch found.width {
        case 1: pointer?.storeBytes(of: UInt8(truncatingIfNeeded: b[lane]), as: UInt8.self)
        case 2: pointer?.storeBytes(of: UInt16(truncatingIfNeeded: b[lane]), as: UInt16.self)
        default:
          for word in 0..<(found.width / 4) {
            pointer?.storeBytes(of: b[word * 32 + lane], toByteOffset: 4 * word, as: UInt32.self)
          }
        }
      }
    }
  }

  /// Components of 32 bits each, converted to the surface's format: only where nothing is to be
  /// converted, as rounding and saturation are not documented.
  private static func storeFormatted(_ c: inout DecodeContext) throws {
    let isSingle = c.take("R")
    var form = try takeForm(&c)
    try c.surfaceCoordinates(&form.texture)
    c.operation.b = try c.source()
    form.texture.handle = try c.textureHandle()
    let found = form
    c.operation.run = { w, o in
      let values = w.registers + o.pointee.b.index * 32
      try eachElement(w, found) { lane, pointer in
        let descriptor = try w.texture(w.read(found.texture.handle, slot: 0)[lane], lane: lane)
        guard descriptor.channelBits == 32, !isSingle || descriptor.channels == 1 else {
          throw w.locate(
            EmulationFault(.unsupported, "a formatted store that converts"), lane: lane)
        }
        for channel in 0..<descriptor.channels {
          pointer?.storeBytes(
            of: values[channel * 32 + lane], toByteOffset: 4 * channel, as: UInt32.self)
        }
      }
    }
  }

  static let reduce: Rule = { c in
    guard c.take("D") else { throw c.unsupported("no form") }
    var form = try takeForm(&c)
    guard
      let operation = c.choice([
        "ADD": Atomics.Operation.add, "MIN": .minimum, "MAX": .maximum, "AND": .and, "OR": .or,
      ])
    else { throw c.unsupported("this operation") }
    let format =
      c.choice(["S32": Atomics.Format.signed, "U64": .unsigned64, "S64": .signed64]) ?? .unsigned
    form.width = format.bytes
    try c.surfaceCoordinates(&form.texture)
    c.operation.b = try c.source()
    form.texture.handle = try c.textureHandle()
    let found = form
    c.operation.run = { w, o in
      let b = w.read(o.pointee.b, slot: 1, words: found.width / 4)
      try w.cta.context.locked {
        try eachElement(w, found) { lane, pointer in
          guard let pointer else { return }
          if found.width == 8 {
            let new = Atomics.combined64(
              operation, format, pointer.load(as: UInt64.self), b.wide(lane))
            pointer.storeBytes(of: new, as: UInt64.self)
          } else {
            let new = Atomics.combined(
              operation, format, pointer.load(as: UInt32.self), b[lane], flushes: false)
            pointer.storeBytes(of: new, as: UInt32.self)
          }
        }
      }
    }
  }

  private static func takeForm(_ c: inout DecodeContext) throws -> Form {
    let outside = c.choice(["TRAP": Outside.trap, "IGN": .ignore]) ?? .clamp
    c.ignore("STRONG", "WEAK", "SM", "CTA", "GPU", "SYS")
    return Form(
      texture: TextureForm(geometry: try c.surfaceGeometry()), outside: outside,
      countsBytes: c.take("BA"), width: 4)
  }

  /// Runs `body` with the place of each executing lane's element; nil where there is none. The
  /// addresses are recorded.
  private static func eachElement(
    _ w: Warp, _ form: Form, _ body: (Int, UnsafeMutableRawPointer?) throws -> Void
  ) throws {
    let handles = w.read(form.texture.handle, slot: 0)
    try w.eachLaneThrowing { lane in
      let surface = try w.texture(handles[lane], lane: lane)
      let width = form.countsBytes ? form.width : surface.elementBytes
      guard let address = try address(w, form, surface, width: width, lane: lane) else {
        w.addresses[lane] = surface.address
        return try body(lane, nil)
      }
      w.addresses[lane] = address
      try body(lane, try w.pointer(.global, address, bytes: width, lane: lane))
    }
    if w.stream != nil { w.recordAddresses() }
  }

  private static func address(
    _ w: Warp, _ form: Form, _ surface: TextureDescriptor, width: Int, lane: Int
  ) throws -> UInt64? {
    func value(_ register: Int) -> Int { Int(Int32(bitPattern: w.registers[register * 32 + lane])) }
    var places = form.texture.coordinates.map(value)
    if !form.countsBytes { places[0] *= surface.elementBytes }
    let hasSlices = form.texture.geometry == .volume || form.texture.layer != nil
    let slice = form.texture.layer.map(value) ?? (places.count > 2 ? places[2] : 0)
    var position = SIMD3(places[0], places.count > 1 ? places[1] : 0, hasSlices ? slice : 0)
    let last = SIMD3(
      surface.width * surface.elementBytes - width, max(1, surface.height) - 1,
      max(1, surface.depth) - 1)
    for axis in 0..<3 where position[axis] < 0 || position[axis] > last[axis] {
      switch form.outside {
      case .clamp: position[axis] = min(max(position[axis], 0), last[axis])
      case .ignore: return nil
      case .trap:
        throw w.locate(EmulationFault(.memory, "access outside the surface"), lane: lane)
      }
    }
    return surface.address
      &+ UInt64(position.z * surface.slice + position.y * surface.pitch + position.x)
  }
}
