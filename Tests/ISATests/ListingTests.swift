import Testing

@testable import ISA

private func parse(_ text: String) throws -> ListingKernel {
  let listing = try Listing.parse(Array(text.utf8), file: "test.sass")
  for command in listing.commands { if case .kernel(let kernel) = command { return kernel } }
  throw ListingError(file: "test.sass", line: 0, message: "no kernel")
}

private func failure(_ text: String) -> ListingError? {
  do {
    _ = try parse(text)
    return nil
  } catch { return error as? ListingError }
}

@Suite struct ListingTests {
  @Test func `control codes, loops and repetitions`() throws {
    let kernel = try parse(
      """
      .kernel example
      .grid 2,3
      .block 64
      .loop 3
      .repeat 2 i
      [B--2---:R0:W3:Y:S04] FADD R{10+2*i}, R2.reuse, R3 ; // comment
      .end
      .end
      """)
    #expect(
      kernel.launch.name == "example" && kernel.launch.grid == Dim3(2, 3)
        && kernel.launch.warpsPerCTA == 2)
    #expect(
      kernel.code.map(\.text) == ["FADD R10, R2.reuse, R3", "FADD R12, R2.reuse, R3", "EXIT"])
    #expect(
      kernel.code[0].control
        == ControlCode(
          stall: 4, yield: true, writeBarrier: 3, readBarrier: 0, waitMask: 4, reuse: 1))
    let cta = kernel.cta(index: 4)
    #expect(cta.x == 0 && cta.y == 2)
    #expect(cta.instructions.map(\.index) == [0, 1, 0, 1, 0, 1, 2, 0, 1, 0, 1, 0, 1, 2])
  }

  @Test func `address patterns, lists, masks and warps`() throws {
    let kernel = try parse(
      """
      .grid 2
      .block 64
      .pattern R4 = 0x1000 + 4*lane + 128*warp + 256*cta + 65536*iteration
      .loop 2
      LDG.E R2, [R4.64+0x10]
      .end
      .warps 1
      .mask 0x5
      .addresses 7, 9
      STS [R9], R2
      .end
      """)
    let cta = kernel.cta(index: 1)
    #expect(cta.warpStarts.map { $0 } == [0, 3, 7])
    #expect(cta.references[0] == AddressReference(base: 0x1110, stride: 4))
    #expect(cta.references[1].base == 0x11110)
    #expect(cta.references[2].base == 0x1190)
    let store = cta.instructions[5]
    #expect(
      store.mask == 5
        && cta.references[Int(store.reference)] == AddressReference(base: 7, stride: 2))
  }

  @Test(arguments: [
    ("FAAD R1, R2, R3", 1, "FADD"), ("[B------:R-:W-:S01] NOP", 1, "five fields"),
    (".loop 3\nNOP", 1, ".end"),
    (".grid 0\nNOP", 1, "positive"), ("NOP\n.grid 2", 2, "before"),
    (".repeet 3\nNOP\n.end", 1, ".repeat"),
    (".block 4096\nNOP", 2, "1024"),
    (".loop 16777216\n.loop 16777216\nNOP\n.end\n.end", 3, "instructions"),
    (".repeat 2\nFADD R{j}, R1, R2\n.end", 2, "'j'"), (".pattern R4 = 4*\nNOP", 1, "early"),
    ("", 1, "no instructions"),
  ]) func `mistakes are named with their line`(text: String, line: Int, hint: String) throws {
    let error = try #require(failure(text))
    #expect(error.line == line, "\(error)")
    #expect(error.message.contains(hint), "\(error)")
  }

  @Test func `control notation survives a round trip`() throws {
    for text in ["[B--2---:R0:W3:Y:S04]", "[B------:R-:W-:-:S15]", "[B012345:R5:W0:Y:S00]"] {
      #expect(try parse("\(text) NOP").code[0].control?.notation == text)
    }
  }

  @Test func `no listing makes the parser trap`() throws {
    let words = [
      ".loop 3", ".end", ".repeat 2 i", ".warps 0-3", "NOP", "LDG.E R2, [R4.64+0x1]",
      "[B0-----:R1:W-:-:S02] FADD R{i}, R1, R2", ".pattern R4 = 8*lane/0", ".mask 0x1",
      ".addresses 1,2", ".kernel a", ".copy 0x10, 5", "EXIT", "x: NOP", "{",
      ".grid 99999,99999,99999",
    ]
    var state: UInt64 = 9
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<3000 {
      var text = (0..<random(12)).map { _ in words[random(words.count)] }.joined(separator: "\n")
      if random(2) == 0, !text.isEmpty {
        var bytes = Array(text.utf8)
        bytes[random(bytes.count)] = UInt8(random(128))
        text = String(decoding: bytes, as: UTF8.self)
      }
      if let kernel = try? parse(text) { _ = kernel.cta(index: 0) }
    }
  }
}
