"""The measured program: COBA on ours, with ANNarchy's numbers. ``FILE NUMBER PROCESSES SIMULATOR``."""

from __future__ import annotations

import sys
from typing import Any

from bench.phases import Phases

phases = Phases()
with phases.phase("imports"):
    from sweep import IF_cond_exp, Monitor, Network, Population, Projection, Uniform, parallel_run

file, number, processes, simulator = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

LEAK = 0.01  # uS: ANNarchy's conductances are multiples of it, and its current of 20 is .2 nA

with Network(dt=0.1) as base:
    cell = IF_cond_exp(
        cm=0.2,
        tau_m=20.0,
        v_rest=-60.0,
        v_reset=-60.0,
        v_thresh=-50.0,
        tau_refrac=5.0,
        tau_syn_E=5.0,
        tau_syn_I=10.0,
        e_rev_E=0.0,
        e_rev_I=-80.0,
        i_offset=20.0 * LEAK,
    )
    exc, inh = Population(3200, cell, name="exc"), Population(800, cell, name="inh")
    exc.v = inh.v = Uniform(-60.0, -50.0)
    for post in (exc, inh):
        Projection(exc, post, "exc").connect_fixed_probability(weights=0.6 * LEAK, probability=0.02)
        Projection(inh, post, "inh").connect_fixed_probability(weights=6.7 * LEAK, probability=0.02)
    monitors = [Monitor(exc, "spike"), Monitor(inh, "spike")]


def simulation(idx: int, net: Network) -> int:
    net.simulate(500.0)
    return sum(len(net.get(m).raster_plot()[0]) for m in monitors)


def run(number: int) -> Any:
    options = {"simulator": simulator, "max_processes": processes, "progress": False}
    return parallel_run(simulation, number=number, networks=base, **options)


with phases.phase("ready"):
    run(number)  # starts the workers and their simulators, and compiles what they compile

with phases.phase("run"):
    counts = list(run(number))

phases.write(file, counts)
