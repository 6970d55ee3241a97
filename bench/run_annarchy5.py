"""The measured program: ANNarchy's page on ANNarchy 5. ``FILE NUMBER PROCESSES``."""

from __future__ import annotations

import sys

from bench.phases import Phases
from bench.rates import MOST

phases = Phases()
with phases.phase("imports"):
    import ANNarchy as ann  # noqa: N813 - as its documentation does
    import numpy as np

file, number, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Page(ann.Network):
    def __init__(self) -> None:
        self.inputs = self.create(ann.PoissonPopulation(100, rates=10.0))
        self.cells = self.create(100, ann.Izhikevich())
        synapses = self.connect(self.inputs, self.cells, "exc")
        synapses.connect_fixed_probability(weights=5.0, probability=0.2)
        self.spikes = self.monitor(self.cells, "spike")


def simulation(net: Page, rates: float) -> tuple[np.ndarray, np.ndarray]:
    net.inputs.rates = rates
    net.simulate(1000.0)
    return net.spikes.raster_plot()


with phases.phase("ready"):
    page = Page(dt=1.0)
    page.compile()

with phases.phase("run"):
    results = page.parallel_run(
        method=simulation, number=number, max_processes=processes, rates=list(np.linspace(0.0, MOST, number))
    )

phases.write(file, [len(times) for times, _ in results])
