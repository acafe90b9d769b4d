#!/usr/bin/env python3
"""The studies of Huerta et al. (MICRO 2025) on this project's programs.

Usage: Validation/studies.py NEEDLETAIL [--update] [-j JOBS]
Replays traces on the RTX A6000 with and without a mechanism and prints tables of speed-ups beside
the paper's (measurements/published-studies.csv); --update writes them into Docs/studies.md. Minutes.
"""

import argparse
import concurrent.futures
import csv
import json
import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "Docs/studies.md"

# Whole programs, and kernels (trace, launch) large enough to fill the GPU.
WORKLOADS = (
    "attention bfs bitonicsort blackscholes convolution2d hgemm histogram nbody radixsort reduction "
    "scan softmax spmv stencil2d"
).split()
KERNELS = {
    "SGEMM": ("gemm/ladder-vectors.ntrace", "1"),
    "tensor GEMM": ("gemm/tensor-f16-256-84.ntrace", "1"),
    "pipelined product": ("memory/pipeline-4.ntrace", "1"),
    "row normalisation": ("memory/small-normalize.ntrace", "1"),
    "FFMA chains": ("units/sum-rate.ntrace", "1"),
}
PROGRAMS = {name: (f"workloads/{name}/{name}.sm_86.ntrace", None) for name in WORKLOADS} | KERNELS
LISTINGS = {
    name: (f"{name}.sass", None) for name in ["long-code", "fma-throughput", "tensor-tile", "shared-reduction"]
}

PREFETCH = "sm.frontEnd.prefetcher.lines"
PORTS, CACHE = "sm.registerFile.readPorts", "sm.registerFile.cache"
MODE, CONSUMERS = "sm.dependence.mode", "sm.dependence.scoreboardConsumers"
STUDIES = {
    "prefetcher": {
        "disabled": [f"{PREFETCH}=0"],
        **{str(n): [f"{PREFETCH}={n}"] for n in (1, 2, 4)},
        "8": [],
        **{str(n): [f"{PREFETCH}={n}"] for n in (16, 32)},
        "perfect i-cache": ["sm.frontEnd.perfectInstructionCache=true"],
    },
    "register file": {
        "1R RFC on": [],
        "1R RFC off": [f"{CACHE}=false"],
        "2R RFC off": [f"{PORTS}=2", f"{CACHE}=false"],
        "ideal": [f"{PORTS}=0", f"{CACHE}=false"],
    },
    "dependence": {
        "control bits": [],
        "scoreboard 1 consumer": [f"{MODE}=scoreboard", f"{CONSUMERS}=1"],
        "scoreboard 3 consumers": [f"{MODE}=scoreboard", f"{CONSUMERS}=3"],
        "scoreboard 63 consumers": [f"{MODE}=scoreboard", f"{CONSUMERS}=63"],
        "scoreboard unlimited": [f"{MODE}=scoreboard", f"{CONSUMERS}=0"],
    },
}
TITLES = {
    "prefetcher": "Lines of the stream buffer",
    "register file": "Ports and cache of the register file",
    "dependence": "Who keeps dependences",
}
ISSUE = {
    f"`sm.issue.policy={policy}`": [f"sm.issue.policy={policy}"] for policy in ("greedyThenOldest", "looseRoundRobin")
}
# The paper names two programs; these of ours are of their kind.
ALIKE = {"MaxFlops": "FFMA chains", "cutlass sgemm": "SGEMM"}


def simulate(needletail, program, settings):
    trace, launches = program
    command = [needletail, "run", str(ROOT / "Traces" / trace), "--gpu", "rtx-a6000", "--quiet", "--json", "-"]
    command += ["--kernels", launches] if launches else []
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"studies: error: {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)["totals"]["cycles"]


def simulate_all(needletail, jobs):
    """Cycles of every program under every setting."""
    settings = {tuple(s) for study in STUDIES.values() for s in study.values()}
    work = [(name, PROGRAMS[name], s) for s in settings for name in PROGRAMS]
    work += [(name, LISTINGS[name], s) for s in settings | {tuple(s) for s in ISSUE.values()} for name in LISTINGS]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(simulate, needletail, program, s): (name, s) for name, program, s in work}
        cycles = {}
        for count, run in enumerate(concurrent.futures.as_completed(runs), 1):
            cycles[runs[run]] = run.result()
            print(f"\r{count} of {len(runs)} simulations", end="", file=sys.stderr)
    print(file=sys.stderr)
    return cycles


def published():
    """The paper's speed-ups by study, setting, programs, compiler."""
    with open(ROOT / "Validation/measurements/published-studies.csv") as file:
        return {(r["study"], r["setting"], r["programs"], r["compiler"]): float(r["speed_up"]) for r in csv.DictReader(file)}


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def study_table(study, cycles, paper):
    settings = STUDIES[study]
    base = tuple(next(iter(settings.values())))

    def speedup(name, setting):
        return cycles[name, base] / cycles[name, tuple(settings[setting])]

    singles = [(one, c) for one in ALIKE for c in ("", "CUDA 12.8") if any((study, s, one, c) in paper for s in settings)]
    head = ["setting", "paper, 128 programs", f"ours, {len(PROGRAMS)} programs", "least", "greatest"]
    for one, _ in singles:
        head += [f"paper, {one}", f"ours, {ALIKE[one]}"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for setting in settings:
        ratios = {name: speedup(name, setting) for name in PROGRAMS}
        low, high = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
        whole = next((v for (s, t, p, _), v in paper.items() if (s, t, p) == (study, setting, "all 128")), None)
        cells = [setting, number(whole), number(geomean(ratios.values()))]
        is_base = tuple(settings[setting]) == base
        cells += ["", ""] if is_base else [f"{ratios[low]:.2f} ({low})", f"{ratios[high]:.2f} ({high})"]
        for one, compiler in singles:
            cells += [number(paper.get((study, setting, one, compiler))), number(ratios[ALIKE[one]])]
        lines.append("| " + " | ".join(cells) + " |")
    return [f"### {TITLES[study]}", "", *lines, ""]


def number(value):
    return "" if value is None else f"{value:.3f}"


def programs_table(cycles):
    """Every program's cycles, and speed-ups of the settings that matter most."""
    columns = {
        "no prefetch": STUDIES["prefetcher"]["disabled"],
        "perfect i-cache": STUDIES["prefetcher"]["perfect i-cache"],
        "RFC off": STUDIES["register file"]["1R RFC off"],
        "2R RFC off": STUDIES["register file"]["2R RFC off"],
        "1 consumer": STUDIES["dependence"]["scoreboard 1 consumer"],
        "63 consumers": STUDIES["dependence"]["scoreboard 63 consumers"],
    }
    lines = ["| program | cycles | " + " | ".join(columns) + " |", "|---|" + "---:|" * (len(columns) + 1)]
    for name in PROGRAMS:
        base = cycles[name, ()]
        lines.append(f"| {name} | {base:,} | " + " | ".join(f"{base / cycles[name, tuple(s)]:.3f}" for s in columns.values()) + " |")
    return ["### By program", "", "Speed-ups over the description as it stands.", "", *lines, ""]


def listings_table(cycles):
    lines = ["| setting | " + " | ".join(LISTINGS) + " |", "|---|" + "---:|" * len(LISTINGS)]
    rows = {"as on hardware": []}
    for study in STUDIES.values():
        rows |= {" ".join(f"`{one}`" for one in settings): settings for settings in study.values() if settings}
    for title, settings in (rows | ISSUE).items():
        cells = []
        for name in LISTINGS:
            base, count = cycles[name, ()], cycles[name, tuple(settings)]
            cells.append(f"{count:,}" + (f" ({(count / base - 1) * 100:+.1f} %)" if count != base else ""))
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return ["### Listings", "", "Cycles of `Traces/*.sass`, by setting.", "", *lines, ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("needletail")
    parser.add_argument("--update", action="store_true", help="write the tables into Docs/studies.md")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    cycles, paper = simulate_all(options.needletail, options.jobs), published()
    lines = [line for study in STUDIES for line in study_table(study, cycles, paper)]
    tables = "\n".join(lines + programs_table(cycles) + listings_table(cycles))
    if not options.update:
        print(tables)
        return
    begin, end = "<!-- Validation/studies.py writes from here -->\n", "<!-- to here -->\n"
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(before + begin + "\n" + tables + "\n" + end + rest.split(end)[1])


main()
