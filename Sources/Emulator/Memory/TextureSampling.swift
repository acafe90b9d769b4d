/// How a texture's elements become the four components that an instruction returns.
///
/// Positions, filtering and address modes follow the CUDA C++ Programming Guide, "Texture
/// Fetching"; what it leaves open is marked as assumed.
struct TextureSampling {
  /// Four components as register words: bits of a float, or an integer.
  typealias Words = SIMD4<UInt32>
  /// Memory of one element at an address.
  typealias Load = (UInt64) throws -> UnsafeRawPointer

  let descriptor: TextureDescriptor
  let load: Load

  /// Filtering weights have eight bits behind the point.
  private static let weightSteps = 256.0
  /// Positions farther out mean the same element as this one, which every integer can hold.
  private static let farthest = 0x1p40

  /// Elements along x, y and z; 1 where the texture has no such dimension.
  var extent: SIMD3<Int> {
    SIMD3(
      max(1, descriptor.width), max(1, descriptor.height),
      descriptor.isLayered || descriptor.isCubemap ? 1 : max(1, descriptor.depth))
  }

  // MARK: Places

  /// The elements around a position along one axis, nil for the border, and the weight of the
  /// second one.
  struct Neighbours {
    var first: Int?
    var second: Int?
    var weight = 0.0
  }

  /// Where a coordinate leads along an axis.
  func neighbours(_ coordinate: Float, axis: Int, isLinear: Bool) -> Neighbours {
    let size = extent[axis]
    if axis > 0, [descriptor.height, descriptor.depth][axis - 1] == 0 {
      return Neighbours(first: 0, second: 0)
    }
    var position = Double(coordinate)
    if descriptor.hasNormalisedCoordinates { position *= Double(size) }
    // A coordinate that is no number counts as zero (assumed).
    if position.isNaN { position = 0 }
    position = min(max(position, -Self.farthest), Self.farthest)
    guard isLinear else { return Neighbours(first: element(position, axis), second: nil) }
    position -= 0.5
    let below = position.rounded(.down)
    // The fraction is rounded to the nearest step, as 1.0 is one of them (assumed).
    let weight =
      ((position - below) * Self.weightSteps).rounded(.toNearestOrAwayFromZero) / Self.weightSteps
    return Neighbours(
      first: element(below, axis), second: element(below + 1, axis), weight: weight)
  }

  /// The element at a position after the address mode; nil for the border.
  private func element(_ position: Double, _ axis: Int) -> Int? {
    let size = extent[axis]
    let index = Int(position.rounded(.down))
    var mode = descriptor.addressModes[axis]
    // Wrapping and mirroring need normalised coordinates; without, the runtime makes them clamp.
    if !descriptor.hasNormalisedCoordinates, mode == .wrap || mode == .mirror { mode = .clamp }
    func modulo(_ divisor: Int) -> Int {
      let rest = index % divisor
      return rest < 0 ? rest + divisor : rest
    }
    switch mode {
    case .clamp: return min(max(index, 0), size - 1)
    case .border: return (0..<size).contains(index) ? index : nil
    case .wrap: return modulo(size)
    case .mirror:
      let place = modulo(2 * size)
      return place < size ? place : 2 * size - 1 - place
    }
  }

  /// The address of an element of a layer, or of a slice.
  func address(_ x: Int, _ y: Int, _ z: Int) -> UInt64 {
    descriptor.address
      &+ UInt64(z * descriptor.slice + y * descriptor.pitch + x * descriptor.elementBytes)
  }

  // MARK: Elements

  /// An element's components as they are read without filtering.
  func words(_ x: Int?, _ y: Int?, _ z: Int?) throws -> Words {
    guard let x, let y, let z else { return border }
    let pointer = try load(address(x, y, z))
    // Channels that the format lacks read as 0, the fourth as 1 (assumed).
    var result = Words(0, 0, 0, returnsFloats ? Float(1).bitPattern : 1)
    for channel in 0..<descriptor.channels { result[channel] = word(pointer, channel) }
    return result
  }

  private var returnsFloats: Bool { descriptor.format == .float || descriptor.isNormalised }

  /// Integer textures read the border's colour as whole numbers (assumed).
  private var border: Words {
    var result = Words()
    for channel in 0..<4 {
      let value = descriptor.border[channel]
      result[channel] =
        returnsFloats
        ? value.bitPattern
        : UInt32(bitPattern: Int32(exactly: value.rounded(.towardZero)) ?? 0)
    }
    return result
  }

  private func word(_ element: UnsafeRawPointer, _ channel: Int) -> UInt32 {
    switch descriptor.channelBits {
    case 8:
      let raw = element.load(fromByteOffset: channel, as: UInt8.self)
      return number(UInt32(raw), Int32(Int8(bitPattern: raw)), channel)
    case 16:
      let raw = element.load(fromByteOffset: 2 * channel, as: UInt16.self)
      if descriptor.format == .float { return HalfPrecision.float(raw).bitPattern }
      return number(UInt32(raw), Int32(Int16(bitPattern: raw)), channel)
    default: return element.load(fromByteOffset: 4 * channel, as: UInt32.self)
    }
  }

  /// An integer of 8 or 16 bits, or the fraction it stands for: of −1…1, or of 0…1.
  private func number(_ unsigned: UInt32, _ signed: Int32, _ channel: Int) -> UInt32 {
    let isSigned = descriptor.format == .signed
    guard descriptor.isNormalised else { return isSigned ? UInt32(bitPattern: signed) : unsigned }
    if isSigned {
      let largest = Double(1 << (descriptor.channelBits - 1) - 1)
      return Float(max(-1, Double(signed) / largest)).bitPattern
    }
    var fraction = Double(unsigned) / Double(1 << descriptor.channelBits - 1)
    if descriptor.isSRGB, descriptor.channelBits == 8, channel < 3 {
      // IEC 61966-2-1.
      fraction =
        fraction <= 0.04045
        ? fraction / 12.92
        : ElementaryFunctions.exponentialBase2(
          2.4 * ElementaryFunctions.logarithmBase2((fraction + 0.055) / 1.055))
    }
    return Float(fraction).bitPattern
  }

  // MARK: Accesses

  /// The element at a position, or what lies between its neighbours. `slice` chooses a layer or
  /// a face instead of the third coordinate.
  func sample(_ coordinates: SIMD3<Float>, slice: Int?) throws -> Words {
    let isLinear = descriptor.isLinear && returnsFloats
    let x = neighbours(coordinates.x, axis: 0, isLinear: isLinear)
    let y = neighbours(coordinates.y, axis: 1, isLinear: isLinear)
    let z =
      slice.map { Neighbours(first: $0, second: $0) }
      ?? neighbours(coordinates.z, axis: 2, isLinear: isLinear)
    guard isLinear else { return try words(x.first, y.first, z.first) }
    // Sums are exact to double precision and rounded once; hardware's own width is not
    // documented.
    var sum = SIMD4<Double>()
    for (column, across) in [(x.first, 1 - x.weight), (x.second, x.weight)] where across != 0 {
      for (row, down) in [(y.first, 1 - y.weight), (y.second, y.weight)] where down != 0 {
        for (depth, inward) in [(z.first, 1 - z.weight), (z.second, z.weight)] where inward != 0 {
          let texel = try words(column, row, depth)
          for channel in 0..<4 {
            sum[channel] +=
              across * down * inward * Double(Float(bitPattern: texel[channel]))
          }
        }
      }
    }
    var result = Words()
    for channel in 0..<4 { result[channel] = Float(sum[channel]).bitPattern }
    return result
  }

  /// One component of the four elements that bilinear filtering would weigh, against the clock
  /// from below left (PTX ISA, `tld4`).
  func gather(_ coordinates: SIMD3<Float>, slice: Int?, component: Int) throws -> Words {
    let x = neighbours(coordinates.x, axis: 0, isLinear: true)
    let y = neighbours(coordinates.y, axis: 1, isLinear: true)
    let layer = slice ?? 0
    return Words(
      try words(x.first, y.second, layer)[component],
      try words(x.second, y.second, layer)[component],
      try words(x.second, y.first, layer)[component],
      try words(x.first, y.first, layer)[component])
  }

  /// The element at whole coordinates; zeros outside, as the runtime promises for linear memory
  /// (assumed for arrays).
  func fetch(_ place: SIMD3<Int32>, slice: Int?) throws -> Words {
    let size = extent
    let (x, y) = (Int(place.x), Int(place.y))
    let z = slice ?? Int(place.z)
    guard (0..<size.x).contains(x), (0..<size.y).contains(y),
      slice != nil || (0..<size.z).contains(z)
    else { return Words() }
    return try words(x, y, z)
  }

  /// The layer that an index means: the nearest there is.
  func layer(_ index: UInt32) -> Int { min(Int(index), max(1, descriptor.depth) - 1) }
}

/// Faces of a cubemap: CUDA C++ Programming Guide, "Cubemap Textures".
struct CubeFace {
  /// +x, −x, +y, −y, +z, −z.
  let index: Int
  /// From 0 to 1 on the face.
  let s: Float
  let t: Float

  init(_ direction: SIMD3<Float>) {
    let (x, y, z) = (direction.x, direction.y, direction.z)
    let (width, height, depth) = (abs(x), abs(y), abs(z))
    let (major, across, down): (Float, Float, Float)
    // Which face an edge belongs to is not documented: z before y before x (assumed).
    if depth >= width, depth >= height {
      index = z >= 0 ? 4 : 5
      (major, across, down) = (depth, z >= 0 ? x : -x, -y)
    } else if height >= width {
      index = y >= 0 ? 2 : 3
      (major, across, down) = (height, x, y >= 0 ? z : -z)
    } else {
      index = x >= 0 ? 0 : 1
      (major, across, down) = (width, x >= 0 ? -z : z, -y)
    }
    s = (across / major + 1) / 2
    t = (down / major + 1) / 2
  }
}
