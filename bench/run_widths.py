"""The measured program: the page's example of one size. ``FILE SIMULATOR ROUNDS CELLS WIDTHS``."""

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
LONG_ENOUGH = 2.0  # CPU seconds


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


def least(job: Job, simulator: Simulator, width: int, rounds: int) -> float:
    """Return the least of several runs; the first one, which compiles what this width needs, does not count.

    They are of the same networks: others may need other code, since sizes are compiled in.
    """
    seconds(job, simulator, width)
    begin, times = time.process_time(), []
    while len(times) < 2 or (len(times) < rounds and time.process_time() - begin < LONG_ENOUGH):
        times.append(seconds(job, simulator, width))
    return min(times)


def main() -> None:
    """Measure one size at all widths."""
    file, name, rounds, cells = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    simulator = simulators.start(name)
    net, method = example(cells)
    job = Job(method, (net,), name, 1)
    measured = [least(job, simulator, width, rounds) for width in json.loads(sys.argv[5])]
    file.write_text(json.dumps({"phases": {}, "result": measured}))


main()
