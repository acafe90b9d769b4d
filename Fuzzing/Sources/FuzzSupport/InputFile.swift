import Foundation

/// The fuzzer's bytes as a file, since the readers read files. One file per process.
public enum InputFile {
  public static let folder: String = {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let path = base + "/needletail-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  public static func write(_ name: String, _ start: UnsafePointer<UInt8>, _ count: Int) -> String {
    let path = folder + "/" + name
    try? Data(bytes: start, count: count).write(to: URL(fileURLWithPath: path))
    return path
  }
}
