"""The measured program: COBA on ANNarchy 4.8, the model as in its own example. ``FILE NUMBER PROCESSES``."""

from __future__ import annotations

import sys

from bench.phases import Phases

phases = Phases()
with phases.phase("imports"):
    import ANNarchy as ann  # noqa: N813 - as its documentation does

file, number, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

with phases.phase("ready"):
    ann.setup(dt=0.1)
    coba = ann.Neuron(
        parameters="""
            El = -60.0 : population
            Vr = -60.0 : population
            Erev_exc = 0.0 : population
            Erev_inh = -80.0 : population
            Vt = -50.0 : population
            tau = 20.0 : population
            tau_exc = 5.0 : population
            tau_inh = 10.0 : population
            I = 20.0 : population
        """,
        equations="""
            tau * dv/dt = (El - v) + g_exc * (Erev_exc - v) + g_inh * (Erev_inh - v) + I
            tau_exc * dg_exc/dt = -g_exc
            tau_inh * dg_inh/dt = -g_inh
        """,
        spike="v > Vt",
        reset="v = Vr",
        refractory=5.0,
    )
    cells = ann.Population(4000, coba)
    exc, inh = cells[:3200], cells[3200:]
    cells.v = ann.Uniform(-60.0, -50.0)
    ann.Projection(exc, cells, "exc").connect_fixed_probability(weights=0.6, probability=0.02)
    ann.Projection(inh, cells, "inh").connect_fixed_probability(weights=6.7, probability=0.02)
    m = ann.Monitor(cells, "spike")
    ann.compile()


def simulation(idx: int, net: ann.Network) -> int:
    net.simulate(500.0)
    return len(net.get(m).raster_plot()[0])


with phases.phase("run"):
    results = ann.parallel_run(method=simulation, number=number, max_processes=processes)

phases.write(file, list(results))
