/// What the opcode alone says about an instruction.
public struct OpcodeEntry: Sendable {
  public var name: String
  public var unit: Unit
  public var latencyClass: LatencyClass
  /// Completes through a dependence counter.
  public var variable = false
  public var space: MemorySpace = .none
  public var action: MemoryAction = .none
  public var effect: ControlEffect = .none
  /// Predicate operands before the first other source are results (comparisons, votes, carries).
  public var predicateResults = false
  /// No operand is a result (stores, branches).
  public var noResult = false
  /// Needs hardware that the machine does not model yet.
  public var unsupported = false
}

/// The instruction set as data: one row per opcode, Maxwell to Blackwell.
///
/// Units follow NVIDIA's throughput tables (CUDA C++ Programming Guide, arithmetic instructions),
/// latency classes the NAK compiler's data; where the two public sources disagree, see Docs/sources.md.
public enum OpcodeTable {
  /// All entries; the position is `Instruction.opcode`.
  public static let entries: [OpcodeEntry] = rows.flatMap { $0 }

  private static let indices: [String: Int] = Dictionary(
    entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// Position of a base mnemonic (without modifiers), if it is known.
  public static func index(of mnemonic: String) -> Int? { indices[mnemonic] }

  public static func lookup(_ mnemonic: String) -> OpcodeEntry? {
    indices[mnemonic].map { entries[$0] }
  }

  /// What rows of mnemonics share, then the mnemonics.
  private static var rows: [[OpcodeEntry]] {
    [
      row(.fp32, .fma, "FADD FADD32I FFMA FFMA32I FMUL FMUL32I FSWZADD FADD2 FFMA2 FMUL2"),
      row(
        .imad, .fma, traits: .predicateResults, "IMAD IMUL IMUL32I IDP IDP4A IMAD32I XMAD IMADSP"),
      row(
        .integer, .alu,
        "BMSK IABS LOP LOP32I MOV MOV32I PRMT SEL SGXT SHF SHL SHR VABSDIFF VABSDIFF4"),
      row(.integer, .alu, "FMNMX FSEL FSET FMNMX3"),
      row(.integer, .alu, traits: .predicateResults, "FSETP"),
      row(
        .integer, .alu,
        "IMNMX BFE BFI ISCADD ISCADD32I ISET ICMP FCMP CSET VIMNMX VIMNMX3 VIADD VIADDMNMX VHMNMX"),
      row(.integer, .alu, "MOV64IUR UMOV2R SHFL3 VSET VSHL VSHR VMAD VMNMX"),
      row(.integer, .packedConversion, "I2FP F2FP F2IP I2IP"),
      row(
        .integer, .alu, traits: .predicateResults,
        "IADD IADD3 IADD32I LEA LOP3 ISETP LOPC ICMPX ISETPX"),
      row(.integer, .dispatch64, "CS2R LEPC"),
      row(.integer, .alu, "RPCMOV MOVS"),
      row(.half, .half, "HADD2 HADD2_32I"),
      row(.half, .fma, "HFMA2 HFMA2_32I HMUL2 HMUL2_32I HFMA2_MMA"),
      row(.half, .halfAlu, "HSET2 HMNMX2 HMNMX"),
      row(.half, .halfAlu, traits: .predicateResults, "HSETP2"),
      row(.predicate, .predicateWriter, traits: .predicateResults, "PLOP3 PSETP R2P CSETP PSET"),
      row(.predicate, .alu, "P2R"),
      row(.predicate, .predicateWriter, traits: .predicateResults, "VOTE VOTE_VTG"),
      row(
        .uniform, .uniform,
        "UBMSK UBREV UCLEA UFLO UIMAD ULEA ULOP ULOP32I UP2UR UPOPC UPRMT USEL USGXT USHF USHL USHR"
      ),
      row(
        .uniform, .uniform,
        "UFADD UFFMA UFMUL UI2F UI2FP UI2I UI2IP UF2FP UFRND UFSEL UF2I UF2F UF2IP UFMNMX UVIMNMX UVIMNMX3 UIABS UIMNMX UVIADD ULEPC CS2UR UR2UP"
      ),
      row(
        .uniform, .uniform, traits: .predicateResults,
        "UIADD3 UISETP UFSETP ULOP3 UPLOP3 UPSETP UFSET UIADD USETP"),
      row(.uniform, .uniformLoad, "ULDC"),
      row(.uniform, .uniformMove, "UMOV"),
      row(.uniform, .uniformVote, traits: .predicateResults, "VOTEU UVOTE"),
      row(.tensor, .mma2x, "HMMA IMMA BMMA QMMA OMMA"),
      row(.fp64, .dmma, traits: .variable, "DMMA"),
      row(.fp64, .fp64, traits: .variable, "DADD DFMA DMUL DMNMX DSET"),
      row(.fp64, .fp64, traits: [.variable, .predicateResults], "DSETP"),
      row(.sfu, .decoupled, traits: .variable, "MUFU RRO"),
      row(.sfu, .bitCount, traits: .variable, "POPC FLO BREV"),
      row(.sfu, .conversion, traits: .variable, "F2F F2I I2F I2I FRND"),
      row(.sfu, .decoupled, traits: [.variable, .predicateResults], "FCHK"),
      row(.integer, .toUniform, traits: .variable, "R2UR"),
      row(.sfu, .toUniform, traits: .variable, "REDUX"),
      row(.sfu, .address, traits: .variable, "MOVM"),
      row(
        .branch, .branch, effect: .branch, traits: .noResult,
        "BRA BRX BRXU JMP JMX JMXU RTT CALL RET BSSY BSYNC BREAK WARPSYNC YIELD BPT"),
      row(
        .branch, .branch, effect: .branch, traits: .noResult,
        "SSY SYNC PBK BRK PCNT CONT CAL PRET JCAL ELECT ENDCOLLECTIVE BCLEAR WARPSYNC_ALL"),
      row(.branch, .branch, "BMOV"),
      row(.branch, .branch, effect: .exit, traits: .noResult, "EXIT KILL"),
      row(
        .miscellaneous, .dispatch64, traits: .noResult,
        "NOP CSMTEST GETLMEMBASE SETLMEMBASE PMTRIG SETCTAID PREEXIT ACQBULK R2B LDTRAM LEPCX DEPBAR_NOP"
      ),
      row(.miscellaneous, .alu, "B2R"),
      row(.miscellaneous, .dispatch64, effect: .sleep, traits: .noResult, "NANOSLEEP"),
      row(.miscellaneous, .dispatch64, effect: .depbar, traits: .noResult, "DEPBAR"),
      row(.miscellaneous, .dispatch64, effect: .asyncGroup, traits: .noResult, "LDGDEPBAR ARRIVES"),
      row(.miscellaneousQueue, .toUniform, traits: .variable, "S2UR"),
      row(.miscellaneousQueue, .decoupled, traits: [.variable, .noResult], "ERRBAR CGAERRBAR"),
      row(.barrier, .decoupled, effect: .barrierSync, traits: .noResult, "BAR"),
      row(.miscellaneous, .decoupled, effect: .fence, traits: .noResult, "MEMBAR FENCE"),
      row(.memory, .address, memory: (.global, .load), traits: .variable, "LDG LDGMC"),
      row(.memory, .address, memory: (.generic, .load), traits: .variable, "LD"),
      row(.memory, .address, memory: (.local, .load), traits: .variable, "LDL"),
      row(.memory, .address, memory: (.shared, .load), traits: .variable, "LDS"),
      row(.memory, .address, memory: (.shared, .matrixLoad), traits: .variable, "LDSM"),
      row(.memory, .decoupled, memory: (.constant, .load), traits: .variable, "LDC"),
      row(.memory, .decoupled, memory: (.constant, .load), traits: .variable, "LDCU"),
      row(
        .memory, .address, memory: (.global, .copyAsync), traits: [.variable, .noResult], "LDGSTS"),
      row(.memory, .address, memory: (.global, .store), traits: [.variable, .noResult], "STG"),
      row(.memory, .address, memory: (.generic, .store), traits: [.variable, .noResult], "ST"),
      row(.memory, .address, memory: (.local, .store), traits: [.variable, .noResult], "STL"),
      row(
        .memory, .address, memory: (.shared, .store), traits: [.variable, .noResult], "STS STSM"),
      row(
        .memory, .address, memory: (.global, .atomic), traits: [.variable, .predicateResults],
        "ATOMG"),
      row(
        .memory, .address, memory: (.generic, .atomic), traits: [.variable, .predicateResults],
        "ATOM"),
      row(
        .memory, .address, memory: (.shared, .atomic), traits: [.variable, .predicateResults],
        "ATOMS"),
      row(
        .memory, .address, memory: (.global, .reduction), traits: [.variable, .noResult], "RED REDG"
      ),
      row(
        .memory, .decoupled, memory: (.none, .exchange), traits: [.variable, .predicateResults],
        "SHFL MATCH"),
      row(
        .memory, .decoupled, memory: (.none, .exchange), traits: .variable,
        "S2R QSPC PIXLD AL2P IPA ALD ISBERD"),
      row(
        .memory, .address, memory: (.none, .exchange), traits: [.variable, .noResult],
        "AST OUT ISBEWR"),
      row(
        .memory, .decoupled, memory: (.none, .cacheControl), traits: [.variable, .noResult],
        "CCTL CCTLL CCTLT"),
      row(
        .memory, .decoupled, memory: (.texture, .load), traits: .variable,
        "TEX TLD TLD4 TMML TXD TXQ TEXS TLDS TLD4S TXA"),
      row(.memory, .decoupled, memory: (.surface, .load), traits: .variable, "SULD SUQUERY SUATOM"),
      row(
        .memory, .decoupled, memory: (.surface, .store), traits: [.variable, .noResult],
        "SUST SURED"),
      row(
        .tensor, .mma2x, traits: [.variable, .unsupported],
        "HGMMA IGMMA QGMMA BGMMA UTCHMMA UTCIMMA UTCQMMA UTCOMMA"),
      row(
        .memory, .address, traits: [.variable, .unsupported, .noResult],
        "UTMALDG UTMASTG UTMAPF UTMAREDG UTMACCTL UTMACMDFLUSH UBLKCP UBLKPF UBLKRED"),
      row(
        .memory, .address, traits: [.variable, .unsupported],
        "SYNCS STAS REDAS LDTM STTM UTCBAR UTCCP UTCATOMSWS"),
      row(
        .miscellaneous, .decoupled, traits: [.unsupported, .noResult],
        "WARPGROUP WARPGROUPSET USETMAXREG UCGABAR_ARV UCGABAR_WAIT USETSHMSZ"),
    ]
  }

  private static func row(
    _ unit: Unit, _ latencyClass: LatencyClass, effect: ControlEffect = .none,
    memory: (space: MemorySpace, action: MemoryAction) = (.none, .none), traits: Traits = [],
    _ names: String
  ) -> [OpcodeEntry] {
    names.utf8.split(separator: UInt8(ascii: " ")).map { name in
      OpcodeEntry(
        name: String(Substring(name)), unit: unit, latencyClass: latencyClass,
        variable: traits.contains(.variable), space: memory.space, action: memory.action,
        effect: effect, predicateResults: traits.contains(.predicateResults),
        noResult: traits.contains(.noResult), unsupported: traits.contains(.unsupported))
    }
  }

  /// What an entry says by name.
  private struct Traits: OptionSet {
    let rawValue: Int
    static let variable = Traits(rawValue: 1)
    static let predicateResults = Traits(rawValue: 2)
    static let noResult = Traits(rawValue: 4)
    static let unsupported = Traits(rawValue: 8)
  }
}
