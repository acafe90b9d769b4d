"""What Benchmarks/run and Benchmarks/compare share: traces made from listings, and processes measured."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, ".build", "benchmarks")
LISTINGS = os.path.join(ROOT, "Benchmarks", "listings")

# Launches of the tiny kernel in its benchmark.
TINY_LAUNCHES = 300
# What the mixed program consists of: shares of its warp instructions.
MIX = {"compute": 25, "gemm": 20, "tensor": 20, "shared": 15, "barriers": 10, "streaming": 8, "irregular": 2}
# Traces of real programs that ship with the project.
SHIPPED = {
    "sgemm": "Traces/gemm/ladder-warps.ntrace",
    "bfs": "Traces/workloads/bfs/bfs.sm_86.ntrace",
    "softmax": "Traces/kernels/transformer-softmax.ntrace",
}
GENERATED = ["compute", "shared", "streaming", "gemm", "tensor", "chase", "irregular", "barriers", "tiny"]


def fail(message):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


def environment(root):
    return dict(os.environ, NEEDLETAIL_CONFIGS=os.path.join(root, "Configs"))


def build(root, **variables):
    """Builds a release of the checkout at `root` and returns the program."""
    command = ["swift", "build", "-c", "release", "--product", "needletail"]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, **variables))
    if done.returncode != 0:
        fail(f"{root} does not build:\n{done.stdout[-2000:]}")
    return os.path.join(root, ".build", "release", "needletail")


def build_dynamic():
    """A copy of the program that takes `malloc` from the C library beside it, which can be replaced."""
    copy = os.path.join(WORK, "needletail-dynamic")
    shutil.copy(build(ROOT, NEEDLETAIL_DYNAMIC="1"), copy)
    build(ROOT)
    return copy


def listing(name, grid=None):
    with open(os.path.join(LISTINGS, name + ".sass"), encoding="ascii") as file:
        text = file.read()
    return text if grid is None else re.sub(r"(?m)^\.grid .*", f".grid {grid}", text)


def imported(program, text, name):
    """A container of the listing `text`."""
    os.makedirs(WORK, exist_ok=True)
    source, trace = os.path.join(WORK, name + ".sass"), os.path.join(WORK, name + ".ntrace")
    if os.path.exists(trace) and os.path.exists(source):
        with open(source, encoding="ascii") as file:
            if file.read() == text:
                return trace
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    subprocess.run([program, "trace", "import", source, "-o", trace], check=True, stdout=subprocess.DEVNULL,
                   env=environment(ROOT))
    return trace


def instructions_per_cta(program, name):
    trace = imported(program, listing(name), name)
    info = subprocess.run([program, "trace", "info", trace, "--json", "-"], check=True, capture_output=True,
                          text=True, env=environment(ROOT))
    kernel = json.loads(info.stdout)["kernels"][0]
    return kernel["warpInstructions"] / kernel["ctas"]


def mixed(program, millions):
    """The mixed program with about so many million warp instructions: grids grow, CTAs stay as they are."""
    total = sum(MIX.values())
    kernels = [
        listing(name, max(1, round(millions * 1e6 * share / total / instructions_per_cta(program, name))))
        for name, share in MIX.items()
    ]
    return imported(program, "".join(kernels), f"mixed-{millions}M")


def trace_named(program, name):
    """The path of a benchmark's trace, made if it is not there."""
    if name in SHIPPED:
        return os.path.join(ROOT, SHIPPED[name])
    if name == "tiny":
        return imported(program, listing("tiny") * TINY_LAUNCHES, "tiny")
    size = re.fullmatch(r"mixed-(\d+)M", name)
    if size:
        return mixed(program, int(size[1]))
    if name in GENERATED:
        return imported(program, listing(name), name)
    if os.path.exists(name):
        return name
    fail(f"there is no benchmark '{name}' (known: {', '.join([*GENERATED, *SHIPPED])}, mixed-10M, or a file)")


class Measurement:
    """One process, from start to end."""

    def __init__(self, arguments, root=ROOT, preload=None):
        variables = environment(root)
        if preload:
            variables["LD_PRELOAD"] = preload
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=variables)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            fail(f"{' '.join(arguments)}: exit status {process.returncode}")
        self.wall = time.perf_counter() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss * 1024 / 1e6
        self.result = json.loads(output) if output else None


def run(program, trace, *options, root=ROOT, preload=None):
    arguments = [program, "run", trace, "--quiet", "--json", "-", *options]
    return Measurement(arguments, root=root, preload=preload)


def median(values):
    return statistics.median(values)


def table(head, rows):
    """Columns of even width; the first is text."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)
