import CZstd

/// Compression of whole frames with content checksums.
package enum Zstandard {
  struct Failure: Error {
    let message: String
  }

  /// One frame that holds `bytes`.
  package static func compress(_ bytes: [UInt8], level: Int32 = 6) throws -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw Failure(message: "out of memory") }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    let bound = ZSTD_compressBound(bytes.count)
    return try [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let size = bytes.withUnsafeBytes {
        ZSTD_compress2(context, buffer.baseAddress, bound, $0.baseAddress, $0.count)
      }
      if ZSTD_isError(size) != 0 {
        throw Failure(message: String(cString: ZSTD_getErrorName(size)))
      }
      count = size
    }
  }

  /// The content of one frame, which must be `size` bytes long.
  package static func decompress(_ frame: [UInt8], size: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let written = frame.withUnsafeBytes {
        ZSTD_decompress(buffer.baseAddress, size, $0.baseAddress, $0.count)
      }
      if ZSTD_isError(written) != 0 {
        throw Failure(message: String(cString: ZSTD_getErrorName(written)))
      }
      if written != size { throw Failure(message: "holds \(written) bytes instead of \(size)") }
      count = written
    }
  }
}
