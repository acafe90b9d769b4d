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
  public static let entries: [OpcodeEntry] = parse(rows)

  private static let indices: [String: Int] = Dictionary(
    entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// Position of a base mnemonic (without modifiers), if it is known.
  public static func index(of mnemonic: String) -> Int? { indices[mnemonic] }

  public static func lookup(_ mnemonic: String) -> OpcodeEntry? {
    indices[mnemonic].map { entries[$0] }
  }

  /// Unit, latency class, traits, then the mnemonics that share them.
  /// Traits: `variable`; `results` (leading predicates are results); `none` (no result);
  /// `unsupported`; a space and an action (`global load`); an effect (`branch`, `exit`, …).
  private static let rows = """
    fp32 fma - : FADD FADD32I FFMA FFMA32I FMUL FMUL32I FSWZADD FADD2 FFMA2 FMUL2
    imad fma results : IMAD IMUL IMUL32I IDP IDP4A IMAD32I XMAD IMADSP
    integer alu - : BMSK IABS LOP LOP32I MOV MOV32I PRMT SEL SGXT SHF SHL SHR VABSDIFF VABSDIFF4
    integer alu - : FMNMX FSEL FSET FMNMX3
    integer alu results : FSETP
    integer alu - : IMNMX BFE BFI ISCADD ISCADD32I ISET ICMP FCMP CSET VIMNMX VIMNMX3 VIADD VIADDMNMX VHMNMX
    integer alu - : MOV64IUR UMOV2R SHFL3 VSET VSHL VSHR VMAD VMNMX
    integer packedConversion - : I2FP F2FP F2IP I2IP
    integer alu results : IADD IADD3 IADD32I LEA LOP3 ISETP LOPC ICMPX ISETPX
    integer dispatch64 - : CS2R LEPC
    integer alu - : RPCMOV MOVS
    half half - : HADD2 HADD2_32I
    half fma - : HFMA2 HFMA2_32I HMUL2 HMUL2_32I HFMA2_MMA
    half halfAlu - : HSET2 HMNMX2 HMNMX
    half halfAlu results : HSETP2
    predicate predicateWriter results : PLOP3 PSETP R2P CSETP PSET
    predicate alu - : P2R
    predicate predicateWriter results : VOTE VOTE_VTG
    uniform uniform - : UBMSK UBREV UCLEA UFLO UIMAD ULEA ULOP ULOP32I UP2UR UPOPC UPRMT USEL USGXT USHF USHL USHR
    uniform uniform - : UFADD UFFMA UFMUL UI2F UI2FP UI2I UI2IP UF2FP UFRND UFSEL UF2I UF2F UF2IP UFMNMX UVIMNMX UVIMNMX3 UIABS UIMNMX UVIADD ULEPC CS2UR UR2UP
    uniform uniform results : UIADD3 UISETP UFSETP ULOP3 UPLOP3 UPSETP UFSET UIADD USETP
    uniform uniformLoad - : ULDC
    uniform uniformMove - : UMOV
    uniform uniformVote results : VOTEU UVOTE
    tensor mma2x - : HMMA IMMA BMMA QMMA OMMA
    fp64 dmma variable : DMMA
    fp64 fp64 variable : DADD DFMA DMUL DMNMX DSET
    fp64 fp64 variable results : DSETP
    sfu decoupled variable : MUFU RRO
    sfu bitCount variable : POPC FLO BREV
    sfu conversion variable : F2F F2I I2F I2I FRND
    sfu decoupled variable results : FCHK
    integer toUniform variable : R2UR
    sfu toUniform variable : REDUX
    sfu address variable : MOVM
    branch branch none branch : BRA BRX BRXU JMP JMX JMXU RTT CALL RET BSSY BSYNC BREAK WARPSYNC YIELD BPT
    branch branch none branch : SSY SYNC PBK BRK PCNT CONT CAL PRET JCAL ELECT ENDCOLLECTIVE BCLEAR WARPSYNC_ALL
    branch branch - : BMOV
    branch branch none exit : EXIT KILL
    miscellaneous dispatch64 none : NOP CSMTEST GETLMEMBASE SETLMEMBASE PMTRIG SETCTAID PREEXIT ACQBULK R2B LDTRAM LEPCX DEPBAR_NOP
    miscellaneous alu - : B2R
    miscellaneous dispatch64 none sleep : NANOSLEEP
    miscellaneous dispatch64 none depbar : DEPBAR
    miscellaneous dispatch64 none group : LDGDEPBAR ARRIVES
    miscellaneousQueue toUniform variable : S2UR
    miscellaneousQueue decoupled variable none : ERRBAR CGAERRBAR
    barrier decoupled none barrier : BAR
    miscellaneous decoupled none fence : MEMBAR FENCE
    memory address variable global load : LDG LDGMC
    memory address variable generic load : LD
    memory address variable local load : LDL
    memory address variable shared load : LDS
    memory address variable shared matrix : LDSM
    memory decoupled variable constant load : LDC
    memory decoupled variable constant load : LDCU
    memory address variable copy none : LDGSTS
    memory address variable global store none : STG
    memory address variable generic store none : ST
    memory address variable local store none : STL
    memory address variable shared store none : STS STSM
    memory address variable global atomic results : ATOMG
    memory address variable generic atomic results : ATOM
    memory address variable shared atomic results : ATOMS
    memory address variable global reduction none : RED REDG
    memory decoupled variable exchange results : SHFL MATCH
    memory decoupled variable exchange : S2R QSPC PIXLD AL2P IPA ALD ISBERD
    memory address variable exchange none : AST OUT ISBEWR
    memory decoupled variable cache none : CCTL CCTLL CCTLT
    memory decoupled variable texture load : TEX TLD TLD4 TMML TXD TXQ TEXS TLDS TLD4S TXA
    memory decoupled variable surface load : SULD SUQUERY SUATOM
    memory decoupled variable surface store none : SUST SURED
    tensor mma2x variable unsupported : HGMMA IGMMA QGMMA BGMMA UTCHMMA UTCIMMA UTCQMMA UTCOMMA
    memory address variable unsupported none : UTMALDG UTMASTG UTMAPF UTMAREDG UTMACCTL UTMACMDFLUSH UBLKCP UBLKPF UBLKRED
    memory address variable unsupported : SYNCS STAS REDAS LDTM STTM UTCBAR UTCCP UTCATOMSWS
    miscellaneous decoupled unsupported none : WARPGROUP WARPGROUPSET USETMAXREG UCGABAR_ARV UCGABAR_WAIT USETSHMSZ
    """

  private static func parse(_ text: String) -> [OpcodeEntry] {
    var entries: [OpcodeEntry] = []
    for line in text.split(separator: "\n") {
      let halves = line.split(separator: ":")
      guard halves.count == 2 else { continue }
      let words = halves[0].split(separator: " ").map(String.init)
      guard words.count >= 3, let unit = units[words[0]], let latency = latencies[words[1]] else {
        preconditionFailure("the opcode table has a bad row: \(line)")
      }
      var template = OpcodeEntry(name: "", unit: unit, latencyClass: latency)
      for trait in words.dropFirst(2) { template.apply(trait) }
      for name in halves[1].split(separator: " ") {
        template.name = String(name)
        entries.append(template)
      }
    }
    return entries
  }

  private static let units = Dictionary(uniqueKeysWithValues: Unit.allCases.map { ("\($0)", $0) })
  private static let latencies = Dictionary(
    uniqueKeysWithValues: LatencyClass.allCases.map { ("\($0)", $0) })
}

extension OpcodeEntry {
  fileprivate mutating func apply(_ trait: String) {
    switch trait {
    case "variable": variable = true
    case "results": predicateResults = true
    case "none": noResult = true
    case "unsupported": unsupported = true
    case "global": space = .global
    case "shared": space = .shared
    case "local": space = .local
    case "generic": space = .generic
    case "constant": space = .constant
    case "texture": space = .texture
    case "surface": space = .surface
    case "load": action = .load
    case "store": action = .store
    case "atomic": action = .atomic
    case "reduction": action = .reduction
    case "matrix": action = .matrixLoad
    case "copy":
      action = .copyAsync
      space = .global
    case "exchange": action = .exchange
    case "cache": action = .cacheControl
    case "branch": effect = .branch
    case "exit": effect = .exit
    case "barrier": effect = .barrierSync
    case "fence": effect = .fence
    case "depbar": effect = .depbar
    case "group": effect = .asyncGroup
    case "sleep": effect = .sleep
    default: break
    }
  }
}
