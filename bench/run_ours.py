"""The measured program: ANNarchy's page on ours. ``FILE NUMBER PROCESSES SIMULATOR``."""

from __future__ import annotations

import sys
from typing import Any

from bench.phases import Phases
from bench.rates import MOST

phases = Phases()
with phases.phase("imports"):
    import numpy as np

    from sweep import Izhikevich, Monitor, Network, PoissonPopulation, Population, Projection, parallel_run

file, number, processes, simulator = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

pop1 = PoissonPopulation(100, rates=10.0)
pop2 = Population(100, Izhikevich)
proj = Projection(pop1, pop2, "exc")
proj.connect_fixed_probability(weights=5.0, probability=0.2)
m = Monitor(pop2, "spike")


def simulation(idx: int, net: Network, rates: float) -> Any:
    net.get(pop1).rates = rates
    net.simulate(1000.0)
    return net.get(m).raster_plot()


def run(number: int) -> Any:
    # ANNarchy's neurons fire in a step of 1 ms with probability rate x dt, ours are Poisson processes and do
    # so with probability 1 - exp(-rate x dt): these are the rates at which both get the same stimulus.
    rates = -1000.0 * np.log1p(-np.linspace(0.0, MOST, number) / 1000.0)
    options = {"simulator": simulator, "max_processes": processes, "progress": False}
    return parallel_run(method=simulation, rates=rates, **options)


with phases.phase("ready"):
    run(2 * processes)  # starts the workers and their simulators, and compiles what they compile

with phases.phase("run"):
    counts = [len(times) for times, _ in run(number)]

phases.write(file, counts)
