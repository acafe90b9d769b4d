import Configuration
import FuzzSupport

/// Machine descriptions: the input is a user's YAML file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let path = InputFile.write("fuzz.yaml", start, count)
  _ = try? MachineDescription.load(path)
  return 0
}
