/// What is wrong with a piece of an Accel-Sim trace; whoever reads the file adds where.
struct AccelSimFailure: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
