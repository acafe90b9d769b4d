#!/usr/bin/env python3
"""Replays the pointer chases of Traces/memory and draws latency against footprint.

Usage: Validation/pointer-chase.py PATH/TO/needletail [CARD...] [--quick]     (some minutes)

Writes Docs/images/pointer-chase-a40.svg, -a100.svg and -rtx-4090.svg and prints a table.
--quick runs every third point and writes nothing.
"""
import csv, json, math, os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Card: its traces, its description, the clock of the measurement in MHz, bytes of a node, the marked
# capacities. A100 has no traces of its own: the A40's are the same program, and where their lists
# end within its L2, from "beyond" KiB on, those of the RTX 4090 go on. The A40's many lists about as
# large as its own L2 are left out.
CARDS = {
    "A40": dict(prefix="chase-a40-", gpu="a40", clock=1740, node=128, file="pointer-chase-a40",
                marks=[(128, "L1 128 KiB"), (6144, "L2 6 MiB")]),
    "A100": dict(prefix="chase-a40-", gpu="a100", clock=1410, node=128, file="pointer-chase-a100",
                 without=(5000, 8000), beyond=40960, marks=[(192, "L1 192 KiB"), (40960, "L2 40 MiB")]),
    "RTX 4090": dict(prefix="chase-4090-", gpu="rtx-4090", clock=2235, node=64, file="pointer-chase-rtx-4090",
                     marks=[(128, "L1 128 KiB"), (73728, "L2 72 MiB")]),
}


def traces(card):
    """(name, KiB, timed steps) of each trace of a card."""
    low, high = card.get("without", (0, 0))
    for name, nodes, steps in points(card["prefix"]):
        kib = nodes * card["node"] / 1024
        if not low < kib < high:
            yield name, kib, steps
    if "beyond" in card:
        other = CARDS["RTX 4090"]
        for name, nodes, steps in points(other["prefix"]):
            if nodes * other["node"] / 1024 > card["beyond"]:
                yield name, nodes * other["node"] / 1024, steps


def points(prefix):
    """(name, nodes, timed steps) of each trace, from the list that they were recorded by."""
    with open(f"{ROOT}/Traces/memory/list") as file:
        for line in file:
            words = line.split()
            if words and words[0].startswith(prefix):
                yield words[0], int(words[2]), -(-int(words[7]) // 32) * 32


def simulate(needletail, card, trace, steps):
    output = subprocess.run(
        [needletail, "run", f"{ROOT}/Traces/memory/{trace}.ntrace", "--gpu", card["gpu"],
         "--set", f"clocks.core={card['clock']} MHz", "--quiet", "--json", "-"],
        capture_output=True, text=True)
    if output.returncode:
        sys.exit(output.stderr)
    reads = json.loads(output.stdout)["kernels"][-1]["clockReads"]
    return (reads[1]["cycle"] - reads[0]["cycle"]) / steps


def measured(name):
    with open(f"{ROOT}/Validation/measurements/pointer-chase.csv") as file:
        return [{key: float(value) for key, value in row.items() if key != "gpu" and value}
                for row in csv.DictReader(file) if row["gpu"] == name]


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 470, 68, 40, 58, 62
INK, SOFT, GRID, LINE, BAND, DOT = "#1f2933", "#52606d", "#e4e7eb", "#2f6fb3", "#cfe0f2", "#d9480f"


def size(kib):
    return f"{kib / 1024:.0f} MiB" if kib >= 1024 else f"{kib:.0f} KiB"


def draw(name, card, curve, simulated):
    low, high = 4, 2 ** 18
    top = 100 * math.ceil(max([row.get("p95", row["cycles"]) for row in curve if row["KiB"] <= high]
                              + [cycles for _, cycles in simulated]) * 1.04 / 100)

    def x(kib):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(kib / low) / math.log(high / low)

    def y(cycles):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cycles / top

    def text(px, py, words, anchor="middle", fill=INK, extra=""):
        return f'<text x="{px:.1f}" y="{py:.1f}" text-anchor="{anchor}" fill="{fill}"{extra}>{words}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           text(LEFT, 26, f"{name}: latency of a dependent load", "start", extra=' font-size="17" font-weight="bold"')]
    for cycles in range(0, top + 1, 100):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(cycles):.1f}" y2="{y(cycles):.1f}" stroke="{GRID}"/>')
        out.append(text(LEFT - 8, y(cycles) + 4.5, cycles, "end", SOFT))
    kib = low
    while kib <= high:
        out.append(f'<line x1="{x(kib):.1f}" x2="{x(kib):.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}" stroke="{SOFT}"/>')
        if round(math.log2(kib)) % 2 == 0:
            out.append(text(x(kib), HEIGHT - BOTTOM + 20, size(kib), fill=SOFT))
        kib *= 2
    for kib, words in card["marks"]:
        out.append(f'<line x1="{x(kib):.1f}" x2="{x(kib):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#9aa5b1" stroke-dasharray="4 4"/>')
        out.append(text(x(kib) - 6, TOP + 12, words, "end", SOFT))
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="{SOFT}"/>')
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "footprint"))
    out.append(text(0, 0, "cycles per load", extra=f' transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)"'))

    shown = [row for row in curve if low <= row["KiB"] <= high]
    if "p5" in shown[0]:
        edge = [f"{x(row['KiB']):.1f},{y(row['p95']):.1f}" for row in shown]
        edge += [f"{x(row['KiB']):.1f},{y(row['p5']):.1f}" for row in reversed(shown)]
        out.append(f'<polygon points="{" ".join(edge)}" fill="{BAND}"/>')
    path = " ".join(f"{x(row['KiB']):.1f},{y(row['cycles']):.1f}" for row in shown)
    out.append(f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>')
    for kib, cycles in simulated:
        out.append(f'<circle cx="{x(kib):.1f}" cy="{y(cycles):.1f}" r="3.6" fill="{DOT}" stroke="#ffffff" stroke-width="0.8"/>')

    right = WIDTH - RIGHT
    out.append(f'<circle cx="{right - 78}" cy="21" r="4" fill="{DOT}"/>' + text(right, 26, "simulated", "end"))
    words = "measured, 5 to 95 %" if "p5" in shown[0] else "measured"
    start = right - 100 - (135 if "p5" in shown[0] else 66)
    if "p5" in shown[0]:
        out.append(f'<rect x="{start - 34}" y="14" width="26" height="14" fill="{BAND}"/>')
    out.append(f'<line x1="{start - 34}" x2="{start - 8}" y1="21" y2="21" stroke="{LINE}" stroke-width="2"/>'
               + text(start, 26, words, "start"))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    needletail, quick = sys.argv[1], "--quick" in sys.argv
    os.makedirs(f"{ROOT}/Docs/images", exist_ok=True)
    asked = [word for word in sys.argv[2:] if word != "--quick"]
    for name, card in CARDS.items():
        if asked and name not in asked:
            continue
        curve, simulated, errors = measured(name), [], []
        print(f"\n{name}\n\n| footprint | measured | simulated | error |\n|---:|---:|---:|---:|")
        for trace, kib, steps in list(traces(card))[::3 if quick else 1]:
            cycles = simulate(needletail, card, trace, steps)
            simulated.append((kib, cycles))
            near = min(curve, key=lambda row: abs(math.log(row["KiB"] / kib)))["cycles"]
            errors.append(abs(cycles / near - 1) * 100)
            print(f"| {kib:,.1f} KiB | {near:.1f} | {cycles:.1f} | {(cycles / near - 1) * 100:+.1f} % |", flush=True)
        print(f"\n{len(errors)} points, mean absolute error {sum(errors) / len(errors):.1f} %")
        if not quick:
            with open(f"{ROOT}/Docs/images/{card['file']}.svg", "w") as file:
                file.write(draw(name, card, curve, simulated))


if __name__ == "__main__":
    main()
