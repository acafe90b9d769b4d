#!/usr/bin/env python3
"""Fits parameters of a machine description to rows of suites, and says how good that is.

Usage: Validation/fit.py NEEDLETAIL SPEC            fit, and print the provenance
       Validation/fit.py NEEDLETAIL --page [FILE]   every fitted value: Docs/fitted-parameters.md,
                                               and the errors for reports: Validation/fits/errors.csv
SPEC is a file like those in Validation/fits; Docs/calibration.md explains it. Descriptions are not
changed: whoever believes a fit writes it down.
"""

import argparse
import concurrent.futures
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITES = pathlib.Path(os.environ.get("NEEDLETAIL_VALIDATION", ROOT / "Validation")) / "suites"
CONFIGS = pathlib.Path(os.environ.get("NEEDLETAIL_CONFIGS", ROOT / "Configs"))


def fail(message):
    sys.exit(f"fit: error: {message}")


class Spec:
    """What is fitted to what."""

    def __init__(self, file):
        try:
            fields = json.loads(pathlib.Path(file).read_text())
        except (OSError, ValueError) as error:
            fail(f"{file}: {error}")
        self.file = str(file)
        unknown = set(fields) - {"about", "description", "parameters", "rows"}
        if unknown or not fields.get("parameters") or not fields.get("rows"):
            fail(f"{file}: needs 'parameters' and 'rows'; unknown: {', '.join(sorted(unknown)) or 'nothing'}")
        self.about = fields.get("about", "")
        # The file of Configs whose values these are, for the page.
        self.description = fields.get("description", "")
        self.bounds = {path: tuple(bounds) for path, bounds in fields["parameters"].items()}
        for path, bounds in self.bounds.items():
            if len(bounds) != 2 or not all(isinstance(b, int) for b in bounds) or bounds[0] >= bounds[1]:
                fail(f"{file}: the bounds of {path} are not two rising integers")
        self.rows = [(suite, row) for suite, rows in fields["rows"].items() for row in rows]
        if len(self.rows) < 2:
            fail(f"{file}: one row fits any parameter; name at least two")


class Rows:
    """Simulates the rows of a spec with values of its parameters."""

    def __init__(self, needletail, spec):
        self.needletail, self.spec, self.known = needletail, spec, {}
        self.simulations = 0

    def results(self, values):
        """Measured and simulated by row, for values in the order of the parameters; None: as described."""
        if values not in self.known:
            found = {}
            settings = [f"{path}={value}" for path, value in zip(self.spec.bounds, values or [])]
            for suite in dict(self.spec.rows):
                numbers = [row for name, row in self.spec.rows if name == suite]
                found |= {(suite, row): pair for row, pair in self.run(suite, numbers, settings).items()}
            self.known[values] = found
            self.simulations += 1
            print(f"\rfit: {pathlib.Path(self.spec.file).stem}: {self.simulations} settings ", end="", file=sys.stderr)
        return self.known[values]

    def run(self, suite, numbers, settings):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rows.yaml"
            file.write_text(narrowed(suite, numbers, settings))
            command = [self.needletail, "validate", str(file), "--json", f"{folder}/out.json", "--quiet", "-j", "1"]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode not in (0, 1):
                fail(f"{suite}: {done.stderr.strip()}")
            rows = json.loads((pathlib.Path(folder) / "out.json").read_text())["suites"][0]["rows"]
        for row in rows:
            if row["status"] == "failed":
                fail(f"{suite} row {row['measurementRow']}: {row.get('reason', 'failed')}")
        return {number: (row["measured"], row["simulated"], row["name"]) for number, row in zip(numbers, rows)}

    def error(self, values, rows):
        """Mean absolute error in percent."""
        results = self.results(values)
        return sum(abs(results[row][1] / results[row][0] - 1) for row in rows) / len(rows) * 100


def absolute(key, path, lines):
    """A row's own table is named from the suite's folder, its trace from the folder of traces."""
    folder = SUITES
    if key == "trace":
        folder = next(pathlib.Path(line.split(": ", 1)[1]) for line in lines if line.startswith("traces: "))
    return (folder / path).resolve()


def narrowed(suite, numbers, settings):
    """The suite's text with these rows only, paths absolute, and settings for all.

    A row of another table than the suite's own is named FILE:NUMBER, such as kernels.csv:7."""
    file = SUITES / f"{suite}.yaml"
    if not file.exists():
        fail(f"there is no suite '{suite}'")
    head, _, body = file.read_text().partition("\nrows:\n")
    # A threshold may name a group that is gone, a curve is not needed.
    lines = [line for line in head.splitlines() if not re.match(r"#|threshold:|curve:", line)]
    lines = [re.sub(r"^(measurements|traces): (?!/)(.*)", lambda m: f"{m[1]}: {(SUITES / m[2]).resolve()}", l) for l in lines]
    own = [line for line in lines if line.startswith("set:")]
    there = re.match(r"set: \[(.*)\]", own[0])[1] if own else ""
    lines = [line for line in lines if not line.startswith("set:")]
    lines.append("set: [" + ", ".join([there] * bool(there) + [f'"{one}"' for one in settings]) + "]")
    rows = {}
    for line in body.splitlines():
        number = re.match(r"\s+- \{ row: (\d+),", line)
        if not number:
            continue
        line = re.sub(r"(measurements|trace): (\.\.?/[^,]*)", lambda m: f"{m[1]}: {absolute(m[1], m[2], lines)}", line)
        table = re.search(r" measurements: ([^,]*),", line)
        rows[f"{pathlib.Path(table[1]).name}:{number[1]}" if table else int(number[1])] = line
    for number in numbers:
        if number not in rows:
            fail(f"{suite} has no row {number}")
    return "\n".join(lines + ["rows:"] + [rows[number] for number in numbers]) + "\n"


def golden(cost, low, high):
    """The integer of [low, high] with the least cost, where that falls and then rises."""
    ratio = (5**0.5 - 1) / 2
    while high - low > 3:
        step = max(1, round((high - low) * (1 - ratio)))
        left, right = low + step, high - step
        if left >= right:
            left, right = (low + high) // 2, (low + high) // 2 + 1
        if cost(left) <= cost(right):
            high = right
        else:
            low = left
    return min(range(low, high + 1), key=cost)


def best(rows, spec, chosen, start):
    """Coordinate descent over the parameters, each within its bounds."""
    paths, values = list(spec.bounds), list(start)
    for _ in range(4):
        before = list(values)
        for index, path in enumerate(paths):
            def cost(value, index=index):
                return rows.error(tuple(values[:index] + [value] + values[index + 1 :]), chosen)
            values[index] = golden(cost, *spec.bounds[path])
        if len(paths) == 1 or values == before:
            break
    return tuple(values)


class Fit:
    """What a fit found."""

    def __init__(self, needletail, spec):
        rows = Rows(needletail, spec)
        self.spec, self.rows = spec, rows
        self.before = rows.error(None, spec.rows)
        middle = tuple((low + high) // 2 for low, high in spec.bounds.values())
        self.values = best(rows, spec, spec.rows, middle)
        self.after = rows.error(self.values, spec.rows)
        # Each row predicted by a fit to the others.
        self.left_out = {}
        for row in spec.rows:
            values = best(rows, spec, [other for other in spec.rows if other != row], self.values)
            measured, simulated, name = rows.results(values)[row]
            self.left_out[row] = (values, (simulated / measured - 1) * 100, name)
        self.left_out_error = sum(abs(error) for _, error, _ in self.left_out.values()) / len(spec.rows)
        self.edges = [path for path, value in zip(spec.bounds, self.values) if value in spec.bounds[path]]
        print(file=sys.stderr)

    def targets(self):
        by_suite = {}
        for suite, row in self.spec.rows:
            by_suite.setdefault(suite, []).append(str(row))
        return "; ".join(f"{suite} rows {', '.join(rows)}" for suite, rows in by_suite.items())

    def report(self):
        before, after = self.rows.results(None), self.rows.results(self.values)
        print(f"{'row':<44} {'measured':>11} {'described':>20} {'fitted':>20} {'left out':>20}")
        for row in self.spec.rows:
            measured, old, name = before[row]
            new = after[row][1]
            values, error, _ = self.left_out[row]
            print(
                f"{row[0] + ' ' + str(row[1]) + ' ' + name:<44.44} {measured:>11,.1f}"
                f" {old:>11,.1f} {(old / measured - 1) * 100:+6.1f} % {new:>11,.1f} {(new / measured - 1) * 100:+6.1f} %"
                f" {','.join(map(str, values)):>11} {error:+6.1f} %"
            )
        print(f"\nmean absolute error: {self.before:.2f} % as described, {self.after:.2f} % fitted, {self.left_out_error:.2f} % for rows left out")
        for path in self.edges:
            print(f"{path} ended at its bound: the rows do not decide it, or the bounds are too narrow")
        for path, value in zip(self.spec.bounds, self.values):
            text = f"{self.targets()}: {self.after:.1f} % mean error, {self.left_out_error:.1f} % for rows left out"
            print(f'{path}: {{ value: {value}, fitted: "{text}" }}')


def fitted_values():
    """Every value of Configs that says it was fitted: file, path, value, target."""
    for file in sorted(CONFIGS.rglob("*.yaml")):
        levels = []
        for line in file.read_text().splitlines():
            found = re.match(r"( *)([\w.]+):(.*)", line)
            if not found:
                continue
            depth = len(found[1])
            levels = [level for level in levels if level[0] < depth] + [(depth, found[2])]
            value = re.match(r' \{ value: (.*?), fitted: "(.*)" \}', found[3])
            if value:
                yield file.stem, ".".join(name for _, name in levels), value[1], value[2]


def fit_all(needletail):
    """Every spec of Validation/fits, by the file and the path that it fits."""
    fits = {}
    files = sorted((ROOT / "Validation/fits").glob("*.json"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda file: Fit(needletail, Spec(file)), files))
    for file, fit in zip(files, found):
        for path, value in zip(fit.spec.bounds, fit.values):
            fits[fit.spec.description, path] = (file.name, fit, value)
    return fits


def table(fits):
    """Errors for the report of needletail validate."""
    targets = {(file, path): target for file, path, _, target in fitted_values()}
    with open(ROOT / "Validation/fits/errors.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["parameter", "fitted_to", "rows", "described_percent", "left_out_percent"])
        for key, (_, fit, _) in fits.items():
            if key in targets:
                writer.writerow([key[1], targets[key], fit.targets(), f"{fit.before:.2f}", f"{fit.left_out_error:.2f}"])


def page(fits):
    lines = [
        "# Fitted parameters",
        "",
        "Every value of the machine descriptions that was adjusted to measurements, by the file of `Configs` that says it, and to",
        "what. Written by `Validation/fit.py NEEDLETAIL --page`; [calibration.md](calibration.md) says how to read the last columns.",
        "",
        "| file | parameter | value | fitted to |",
        "|---|---|---:|---|",
    ]
    known = list(fitted_values())
    for file, path, value, target in known:
        lines.append(f"| `{file}` | `{path}` | {value} | {target} |")
    lines += [
        "",
        "## Fitted again",
        "",
        "Parameters that have at least two rows in the shipped suites, fitted to these by `fit.py`. Errors are means of absolute",
        "errors in percent over the rows: as the description stands, with the value that fits best, and of each row predicted by",
        "a fit to the others.",
        "",
        "| file | parameter | value | best | rows | as described | best | left out |",
        "|---|---|---:|---:|---|---:|---:|---:|",
    ]
    values = {(file, path): value for file, path, value, _ in known}
    for (file, path), (spec, fit, value) in fits.items():
        lines.append(
            f"| `{file}` | `{path}` | {values.get((file, path), 'not fitted')} | {value}{' (at its bound)' if path in fit.edges else ''} |"
            f" [{len(fit.spec.rows)}](../Validation/fits/{spec}): {fit.targets()} |"
            f" {fit.before:.1f} | {fit.after:.1f} | {fit.left_out_error:.1f} |"
        )
    missing = len([key for key in values if key not in fits])
    lines += ["", f"The other {missing} have fewer than two rows in the shipped suites that depend on them alone, or none.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("needletail")
    parser.add_argument("spec", nargs="?")
    parser.add_argument("--page", nargs="?", const=str(ROOT / "Docs/fitted-parameters.md"))
    options = parser.parse_args()
    if bool(options.spec) == bool(options.page):
        parser.error("either a SPEC or --page")
    if options.page:
        fits = fit_all(options.needletail)
        table(fits)
        pathlib.Path(options.page).write_text(page(fits))
    else:
        Fit(options.needletail, Spec(options.spec)).report()


main()
