import Testing

@testable import Emulator

/// The arithmetic of texture reads against the formulas of the CUDA C++ Programming Guide,
/// written here on their own: `T[i, j]` with an infinite extension by the address mode.
@Suite struct TextureSamplingTests {
  static let width = 7
  static let height = 5

  /// Eighths, exact in every sum here.
  static let texels: [Float] = {
    var samples = Samples(seed: 3)
    return (0..<(width * height)).map { _ in Float(samples.next() % 4096) / 8 }
  }()

  private static func descriptor(_ mode: TextureDescriptor.AddressMode, _ address: UInt64)
    -> TextureDescriptor
  {
    var result = TextureDescriptor(
      address: address, format: .float, channelBits: 32, channels: 1, width: width,
      pitch: 4 * width)
    result.height = height
    result.addressModes = [mode, mode, mode]
    return result
  }

  private static func sample(_ descriptor: TextureDescriptor, _ x: Float, _ y: Float) throws
    -> Float
  {
    let sampling = TextureSampling(descriptor: descriptor) {
      UnsafeRawPointer(bitPattern: UInt($0))!
    }
    return Float(bitPattern: try sampling.sample(SIMD3(x, y, 0), slice: nil)[0])
  }

  /// The texture, continued without end by copies of itself or by its rim.
  private static func extended(_ i: Int, _ j: Int, _ mode: TextureDescriptor.AddressMode) -> Double
  {
    func place(_ index: Int, _ size: Int) -> Int? {
      // A row of copies, long enough for the positions of this test.
      let tiles = (-4...4).flatMap { tile in
        (0..<size).map { tile % 2 != 0 && mode == .mirror ? size - 1 - $0 : $0 }
      }
      let inside = (0..<size).contains(index)
      switch mode {
      case .wrap, .mirror: return tiles[index + 4 * size]
      case .clamp: return inside ? index : index < 0 ? 0 : size - 1
      case .border: return inside ? index : nil
      }
    }
    guard let x = place(i, width), let y = place(j, height) else { return 0 }
    return Double(texels[y * width + x])
  }

  /// In 512ths of an element, also outside the texture.
  private static func position(_ samples: inout Samples, _ size: Int) -> Double {
    Double(Int(samples.next() % UInt64(512 * 3 * size)) - 512 * size) / 512
  }

  @Test(arguments: [TextureDescriptor.AddressMode.wrap, .clamp, .mirror, .border])
  func `points and bilinear samples follow the guide`(mode: TextureDescriptor.AddressMode) throws {
    let address = try CodeBench.allocate(Self.texels)
    var descriptor = Self.descriptor(mode, address)
    descriptor.hasNormalisedCoordinates = mode == .wrap || mode == .mirror
    var samples = Samples(seed: 17)
    for _ in 0..<500 {
      // Half of these fall between two steps of the weights.
      let x = Self.position(&samples, Self.width)
      let y = Self.position(&samples, Self.height)
      let isScaled = descriptor.hasNormalisedCoordinates
      let (s, t) = (
        isScaled ? Float(x / Double(Self.width)) : Float(x),
        isScaled ? Float(y / Double(Self.height)) : Float(y)
      )
      // What the coordinate means after its own rounding.
      let px = isScaled ? Double(s) * Double(Self.width) : Double(s)
      let py = isScaled ? Double(t) * Double(Self.height) : Double(t)
      descriptor.isLinear = false
      let point = Self.extended(Int(px.rounded(.down)), Int(py.rounded(.down)), mode)
      #expect(try Self.sample(descriptor, s, t) == Float(point))

      descriptor.isLinear = true
      let (left, top) = ((px - 0.5).rounded(.down), (py - 0.5).rounded(.down))
      let alpha: Double = (256 * (px - 0.5 - left) + 0.5).rounded(.down) / 256
      let beta: Double = (256 * (py - 0.5 - top) + 0.5).rounded(.down) / 256
      func at(_ i: Int, _ j: Int) -> Double { Self.extended(Int(left) + i, Int(top) + j, mode) }
      let above: Double = (1 - alpha) * at(0, 0) + alpha * at(1, 0)
      let below: Double = (1 - alpha) * at(0, 1) + alpha * at(1, 1)
      let smooth: Double = (1 - beta) * above + beta * below
      #expect(try Self.sample(descriptor, s, t) == Float(smooth))
    }
  }

  @Test func `volumes are filtered in three directions`() throws {
    // T[i, j, k] = i + 8 j + 64 k is its own interpolation.
    let values: [Float] = (0..<64).map { index in
      let (i, j, k) = (index % 4, index / 4 % 4, index / 16)
      return Float(i + 8 * j + 64 * k)
    }
    var descriptor = TextureDescriptor(
      address: try CodeBench.allocate(values), format: .float, channelBits: 32, channels: 1,
      width: 4, pitch: 16)
    (descriptor.height, descriptor.depth, descriptor.slice) = (4, 4, 64)
    descriptor.isLinear = true
    let sampling = TextureSampling(descriptor: descriptor) {
      UnsafeRawPointer(bitPattern: UInt($0))!
    }
    let found = try sampling.sample(SIMD3(1.75, 2.25, 3.0), slice: nil)
    #expect(Float(bitPattern: found[0]) == 1.25 + 8 * 1.75 + 64 * 2.5)
    // Channels that are not there.
    #expect(found[1] == 0 && found[2] == 0 && Float(bitPattern: found[3]) == 1)
  }

  @Test(arguments: [
    (TextureDescriptor.Format.unsigned, 8, [0, 1, 128, 255] as [UInt32], 255.0),
    (.signed, 8, [0, 1, 0x80, 0x7f], 127.0), (.unsigned, 16, [0, 1, 0x8000, 0xffff], 65535.0),
    (.signed, 16, [0, 1, 0x8000, 0x7fff], 32767.0),
  ]) func `integers are read as they are or as fractions`(
    _ row: (format: TextureDescriptor.Format, bits: Int, raw: [UInt32], largest: Double)
  ) throws {
    let bytes = row.raw.flatMap { value in
      (0..<(row.bits / 8)).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
    var descriptor = TextureDescriptor(
      address: try CodeBench.allocate(bytes), format: row.format, channelBits: row.bits,
      channels: 4, width: 1, pitch: bytes.count)
    func read() throws -> SIMD4<UInt32> {
      try TextureSampling(descriptor: descriptor) { UnsafeRawPointer(bitPattern: UInt($0))! }
        .fetch(SIMD3(0, 0, 0), slice: nil)
    }
    let whole = try read()
    descriptor.isNormalised = true
    let fractions = try read()
    for (channel, raw) in row.raw.enumerated() {
      let isNegative = row.format == .signed && raw >> UInt32(row.bits - 1) == 1
      let value = Int64(raw) - (isNegative ? 1 << Int64(row.bits) : 0)
      #expect(whole[channel] == UInt32(truncatingIfNeeded: value))
      #expect(
        Float(bitPattern: fractions[channel]) == Float(max(-1, Double(value) / row.largest)))
    }
  }

  @Test func `halves are widened`() throws {
    let descriptor = TextureDescriptor(
      address: try CodeBench.allocate([0x3c00, 0xc500] as [UInt16]), format: .float,
      channelBits: 16,
      channels: 2, width: 1, pitch: 4)
    let found = try TextureSampling(descriptor: descriptor) {
      UnsafeRawPointer(bitPattern: UInt($0))!
    }.fetch(SIMD3(0, 0, 0), slice: nil)
    #expect(Float(bitPattern: found[0]) == 1 && Float(bitPattern: found[1]) == -5)
  }

  /// Values of the curve's definition, IEC 61966-2-1.
  @Test(arguments: [(0, 0.0), (10, 0.0030352698), (128, 0.21586050), (255, 1.0)])
  func `sRGB colours become linear, alpha stays`(_ row: (raw: Int, linear: Float)) throws {
    var descriptor = TextureDescriptor(
      address: try CodeBench.allocate([UInt8](repeating: UInt8(row.raw), count: 4)),
      format: .unsigned, channelBits: 8, channels: 4, width: 1, pitch: 4)
    (descriptor.isNormalised, descriptor.isSRGB) = (true, true)
    let found = try TextureSampling(descriptor: descriptor) {
      UnsafeRawPointer(bitPattern: UInt($0))!
    }.fetch(SIMD3(0, 0, 0), slice: nil)
    #expect(abs(Float(bitPattern: found[2]) - row.linear) < 1e-7)
    #expect(Float(bitPattern: found[3]) == Float(row.raw) / 255)
  }
}
