"""The measured program: the page's example in several sizes and widths. ``FILE SIMULATOR ROUNDS PAIRS``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from sweep import Izhikevich, Monitor, Network, PoissonPopulation, Population, Projection
from workers import simulators
from workers.lockstep import run_side_by_side
from workers.simulators.base import Simulator
from workers.task import Job, run_network

INPUTS = 20  # to each cell, as on the page


def example(cells: int) -> tuple[Network, Any]:
    """Build the page's network with so many cells, and as many sources."""
    with Network() as net:
        sources, post = PoissonPopulation(cells, rates=20.0), Population(cells, Izhikevich)
        Projection(sources, post, "exc").connect_fixed_number_pre(INPUTS, weights=5.0)
        spikes = Monitor(post, "spike")

    def method(idx: int, net: Network) -> Any:
        net.simulate(1000.0)
        return net.get(spikes).raster_plot()

    return net, method


def seconds(job: Job, simulator: Simulator, width: int) -> float:
    """Run networks as one, and return the CPU seconds for each."""
    begin = time.process_time()
    if width == 1:
        outcomes = [run_network(job, 0, {}, simulator)]
    else:
        outcomes = run_side_by_side(job, range(width), [{}] * width, simulator)
    for outcome in outcomes:
        if outcome.failure is not None:
            raise RuntimeError(str(outcome.failure))
    return (time.process_time() - begin) / width


def main() -> None:
    """Measure each pair of a size and a width; of its runs the first, which compiles, does not count."""
    file, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    simulator = simulators.start(name)
    measured: list[list[float]] = []
    for cells, width in json.loads(sys.argv[4]):
        net, method = example(cells)
        jobs = [Job(method, (net,), name, seed) for seed in range(rounds + 1)]
        measured.append([seconds(job, simulator, width) for job in jobs][1:])
    file.write_text(json.dumps({"phases": {}, "result": measured}))


main()
