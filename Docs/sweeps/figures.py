"""Three figures of the sweep of register-file.yaml, cell by cell as in a notebook.

Usage: figures.py STORE FOLDER      (needs pandas and matplotlib)
"""

# %% The results: one row per kernel of every point, the swept parameters as columns.
import sqlite3
import sys
from pathlib import Path

import matplotlib
import pandas

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot

store, folder = Path(sys.argv[1]), Path(sys.argv[2])
results = pandas.read_sql("SELECT * FROM results", sqlite3.connect(store / "results.sqlite"))
results = results[results.status == "ok"]
results["program"] = results.trace.map(lambda trace: Path(trace).stem)
folder.mkdir(parents=True, exist_ok=True)
pyplot.rcParams.update({"figure.dpi": 150, "axes.spines.top": False, "axes.spines.right": False})


def save(name):
    pyplot.tight_layout()
    pyplot.savefig(folder / name)
    pyplot.close()


# %% A line per program: speed-up over the shallowest prefetcher, as the machine is otherwise.
shipped = results[(results.ports == 1) & (results.rfc == "true")]
cycles = shipped.pivot_table(index="prefetch", columns="program", values="cycles", aggfunc="sum")
speedup = cycles.iloc[0] / cycles
axes = speedup.plot(marker="o", logx=True, figsize=(6, 3.5))
axes.set_xticks(speedup.index, [str(depth) for depth in speedup.index])
axes.minorticks_off()
axes.set(xlabel="lines of the stream buffer", ylabel=f"speed-up over {speedup.index[0]} line")
axes.legend(title=None, frameon=False, fontsize=8)
save("prefetch.png")

# %% Bars: what the second port and the cache of the register file are worth.
deepest = results[results.prefetch == results.prefetch.max()]
cycles = deepest.pivot_table(index="program", columns=["ports", "rfc"], values="cycles", aggfunc="sum")
relative = cycles.rdiv(cycles[1, "false"], axis=0)
relative.columns = [
    f"{ports} port{'s' if ports > 1 else ''}{', cache' if rfc == 'true' else ''}" for ports, rfc in relative
]
axes = relative.plot.bar(rot=20, figsize=(6, 3.5), width=0.8)
axes.axhline(1, color="black", linewidth=0.8)
axes.set(xlabel=None, ylabel="speed-up over 1 port", ylim=(0, None))
axes.legend(frameon=False, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.15))
save("register-file.png")

# %% Stacks: where the warps' cycles go with one port and no cache, the largest reasons first.
plain = deepest[(deepest.ports == 1) & (deepest.rfc == "false")]
stalls = plain.filter(like="stall_").groupby(plain.program).sum()
shares = 100 * stalls.div(stalls.sum(axis=1), axis=0)
shares.columns = shares.columns.str.removeprefix("stall_")
largest = shares.sum().sort_values(ascending=False).index[:6]
shown = shares[largest].assign(other=shares.drop(columns=largest).sum(axis=1))
axes = shown.plot.barh(stacked=True, figsize=(6, 3), width=0.7, colormap="tab10")
axes.set(xlabel="warp-cycles (%)", ylabel=None, xlim=(0, 100))
axes.legend(frameon=False, fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.4, 1.25))
save("stalls.png")
