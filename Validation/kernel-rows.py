#!/usr/bin/env python3
"""Replays the traces of Traces/gemm and Traces/kernels and writes Docs/kernel-rows.md.

Usage: Validation/kernel-rows.py PATH/TO/needletail [SUITE[:ROW]...] [--print]   (some minutes)

A row's figure is a formula over c[1], c[2], ...: the cycles of the trace's launches in order. Every
replay empties the L2 before each launch and runs at the clocks that the row's measurement states.
With SUITEs only these are run, and with --print nothing is written; the table then goes to standard
output.
"""
import csv, json, statistics, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def more(rounds, shorter, longer, whole=4096):
    """Cycles of `rounds` rounds of blocks with sums of `whole` products, from launches of one round
    with sums of `shorter` and `longer` products: a product more is taken to cost always the same."""
    return f"{rounds} * (c[2] + (c[2] - c[1]) * {whole - longer} / {longer - shorter})"


def rate(cycles):
    """GFLOP/s of 4096^3 at 1.8 GHz."""
    return f"2 * 4096**3 * 1.8 / ({cycles})"


def share(side, cycles, peak):
    """Percent of the tensor cores' peak of `peak` multiply-adds a clock."""
    return f"100 * {side}**3 / ({cycles}) / ({peak})"


def inner(blocks, width, peak):
    """The same by what a product more costs: rounds, ends of blocks and launch are left out."""
    return f"100 * {blocks} * 128 * {width} * 512 / (c[2] - c[1]) / ({peak})"


def size(whole, shorter, longer):
    """Cycles of a launch of `whole` units, from launches of `shorter` and `longer` units."""
    return f"c[2] + (c[2] - c[1]) * {whole - longer} / {longer - shorter}"


# Suite: folder of its traces, then row of its CSV: traces, GPU, formula, remark.
SUITES = {
    "sgemm-ladder": ("gemm", {
        1: ("ladder-naive", "rtx-a6000", rate(more(196, 64, 128)), "195 rounds of 84 blocks and 4"),
        2: ("ladder-coalesced", "rtx-a6000", rate(more(196, 64, 384)), "195 rounds of 84 blocks and 4"),
        3: ("ladder-shared", "rtx-a6000", rate(more(196, 64, 384)), "195 rounds of 84 blocks and 4"),
        4: ("ladder-column", "rtx-a6000", rate(more(25, 64, 384)), "24 rounds of 168 blocks and 64"),
        5: ("ladder-square", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
        6: ("ladder-scattered", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
        7: ("ladder-padded", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
        8: ("ladder-doubled", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 84 blocks and 8"),
        9: ("ladder-vectors", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
        10: ("ladder-tuned", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
        11: ("ladder-warps", "rtx-a6000", rate(more(7, 64, 384)), "6 rounds of 168 blocks and 16"),
    }),
    "tensor-gemm": ("gemm", {
        1: ("tensor-f32-256-128", "rtx-4090", share(16384, more(64, 512, 1024, 16384), "128 * 256"), "64 rounds of 128 blocks; another chip of the same rate"),
    }),
    "kernels": ("kernels", {
        1: ("transformer-scores", "rtx-3080-ti", size(12, 1, 3), "1 and 3 of 12 heads"),
        2: ("transformer-softmax", "rtx-3080-ti", "c[1]", "one barrier more than the original"),
        3: ("transformer-context", "rtx-3080-ti", "c[1]", ""),
        4: ("transformer-product", "rtx-3080-ti", size(768, 192, 384), "192 and 384 of 768 products"),
        5: ("transformer-product-wide", "rtx-3080-ti", "6.4 * (" + size(768, 192, 384) + " - 2480) + 2480", "192 and 384 of 768 products, 2 of 12.8 rounds; a launch takes 2480"),
        6: ("transformer-product-deep", "rtx-3080-ti", size(3072, 192, 384), "192 and 384 of 3072 products"),
        7: ("layer-forward", "rtx-3080-ti", "c[1]", ""),
        8: ("layer-adjust", "rtx-3080-ti", "c[1]", ""),
        9: ("scaled-64", "rtx-3090", size(2**28, 786432, 1310720), "0.75 and 1.25 Mi of 256 Mi elements"),
        10: ("scaled-96", "rtx-3090", size(2**28, 786432, 1310720), "as row 9"),
        11: ("scaled-256", "rtx-3090", size(2**28, 786432, 1310720), "as row 9"),
        12: ("scaled-512", "rtx-3090", size(2**28, 786432, 1310720), "as row 9"),
        13: ("scaled-1024", "rtx-3090", size(2**28, 786432, 1310720), "as row 9"),
        14: ("matvec", "rtx-3090", "10000 * ((c[2] - c[1]) + (c[4] - c[3])) / 2", "1 and 2 of 10000 rows a thread, with 40 blocks and with 1: their mean"),
        15: ("sum ../memory/small-add-65536", "rtx-4090", size(2**26, 2**23, 2**24), "8 and 16 Mi of 64 Mi elements"),
        16: ("search", "rtx-4090", size(262144, 768, 1536), "2 and 4 of 683 rounds"),
    }),
}

# Without a measurement: suite, trace, GPU, what, formula.
OTHERS = [
    ("tensor-gemm", "tensor-f32-256-84", "rtx-a6000", "sums in single precision, tiles 128 x 256, 4096^3", share(4096, more(7, 512, 1024), "84 * 512")),
    ("tensor-gemm", "tensor-f32-256-84", "rtx-a6000", "the same, inner loop", inner(84, 256, "84 * 512")),
    ("tensor-gemm", "tensor-f16-256-84", "rtx-a6000", "sums in half precision, tiles 128 x 256, inner loop", inner(84, 256, "84 * 512")),
    ("tensor-gemm", "tensor-f16-128-168", "rtx-a6000", "the same, tiles 128 x 128, inner loop", inner(168, 128, "84 * 512")),
    ("tensor-gemm", "tensor-f16-256-82", "rtx-3090", "sums in half precision, tiles 128 x 256, 4096^3", share(4096, more(7, 512, 1024), "82 * 512")),
    ("tensor-gemm", "tensor-f16-256-82", "rtx-3090", "the same, inner loop", inner(82, 256, "82 * 512")),
    ("tensor-gemm", "tensor-f32-256-128", "rtx-4090", "sums in single precision, tiles 128 x 256, 4096^3", share(4096, more(4, 512, 1024), "128 * 256")),
    ("tensor-gemm", "tensor-f16-256-128", "rtx-4090", "sums in half precision, tiles 128 x 256, 4096^3", share(4096, more(4, 512, 1024), "128 * 512")),
    ("tensor-gemm", "tensor-f16-256-128", "rtx-4090", "the same, inner loop", inner(128, 256, "128 * 512")),
]


class Launch:
    """What one kernel of a replayed trace gave."""

    def __init__(self, kernel):
        self.cycles = kernel["cycles"]
        self.stalls = kernel["stalls"]


def mostly(launches):
    """What most warp-cycles are lost to: where there is a second launch, in what it has more."""
    stalls = dict(launches[0].stalls)
    if len(launches) > 1:
        stalls = {name: max(0, cycles - stalls[name]) for name, cycles in launches[1].stalls.items()}
    top = sorted(stalls.items(), key=lambda stall: -stall[1])[:3]
    return ", ".join(f"{name} {100 * cycles / sum(stalls.values()):.0f} %" for name, cycles in top)


REPLAYED = {}


def replay(needletail, folder, trace, gpu, clocks=()):
    key = (trace, gpu, clocks)
    if key not in REPLAYED:
        command = [needletail, "run", str(ROOT / "Traces" / folder / f"{trace}.ntrace"), "--gpu", gpu, "--quiet",
                   "--json", "-", "--set", "memory.l2.flushBeforeKernel=true"]
        for name, clock in zip(("core", "memory"), clocks):
            command += ["--set", f"clocks.{name}={clock} MHz"]
        print(f"{trace} on {gpu}", file=sys.stderr)
        output = subprocess.run(command, capture_output=True, text=True)
        if output.returncode:
            sys.exit(f"{trace} on {gpu}: {output.stderr}")
        REPLAYED[key] = [Launch(kernel) for kernel in json.loads(output.stdout)["kernels"]]
    return REPLAYED[key]


def number(value):
    value = float(value)
    return f"{value:,.0f}" if abs(value) >= 10000 else f"{value:.4g}" if abs(value) < 100 else f"{value:,.1f}"


def concordant(pairs):
    """Of all pairs of rows, how many stand in the same order in both columns."""
    every = [(a, b) for i, a in enumerate(pairs) for b in pairs[:i]]
    same = sum((a[0] - b[0]) * (a[1] - b[1]) > 0 for a, b in every)
    return f"{same} of {len(every)} pairs in the measured order"


def value(formula, launches):
    return eval(formula, {"c": [None] + [launch.cycles for launch in launches]})


def suite(needletail, name, wanted):
    folder, bound = SUITES[name]
    with open(ROOT / f"Validation/measurements/{name}.csv") as file:
        rows = {int(row["row"]): row for row in csv.DictReader(file)}
    lines = [f"## {name}", "", "| row | GPU | measurement | trace | measured | simulated | error | mostly | remark |",
             "|---:|---|---|---|---:|---:|---:|---|---|"]
    errors, pairs = [], []
    for index, (traces, gpu, formula, remark) in bound.items():
        if wanted and index not in wanted:
            continue
        row = rows[index]
        clocks = row["clock_MHz"], row["memory_MHz"]
        launches = [launch for trace in traces.split() for launch in replay(needletail, folder, trace, gpu, clocks)]
        simulated = value(formula, launches)
        measured = float(row["value"])
        error = (simulated / measured - 1) * 100
        errors.append(abs(error))
        pairs.append((measured, simulated))
        lines.append(f"| {index} | {row['gpu']} | {row['program']}: {row['quantity']} | {traces} | {number(measured)} {row['unit']} "
                     f"| {number(simulated)} | {error:+.1f} % | {mostly(launches)} | {remark} |")
    text = (f"{len(errors)} row{'s' * (len(errors) > 1)}, mean absolute error {statistics.mean(errors):.1f} %, "
            f"median {statistics.median(errors):.1f} %, largest {max(errors):.1f} %")
    if name == "sgemm-ladder":
        text += f"; {concordant(pairs)}"
    lines += ["", f"{text}.", ""]
    if wanted:
        return lines
    left = {index: row for index, row in rows.items() if index not in bound}
    if left:
        lines += ["Left out:", ""]
        lines += [f"* row {index}, {row['gpu']}, {row['program']}: {row['notes']}" for index, row in left.items()]
        lines.append("")
    others = [other for other in OTHERS if other[0] == name]
    if others:
        lines += ["| trace | GPU | without a measurement | simulated | mostly |", "|---|---|---|---:|---|"]
        for _, trace, gpu, what, formula in others:
            launches = replay(needletail, folder, trace, gpu)
            lines.append(f"| {trace} | {gpu} | {what} | {value(formula, launches):.1f} % | {mostly(launches)} |")
        lines.append("")
    lines += ["| row | formula |", "|---:|---|"]
    lines += [f"| {index} | `{formula}` |" for index, (_, _, formula, _) in bound.items()]
    return lines + [""]


def main():
    arguments = [text for text in sys.argv[1:] if text != "--print"]
    needletail, wanted = arguments[0], {}
    for text in arguments[1:]:
        name, _, row = text.partition(":")
        wanted.setdefault(name, []).extend([int(row)] if row else [])
    page = []
    for name in wanted or SUITES:
        page += suite(needletail, name, wanted.get(name))
    text = "\n".join(page)
    if wanted or "--print" in sys.argv:
        print(text)
        return
    notes = (ROOT / "Validation/kernel-notes.md").read_text()
    (ROOT / "Docs/kernel-rows.md").write_text(notes + "\n" + text.rstrip() + "\n")


if __name__ == "__main__":
    main()
