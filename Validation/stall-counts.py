#!/usr/bin/env python3
"""The issue distances that the compiler leaves between results and their uses.

Usage: Validation/stall-counts.py [PATH/TO/needletail] [--details] [FILE.sass...]

Reads disassembly with encodings (cuobjdump -sass, named NAME.sm_NN.sass; default: all of
Traces/workloads for sm_86),
follows every result of fixed latency to its uses in the same straight run of code, and prints the
smallest distance for each pair of classes, with the model's latency beside it when the program is
given. A distance is the sum of the stall counts between the two issues.
"""
import collections, glob, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Opcodes by pipe, as in OpcodeTable; what is not here has a variable latency.
FMA = set("FADD FFMA FMUL FSWZADD IMAD IMUL IDP FADD2 FFMA2 FMUL2".split())
ALU = set("""FMNMX FSEL FSET FSETP BMSK IABS LOP LOP3 MOV PRMT SEL SGXT SHF SHL SHR VABSDIFF VABSDIFF4 IMNMX LEA IADD3
 ISETP IADD I2FP F2FP I2IP F2IP CS2R LEPC P2R R2P PLOP3 PSETP VOTE VIMNMX RPCMOV""".split())
HALF = set("HADD2 HFMA2 HMUL2 HSET2 HSETP2 HMNMX2".split())
TENSOR = set("HMMA IMMA BMMA QMMA".split())
UNIFORM_MOVES = set("ULDC UMOV VOTEU".split())
MEMORY = set("""LDG LD LDL LDS LDSM LDC LDGSTS STG ST STL STS ATOMG ATOM ATOMS RED SHFL MATCH S2R TEX TLD TLD4 TXD TXQ
 SULD SUST SUATOM SURED CCTL SUQUERY TMML QSPC""".split())
# Of these, the ones that read like a unit of variable latency (NAK: decoupled).
DECOUPLED = set("MATCH S2R LDC TEX TLD TLD4 TXD TXQ TMML SULD SUST SUATOM SURED SUQUERY CCTL QSPC".split())
STORES = set("STG ST STL STS ATOMG ATOM ATOMS RED SUST SUATOM SURED LDGSTS".split())
BRANCH = set("BRA BRX EXIT CALL RET BSSY BSYNC BREAK WARPSYNC JMP YIELD BMOV KILL BRXU JMX".split())
DOUBLE = set("DADD DFMA DMUL DSETP DMNMX DMMA".split())
NO_RESULT = STORES - {"ATOMG", "ATOM", "ATOMS", "SUATOM"} | BRANCH | {"NOP", "DEPBAR", "BAR", "MEMBAR", "LDGDEPBAR",
            "ERRBAR", "CCTL", "NANOSLEEP", "WARPSYNC", "BPT"}
LEADING_PREDICATES = set("""FSETP ISETP PLOP3 PSETP HSETP2 UISETP UPLOP3 VOTE VOTEU LEA IADD3 LOP3 SHFL MATCH ATOMG ATOM ATOMS
 IADD DSETP FCHK IMAD ULOP3 UIADD3""".split())


def pipe(opcode, modifiers):
    """Which column or row of the table an instruction belongs to."""
    if opcode == "HFMA2" and "MMA" in modifiers:
        return "half FMA on the tensor pipe"
    if opcode == "HADD2" and "F32" in modifiers:
        return "half to F32"
    if opcode == "CS2R" and "32" not in modifiers:
        return "64-bit move"
    if opcode == "IMAD" and ("WIDE" in modifiers or "HI" in modifiers):
        return "wide multiply"
    for name, members in (("FMA", FMA), ("ALU", ALU), ("half", HALF), ("tensor", TENSOR), ("memory", MEMORY),
                          ("branch", BRANCH), ("FP64", DOUBLE), ("uniform move", UNIFORM_MOVES)):
        if opcode in members:
            if name == "half":
                return {"HADD2": "half add", "HFMA2": "half multiply", "HMUL2": "half multiply"}.get(opcode, "half compare")
            return name
    return "uniform" if opcode.startswith("U") and opcode not in ("UNDEF",) else "variable"


def fragments(opcode, modifiers):
    """Registers of A, B, C and D of a matrix product."""
    for word in modifiers:
        match = re.fullmatch(r"(16|8)8(\d+)", word)
        if match:
            m, k = int(match[1]), int(match[2])
            break
    else:
        return 4, 2, 4, 4
    bits = (4 if {"S4", "U4"} & set(modifiers) else 8) if opcode == "IMMA" else 1 if opcode == "BMMA" else \
        32 if "TF32" in modifiers else 16
    deep = k // 2 if "SP" in modifiers else k
    total = 16 if opcode == "HMMA" and "F32" not in modifiers else 32
    c = max(1, m * 8 * total // 1024)
    return max(1, m * deep * bits // 1024), max(1, k * 8 * bits // 1024), c, c


def words(modifiers):
    return 4 if "128" in modifiers else 2 if "64" in modifiers else 1


class Instruction:
    def __init__(self, pc, text, high):
        self.pc, self.text = pc, text
        control = high >> 41
        self.stall, self.yields = control & 15, not control >> 4 & 1
        self.write, self.read = control >> 5 & 7, control >> 8 & 7
        match = re.match(r"(?:@(!?)(\w+)\s+)?(\S+)\s*(.*?)\s*;?$", text)
        self.guard = match[2]
        self.opcode, *self.modifiers = match[3].split(".")
        self.pipe = pipe(self.opcode, self.modifiers)
        self.results, self.uses = [], []   # registers; (register, kind of use)
        if self.guard and self.guard not in ("PT", "UPT"):
            self.uses.append((self.guard, "guard"))
        self.operands([piece.strip() for piece in re.split(r",(?![^\[]*\])", match[4]) if piece.strip()])

    def wait(self):
        if self.stall == 0:
            return 1
        return self.stall if self.yields or self.stall <= 11 else 2 if self.stall >= 14 else 1

    def registers(self, text, count):
        name = re.match(r"[-~!|]*(UP|UR|R|P)(\d+)", text)
        return [f"{name[1]}{int(name[2]) + offset}" for offset in range(count)] if name else []

    def operands(self, pieces):
        wanted = 0 if self.opcode in NO_RESULT else 1
        leading, slot = wanted > 0, 0
        only_predicates = self.opcode in ("FSETP", "ISETP", "PLOP3", "PSETP", "HSETP2", "UISETP", "UPLOP3", "R2P", "DSETP", "FCHK")
        for position, piece in enumerate(pieces):
            kind = re.match(r"[-~!|]*(UPT|UPR|UP|URZ|UR|PT|PR|P|RZ|R)\d*", piece)
            file = kind[1] if kind else ""
            predicate = file in ("P", "PT", "UP", "UPT", "PR")
            if leading and kind:
                if predicate and (self.opcode in LEADING_PREDICATES or position == 0) and (not only_predicates or position < 2):
                    self.results += self.registers(piece, 1) if file in ("P", "UP") else [f"P{i}" for i in range(7)] if file == "PR" else []
                    continue
                if not predicate and wanted and not only_predicates:
                    wanted = 0
                    self.results += self.registers(piece, self.width())
                    continue
            leading = False
            if "[" in piece and not piece.startswith("c["):
                for register, wide in re.findall(r"\b(U?R\d+)(\.64|\.X\d+|\.U32)?", piece):
                    count = 2 if wide == ".64" or register[0] == "R" and "E" in self.modifiers and self.opcode not in ("LDGSTS",) and "UR" not in piece else 1
                    self.uses += [(r, "address") for r in self.registers(register, count)]
                continue
            if piece.startswith("c["):
                self.uses += [(r, "constant address") for r in re.findall(r"\bU?R\d+", piece)]
                slot += 1
                continue
            if file in ("P", "UP"):
                self.uses += [(r, "predicate") for r in self.registers(piece, 1)]
            elif file in ("R", "UR"):
                use = "data" if self.opcode in STORES and slot >= 0 and self.opcode != "LDGSTS" else "value"
                self.uses += [(r, use) for r in self.registers(piece, self.source_width(slot))]
                slot += 1
            elif file in ("RZ", "URZ") or not kind:
                slot += 1

    def width(self):
        if self.opcode in TENSOR:
            return fragments(self.opcode, self.modifiers)[3]
        if self.opcode in DOUBLE or self.opcode == "CS2R" and "32" not in self.modifiers:
            return 2
        if self.opcode in ("IMAD", "UIMAD"):
            return 2 if "WIDE" in self.modifiers else 1
        return words(self.modifiers) if self.opcode in MEMORY or self.opcode in ("ULDC", "UMOV", "MOV") else 1

    def source_width(self, slot):
        if self.opcode in TENSOR:
            return (fragments(self.opcode, self.modifiers) + (1,))[slot] if slot < 3 else 1
        if self.opcode in DOUBLE:
            return 2
        if self.opcode in ("IMAD", "UIMAD"):
            return 2 if slot == 2 and ("WIDE" in self.modifiers) else 1
        return words(self.modifiers) if self.opcode in STORES else 1


def functions(path):
    code, pending = [], None
    for line in open(path, errors="replace"):
        if "Function :" in line:
            if code:
                yield code
            code = []
        match = re.match(r"\s+/\*([0-9a-f]{4,})\*/\s+(.*?;)\s+/\* 0x[0-9a-f]+ \*/", line)
        if match:
            pending = (int(match[1], 16), match[2])
            continue
        match = re.match(r"\s+/\* 0x([0-9a-f]{16}) \*/", line)
        if match and pending:
            code.append(Instruction(*pending, int(match[1], 16)))
            pending = None
    if code:
        yield code


def targets(code):
    found = set()
    for instruction in code:
        if instruction.pipe == "branch" or instruction.opcode in ("BSSY", "CALL"):
            found |= {int(number, 16) for number in re.findall(r"0x([0-9a-f]+)", instruction.text)}
    return found


def use_class(consumer, kind, register):
    if kind == "guard":
        return "guard"
    if kind == "predicate":
        return "branch predicate" if consumer.pipe == "branch" else "predicate operand"
    if kind == "constant address":
        return "constant address"
    slow = consumer.opcode in DECOUPLED
    if kind == "data":
        return "surface data" if slow else "swap operand" if "CAS" in consumer.modifiers else "store data"
    if consumer.pipe == "memory":
        return "variable" if slow else "memory address"
    return consumer.pipe


def follow(code, found, seen):
    labels = targets(code)
    writers, clock = {}, 0
    for instruction in code:
        if instruction.pc in labels:
            writers = {}
        for register, kind in instruction.uses:
            if register not in writers:
                continue
            producer, cycle = writers[register]
            key = (row(producer, register), use_class(instruction, kind, register))
            seen[key] += 1
            if key not in found or clock - cycle < found[key][0]:
                found[key] = (clock - cycle, f"{producer.text} -> {instruction.text}")
        for register in instruction.results:
            writers.pop(register, None)
            fixed = instruction.write == 7 and instruction.pipe not in ("memory", "variable", "FP64", "branch")
            if fixed:
                writers[register] = (instruction, clock)
        clock += instruction.wait()
        if instruction.opcode in ("BRA", "EXIT", "RET", "CALL", "BRX", "BSYNC", "WARPSYNC", "DEPBAR", "BAR") and not instruction.guard:
            writers = {}


def row(producer, register):
    """A predicate has latencies of its own; tensor products differ by shape."""
    if register.startswith("P"):
        return "predicate of " + ("half" if producer.pipe.startswith("half") else "VOTE" if producer.opcode == "VOTE" else producer.pipe)
    if register.startswith("UP"):
        return "uniform predicate" + (" of a move" if producer.pipe == "uniform move" else "")
    if producer.pipe == "tensor":
        kind = ".".join([producer.opcode] + [word for word in producer.modifiers if word not in ("SAT", "ROW", "COL")])
        return kind
    return producer.pipe


def collect(files):
    found, seen, kernels = {}, collections.Counter(), 0
    for path in files:
        for code in functions(path):
            kernels += 1
            follow(code, found, seen)
    return found, seen, kernels


# A GPU of each architecture.
GPUS = {"75": "rtx-2080-ti", "80": "a100", "86": "rtx-a6000", "89": "rtx-4090"}


def model(needletail, found, architecture):
    """What the machine needs for the pair in each example: its hazard checker is asked, with the two
    instructions one cycle apart."""
    keys, listing = sorted(found), ""
    for index, key in enumerate(keys):
        producer, consumer = found[key][1].split(" -> ")
        listing += f".kernel pair{index}\n.arch sm_{architecture}\n.block 32\n"
        for text in (producer, consumer):
            listing += f"[B------:R-:W-:-:S01] {text}\n"
        listing += "[B------:R-:W-:-:S05] EXIT ;\n"
    with tempfile.NamedTemporaryFile("w", suffix=".sass") as file:
        file.write(listing)
        file.flush()
        output = subprocess.run([needletail, "run", file.name, "--gpu", GPUS[architecture], "--quiet", "--check-hazards", "--set", "sm.constantCache.perfect=true",
                                 "--csv", os.devnull], capture_output=True, text=True)
    if "kernel" not in output.stdout:
        sys.exit(output.stderr)
    needed = dict.fromkeys(keys, 1)
    for number, cycles in re.findall(r"kernel (\d+), .*? issues \d+ cycles after, needs (\d+):", output.stdout):
        key = keys[int(number) - 1]
        needed[key] = max(needed[key], int(cycles))
    return needed


def comparison(needletail=None, files=None, details=False):
    """Lines of the table."""
    files = files or sorted(glob.glob(f"{ROOT}/Traces/*/*/*.sm_86.sass"))
    found, seen, kernels = collect(files)
    architecture = re.search(r"\.sm_(\d+)", files[0])[1] if ".sm_" in files[0] else "86"
    needed = model(needletail, found, architecture) if needletail else {}
    short = [key for key in needed if found[key][0] < needed[key]]
    yield f"{kernels} kernels of {len(files)} programs, sm_{architecture}; {sum(seen.values())} uses."
    if needletail:
        equal = sum(found[key][0] == needed[key] for key in needed)
        yield (f"Of {len(needed)} pairs the model needs as much as the smallest distance in {equal}, less in "
               f"{len(needed) - equal - len(short)} and more in {len(short)}.")
    yield ""
    yield "| result of | used by | smallest distance | model | uses |" + (" example |" if details else "")
    yield "|---|---|---:|---:|---:|" + ("---|" if details else "")
    for key in sorted(found):
        distance, example = found[key]
        yield (f"| {key[0]} | {key[1]} | {distance} | {needed.get(key, '')} | {seen[key]} |"
               + (f" `{example}` |" if details else ""))


def main():
    arguments = [text for text in sys.argv[1:] if not text.startswith("--")]
    files = [text for text in arguments if text.endswith(".sass")]
    programs = [text for text in arguments if not text.endswith(".sass")]
    print("\n".join(comparison(programs[0] if programs else None, files, "--details" in sys.argv)))


if __name__ == "__main__":
    main()
