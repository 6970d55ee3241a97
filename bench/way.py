"""Where the time of a small network goes: ``python -m bench.way``.

The page's example (100 Poisson sources, 100 Izhikevich neurons, 1 s in steps of 1 ms), fused, in
CPU ms per network: all of `parallel_run` by process; then, in this process alone, what a worker's child
process does, part by part; and last the same network as a loop written by hand in C++, the least that it can
cost. Of each part the least of all rounds is shown. What was found is in bench/way.md.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from bench import cpu
from bench.rates import MOST
from bench.tables import show
from sweep import Izhikevich, Monitor, Network, PoissonPopulation, Population, Projection, parallel_run
from workers import lockstep, session, simulators
from workers.child import look_rarely_for_garbage
from workers.part import pack
from workers.simulators.base import Simulator
from workers.stimulus import PoissonSpikes
from workers.task import Job

Seconds = dict[str, float]

with Network() as net:
    sources = PoissonPopulation(100, rates=10.0)
    cells = Population(100, Izhikevich)
    Projection(sources, cells, "exc").connect_fixed_probability(weights=5.0, probability=0.2)
    spikes = Monitor(cells, "spike")


def method(idx: int, net: Network, rates: float) -> Any:
    """Simulate a second; give back all spikes."""
    net.get(sources).rates = rates
    net.simulate(1000.0)
    return net.get(spikes).raster_plot()


def rates(number: int) -> list[float]:
    """Return the rate of each network, as in `bench.run_ours`."""
    return [float(r) for r in -1000.0 * np.log1p(-np.linspace(0.0, MOST, number) / 1000.0)]


def by_process(simulator: str, number: int, width: int) -> Seconds:
    """Run a sweep; return the CPU time of each kind of process."""
    before, client = _of_processes(), time.process_time()
    options: dict[str, Any] = {"simulator": simulator, "fuse": width, "progress": False}
    parallel_run(method, networks=net, rates=rates(number), **options)
    spent = {kind: seconds - before.get(kind, 0.0) for kind, seconds in _of_processes().items()}
    return {"client": time.process_time() - client, **spent}


def _of_processes() -> Seconds:
    found: Seconds = defaultdict(float)
    for command, seconds in cpu.of_each_below():
        found["children" if "workers.child" in command else "scheduler, workers"] += seconds
    return dict(found)


def in_child(name: str, number: int, width: int) -> Seconds:
    """Run the same networks in this process, as a worker's child process does."""
    job, simulator = Job(method, (net,), name, 1, (), width), simulators.start(name)
    parameters = [{"rates": rate} for rate in np.random.default_rng(0).permutation(rates(number)).tolist()]
    spent: Seconds = defaultdict(float)
    outcomes = []
    with ExitStack() as stack:
        for part, (owner, name) in _parts(simulator).items():
            stack.enter_context(patch.object(owner, name, _timed(getattr(owner, name), part, spent)))
        begin = time.process_time()
        for at in range(0, number, width):
            indices = range(at, min(number, at + width))
            outcomes += lockstep.run_side_by_side(job, indices, parameters[at : at + width], simulator)
        total = time.process_time() - begin
    spent["methods, lockstep, values"] = total - sum(spent.values())
    begin = time.process_time()
    pack(outcomes)
    return {**spent, "values to columns": time.process_time() - begin}


def _parts(simulator: Simulator) -> dict[str, tuple[Any, str]]:
    """Say where the parts of the way are; none of them is within another."""
    return {
        "copy": (Network, "copy"),
        "draw wiring and values": (session, "draw"),
        "draw stimulus": (PoissonSpikes, "emit"),
        "fuse networks": (lockstep, "fuse"),
        "build": (simulator, "build"),
        "fuse stimuli": (lockstep, "together"),
        "run": (simulator, "run"),
        "split recordings": (lockstep, "apart"),
    }


def _timed(function: Callable[..., Any], part: str, spent: Seconds) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[part] += time.process_time() - begin

    return timed


def by_hand(number: int) -> tuple[float, float]:
    """Compile and run the loop in C++; return its ms per network, and how many spikes that has."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "least")
        source = str(Path(__file__).with_name("least.cpp"))
        subprocess.run(["c++", "-O3", "-std=c++17", source, "-o", program], check=True)
        printed = subprocess.run(
            [program, str(number), str(MOST)], check=True, capture_output=True, text=True
        )
    ms, count = map(float, printed.stdout.split())
    return ms, count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m bench.way", description=__doc__)
    parser.add_argument("--simulator", default="brian2", choices=["brian2", "genn"])
    parser.add_argument("--networks", type=int, default=400)
    parser.add_argument("--width", type=int, default=100, help="how many networks run as one")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    name, number, width = given.simulator, given.networks, given.width
    by_process(name, 2 * width, width)  # starts all, and compiles
    in_child(name, width, width)
    look_rarely_for_garbage(width)  # as the child process does
    print(f"{name}, {number} networks, {width} as one; CPU ms per network")
    _show("parallel_run", [by_process(name, number, width) for _ in range(given.rounds)], number)
    _show("a child process", [in_child(name, number, width) for _ in range(given.rounds)], number)
    loops = [by_hand(number) for _ in range(given.rounds)]
    print(f"The loop in C++: {min(loops)[0]:.3f} ms per network, which has {loops[0][1]:.0f} spikes")


def _show(title: str, rounds: Sequence[Seconds], number: int) -> None:
    least = {part: 1000.0 * min(r.get(part, 0.0) for r in rounds) / number for part in rounds[0]}
    rows = [[part, f"{ms:.3f}"] for part, ms in least.items()]
    show(title, ["", "ms"], [*rows, ["together", f"{sum(least.values()):.3f}"]])


if __name__ == "__main__":
    main()
