#!/usr/bin/env python3
"""Measures latencies and rates of every class of instruction, and writes Docs/unit-rows.md.

Usage: Validation/unit-classes.py PATH/TO/needletail [--print] [--listings FOLDER]   (some minutes)

The tables of each architecture run listings that this program writes: chains of one instruction, and
streams of it of sixteen warps. Nothing is read from a configuration. What was measured on hardware is
held against the model by needletail validate. --listings keeps the listings, --print leaves the page
alone.
"""
import importlib, json, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/Validation")
stall_counts = importlib.import_module("stall-counts")

CORE = ["smCount=1", "sm.frontEnd.perfectInstructionCache=true", "sm.constantCache.perfect=true"]

# A GPU that stands for each architecture in the class tables.
ARCHITECTURES = [("Turing", "rtx-2080-ti", 75), ("GA100", "a100", 80), ("GA10x", "rtx-a6000", 86), ("Ada", "rtx-4090", 89)]

# Operands of each form: result, and sources that are no result of the program.
FORMS = {
    "FFMA": "{d}, {a}, R3, {c}", "FADD": "{d}, {a}, R3", "FMUL": "{d}, {a}, R3", "IADD3": "{d}, {a}, R3, RZ",
    "MOV": "{d}, {a}", "LOP3.LUT": "{d}, {a}, R3, RZ, 0x96, !PT", "SHF.L.U32": "{d}, {a}, 0x3, RZ",
    "FMNMX": "{d}, {a}, R3, !PT", "IMNMX": "{d}, {a}, R3, !PT", "SEL": "{d}, {a}, R3, P0", "PRMT": "{d}, {a}, 0x5410, R3",
    "IMAD": "{d}, {a}, R3, {c}", "IMAD.WIDE": "{d}, {a}, R3, {c}", "HADD2": "{d}, {a}, R3", "HMUL2": "{d}, {a}, R3",
    "HFMA2": "{d}, {a}, R3, {c}", "HMNMX2": "{d}, {a}, R3, !PT", "HADD2.F32": "{d}, -RZ, {a}.H0_H0",
    "F2FP.PACK_AB": "{d}, {a}, R3", "I2FP.F32.S32": "{d}, {a}", "CS2R": "{d}, SR_CLOCKLO", "IDP.4A.S8.S8": "{d}, {a}, R3, {c}",
    "MUFU.SQRT": "{d}, {a}", "MUFU.RCP": "{d}, {a}", "POPC": "{d}, {a}", "FLO.U32": "{d}, {a}", "BREV": "{d}, {a}",
    "F2I.NTZ": "{d}, {a}", "I2F": "{d}, {a}", "FRND": "{d}, {a}", "DADD": "{d}, {a}, R3", "DMUL": "{d}, {a}, R3",
    "DFMA": "{d}, {a}, R3, {c}", "SHFL.BFLY": "PT, {d}, {a}, 0x1, 0x1f", "MOVM.16.MT88": "{d}, {a}",
    "LDSM.16.M88": "{d}, [{a}]", "LDSM.16.M88.2": "{d}, [{a}]", "LDSM.16.M88.4": "{d}, [{a}]",
    "UIADD3": "U{d}, U{a}, UR2, UR3", "UMOV": "U{d}, U{a}", "VOTE.ANY": "{d}, PT, P0", "REDUX.SUM": "U{d}, {a}",
}
VARIABLE = ("MUFU", "POPC", "FLO", "BREV", "F2I", "I2F", "FRND", "DADD", "DMUL", "DFMA", "SHFL", "MOVM", "LDSM", "DMMA", "REDUX")
TENSOR = ["HMMA.1688.F16", "HMMA.1688.F32", "HMMA.16816.F16", "HMMA.16816.F32", "HMMA.1688.F32.BF16", "HMMA.16816.F32.BF16",
          "HMMA.1684.F32.TF32", "HMMA.1688.F32.TF32", "HMMA.SP.16816.F32", "HMMA.SP.16832.F16", "HMMA.SP.16832.F32",
          "HMMA.SP.1688.F32.TF32", "HMMA.SP.16816.F32.TF32", "IMMA.8816.S8.S8", "IMMA.16816.S8.S8", "IMMA.16832.S8.S8",
          "IMMA.SP.16832.S8.S8", "IMMA.SP.16864.S8.S8", "IMMA.8832.S4.S4", "IMMA.16832.S4.S4", "IMMA.16864.S4.S4",
          "IMMA.SP.16864.S4.S4", "IMMA.SP.168128.S4.S4", "BMMA.88128.XOR.POPC", "BMMA.168256.XOR.POPC", "DMMA.884",
          "QMMA.16832.F16.E4M3.E4M3", "QMMA.16832.F32.E4M3.E4M3", "QMMA.SP.16864.F32.E4M3.E4M3"]
ONLY = {75: ("HMMA.1688.F16", "HMMA.1688.F32", "IMMA.8816.S8.S8", "IMMA.8832.S4.S4", "BMMA.88128.XOR.POPC")}


def base(instruction):
    return instruction.split(".")[0]


def is_tensor(instruction):
    return base(instruction) in ("HMMA", "IMMA", "BMMA", "QMMA", "DMMA")


def exists(instruction, architecture):
    if not is_tensor(instruction):
        return base(instruction) not in ("I2FP", "REDUX") or architecture >= 80
    if architecture in ONLY:
        return instruction in ONLY[architecture]
    return base(instruction) != "QMMA" or architecture >= 89


def text(instruction, result, source, chained):
    """One instruction. Chains go through the accumulator where there is one, else the first source."""
    if is_tensor(instruction):
        metadata = ", R2, 0x0" if ".SP." in instruction else ""
        return f"{instruction} {result}, R4, R12, {source}{metadata}"
    form = FORMS[instruction]
    if not chained:
        return f"{instruction} " + form.format(d=result, a="R8", c="R8")
    if "{c}" in form:
        return f"{instruction} " + form.format(d=result, a="R8", c=source)
    return f"{instruction} " + form.format(d=result, a=source, c=source)


def chain(instruction, count):
    """A chain of dependent instructions of one warp between two clock reads."""
    body = text(instruction, "R24", "R24", True)
    variable = base(instruction) in VARIABLE
    control = "[B0-----:R-:W0:-:S02]" if variable else "[B------:R-:W-:-:S01]"
    last = "[B0-----:R-:W-:-:S01] NOP ;\n" if variable else "[B------:R-:W-:-:S01] MOV R0, R24 ;\n"
    return (f".kernel chain\n.arch sm_86\n.grid 1\n.block 32\n.registers 128\n.shared 4096\n.pattern R24 = 16*lane\n"
            f"CS2R.32 R20, SR_CLOCKLO ;\n.repeat {count}\n{control} {body} ;\n.end\n{last}CS2R.32 R21, SR_CLOCKLO ;\n")


def stream(instruction, count, warps):
    """Independent instructions of many warps: their results rotate over registers."""
    variable = base(instruction) in VARIABLE
    control = "[B------:R-:W0:-:S02]" if variable else "[B------:R-:W-:-:S01]"
    register = "R{24+8*(i%8)}"
    body = text(instruction, register, register if is_tensor(instruction) else "R8", False)
    tail = "[B0-----:R-:W-:-:S01] NOP ;\n" if variable else ""
    return (f".kernel stream\n.arch sm_86\n.grid 1\n.block {32 * warps}\n.registers 64\n.shared 4096\n.pattern R8 = 16*lane\n"
            f"CS2R.32 R20, SR_CLOCKLO ;\n.repeat {16 * count} i\n{control} {body} ;\n.end\n{tail}CS2R.32 R21, SR_CLOCKLO ;\n")


class Machine:
    def __init__(self, needletail, folder):
        self.needletail, self.folder, self.known = needletail, folder, {}
        output = subprocess.run([needletail, "gpus", "--json", "-"], capture_output=True, text=True, check=True).stdout
        self.gpus = {gpu["name"]: gpu for gpu in json.loads(output)}

    def run(self, path, gpu, settings=()):
        command = [self.needletail, "run", path, "--gpu", gpu, "--quiet", "--json", "-"]
        for setting in settings:
            command += ["--set", setting]
        output = subprocess.run(command + ["--max-cycles", "30000000"], capture_output=True, text=True)
        if output.returncode:
            sys.exit(f"{path} on {gpu}: {output.stderr}")
        reads = {}
        for read in json.loads(output.stdout)["kernels"][-1]["clockReads"]:
            reads.setdefault((read["cta"], read["warp"]), []).append(read["cycle"])
        return max(read[1] for read in reads.values()) - min(read[0] for read in reads.values())

    def listing(self, name, listing, gpu, settings):
        path = f"{self.folder}/{re.sub(r'[^A-Za-z0-9]+', '-', name)}.sass"
        with open(path, "w") as file:
            file.write(listing)
        return self.run(path, gpu, settings)

    def difference(self, instruction, make, few, many, gpu, settings):
        key = (instruction, make.__name__, gpu)
        if key not in self.known:
            cycles = [self.listing(f"{make.__name__}-{instruction}-{count}", make(instruction, count), gpu, settings)
                      for count in (few, many)]
            self.known[key] = (cycles[1] - cycles[0]) / (many - few)
        return self.known[key]

    def latency(self, instruction, gpu):
        """Cycles of one link of a chain. Fixed latencies are enforced by scoreboards, which know them."""
        settings = CORE + ([] if base(instruction) in VARIABLE else ["sm.dependence.mode=scoreboard"])
        return self.difference(instruction, chain, 16, 48, gpu, settings)

    def interval(self, instruction, gpu):
        """Cycles of a sub-core for one warp instruction, with warps enough to hide latencies."""
        def many(instruction, count):
            return stream(instruction, count, 16)
        many.__name__ = "stream"
        cycles = self.difference(instruction, many, 8, 24, gpu, CORE)
        return cycles / (16 * 4)


def number(value):
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"


def classes(machine):
    known = [(name, gpu, architecture) for name, gpu, architecture in ARCHITECTURES if gpu in machine.gpus]
    yield "| instruction | " + " | ".join(f"{name} latency | {name} interval" for name, _, _ in known) + " |"
    yield "|---|" + "---:|---:|" * len(known)
    for instruction in list(FORMS) + TENSOR:
        cells = []
        for _, gpu, architecture in known:
            if not exists(instruction, architecture):
                cells += ["", ""]
                continue
            chained = instruction not in ("CS2R", "VOTE.ANY", "REDUX.SUM")
            cells += [number(machine.latency(instruction, gpu)) if chained else "", number(machine.interval(instruction, gpu))]
        yield f"| {instruction} | " + " | ".join(cells) + " |"


def main():
    arguments = sys.argv[1:]
    folder = arguments[arguments.index("--listings") + 1] if "--listings" in arguments else tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    machine = Machine(arguments[0], folder)
    with open(f"{ROOT}/Validation/unit-notes.md") as file:
        page = [file.read(), "## Every class", "", "Cycles of a chain's link, and of a sub-core for one warp instruction among many.", "",
                *classes(machine), "", "## Class to class", "", *stall_counts.comparison(arguments[0])]
    result = "\n".join(page) + "\n"
    if "--print" in arguments:
        print(result, end="")
        return
    with open(f"{ROOT}/Docs/unit-rows.md", "w") as file:
        file.write(result)


if __name__ == "__main__":
    main()
