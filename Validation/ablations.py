#!/usr/bin/env python3
"""Writes the table of Docs/ablations.md from the repository's root, after `swift build -c release`."""

import json
import subprocess

SIMULATOR = ".build/release/needletail"
TRACES = ["long-code", "fma-throughput", "tensor-tile", "shared-reduction"]


def cycles(trace, settings):
    command = [SIMULATOR, "run", f"Traces/{trace}.sass", "--quiet", "--json", "-"]
    for setting in settings:
        command += ["--set", setting]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["totals"]["cycles"]


def rows():
    """Each row: the settings and a remark."""
    yield [], ""
    for ports in 2, 0:
        yield [f"sm.registerFile.readPorts={ports}"], "" if ports else " (unlimited)"
    yield ["sm.registerFile.cache=false"], ""
    for lines in 0, 1, 2, 4, 16, 32:
        yield [f"sm.frontEnd.prefetcher.lines={lines}"], ""
    yield ["sm.frontEnd.perfectInstructionCache=true"], ""
    for consumers in 1, 3, 63, 0:
        settings = ["sm.dependence.mode=scoreboard", f"sm.dependence.scoreboardConsumers={consumers}"]
        yield settings, "" if consumers else " (unlimited)"
    for policy in "greedyThenOldest", "looseRoundRobin":
        yield [f"sm.issue.policy={policy}"], ""


print("| setting | " + " | ".join(TRACES) + " |")
print("|---|" + "---:|" * len(TRACES))
base = {trace: cycles(trace, []) for trace in TRACES}
for settings, remark in rows():
    name = "`" + " ".join(f"--set {setting}" for setting in settings) + "`" + remark if settings else "as on hardware"
    cells = []
    for trace in TRACES:
        count = cycles(trace, settings)
        change = f" ({(count / base[trace] - 1) * 100:+.1f} %)" if count != base[trace] else ""
        cells.append(f"{count:,}{change}")
    print(f"| {name} | " + " | ".join(cells) + " |")
