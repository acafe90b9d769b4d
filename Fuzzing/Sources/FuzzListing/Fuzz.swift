import FuzzSupport
import ISA

/// Listings: parsing, expansion of the first CTA, decoding of the code.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let listing = try? Listing.parse(bytes, file: "fuzz.sass") else { return 0 }
  for command in listing.commands {
    guard case .kernel(let kernel) = command else { continue }
    _ = kernel.cta(index: 0)
    for instruction in kernel.code.prefix(1000) {
      _ = InstructionDecoder.decode(instruction, architecture: kernel.launch.architecture)
    }
  }
  return 0
}
