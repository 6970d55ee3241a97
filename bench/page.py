"""Examples on ours and on ANNarchy, in turn: that of ANNarchy's page, and COBA."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench import annarchy
from bench.agreement import installed
from bench.fresh import REST, Measured, measure
from bench.tables import show, spread

THEIRS = "ANNarchy 4.8"
SIMULATORS = {"nest": "NEST", "brian2": "Brian2", "genn": "GeNN"}
LONG = 2000  # from how many networks on one round is enough
ONCE = ("imports", "ready", REST)
SUSPICIOUS = 4.0  # standard errors

Runs = Mapping[str, Sequence[Measured]]


class Engine(NamedTuple):
    """What runs an example: a program of `bench` and the interpreter it needs, with its last argument."""

    python: str
    program: str
    simulator: str = ""


def engines(ours: str, theirs: Mapping[str, str]) -> dict[str, Engine]:
    """Name all engines: our program on each simulator, and the program of each version of ANNarchy."""
    annarchy.check_compiler()
    own = {f"ours, {SIMULATORS[s]}": Engine(sys.executable, ours, s) for s in installed() if s in SIMULATORS}
    return own | {f"ANNarchy {v}": Engine(annarchy.interpreter(v), program) for v, program in theirs.items()}


@dataclass
class Bench:
    """Runs the example on each engine, each time in a fresh process.

    Parameters
    ----------
    engines : dict of str to Engine
    processes : int
        How many networks run at once.
    scratch : Path
        For working directories. Each engine has one, in which it finds what it has compiled before.
    """

    engines: Mapping[str, Engine]
    processes: int
    scratch: Path
    runs: dict[int, dict[str, list[Measured]]] = field(default_factory=dict)

    def round(self, number: int) -> None:
        """Run so many networks on each engine."""
        runs = self.runs.setdefault(number, {name: [] for name in self.engines})
        for name, measured in runs.items():
            measured.append(self._run(name, number))

    def _run(self, name: str, number: int) -> Measured:
        folder, engine = self.scratch / name, self.engines[name]
        folder.mkdir(exist_ok=True)
        more = [engine.simulator] if engine.simulator else []
        return measure(engine.python, engine.program, number, self.processes, *more, folder=folder)


def run_page(sizes: Sequence[int], rounds: int, processes: int) -> None:
    """Measure the page's example and print."""
    theirs = {"4.8": "run_annarchy", "5.0": "run_annarchy5"}
    _run(engines("run_ours", theirs), sizes, rounds, processes)


def run_coba(number: int, rounds: int, processes: int) -> None:
    """Measure COBA and print."""
    _run(engines("run_coba", {"4.8": "run_coba_annarchy"}), [number], rounds, processes)


def _run(engines: Mapping[str, Engine], sizes: Sequence[int], rounds: int, processes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(engines, processes, Path(scratch))
        for place in range(rounds):
            for number in (n for n in sizes if not place or n < LONG):
                print(f"round {place + 1} of {rounds}, {number} networks", file=sys.stderr, flush=True)
                bench.round(number)
    for number, runs in bench.runs.items():
        show_networks(number, processes, runs)
    show_once(bench.runs)


def show_networks(number: int, processes: int, runs: Runs) -> None:
    """Print what a network costs, by the time of `parallel_run` alone."""
    title = f"{number} networks, {processes} processes, rounds: {len(runs[THEIRS])}; time per network"
    heads = ["", "CPU ms", "wall ms", "CPU / 4.8's", "wall / 4.8's", "spikes", "differ by"]
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
    for engine in next(iter(runs.values())):
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
