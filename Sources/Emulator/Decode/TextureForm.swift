/// What a texture or surface instruction's text says: where its coordinates, its handle and its
/// results are.
///
/// Found by compiling every texture function for sm_75, 86, 90 and 120. A texture's arguments come
/// as layer, coordinates, handle (`.B`: not from a constant), level (`.LL`). With `.SCR` (sm_75 to
/// 89) they are cut in half between two register vectors, the first the longer; otherwise the
/// first vector holds layer and coordinates, the second handle and level. TXD has the handle in
/// front, the layer last, and gradients in the second vector.
struct TextureForm: Sendable {
  enum Geometry: Sendable {
    case line, plane, volume, lineArray, planeArray, cube, cubeArray

    var coordinates: Int {
      switch self {
      case .line, .lineArray: 1
      case .plane, .planeArray: 2
      case .volume, .cube, .cubeArray: 3
      }
    }

    var isArray: Bool { self == .lineArray || self == .planeArray || self == .cubeArray }
    var isCube: Bool { self == .cube || self == .cubeArray }

    init?(texture name: String) {
      switch name {
      case "1D": self = .line
      case "2D": self = .plane
      case "3D": self = .volume
      case "ARRAY_1D": self = .lineArray
      case "ARRAY_2D": self = .planeArray
      case "CUBE": self = .cube
      case "ARRAY_CUBE": self = .cubeArray
      default: return nil
      }
    }
  }

  var geometry: Geometry
  /// Registers of the coordinates, of the layer and of the level of detail.
  var coordinates: [Int] = []
  var layer: Int?
  var level: Int?
  var handle = Source()
  /// Component and register of each result.
  var results: [(component: Int, register: Int)] = []
  /// Lanes whose elements are not in memory; there are none here.
  var absent = Predicates.discard
}

extension DecodeContext {
  /// TEX, TLD, TLD4 and TXD, after their own modifiers: `takesLevel` where the text has a level.
  mutating func textureForm(takesLevel: Bool, isGradient: Bool = false) throws -> TextureForm {
    // `.LZ` is level zero; textures have one level here.
    ignore("LZ", "CL")
    let isSplit = take("SCR")
    let isBound = take("B")
    let absent = try absentPredicate()
    let (second, first) = (try registerNumber(), try registerNumber())
    var components = 0xf
    if operands.count > 1, case .integer(let mask) = operands.last?.kind, (1...15).contains(mask) {
      components = Int(mask)
      operands.removeLast()
    }
    guard case .other(let name) = operands.popLast()?.kind,
      let geometry = TextureForm.Geometry(texture: name)
    else { throw unsupported("a texture's dimensions are expected") }
    var form = TextureForm(geometry: geometry)
    form.absent = absent
    form.place(results: components, first, second)

    let front = try registerNumber()
    var back: Int?
    if case .register = operands.first?.kind { back = try registerNumber() }
    if !isBound { form.handle = try textureHandle() }
    var arguments = isGradient && isBound ? 1 : 0
    let points = geometry.coordinates + (geometry.isArray ? 1 : 0)
    arguments += points
    if !isGradient { arguments += (isBound ? 1 : 0) + (takesLevel ? 1 : 0) }
    let firstCount = isSplit ? (arguments + 1) / 2 : isGradient ? arguments : points
    var places = (0..<firstCount).map { Self.register(front, $0) }
    if arguments > firstCount {
      guard let back else { throw unsupported("a register is missing") }
      places += (0..<(arguments - firstCount)).map { Self.register(back, $0) }
    } else if back != nil, !isGradient {
      throw unsupported("a register too many")
    }

    var next = places[...]
    func handle() -> Source {
      var source = Source()
      source.index = next.removeFirst()
      return source
    }
    if isGradient, isBound { form.handle = handle() }
    if geometry.isArray, !isGradient { form.layer = next.removeFirst() }
    form.coordinates = (0..<geometry.coordinates).map { _ in next.removeFirst() }
    if geometry.isArray, isGradient { form.layer = next.removeFirst() }
    if isBound, !isGradient { form.handle = handle() }
    if takesLevel { form.level = next.removeFirst() }
    return form
  }

  /// SULD, SUST and SURED: the geometry is a modifier, the layer the last coordinate.
  mutating func surfaceGeometry() throws -> TextureForm.Geometry {
    guard
      let geometry = choice([
        "1D": TextureForm.Geometry.line, "2D": .plane, "3D": .volume, "1D_ARRAY": .lineArray,
        "2D_ARRAY": .planeArray,
      ])
    else { throw unsupported("a surface's dimensions are expected") }
    return geometry
  }

  /// The address operand of a surface instruction: a vector of coordinates.
  mutating func surfaceCoordinates(_ form: inout TextureForm) throws {
    guard case .memory(let memory) = try next().kind, let register = memory.register,
      memory.uniform == nil, memory.offset == 0
    else { throw unsupported("coordinates are expected") }
    let count = form.geometry.coordinates
    form.coordinates = (0..<count).map { Self.register(register, $0) }
    if form.geometry.isArray { form.layer = Self.register(register, count) }
  }

  /// A handle: bank and word of a constant, a uniform register (with an offset of zero before
  /// sm_100), or a register.
  mutating func textureHandle() throws -> Source {
    let operand = try next()
    var source = Source()
    switch operand.kind {
    case .register(let number): source.index = number
    case .uniform(let number):
      source.place = .uniform
      source.index = number
      if case .integer(let offset) = operands.first?.kind {
        guard offset == 0 else { throw unsupported("an offset of a handle") }
        operands = operands.dropFirst()
      }
    case .integer(let bank):
      let word = try integer()
      source.place = .pool
      source.index = pool.word(.constant(bank: Int(bank), offset: 4 * Int(word)))
    default: throw unsupported("a handle is expected")
    }
    return source
  }

  /// `.R` of the residency test: the predicate in front of the results.
  private mutating func absentPredicate() throws -> Int {
    guard nextIsPredicate else { return Predicates.discard }
    try predicateResult(\.result)
    return operation.result
  }

  mutating func registerNumber() throws -> Int {
    guard case .register(let number) = try next().kind else {
      throw unsupported("a register is expected")
    }
    return number
  }

  /// A register of a vector; all of RZ's are zero.
  private static func register(_ first: Int, _ index: Int) -> Int {
    first == OperandText.zeroRegister ? first : first + index
  }
}

extension TextureForm {
  /// The chosen components fill the first destination's pair, then the second's.
  mutating func place(results components: Int, _ first: Int, _ second: Int) {
    var count = 0
    for component in 0..<4 where components >> component & 1 == 1 {
      let vector = count < 2 ? first : second
      if vector != OperandText.zeroRegister {
        results.append((component, vector + count % 2))
      }
      count += 1
    }
  }
}
