"""How far the simulators agree: ``python -m bench.agreement`` writes bench/agreement.md.

The same networks, with the same wiring, stimuli and initial states to the bit, on every simulator that is
installed. What is compared is what they make of them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import sweep
from bench.benchmarks import coba, cuba, one_cell, synfire
from sweep import Monitor, Network, Results, parallel_run
from workers import simulators

NETWORKS = 4
TABLE = Path(__file__).with_name("agreement.md")
STEPS = {
    "IF_curr_exp": 1.0,
    "IF_curr_alpha": 1.0,
    "IF_curr_delta": 1.0,
    "IF_cond_exp": 1.0,
    "IF_cond_alpha": 1.0,
    "EIF_cond_exp_isfa_ista": 0.8,
    "HH_cond_exp": 0.6,
    "Izhikevich": 0.01,
}


def installed() -> list[str]:
    """Name the simulators that can run here, NEST first."""
    names = [n for n, a in simulators.adapters().items() if simulators.is_installed(a)]
    return sorted(names, key=lambda name: (name != "nest", name))


def run(net: Network, ms: float, simulator: str, record: Any) -> Any:
    """Run one network on one simulator, in a process of its own."""

    def method(idx: int, net: Network) -> Any:
        net.simulate(ms)
        return record(net)

    results: Results = parallel_run(method, number=1, networks=net, simulator=simulator, seed=1)
    return results[0]


def of_cells() -> list[str]:
    """Compare one cell of each model under a current step, with NEST's."""
    lines = [
        "## One cell under a current step",
        "",
        "dt .1 ms, a current from 20 to 180 ms. The greatest difference of a spike time from NEST's, and",
        "of the voltage until the first spike.",
        "",
        "| model | current (nA) | simulator | spikes | spike times (ms) | voltage (mV) |",
        "|---|---|---|---|---|---|",
    ]
    for name, amplitude in STEPS.items():
        reference: Any = None
        for simulator in installed():
            if name not in simulators.adapter(simulator).models:
                continue
            net, (spikes, v) = one_cell(getattr(sweep, name), amplitude)
            found = run(net, 200.0, simulator, partial(_of_cell, spikes=spikes, v=v))
            reference = found if reference is None else reference
            lines.append(_cell_row(name, amplitude, simulator, found, reference))
    return lines


def _of_cell(net: Network, spikes: Monitor, v: Monitor) -> Any:
    return net.get(spikes).raster_plot()[0], net.get(v).get()


def _of_chain(net: Network, monitors: list[Monitor]) -> Any:
    return [net.get(m).raster_plot() for m in monitors]


def _cell_row(name: str, amplitude: float, simulator: str, found: Any, reference: Any) -> str:
    times, trace = found
    if len(times) != len(reference[0]):
        apart = f"{len(reference[0])} spikes in NEST"
    else:
        apart = f"{np.abs(times - reference[0]).max(initial=0.0):.2f}"
    until = int(min([*times[:1], *reference[0][:1], 200.0]) / 0.1) - 2
    voltage = np.abs(trace[:until] - reference[1][:until]).max()
    return f"| {name} | {amplitude:g} | {simulator} | {len(times)} | {apart} | {voltage:.1e} |"


def of_networks() -> list[str]:
    """Compare firing rates and the variation of intervals in the benchmarks of Brette et al."""
    lines = [
        "## COBA and CUBA, 4,000 cells (Brette et al. 2007)",
        "",
        f"dt .1 ms, 1 s; {NETWORKS} networks with identical wiring, initial voltages and stimuli on each",
        "simulator: mean and standard deviation. Such networks are chaotic: single spikes part after some",
        "100 ms whatever the simulator, the statistics must not.",
        "",
        "| network | simulator | exc. rate (Hz) | inh. rate (Hz) | CV of intervals |",
        "|---|---|---|---|---|",
    ]
    for make in (coba, cuba):
        for simulator in installed():
            lines.append(_network_row(make, simulator))
    return lines


def _network_row(make: Any, simulator: str) -> str:
    net, (start, exc, inh) = make()

    def method(idx: int, net: Network) -> Any:
        net.simulate(50.0)
        net.get(start).rates = 0.0
        net.simulate(950.0)
        return net.get(exc).mean_fr(), net.get(inh).mean_fr(), net.get(exc).raster_plot()

    results = parallel_run(method, number=NETWORKS, networks=[net] * NETWORKS, simulator=simulator, seed=1)
    found = np.array([(of_exc, of_inh, _variation(*raster)) for of_exc, of_inh, raster in results])
    columns = zip(found.mean(axis=0), found.std(axis=0, ddof=1), strict=True)
    return (
        " | ".join([f"| {make.__name__} | {simulator}", *(f"{m:.2f} ± {s:.2f}" for m, s in columns)]) + " |"
    )


def _variation(times: Any, ranks: Any) -> float:
    """Return the mean coefficient of variation of the cells with at least 3 intervals."""
    trains = [times[ranks == rank] for rank in np.unique(ranks)]
    intervals = [np.diff(t) for t in trains if len(t) > 3]
    return float(np.mean([i.std() / i.mean() for i in intervals]))


def of_synfire() -> list[str]:
    """Compare all spikes of the synfire chain."""
    lines = [
        "## Synfire chain, 11 groups of 8 + 8",
        "",
        "dt .1 ms, 150 ms. The greatest difference of a spike time from NEST's.",
        "",
        "| simulator | spikes | spike times (ms) |",
        "|---|---|---|",
    ]
    reference: Any = None
    for simulator in installed():
        net, monitors = synfire()
        found = run(net, 150.0, simulator, partial(_of_chain, monitors=monitors))
        reference = found if reference is None else reference
        apart = [_apart(a, b) for a, b in zip(found, reference, strict=True)]
        lines.append(f"| {simulator} | {sum(len(t) for t, _ in found)} | {max(apart):.2f} |")
    return lines


def _apart(found: Any, reference: Any) -> float:
    """Return the greatest difference between the spikes of each neuron; infinite if one has more."""
    (times, ranks), (others, of_others) = found, reference
    if not np.array_equal(np.bincount(ranks, minlength=8), np.bincount(of_others, minlength=8)):
        return float("inf")
    a, b = times[np.lexsort((times, ranks))], others[np.lexsort((others, of_others))]
    return float(np.abs(a - b).max(initial=0.0))


REASONS = """## Where they differ, and why

- IF_curr_exp, IF_curr_alpha, IF_curr_delta: NEST and Brian2 integrate the linear equations exactly, by
  propagators; NEURON takes Crank-Nicolson steps of second order.
- IF_cond_exp, IF_cond_alpha: NEST has an adaptive Runge-Kutta method, Brian2 the mean conductance of each
  step (second order), NEURON Crank-Nicolson steps. With a constant current there is nothing for them to
  differ in.
- EIF_cond_exp_isfa_ista: the upstroke of a spike is stiff. NEST is adaptive, Brian2 takes Runge-Kutta
  substeps of at most .05 ms, NEURON steps of dt: some .1 ms by the last spike.
- HH_cond_exp: NEST is adaptive, Brian2 takes Rush-Larsen substeps of at most .01 ms. PyNN's mechanism for
  NEURON reads the rates of its gates from a table with steps of 1 mV: 1 ms after 14 spikes. The voltage
  differs most on the upstroke of the first spike, which is some .01 ms apart.
- Izhikevich: NEST and Brian2 take the same Euler steps, an error of first order that adds up between
  spikes; NEURON's steps are of second order. The 12 mV are a tenth of a ms on the upstroke of the first
  spike.
- COBA is chaotic: any difference, of whatever size, gives other spikes within some 100 ms, and a few per
  cent in the rates of one network over 1 s. The means over several networks agree, well within what the
  networks differ by. CUBA's cells fire regularly, and agree in each.
"""


def main() -> None:
    """Measure, print, and write the table."""
    text = "# How far the simulators agree\n\nMade by `python -m bench.agreement`.\n\n"
    for part in (of_cells, of_synfire, of_networks):
        text += "\n".join(part()) + "\n\n"
        print(text, flush=True)
    TABLE.write_text(text + REASONS)


if __name__ == "__main__":
    main()
