"""Small networks that are made by hand, and what a simulator makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers import network
from workers.instance import Cells, Floats, Instance, Sources, Spikes, Synapses, Trace
from workers.network.models import Model
from workers.simulators.base import NO_CURRENTS, Simulator

Recorded = tuple[list[Spikes], list[Floats]]

MODELS = {
    m.__name__: m
    for m in (
        network.IF_curr_exp,
        network.IF_curr_alpha,
        network.IF_curr_delta,
        network.IF_cond_exp,
        network.IF_cond_alpha,
        network.EIF_cond_exp_isfa_ista,
        network.HH_cond_exp,
        network.Izhikevich,
    )
}
# A current that makes each model fire every few ms, and a weight that moves it by about a mV.
DRIVE = {"EIF_cond_exp_isfa_ista": 3.0, "HH_cond_exp": 1.5, "Izhikevich": 0.02}
WEIGHT = {
    "IF_curr_exp": 0.3,
    "IF_curr_alpha": 1.5,
    "IF_curr_delta": 1.0,
    "IF_cond_exp": 0.005,
    "IF_cond_alpha": 0.03,
    "EIF_cond_exp_isfa_ista": 0.002,
    "HH_cond_exp": 0.02,
    "Izhikevich": 1.0,
}


def model_of(name: str) -> type[Model]:
    """Return the description's model."""
    return MODELS[name]


def cells(model: str, size: int = 1, **changes: Any) -> Cells:
    """Make a population with PyNN's defaults but for these changes: a number, or one for each neuron."""
    kind = MODELS[model]
    assert changes.keys() <= kind.settable().keys(), f"{model} lacks some of {sorted(changes)}"

    def full(names: Mapping[str, Any]) -> dict[str, Floats]:
        return {n: np.full(size, changes.get(n, q.default), np.float64) for n, q in names.items()}

    return Cells("cells", model, size, full(kind.parameters), full(kind.state))


def synapses(
    pairs: Any, weights: Any, delays: Any, pre: int = 0, post: int = 1, receptor: str = "exc", **kind: Any
) -> Synapses:
    """Make synapses between these (source, target); `kind` and its parameters may be given."""
    i, j = np.asarray(pairs, np.int64).reshape(-1, 2).T
    name = kind.pop("kind", "StaticSynapse")
    defaults = {n: q.default for n, q in getattr(network, name).parameters.items()}
    assert kind.keys() <= defaults.keys()
    given = {**defaults, **kind}
    return Synapses(
        f"{pre}-{post}-{receptor}-{name}",
        pre,
        post,
        receptor,
        i,
        j,
        np.broadcast_to(np.asarray(weights, np.float64), i.shape).copy(),
        np.broadcast_to(np.asarray(delays, np.int64), i.shape).copy(),
        name,
        {n: np.broadcast_to(np.asarray(v, np.float64), i.shape).copy() for n, v in given.items()},
    )


def instance(
    population: Cells,
    *projections: Synapses,
    dt: float = 0.1,
    sources: int = 1,
    traces: Sequence[tuple[str, int]] = (),
    **more: Any,
) -> Instance:
    """Make a network of some sources, at place 0, and one population of cells, at place 1."""
    return Instance(
        dt,
        (Sources("sources", sources), population),
        projections,
        (1,),
        tuple(Trace(1, *t) for t in traces),
        **more,
    )


def told(*spikes: tuple[int, int]) -> dict[int, Spikes]:
    """Say in which (step, rank) the sources fire."""
    steps, ranks = np.asarray(spikes, np.int64).reshape(-1, 2).T
    return {0: Spikes.in_order(steps, ranks)}


def between(spikes: Spikes, start: int, stop: int) -> Spikes:
    """Return the spikes of steps start + 1 to stop."""
    now = (spikes.steps > start) & (spikes.steps <= stop)
    return Spikes(spikes.steps[now], spikes.ranks[now])


def random_network(model: str, dt: float = 0.1, steps: int = 600) -> tuple[Instance, Spikes]:
    """100 sources -> 80 cells -> 20 cells and back, which inhibit; with delays of all lengths."""
    r, weight = np.random.default_rng(7), 12.0 * WEIGHT[model]

    def wired(pre: int, post: int, sizes: tuple[int, int], receptor: str, scale: float) -> Synapses:
        pairs = np.argwhere(r.random(sizes) < 0.2)
        weights = r.uniform(0.5, 1.5, len(pairs)) * weight * scale
        return synapses(pairs, weights, r.integers(1, 30, len(pairs)), pre, post, receptor)

    populations = (Sources("sources", 100), cells(model, 80), cells(model, 20, v=-60.0))
    projections = (
        wired(0, 1, (100, 80), "exc", 0.5),
        wired(0, 2, (100, 20), "exc", 0.5),
        wired(1, 2, (80, 20), "exc", 0.25),
        wired(2, 1, (20, 80), "inh", 0.25),
        wired(1, 1, (80, 80), "exc", 0.1),
    )
    traces = (Trace(1, "v", 1), Trace(1, "v", 3), Trace(2, "v", 7))
    at, ranks = np.nonzero(r.random((steps, 100)) < 0.04 * dt)
    return Instance(dt, populations, projections, (1, 2), traces), Spikes(at + 1, ranks)


def recorded(
    simulator: Simulator,
    network_: Instance,
    stimulus: Spikes,
    ends: Sequence[int],
    currents: Mapping[int, Floats] = NO_CURRENTS,
) -> Recorded:
    """Run a built network in parts that end at these steps; return all spikes and all traces."""
    spikes: list[list[Spikes]] = [[] for _ in network_.spikes]
    traces: list[list[Floats]] = [[] for _ in network_.traces]
    start = 0
    for end in ends:
        courses = {i: c[start : end + simulator.ahead] for i, c in currents.items()}
        simulator.run(end - start, {0: between(stimulus, start, end)}, courses)
        for place, population in enumerate(network_.spikes):
            spikes[place].append(simulator.spikes(population))
        for place, trace in enumerate(network_.traces):
            traces[place].append(simulator.trace(trace))
            assert len(traces[place][-1]) == end // trace.period - start // trace.period
        start = end
    return [Spikes.joined(s) for s in spikes], [np.concatenate(t) for t in traces]


def same(one: Recorded, other: Recorded) -> bool:
    """Whether two recordings are the same bit for bit."""
    flat = [[x.tobytes() for s in spikes for x in s] + [x.tobytes() for x in t] for spikes, t in (one, other)]
    return flat[0] == flat[1]
