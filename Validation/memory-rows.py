#!/usr/bin/env python3
"""Replays the memory programs of Traces/memory and writes Docs/memory-rows.md.

Usage: Validation/memory-rows.py PATH/TO/needletail [ROW...] [--print]   (some minutes)

Each row's figure is computed as the measured program computes it. With ROWs only these are run, and
with --print nothing is written; the table then goes to standard output.
"""
import csv, json, math, os, statistics, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRACES = f"{ROOT}/Traces/memory"


class Launch:
    """What one kernel of a replayed trace gave."""

    def __init__(self, kernel):
        self.cycles = kernel["cycles"]
        self.kernel = kernel
        reads = {}
        for read in kernel["clockReads"]:
            reads.setdefault((read["cta"], read["warp"]), []).append(read["cycle"])
        self.reads = list(reads.values())
        self.first = reads.get((0, 0))

    def thread0(self):
        return self.first[1] - self.first[0]

    def span(self):
        return max(read[1] for read in self.reads) - min(read[0] for read in self.reads)

    def residence(self):
        """Mean cycles from a warp's start to its end."""
        warps = self.kernel["ctas"] * math.ceil(math.prod(self.kernel["block"]) / 32)
        return self.kernel["issue"]["residentWarpCycles"] / warps


def chain(steps):
    return lambda launch: launch.thread0() / steps


def rate(amount, whole=False):
    return lambda launch: amount / (launch.span() if whole else launch.thread0())


def cycles(launch):
    return launch.cycles


def gigabytes(amount, megahertz):
    """GB/s by the whole kernel's cycles."""
    return lambda launch: amount * megahertz / launch.cycles / 1e3


BLOCK, GRID = 1024, 128 * 1024
MEMORY = 144 << 20

# Row of the CSV: trace, GPU, figure, remark.
ROWS = {
    3: ("latency-atomic", "rtx-4090", chain(1024), ""),
    5: ("bandwidth-l1-32", "rtx-4090", rate(256 * BLOCK * 16, whole=True), ""),
    7: ("latency-l1", "rtx-4090", chain(32768), "one pass of eight misses L1"),
    8: ("bandwidth-l1-shared", "rtx-4090", rate(4096 * BLOCK * 8), "the global loads are broadcasts"),
    9: ("bandwidth-l2-32", "rtx-4090", rate(2048 * GRID * 4), ""),
    10: ("bandwidth-l2-64", "rtx-4090", rate(2048 * GRID * 8), "FP64 adds alone take 83 % of the measured time"),
    11: ("latency-copied", "rtx-4090", chain(32768), ""),
    13: ("latency-l2", "rtx-4090", chain(32768), "also measured 286.85 and 287.86"),
    15: ("bandwidth-memory", "rtx-4090", gigabytes(6 * MEMORY, 2520), "timed by events"),
    16: ("latency-memory", "rtx-4090", chain(8192), ""),
    18: ("bandwidth-shared-32", "rtx-4090", rate(4096 * BLOCK * 4, whole=True), ""),
    19: ("latency-shared", "rtx-4090", chain(2048), ""),
    20: ("latency-shared-48", "rtx-a6000", cycles, "reconstructed; launch and fill included"),
    21: ("bandwidth-l1-32", "rtx-a6000", cycles, "reconstructed; launch and fill included"),
    22: ("latency-l1", "rtx-a6000", cycles, "reconstructed; launch and fill included"),
    23: ("latency-l2", "rtx-a6000", cycles, "reconstructed; launch and fill included"),
    24: ("chase-a40-65", "rtx-3060-laptop", chain(16 * 65), "pattern assumed"),
    25: ("chase-a40-8210", "rtx-3060-laptop", chain(16416), "pattern assumed"),
    27: ("chase-a40-129913", "rtx-3060-laptop", chain(131072), "pattern assumed"),
    28: ("bandwidth-l1-128", "rtx-3060-laptop", rate(256 * BLOCK * 32, whole=True), "128-bit loads assumed"),
    30: ("bandwidth-copy", "rtx-3060-laptop", gigabytes(2 * (96 << 20), 1702), "copy assumed"),
    32: ("bandwidth-shared-64", "rtx-3060-laptop", rate(256 * BLOCK * 32, whole=True), "loads assumed"),
    34: ("small-add-1", "rtx-3090", cycles, "profiled, cold"),
    35: ("small-add-1", "rtx-3090", lambda launch: launch.residence() / 82, "mean over 82 SMs of the time with a warp"),
    36: ("small-add-65536", "rtx-3090", cycles, "profiled, cold"),
    37: ("small-normalize", "rtx-3080-ti", cycles, "profiled, cold; one barrier more than the original"),
    39: ("small-residual", "rtx-3080-ti", cycles, "profiled, cold"),
    41: ("small-distance", "rtx-3080-ti", cycles, "profiled, cold; also measured 5926, 5827, 5826"),
    46: ("small-add-262144", "rtx-4090", cycles, "profiled; also measured 2,068,266 to 2,073,322"),
    47: ("small-empty", "a40", cycles, "profiled, cold"),
    48: ("small-empty", "a40", lambda launch: launch.residence() / 84, "mean over 84 SMs of the time with a warp"),
}

UNUSABLE = {
    2: "subtracts clock registers of different SMs",
    4: "event time of the first launch, driver included",
    6: "bound by the FP64 adds, not by L1",
    12: "the program of row 13 again",
    14: "the program of row 7 again",
    17: "the program of row 13 again",
    26: "the loop's instructions are not known",
    29: "the pattern is not known",
    31: "stores; the loop's instructions are not known",
    33: "the loop's instructions are not known",
    38: "the simulator gives no mean over SMs of the time with a warp when the grid is large",
    40: "as row 38",
    42: "the program of row 41 again",
    43: "the program of row 41 again",
    44: "as row 38",
    45: "as row 38",
    49: "no description of a GA104 with 38 SMs",
    50: "as row 49",
    51: "436.5 bytes per clock at 2520 MHz are 1100 GB/s, more than the pins' 1008: the clock was lower than stated",
}

# Programs without a measured row: trace, what, figure of launch n.
OTHERS = [
    ("bandwidth-l1-128", "L1, 128-bit loads", [("bytes/clk", rate(256 * BLOCK * 32, whole=True))]),
    ("bandwidth-shared-64", "shared memory, 64-bit loads", [("bytes/clk", rate(256 * BLOCK * 32, whole=True))]),
    ("bandwidth-copy", "float4 copy, 96 MiB, first block's clock", [("bytes/clk", rate(2 * (96 << 20)))]),
    ("bandwidth-strided", "strided 4-byte loads, cycles per warp instruction",
     [(f"{level}, {stride} words", lambda launch: launch.span() / (32 * 128))
      for level in ("L1", "L2") for stride in (1, 2, 4, 8, 16, 32)]),
    ("atomics-shared", "shared atomics, cycles per warp instruction",
     [(what, lambda launch: launch.span() / (8 * 64)) for what in ("one cell", "a cell a lane", "32 cells of a bank")]),
    ("atomics-global", "global atomics, cycles per warp instruction of the GPU",
     [(f"{what}, {kind}", lambda launch: launch.cycles / (128 * 8 * 16))
      for what in ("one cell", "a cell a thread", "a cell a block") for kind in ("RED", "ATOM")]),
    ("atomics-bandwidth", "the program of row 2, 64 steps of 2048, whole kernel", [("bytes/clk", lambda launch: 64 * GRID * 4 / launch.cycles)]),
    ("pipeline-1", "matrix product, no tile ahead", [("clocks", Launch.thread0)]),
    ("pipeline-2", "the same, one tile ahead", [("clocks", Launch.thread0)]),
    ("pipeline-4", "the same, three tiles ahead", [("clocks", Launch.thread0)]),
]

SUITE = {}


def replay(needletail, trace, gpu, clock=None):
    """Profiled rows give a clock: the profiler locks it, and empties the L2 before every kernel."""
    key = (trace, gpu, clock)
    if key not in SUITE:
        path = f"{TRACES}/{trace}.ntrace"
        if not os.path.exists(path):
            return None
        command = [needletail, "run", path, "--gpu", gpu, "--quiet", "--json", "-"]
        if clock:
            command += ["--set", f"clocks.core={clock} MHz", "--set", "memory.l2.flushBeforeKernel=true"]
        print(f"{trace} on {gpu}", file=sys.stderr)
        output = subprocess.run(command, capture_output=True, text=True)
        if output.returncode:
            sys.exit(f"{trace} on {gpu}: {output.stderr}")
        SUITE[key] = [Launch(kernel) for kernel in json.loads(output.stdout)["kernels"]]
    return SUITE[key]


def number(value):
    value = float(value)
    return f"{value:,.0f}" if abs(value) >= 10000 else f"{value:.4g}" if abs(value) < 100 else f"{value:,.1f}"


def summary(errors):
    return (f"{len(errors)} rows, mean absolute error {sum(errors) / len(errors):.1f} %, "
            f"median {statistics.median(errors):.1f} %")


def table(needletail, rows, wanted):
    lines, errors = [], []
    for index, (trace, gpu, figure, remark) in ROWS.items():
        if wanted and index not in wanted:
            continue
        row = rows[index]
        # Rows of a profiler that locks the clock below the product's own: memory is faster then.
        clock = row["clock_MHz"] if "profil" in remark or "time with a warp" in remark else None
        launches = replay(needletail, trace, gpu, clock)
        if launches is None:
            print(f"row {index} is left out: there is no {trace}.ntrace (record --all)", file=sys.stderr)
            continue
        simulated, measured = figure(launches[-1]), float(row["value"])
        error = (simulated / measured - 1) * 100
        errors.append((abs(error), row["gpu"]))
        lines.append(f"| {index} | {row['gpu']} | {row['benchmark']}: {row['metric']} | {trace} "
                     f"| {number(measured)} {row['unit'].split(' ')[0]} | {number(simulated)} | {error:+.1f} % | {remark} |")
    return lines, errors


def main():
    arguments = sys.argv[1:]
    needletail, wanted = arguments[0], [int(text) for text in arguments[1:] if text.isdigit()]
    with open(f"{ROOT}/Validation/measurements/memory-rows.csv") as file:
        rows = {int(row["row"]): row for row in csv.DictReader(file)}
    lines, errors = table(needletail, rows, wanted)
    page = ["| row | GPU | measurement | trace | measured | simulated | error | remark |",
            "|---:|---|---|---|---:|---:|---:|---|"] + lines
    for gpu in dict.fromkeys(gpu for _, gpu in errors):
        own = [error for error, name in errors if name == gpu]
        page.append(("" if gpu != errors[0][1] else "\n") + f"* {gpu}: {summary(own)}")
    page.append(f"* all: {summary([error for error, _ in errors])}")
    if not wanted:
        page += ["", "## Rows left out", "", "| row | GPU | measurement | why |", "|---:|---|---|---|"]
        page += [f"| {index} | {rows[index]['gpu']} | {rows[index]['benchmark']}: {rows[index]['metric']} | {why} |"
                 for index, why in UNUSABLE.items()]
        page += ["", "## Programs without a measurement", "", "On `rtx-4090`.", "",
                 "| trace | what | simulated |", "|---|---|---|"]
        for trace, what, figures in OTHERS:
            launches = replay(needletail, trace, "rtx-4090")
            values = "; ".join(f"{name}: {number(figure(launch))}" for (name, figure), launch in zip(figures, launches))
            page.append(f"| {trace} | {what} | {values} |")
    text = "\n".join(page) + "\n"
    if wanted or "--print" in arguments:
        print(text, end="")
        return
    with open(f"{ROOT}/Validation/memory-notes.md") as file:
        notes = file.read()
    with open(f"{ROOT}/Docs/memory-rows.md", "w") as file:
        file.write(notes + "\n" + text)


if __name__ == "__main__":
    main()
