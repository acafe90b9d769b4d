/// Texture accesses. Nothing about the unit's timing or formats in memory is modelled: arrays lie
/// row by row, see `TextureSampling` for the arithmetic.
extension InstructionRules {
  static let texture: [String: Rule] = [
    // Filtered. The level of detail chooses among one level.
    "TEX": { c in
      let form = try c.textureForm(takesLevel: c.take("LL"))
      c.operation.run = { w, o in
        try Textures.run(w, form) { sampling, lane in
          try Textures.sample(w, form, sampling, lane)
        }
      }
    },
    // Gradients only choose the level.
    "TXD": { c in
      let form = try c.textureForm(takesLevel: false, isGradient: true)
      c.operation.run = { w, o in
        try Textures.run(w, form) { sampling, lane in
          try Textures.sample(w, form, sampling, lane)
        }
      }
    },
    // One element, by whole coordinates.
    "TLD": { c in
      let form = try c.textureForm(takesLevel: c.take("LL"))
      guard !form.geometry.isCube else { throw c.unsupported("an element of a cube") }
      c.operation.run = { w, o in
        try Textures.run(w, form) { sampling, lane in
          var place = SIMD3<Int32>()
          for (axis, register) in form.coordinates.enumerated() {
            place[axis] = Int32(bitPattern: w.registers[register * 32 + lane])
          }
          if let level = form.level, w.registers[level * 32 + lane] != 0 { return .init() }
          return try sampling.fetch(place, slice: Textures.layer(w, form, sampling, lane))
        }
      }
    },
    // One component of four neighbours.
    "TLD4": { c in
      guard
        let index = c.modifiers.firstIndex(where: { "RGBA".contains($0) }),
        let component = Array("RGBA").firstIndex(of: Character(c.modifiers[index]))
      else { throw c.unsupported("no component") }
      c.modifiers.remove(at: index)
      let form = try c.textureForm(takesLevel: false)
      guard !form.geometry.isCube else { throw c.unsupported("neighbours in a cube") }
      c.operation.run = { w, o in
        try Textures.run(w, form) { sampling, lane in
          try sampling.gather(
            Textures.coordinates(w, form, lane),
            slice: Textures.layer(w, form, sampling, lane), component: component)
        }
      }
    },
    // Width, height and depth.
    "TXQ": { c in
      let isBound = c.take("B")
      let (second, first) = (try c.registerNumber(), try c.registerNumber())
      // The level, and the handle in front of it where it is not a constant.
      let arguments = try c.registerNumber()
      guard case .other("TEX_HEADER_DIMENSION") = try c.next().kind else {
        throw c.unsupported("this query")
      }
      var form = TextureForm(geometry: .line)
      if isBound {
        form.handle.index = arguments
      } else {
        form.handle = try c.textureHandle()
      }
      form.place(results: Int(c.operands.isEmpty ? 0xf : try c.integer()), first, second)
      // The fourth component counts levels: not known what it holds without any.
      guard form.results.allSatisfy({ $0.component < 3 }) else {
        throw c.unsupported("this component")
      }
      let query = form
      c.operation.run = { w, o in
        try Textures.run(w, query) { sampling, _ in
          let descriptor = sampling.descriptor
          return SIMD4(
            UInt32(descriptor.width), UInt32(descriptor.height), UInt32(descriptor.depth), 0)
        }
      }
    },
    "SULD": Surfaces.load, "SUST": Surfaces.store, "SURED": Surfaces.reduce,
  ]
}

extension Warp {
  /// The object that a lane's handle names.
  func texture(_ handle: UInt32, lane: Int) throws -> TextureDescriptor {
    guard let descriptor = cta.context.options.textures?[UInt64(handle)] else {
      throw locate(
        EmulationFault(.memory, "no texture or surface has the handle \(handle)"), lane: lane)
    }
    return descriptor
  }
}

enum Textures {
  /// Gives each executing lane the components that `body` finds. The address of the first element
  /// that a lane reads is recorded.
  static func run(
    _ w: Warp, _ form: TextureForm,
    _ body: (TextureSampling, Int) throws -> TextureSampling.Words
  ) throws {
    let handles = w.read(form.handle, slot: 0)
    var known: (handle: UInt32, descriptor: TextureDescriptor)?
    try w.eachLaneThrowing { lane in
      if known?.handle != handles[lane] {
        known = (handles[lane], try w.texture(handles[lane], lane: lane))
      }
      guard let descriptor = known?.descriptor else { return }
      var first: UInt64?
      let words = try withoutActuallyEscaping(
        { (address: UInt64) throws -> UnsafeRawPointer in
          if first == nil { first = address }
          return UnsafeRawPointer(
            try w.pointer(.global, address, bytes: descriptor.elementBytes, lane: lane))
        }
      ) { try body(TextureSampling(descriptor: descriptor, load: $0), lane) }
      w.addresses[lane] = first ?? descriptor.address
      for (component, register) in form.results {
        w.registers[register * 32 + lane] = words[component]
      }
    }
    if w.stream != nil { w.recordAddresses() }
    w.set(form.absent, 0)
  }

  static func coordinates(_ w: Warp, _ form: TextureForm, _ lane: Int) -> SIMD3<Float> {
    var result = SIMD3<Float>()
    for (axis, register) in form.coordinates.enumerated() {
      result[axis] = Float(bitPattern: w.registers[register * 32 + lane])
    }
    return result
  }

  static func layer(
    _ w: Warp, _ form: TextureForm, _ sampling: TextureSampling, _ lane: Int
  ) -> Int? {
    form.layer.map { sampling.layer(w.registers[$0 * 32 + lane]) }
  }

  static func sample(
    _ w: Warp, _ form: TextureForm, _ sampling: TextureSampling, _ lane: Int
  ) throws -> TextureSampling.Words {
    let place = coordinates(w, form, lane)
    guard form.geometry.isCube else {
      return try sampling.sample(place, slice: layer(w, form, sampling, lane))
    }
    let face = CubeFace(place)
    var descriptor = sampling.descriptor
    descriptor.addressModes = [.clamp, .clamp, .clamp]
    descriptor.hasNormalisedCoordinates = true
    if descriptor.isLinear {
      let width = Float(descriptor.width)
      for position in [face.s * width, face.t * width]
      where position < 0.5 || position > width - 0.5 {
        throw w.locate(
          EmulationFault(.unsupported, "filtering across the edge of a cube's face"), lane: lane)
      }
    }
    let cubes = max(1, descriptor.depth / 6)
    let cube = form.layer.map { min(Int(w.registers[$0 * 32 + lane]), cubes - 1) } ?? 0
    return try TextureSampling(descriptor: descriptor, load: sampling.load).sample(
      SIMD3(face.s, face.t, 0), slice: 6 * cube + face.index)
  }
}
