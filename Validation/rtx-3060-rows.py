#!/usr/bin/env python3
"""Replays the RTX 3060 SASS tests as listings and writes Docs/rtx-3060-rows.md.

Usage: Validation/rtx-3060-rows.py PATH/TO/needletail   (about ten minutes)

The measured kernels have 1800 CTAs on 30 SMs; one SM with 60 CTAs does the same work as each of them.
"""
import csv, json, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLOCK = 1702e3  # cycles per millisecond, as stated with the measurements

BRANCH = """[B------:R-:W-:-:S04] IADD3 R2, R2, 0x1, RZ
[B------:R-:W-:-:S13] ISETP.GE.AND P0, PT, R2, 0x100, PT
[B------:R-:W-:Y:S05] @!P0 BRA `(.L)
"""


def shell(body):
    """The loop around the groups: 256 iterations of 64 groups, 128 threads per CTA."""
    return (f".grid 60\n.block 128\n.registers 32\n.loop 256\n.repeat 64\n{body}\n.end\n{BRANCH}.end\n"
            "[B------:R-:W-:Y:S05] EXIT\n")


def bank(row):
    a, b, flags = re.search(r"sources R(\d+), R(\d+), R16; reuse flags (..)", row["benchmark"]).groups()
    ra = "R" + a + (".reuse" if flags[0] == "R" else "")
    rb = "R" + b + (".reuse" if flags[1] == "R" else "")
    return shell("\n".join(f"FFMA R{d}, {ra}, {rb}, R{c}" for d, c in [(5, 5), (20, 16), (21, 16), (22, 16)]))


def stall(row, all_four):
    mark, count = re.search(r"\[(.):S(\d\d)\]", row["benchmark"]).groups()
    first = f"[B------:R-:W-:{mark}:S{count}]"
    rest = first if all_four else "[B------:R-:W-:-:S01]"
    return shell(f"{first} FFMA R5, R8, R9, R5\n" + "\n".join(f"{rest} FFMA R{d}, R8, R9, R10" for d in (11, 12, 13)))


def two_bank(row):
    instruction = row["benchmark"].split(": ")[1].replace("R9, 1", "R9, 0x1")
    if instruction.endswith("0x10"):
        instruction = instruction.replace("0x10", "R10")
    instruction = re.sub(r"R9, 0x1(\d)$", r"R9, R1\1", instruction)
    return f".grid 60\n.block 512\n.registers 32\n.repeat 4096\n{instruction}\n.end\n[B------:R-:W-:Y:S05] EXIT\n"


SCHEDULING = (".block 512\n[B------:R-:W-:-:S02] CS2R.32 R2, SR_CLOCKLO\n.repeat 4096 i\n"
              "[B------:R-:W-:Y:S04] FFMA R15, R{16+i%4}, 0x1, R15\n.end\n"
              "[B------:R-:W-:-:S02] CS2R.32 R3, SR_CLOCKLO\n[B------:R-:W-:Y:S05] EXIT\n")


def run(needletail, listing):
    with tempfile.NamedTemporaryFile("w", suffix=".sass") as file:
        file.write(listing)
        file.flush()
        output = subprocess.run(
            [needletail, "run", file.name, "--gpu", "rtx-3060-laptop", "--set", "smCount=1", "--quiet", "--json", "-"],
            capture_output=True, text=True, check=True)
    return json.loads(output.stdout)


def main():
    needletail = sys.argv[1]
    with open(f"{ROOT}/Validation/measurements/rtx-3060-sass.csv") as file:
        rows = list(csv.DictReader(file))
    results = []
    reads = {}
    for read in run(needletail, SCHEDULING)["kernels"][0]["clockReads"]:
        reads.setdefault(read["warp"], []).append(read["cycle"])
    for index, row in enumerate(rows):
        number = int(row["row"])
        if row["benchmark"].startswith("warp scheduling"):
            warp = int(re.search(r"warp (\d+)", row["benchmark"]).group(1))
            results.append((number, row, reads[warp][1] - reads[warp][0], "cycles"))
            continue
        if row["metric"] != "kernel time":
            continue
        if row["benchmark"].startswith("2-bank"):
            listing = two_bank(row)
        elif "baseline" in row["benchmark"]:
            listing = stall(row, all_four=index < 30)
        else:
            listing = bank(row)
        results.append((number, row, run(needletail, listing)["totals"]["cycles"] / CLOCK, "ms"))
        print(f"{len(results)} rows", file=sys.stderr, end="\r")
    errors = [(simulated / float(row["value"]) - 1) * 100 for _, row, simulated, _ in results]
    beyond = sum(abs(error) > 3 for error in errors)
    with open(f"{ROOT}/Validation/rtx-3060-notes.md") as file:
        notes = file.read()
    with open(f"{ROOT}/Docs/rtx-3060-rows.md", "w") as file:
        file.write(notes.replace("COUNT", str(len(errors))).replace("BEYOND", str(beyond))
                   .replace("MEAN", f"{sum(map(abs, errors)) / len(errors):.2f}"))
        file.write("\n| row | test | measured | simulated | error |\n|---:|---|---:|---:|---:|\n")
        for (number, row, simulated, unit), error in zip(results, errors):
            value = f"{simulated:.3f}" if unit == "ms" else f"{simulated:,}"
            file.write(f"| {number} | {row['benchmark']} | {row['value']} {unit} | {value} {unit} | {error:+.2f} % |\n")


if __name__ == "__main__":
    main()
