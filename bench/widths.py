"""Where fusing pays: ``python -m bench.widths`` writes bench/widths.md and widths.svg, in some 10 minutes.

The example of ANNarchy's page in several sizes: as many Izhikevich neurons and Poisson sources, 20 inputs to
each neuron, 1 s in steps of 1 ms. CPU time per network, in one process, with drawing, building, running and
reading, and without what is compiled once: the least of several runs of the same networks after a first one.
"To the best": the time at the measured width nearest to that of fuse="auto", over the least.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.agreement import installed
from bench.fresh import measure
from workers import simulators

TABLE, PLOT = Path(__file__).with_name("widths.md"), Path(__file__).with_name("widths.svg")
SIZES = (100, 300, 1000, 3000, 10_000)
WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
MOST = 30_000  # cells in one simulation
UNFIT = {"neuron"}  # its processes run one network each

Times = Mapping[tuple[int, int], float]  # CPU ms per network, by cells and width


def times_of(simulator: str, rounds: int, most: int) -> Times:
    """Measure all sizes and widths on one simulator, each size in a process of its own."""
    times = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for cells in (size for size in SIZES if size <= most):
            widths = [width for width in WIDTHS if cells * width <= most]
            arguments = (simulator, rounds, cells, json.dumps(widths))
            found = measure(sys.executable, "run_widths", *arguments, folder=Path(scratch)).result
            own = {(cells, width): 1000 * seconds for width, seconds in zip(widths, found, strict=True)}
            told = ", ".join(f"{width} wide {ms:.3g}" for (_, width), ms in own.items())
            print(f"{simulator}, {cells} cells, CPU ms per network: {told}", flush=True)
            times |= own
    return times


def automatic(simulator: str, cells: int) -> int:
    """Return the width that fuse="auto" has for the example."""
    return max(1, simulators.adapter(simulator).fuses // (2 * cells))


def chosen(simulator: str, times: Times, cells: int) -> int:
    """Return the measured width that is nearest to that of fuse="auto"."""
    auto = automatic(simulator, cells)
    return min((width for size, width in times if size == cells), key=lambda width: abs(width - auto))


def rows(simulator: str, times: Times) -> list[str]:
    """Write the table of one simulator."""
    widths = [width for width in WIDTHS if (min(SIZES), width) in times]
    heads = ["cells", *(f"{width} wide" for width in widths), "best", 'fuse="auto"', "to the best"]
    lines = [f"## {simulator}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for cells in sorted({cells for cells, _ in times}):
        own = {width: times[cells, width] for width in widths if (cells, width) in times}
        best = min(own, key=lambda width: own[width])
        values = [f"{own[width]:.3g}" if width in own else "" for width in widths]
        gain = f"{best} wide, {own[1] / own[best]:.1f} times faster" if best > 1 else "apart"
        values += [gain, str(automatic(simulator, cells))]
        values.append(f"{own[chosen(simulator, times, cells)] / own[best]:.2f}")
        lines.append(f"| {cells} | {' | '.join(values)} |")
    return lines


def plot(times: Mapping[str, Times], path: Path) -> None:
    """Draw the time per network against the width of fusing, a line for each size."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(times), figsize=(4 * len(times), 4), sharey=True, squeeze=False)
    for axis, (simulator, found) in zip(axes[0], times.items(), strict=True):
        for cells in sorted({cells for cells, _ in found}):
            widths = [width for width in WIDTHS if (cells, width) in found]
            values = [found[cells, width] for width in widths]
            (line,) = axis.loglog(widths, values, marker=".", label=f"{cells:,} cells")
            auto = chosen(simulator, found, cells)
            axis.minorticks_off()
            axis.plot(auto, found[cells, auto], "o", mfc="none", ms=10, color=line.get_color())
        axis.set(title=simulator, xlabel="networks in one simulation")
    axes[0][0].set_ylabel("CPU ms for a network of 1 s")
    axes[0][-1].legend(title='ring: fuse="auto"')
    figure.tight_layout()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "widths"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _parsed(names: Sequence[str]) -> Any:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.widths", description=__doc__, formatter_class=raw)
    parser.add_argument("--simulators", default=",".join(names), help="by default all that are installed")
    parser.add_argument("--rounds", type=int, default=5, help="at most, of which the least is taken")
    parser.add_argument("--most", type=int, default=MOST, help="cells in one simulation")
    parser.add_argument("--table", type=Path, default=TABLE, help="where to write it")
    parser.add_argument("--plot", type=Path, default=PLOT, help="where to draw it")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and write the table."""
    options = _parsed([name for name in installed() if name not in UNFIT])
    times = {name: times_of(name, options.rounds, options.most) for name in options.simulators.split(",")}
    what = str(__doc__).partition("\n")[2].strip()
    text = f"# Where fusing pays\n\nMade by `python -m bench.widths`. {what} In the tables: ms of it.\n"
    for simulator, found in times.items():
        text += "\n" + "\n".join(rows(simulator, found)) + "\n"
    text += f"\n![time per network against the width of fusing]({options.plot.name})\n"
    options.table.write_text(text)
    print(text, flush=True)
    plot(times, options.plot)


if __name__ == "__main__":
    main()
