import Foundation
import Testing

@testable import Validation

/// Statistics against values computed by hand.
@Suite struct ErrorStatisticsTests {
  private func statistics(_ pairs: [(Double, Double)]) -> ErrorStatistics {
    ErrorStatistics(pairs.map { .init(measured: $0.0, simulated: $0.1) })
  }

  @Test func `errors are relative to what was measured`() throws {
    // Errors: +10, -20, 0, +30 %.
    let result = statistics([(100, 110), (50, 40), (7, 7), (10, 13)])
    #expect(result.count == 4)
    #expect(abs(try #require(result.mape) - 15) < 1e-9)
    #expect(abs(try #require(result.signedMean) - 5) < 1e-9)
    #expect(abs(try #require(result.median) - 15) < 1e-9)
    // Ranks 0 to 3; 90 % is rank 2.7: 20 + 0.7 * 10.
    #expect(abs(try #require(result.p90) - 27) < 1e-9)
    #expect(abs(try #require(result.worst) - 30) < 1e-9)
  }

  @Test func `a larger negative value is a negative error`() {
    let pair = ErrorStatistics.Pair(measured: -10, simulated: -11)
    #expect(abs((pair.errorPercent ?? 0) + 10) < 1e-9)
    #expect(ErrorStatistics.Pair(measured: 0, simulated: 1).errorPercent == nil)
  }

  @Test func `Pearson's correlation by hand`() throws {
    // Means 2 and 3; products 1 + 0 + 2 = 3; squares 2 and 1 + 1 + 4 = 6.
    let result = statistics([(1, 2), (2, 2), (3, 5)])
    #expect(abs(try #require(result.pearson) - 3 / (12.0).squareRoot()) < 1e-12)
    #expect(statistics([(1, 1), (2, 1)]).pearson == nil)
    #expect(statistics([(1, 1)]).pearson == nil)
  }

  @Test func `logarithms make a power law a line`() throws {
    let result = statistics([(1, 1), (10, 100), (100, 10_000)])
    #expect(abs(try #require(result.pearsonLog) - 1) < 1e-12)
    #expect(try #require(result.pearson) < 1)
    #expect(statistics([(-1, 1), (2, 2)]).pearsonLog == nil)
  }

  @Test func `Kendall's tau-b by hand`() throws {
    // Pairs: 5 agree, 1 does not: 4 of 6.
    #expect(
      abs(try #require(statistics([(1, 1), (2, 3), (3, 2), (4, 4)]).kendall) - 4.0 / 6) < 1e-12)
    // A tie among the measured: 2 agree of 2 and 3 pairs that are no ties.
    #expect(
      abs(try #require(statistics([(1, 1), (1, 2), (2, 3)]).kendall) - 2 / (6.0).squareRoot())
        < 1e-12)
    #expect(statistics([(1, 2), (2, 1)]).kendall == -1)
    #expect(statistics([(1, 1), (1, 2)]).kendall == nil)
  }

  @Test func `extreme values leave a statistic out`() {
    let extreme = statistics([(1e-300, 1e300), (1e300, 1e-300), (1, 1)])
    #expect(extreme.mape != nil && extreme.count == 3)
    #expect(statistics([(1e300, 1e300), (-1e300, 1)]).pearson == nil)
    #expect(
      ErrorStatistics.Pair(measured: .leastNonzeroMagnitude, simulated: 1).errorPercent == nil)
  }

  @Test func `no values have no statistics`() {
    let none = statistics([])
    #expect(none.count == 0)
    #expect(none.mape == nil && none.p90 == nil && none.kendall == nil)
  }
}
