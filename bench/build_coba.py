"""Building the COBA benchmark, ours on NEST against pyNN.nest: ``python -m bench.build_coba``.

The network is benchmark 1 of Brette et al. 2007 (Journal of Computational Neuroscience 23:349-398): 3,200
excitatory and 800 inhibitory neurons with synaptic conductances, each pair connected with a probability of
2 %, 320,000 synapses. Each is built in a fresh process; the imports are not counted. Ours is all from the
description to the network in NEST: drawing it, and building it. What PyNN's documentation advises for speed
is done in both: values are given when neurons and synapses are made, and not set afterwards. pyNN.nest's own
extensions, which pip does not build, are as pip leaves them. The aim is a fifth of PyNN's time.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from time import perf_counter, process_time

from bench.tables import show, spread

EXCITATORY, INHIBITORY, PROBABILITY, DT = 3200, 800, 0.02, 0.1
CELL = {
    "v_rest": -60.0,
    "v_reset": -60.0,
    "v_thresh": -50.0,
    "cm": 0.2,
    "tau_m": 20.0,
    "tau_refrac": 5.0,
    "tau_syn_E": 5.0,
    "tau_syn_I": 10.0,
    "e_rev_E": 0.0,
    "e_rev_I": -80.0,
}
WEIGHTS = {"exc": 0.006, "inh": 0.067}  # uS


def ours() -> int:
    """Draw and build the network on NEST; return the number of synapses."""
    from sweep import IF_cond_exp, Monitor, Network, Normal, Population, Projection

    with Network(dt=DT) as net:
        exc, inh = (Population(n, IF_cond_exp(**CELL)) for n in (EXCITATORY, INHIBITORY))
        count = 0
        for pre, receptor in ((exc, "exc"), (inh, "inh")):
            pre.v = Normal(-60.0, 5.0)
            Monitor(pre, "spike")
            for post in (exc, inh):
                proj = Projection(pre, post, receptor)
                proj.connect_fixed_probability(PROBABILITY, weights=WEIGHTS[receptor], delays=DT)
    net.compile("nest", seed=1)
    for proj in net.of(Projection):
        count += len(proj.weights)
    return count


def theirs() -> int:
    """Build the network with pyNN.nest; return the number of synapses."""
    import pyNN.nest as sim
    from pyNN.random import NumpyRNG, RandomDistribution

    rng = NumpyRNG(seed=1)
    sim.setup(timestep=DT, min_delay=DT)
    normal = RandomDistribution("normal", mu=-60.0, sigma=5.0, rng=rng)
    cell = sim.IF_cond_exp(**CELL)
    exc, inh = (sim.Population(n, cell, initial_values={"v": normal}) for n in (EXCITATORY, INHIBITORY))
    count = 0
    for pre, receptor in ((exc, "exc"), (inh, "inh")):
        pre.record("spikes")
        for post in (exc, inh):
            proj = sim.Projection(
                pre,
                post,
                sim.FixedProbabilityConnector(PROBABILITY, allow_self_connections=False, rng=rng),
                sim.StaticSynapse(weight=WEIGHTS[receptor], delay=DT),
                receptor_type={"exc": "excitatory", "inh": "inhibitory"}[receptor],
            )
            count += len(proj)
    return count


BUILDS = {"ours": ours, "pyNN.nest": theirs}
IMPORTS = {"ours": ("sweep", "nest"), "pyNN.nest": ("pyNN.nest",)}


def measure(name: str) -> None:
    """Build once and print seconds and the number of synapses, for the process that asked."""
    for module in IMPORTS[name]:
        __import__(module)
    wall, cpu = perf_counter(), process_time()
    synapses = BUILDS[name]()
    print("\n" + json.dumps([perf_counter() - wall, process_time() - cpu, synapses]))


def main(rounds: int = 5) -> None:
    """Measure both in turn, each in fresh processes, and print a table."""
    found: dict[str, list[list[float]]] = {name: [] for name in BUILDS}
    for _ in range(rounds):
        for name, records in found.items():
            command = [sys.executable, "-W", "ignore", "-m", "bench.build_coba", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            records.append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for name, records in found.items():
        wall, cpu, synapses = zip(*records, strict=True)
        rows.append([name, spread(wall, 2), spread(cpu, 2), f"{statistics.median(synapses):,.0f}"])
    ratios = [t[1] / o[1] for o, t in zip(found["ours"], found["pyNN.nest"], strict=True)]
    show(f"Building COBA, {rounds} rounds", ["", "wall s", "CPU s", "synapses"], rows)
    print(f"pyNN.nest takes {spread(ratios)} times the CPU time of ours")


if __name__ == "__main__":
    measure(sys.argv[1]) if sys.argv[1:] in ([n] for n in BUILDS) else main(*map(int, sys.argv[1:]))
