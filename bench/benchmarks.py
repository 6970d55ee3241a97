"""Networks that people know, and their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep import (
    IF_cond_exp,
    IF_curr_exp,
    Monitor,
    Network,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    StepCurrentSource,
    Uniform,
)

CELL = {"cm": 0.2, "tau_m": 20.0, "v_rest": -60.0, "v_reset": -60.0, "v_thresh": -50.0, "tau_refrac": 5.0}
SYNAPSES = {"tau_syn_E": 5.0, "tau_syn_I": 10.0}


def balanced(
    model: Any, excitation: float, inhibition: float, **parameters: Any
) -> tuple[Network, list[Any]]:
    """Build the network of 4,000 cells of Brette et al. (2007), J. Comput. Neurosci. 23:349-398.

    3,200 excitatory and 800 inhibitory cells, connected with a probability of .02, and for the first 50 ms
    20 Poisson inputs of 100 Hz (PyNN's version of the benchmarks).
    """
    with Network(dt=0.1) as net:
        cell = model(**{**CELL, **SYNAPSES, **parameters})
        exc, inh = Population(3200, cell, name="exc"), Population(800, cell, name="inh")
        start = PoissonPopulation(20, rates=100.0, name="start")
        exc.v = inh.v = Uniform(-60.0, -50.0)
        for post in (exc, inh):
            Projection(exc, post, "exc").connect_fixed_probability(0.02, excitation)
            Projection(inh, post, "inh").connect_fixed_probability(0.02, inhibition)
            Projection(start, post, "exc").connect_fixed_probability(
                0.01, 0.1 if model is IF_cond_exp else 0.5
            )
        monitors = [Monitor(exc, "spike"), Monitor(inh, "spike")]
    return net, [start, *monitors]


def coba() -> tuple[Network, list[Any]]:
    """Build benchmark 1: conductances of 4 and 51 nS."""
    return balanced(IF_cond_exp, 4e-3, 51e-3, e_rev_E=0.0, e_rev_I=-80.0)


def cuba() -> tuple[Network, list[Any]]:
    """Build benchmark 2: currents that move a cell as much, .27 and 4.5 nS times the distance to rest."""
    return balanced(IF_curr_exp, 0.27e-3 * 60.0, 4.5e-3 * 20.0, v_rest=-49.0)


def one_cell(model: Any, amplitude: float) -> tuple[Network, list[Any]]:
    """Build one cell of a model, with a current from 20 ms to 180 ms."""
    with Network(dt=0.1) as net:
        cell = Population(1, model)
        StepCurrentSource([20.0, 180.0], [amplitude, 0.0]).inject_into(cell)
        monitors = [Monitor(cell, "spike"), Monitor(cell, "v", name="v")]
    return net, monitors


def synfire() -> tuple[Network, list[Any]]:
    """Build the closed synfire chain of the Neuromorphic Computing Platform's guidebook.

    11 groups of 8 excitatory and 8 inhibitory cells, started by a packet of 8 spikes with a standard
    deviation of .5 ms.
    """
    cell = IF_cond_exp(
        cm=0.2, v_reset=-70.0, v_rest=-70.0, v=-70.0, v_thresh=-47.0, e_rev_I=-70.0, e_rev_E=0.0
    )
    packet = np.sort(np.random.default_rng(42).normal(25.0, 0.5, 8))
    with Network(dt=0.1) as net:
        exc, inh = ([Population(8, cell, name=f"{kind} {i}") for i in range(11)] for kind in ("exc", "inh"))
        first = Population(8, SpikeSourceArray([[t] for t in packet]), name="packet")
        pairs = [(first, exc[0], "exc"), (first, inh[0], "exc")]
        for i in range(11):
            after = (i + 1) % 11
            pairs += [(exc[i], exc[after], "exc"), (exc[i], inh[after], "exc"), (inh[i], exc[i], "inh")]
        for pre, post, receptor in pairs:
            Projection(pre, post, receptor).connect_all_to_all(weights=0.005, delays=3.0)
        monitors = [Monitor(p, "spike") for p in exc + inh]
    return net, monitors
