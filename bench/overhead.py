"""Networks that do nothing: what we cost."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.fresh import Measured, measure
from bench.tables import show, spread


def run(number: int, rounds: int, processes: int) -> None:
    """Measure and print."""
    runs: dict[str, list[Measured]] = {"without a store": [], "with a store": []}
    for place in range(rounds):
        print(f"overhead: round {place + 1} of {rounds}", file=sys.stderr, flush=True)
        for name, measured in runs.items():
            measured.append(_run(number, processes, store=name == "with a store"))
    show_rates(number, processes, runs)


def _run(number: int, processes: int, store: bool) -> Measured:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        path = [folder / "idx.zarr"] if store else []
        measured = measure(sys.executable, "run_overhead", number, processes, *path, folder=folder)
    if measured.result:
        raise RuntimeError(f"{measured.result} of {number} networks have a wrong result")
    return measured


def show_rates(number: int, processes: int, runs: Mapping[str, Sequence[Measured]]) -> None:
    """Print how many networks a second there were, and how long all else took."""
    title = f"{number} networks that only return idx, {processes} processes"
    heads = ["", "networks / s", "CPU ms each", "imports s", "start s", "reading results s"]
    show(title, heads, [_row(number, name, measured) for name, measured in runs.items()])


def _row(number: int, name: str, measured: Sequence[Measured]) -> list[str]:
    return [
        name,
        spread([number / m.phases["run"].wall for m in measured], 0),
        spread([1000 * m.phases["run"].cpu / number for m in measured], 3),
        spread([m.phases["imports"].wall for m in measured], 2),
        spread([m.phases["ready"].wall for m in measured], 2),
        spread([m.phases["read"].wall for m in measured], 2),
    ]
