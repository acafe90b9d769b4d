@testable import Emulator

/// Predicates, moves and exchanges among the lanes that execute.
enum WarpForms {
  static let all: [Form] = predicates + moves + specials + exchanges + votes

  private static func runs(_ t: Trial, _ lane: Int) -> Bool { t.executing >> UInt32(lane) & 1 == 1 }

  private static func executing(_ t: Trial) -> [Int] { (0..<32).filter { runs(t, $0) } }

  private static let predicates: [Form] = {
    let table = Form("PLOP3.LUT", trials: 16) { t in
      let (p, q) = (t.predicateResult(), t.predicateResult())
      let (a, b, c) = (t.predicate(), t.predicate(), t.predicate())
      let tables = (t.samples.next() & 0xff, t.samples.next() & 0xff)
      t.add(text: "0x" + String(tables.0, radix: 16))
      t.add(text: "0x" + String(tables.1, radix: 16))
      return { lane in
        let row = (a[lane] ? 4 : 0) + (b[lane] ? 2 : 0) + (c[lane] ? 1 : 0)
        p.set(tables.0 >> UInt64(row) & 1 == 1)
        q.set(tables.1 >> UInt64(row) & 1 == 1)
      }
    }
    var forms = [table, table.uniform]
    for (index, suffix) in ["", ".B1", ".B2", ".B3"].enumerated() {
      let shift = UInt64(8 * index)
      forms.append(
        Form("P2R" + suffix, trials: 4) { t in
          let d = t.destination()
          t.add(text: "PR")
          let a = t.word()
          let mask = t.samples.next() & 0x7f
          t.add(text: "0x" + String(mask, radix: 16))
          return { lane in
            let bits = UInt64(t.allPredicates(lane)) & mask
            d.set(a[lane] & ~(mask << shift) | bits << shift)
          }
        })
      forms.append(
        Form("R2P", trials: 4) { t in
          t.add(text: "PR")
          let a = t.source(registersOnly: true, suffix: suffix) { UInt64($0.word()) }
          let mask = t.samples.next() & 0x7f
          t.add(text: "0x" + String(mask, radix: 16))
          let all = t.predicateFile()
          return { lane in
            all.set(UInt64(t.allPredicates(lane)) & ~mask | a[lane] >> shift & mask)
          }
        })
    }
    return forms
  }()

  private static let moves: [Form] = {
    let move = Form("MOV", trials: 8) { t in
      let d = t.destination()
      let a = t.word()
      return { d.set(a[$0]) }
    }
    let wide = Form("MOV.64", architecture: 120, trials: 8) { t in
      let d = t.destination(words: 2)
      let a = t.pair()
      return { d.set(a[$0]) }
    }
    let first = Form("R2UR", trials: 8) { t in
      let d = t.uniformDestination()
      let a = t.word(registersOnly: true)
      return { _ in d.set(a[executing(t)[0]]) }
    }
    let address = Form("LEPC", trials: 2) { t in
      let d = t.destination(words: 2)
      t.add(text: "0x40")
      return { _ in d.set(LaunchContext.codeBase + 0x40) }
    }
    return [move, move.uniform, wide, first, address]
  }()

  /// CTA 17 of a grid of (5,3,2), 32 threads, one warp.
  private static let specials: [Form] = {
    let values: [(String, @Sendable (Int) -> UInt64)] = [
      ("SR_LANEID", { UInt64($0) }), ("SR_TID.X", { UInt64($0) }), ("SR_TID.Y", { _ in 0 }),
      ("SR_TID.Z", { _ in 0 }), ("SR_CTAID.X", { _ in 2 }), ("SR_CTAID.Y", { _ in 0 }),
      ("SR_CTAID.Z", { _ in 1 }), ("SR_NTID.X", { _ in 32 }), ("SR_NCTAID.Y", { _ in 3 }),
      ("SR_EQMASK", { 1 << UInt64($0) }), ("SR_LTMASK", { 1 << UInt64($0) - 1 }),
      ("SR_LEMASK", { 2 << UInt64($0) - 1 }),
      ("SR_GTMASK", { 0xffff_ffff & ~(2 << UInt64($0) - 1) }),
      ("SR_GEMASK", { 0xffff_ffff & ~(1 << UInt64($0) - 1) }), ("SRZ", { _ in 0 }),
      ("SR_DYN_SMEM_SIZE", { _ in 48 }), ("SR_WARPID", { _ in 0 }),
    ]
    var forms = values.flatMap { name, value in
      [
        Form("S2R", trials: 1) { t in
          let d = t.destination()
          t.add(text: name)
          return { d.set(value($0)) }
        },
        Form("CS2R", trials: 1) { t in
          let d = t.destination(words: 2)
          t.add(text: name)
          return { d.set(value($0)) }
        },
      ]
    }
    for (mnemonic, words) in [("S2UR", 1), ("CS2UR", 2), ("CS2UR.32", 1)] {
      forms.append(
        Form(mnemonic, trials: 2) { t in
          let d = t.uniformDestination(words: words)
          t.add(text: "SR_CTAID.X")
          return { _ in d.set(UInt64(2)) }
        })
    }
    forms.append(
      Form("CS2R.32", trials: 2) { t in
        let d = t.destination()
        t.add(text: "SR_CLOCKLO")
        return { _ in d.set(acceptable: { $0 > 0 && $0 < 1000 }) }
      })
    return forms
  }()

  private static let exchanges: [Form] = {
    // PTX ISA, shfl.sync: the pseudocode.
    var forms: [Form] = ["UP", "DOWN", "BFLY", "IDX"].map { mode in
      Form("SHFL." + mode, trials: 12) { t in
        let (p, d) = (t.predicateResult(), t.destination())
        let a = t.word(registersOnly: true)
        let b = t.small(40)
        let c = t.small(0x2000)
        return { lane in
          let (bval, cval) = (Int(b[lane] & 31), Int(c[lane] & 31))
          let mask = Int(c[lane] >> 8 & 31)
          let maxLane = lane & mask | cval & ~mask
          let minLane = lane & mask
          var (source, holds) = (0, false)
          switch mode {
          case "UP": (source, holds) = (lane - bval, lane - bval >= maxLane)
          case "DOWN": (source, holds) = (lane + bval, lane + bval <= maxLane)
          case "BFLY": (source, holds) = (lane ^ bval, lane ^ bval <= maxLane)
          default:
            source = minLane | bval & ~mask
            holds = source <= maxLane
          }
          if !holds { source = lane }
          p.set(holds)
          // Lanes that do not take part have no defined value.
          if runs(t, source & 31) {
            d.set(a[source & 31])
          } else {
            d.set(acceptable: { _ in true })
          }
        }
      }
    }
    for (suffix, words) in [("", 1), (".U64", 2)] {
      @Sendable func source(_ t: Trial) -> Value {
        // Few different values, so that lanes do match.
        t.source(words: words, registersOnly: true) { $0.next() % 3 << UInt64(32 * (words - 1)) }
      }
      forms.append(
        Form("MATCH.ANY" + suffix, trials: 6) { t in
          let d = t.destination()
          let a = source(t)
          return { lane in
            let equal = executing(t).filter { a[$0] == a[lane] }
            d.set(equal.reduce(UInt64(0)) { $0 | 1 << UInt64($1) })
          }
        })
      forms.append(
        Form("MATCH.ALL" + suffix, trials: 6) { t in
          let (p, d) = (t.predicateResult(), t.destination())
          let same = t.chance(1, in: 2)
          let a = same ? t.source(words: words, registersOnly: true) { _ in 7 } : source(t)
          return { lane in
            let all = executing(t).allSatisfy { a[$0] == a[lane] }
            d.set(all ? t.executing : 0)
            p.set(all)
          }
        })
    }
    let reductions: [(String, @Sendable ([Int64]) -> Int64)] = [
      ("SUM", { $0.reduce(0, +) }), ("SUM.S32", { $0.reduce(0, +) }),
      ("MIN", { $0.min()! }), ("MAX", { $0.max()! }), ("MIN.S32", { $0.min()! }),
      ("MAX.S32", { $0.max()! }), ("OR", { $0.reduce(0, |) }), ("XOR", { $0.reduce(0, ^) }),
      ("", { $0.reduce(-1, &) }),
    ]
    for (name, reduce) in reductions {
      forms.append(
        Form("REDUX" + (name.isEmpty ? "" : "." + name), trials: 6) { t in
          let d = t.uniformDestination()
          let a = t.word(registersOnly: true)
          return { _ in
            let values = executing(t).map { name.hasSuffix("S32") ? a.signed($0) : Int64(a[$0]) }
            d.set(UInt32(truncatingIfNeeded: reduce(values)))
          }
        })
    }
    return forms
  }()

  private static let votes: [Form] = {
    let modes: [(String, @Sendable (Int, Int) -> Bool)] = [
      ("ANY", { yes, _ in yes > 0 }), ("ALL", { $0 == $1 }), ("EQ", { $0 == 0 || $0 == $1 }),
    ]
    var forms: [Form] = []
    for (name, holds) in modes {
      @Sendable func ballot(_ t: Trial, _ p: Lanes) -> (UInt32, Bool) {
        let yes = t.executing & p.bits
        return (yes, holds(yes.nonzeroBitCount, t.executing.nonzeroBitCount))
      }
      forms.append(
        Form("VOTE." + name, trials: 8) { t in
          let (d, q) = (t.destination(), t.predicateResult())
          let p = t.predicate()
          return { _ in
            d.set(ballot(t, p).0)
            q.set(ballot(t, p).1)
          }
        })
      forms.append(
        Form("VOTEU." + name, trials: 8) { t in
          let (d, q) = (t.uniformDestination(), t.predicateResult(uniform: true))
          let p = t.predicate()
          return { _ in
            d.set(ballot(t, p).0)
            q.set(ballot(t, p).1)
          }
        })
    }
    forms.append(
      Form("ELECT", architecture: 90, trials: 8) { t in
        let (p, d) = (t.predicateResult(), t.uniformDestination())
        t.add(text: "PT")
        return { lane in
          d.set(UInt64(executing(t)[0]))
          p.set(lane == executing(t)[0])
        }
      })
    return forms
  }()
}
