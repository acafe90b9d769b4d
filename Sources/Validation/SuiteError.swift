import Configuration

/// A suite, a measurement or a name that cannot be used, in one line.
public typealias SuiteError = ConfigurationError
