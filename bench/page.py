"""The example of ANNarchy's page, on ours and on ANNarchy 4.8, in turn."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import annarchy
from bench.fresh import REST, Measured, measure
from bench.tables import show, spread

OURS = {"ours, NEST": "nest", "ours, Brian2": "brian2"}
THEIRS = "ANNarchy 4.8"
ONCE = ("imports", "ready", REST)
SUSPICIOUS = 4.0  # standard errors

Runs = Mapping[str, Sequence[Measured]]


@dataclass
class Bench:
    """Runs the example on each engine, each time in a fresh process.

    Parameters
    ----------
    python : str
        The interpreter that has ANNarchy.
    processes : int
        How many networks run at once.
    scratch : Path
        For working directories. Each engine has one, in which it finds what it has compiled before.
    """

    python: str
    processes: int
    scratch: Path
    runs: dict[int, dict[str, list[Measured]]] = field(default_factory=dict)

    def round(self, number: int) -> None:
        """Run so many networks on each engine."""
        runs = self.runs.setdefault(number, {engine: [] for engine in (*OURS, THEIRS)})
        for engine, measured in runs.items():
            measured.append(self._run(engine, number))

    def _run(self, engine: str, number: int) -> Measured:
        folder = self.scratch / engine
        folder.mkdir(exist_ok=True)
        if engine == THEIRS:
            return measure(self.python, "run_annarchy", number, self.processes, folder=folder)
        return measure(sys.executable, "run_ours", number, self.processes, OURS[engine], folder=folder)


def run(sizes: Sequence[int], rounds: int, processes: int) -> None:
    """Measure and print."""
    annarchy.check_compiler()
    python = annarchy.interpreter()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(python, processes, Path(scratch))
        for place in range(rounds):
            for number in sizes:
                print(f"page: round {place + 1} of {rounds}, {number} networks", file=sys.stderr, flush=True)
                bench.round(number)
    for number, runs in bench.runs.items():
        show_networks(number, processes, runs)
    show_once(bench.runs)


def show_networks(number: int, processes: int, runs: Runs) -> None:
    """Print what a network costs, by the time of `parallel_run` alone."""
    title = f"{number} networks, {processes} processes, rounds: {len(runs[THEIRS])}; time per network"
    heads = ["", "CPU ms", "wall ms", "CPU / ANNarchy's", "wall / ANNarchy's", "spikes", "differ by"]
    show(title, heads, [_row(number, engine, runs) for engine in runs])


def _row(number: int, engine: str, runs: Runs) -> list[str]:
    seconds = [m.phases["run"] for m in runs[engine]]
    theirs = [m.phases["run"] for m in runs[THEIRS]]
    ratios = [(a.cpu / b.cpu, a.wall / b.wall) for a, b in zip(seconds, theirs, strict=True)]
    same = engine == THEIRS
    return [
        engine,
        spread([1000 * s.cpu / number for s in seconds], 2),
        spread([1000 * s.wall / number for s in seconds], 2),
        "" if same else spread([cpu for cpu, _ in ratios], 2),
        "" if same else spread([wall for _, wall in ratios], 2),
        f"{statistics.fmean(_counts(runs[engine])):.1f}",
        "" if same else _difference(_counts(runs[engine]), _counts(runs[THEIRS])),
    ]


def _counts(measured: Sequence[Measured]) -> list[float]:
    """Return the number of spikes of each network, of all rounds."""
    return [count for m in measured for count in m.result]


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Compare networks of equal rate, pair by pair."""
    pairs = [a - b for a, b in zip(ours, theirs, strict=True)]
    error = statistics.stdev(pairs) / len(pairs) ** 0.5
    mean = statistics.fmean(pairs)
    text = f"{mean:+.1f} ± {error:.1f}"
    return f"{text} (!)" if abs(mean) > SUSPICIOUS * error else text


def show_once(runs: Mapping[int, Runs]) -> None:
    """Print what a script costs apart from its networks: the first time, and when all is compiled."""
    heads = ["", "imports", "ready", REST, "together"]
    rows = []
    for engine in (*OURS, THEIRS):
        measured = [m for by_engine in runs.values() for m in by_engine[engine]]
        first = next(iter(runs.values()))[engine][0]
        later = [m for m in measured if m is not first]
        rows.append(_once(f"{engine}, the first time", [first]))
        rows += [_once(f"{engine}, later", later)] if later else []
    show("One-time costs of a script: CPU s / wall s", heads, rows)


def _once(name: str, measured: Sequence[Measured]) -> list[str]:
    def median(phases: Sequence[str]) -> str:
        cpu = statistics.median(sum(m.phases[p].cpu for p in phases) for m in measured)
        wall = statistics.median(sum(m.phases[p].wall for p in phases) for m in measured)
        return f"{cpu:.2f} / {wall:.2f}"

    return [name, *(median([phase]) for phase in ONCE), median(ONCE)]
