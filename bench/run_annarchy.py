"""The measured program: ANNarchy's page on ANNarchy. ``FILE NUMBER PROCESSES``."""

from __future__ import annotations

import sys

from bench.phases import Phases
from bench.rates import MOST

phases = Phases()
with phases.phase("imports"):
    import ANNarchy as ann  # noqa: N813 - as its documentation does
    import numpy as np

file, number, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

with phases.phase("ready"):
    ann.setup(dt=1.0)
    pop1 = ann.PoissonPopulation(100, rates=10.0)
    pop2 = ann.Population(100, ann.Izhikevich)
    proj = ann.Projection(pop1, pop2, "exc")
    proj.connect_fixed_probability(weights=5.0, probability=0.2)
    m = ann.Monitor(pop2, "spike")
    ann.compile()


def simulation(idx: int, net: ann.Network, rates: float) -> tuple[np.ndarray, np.ndarray]:
    net.get(pop1).rates = rates
    net.simulate(1000.0)
    return net.get(m).raster_plot()


with phases.phase("run"):
    results = ann.parallel_run(
        method=simulation, number=number, max_processes=processes, rates=list(np.linspace(0.0, MOST, number))
    )

phases.write(file, [len(times) for times, _ in results])
