/// Comma-separated text with quotes as RFC 4180 has them, and the line of every record.
struct CSVText {
  struct Record: Equatable {
    var line: Int
    var fields: [String]
  }

  let records: [Record]

  /// Reads a whole file; the error is a sentence with its line.
  init(_ bytes: [UInt8]) throws(CSVError) {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw CSVError(line: 1, message: "is not UTF-8 text")
    }
    var records: [Record] = []
    var line = 1
    var begin = 1
    var fields: [String] = []
    var field = String.UnicodeScalarView()
    var (quoted, closed) = (false, false)
    func fail(_ message: String) -> CSVError { CSVError(line: line, message: message) }
    func endField() {
      fields.append(String(field))
      field = String.UnicodeScalarView()
      closed = false
    }
    func endRecord() {
      endField()
      if fields != [""] { records.append(Record(line: begin, fields: fields)) }
      fields = []
    }
    var scalars = text.unicodeScalars.makeIterator()
    var pending: Unicode.Scalar?
    while let scalar = pending ?? scalars.next() {
      pending = nil
      if quoted {
        if scalar == "\"" {
          let following = scalars.next()
          if following == "\"" {
            field.append("\"")
          } else {
            (quoted, closed) = (false, true)
            pending = following
          }
        } else {
          if scalar == "\n" { line += 1 }
          field.append(scalar)
        }
        continue
      }
      switch scalar {
      case ",": endField()
      case "\r": break
      case "\n":
        endRecord()
        line += 1
        begin = line
      case "\"":
        guard field.isEmpty, !closed else { throw fail("a quote stands within a field") }
        quoted = true
      default:
        guard !closed else { throw fail("text follows a closing quote") }
        field.append(scalar)
      }
    }
    guard !quoted else { throw CSVError(line: begin, message: "a quote is not closed") }
    endRecord()
    self.records = records
  }
}

/// What is wrong with a table, and in which line.
struct CSVError: Error, Equatable {
  var line: Int
  var message: String
}
