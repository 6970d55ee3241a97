"""Fused networks give what they give apart, bit for bit."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcome_bits import bits

from sweep import (
    AdditiveSTDP,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Network,
    NoisyCurrentSource,
    Normal,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    Results,
    SpikeSourceArray,
    Uniform,
    local,
    parallel_run,
)
from workers import simulators
from workers.lockstep import run_side_by_side
from workers.simulators.base import Simulator
from workers.task import Job, run_network

QUICK = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def brian2() -> Simulator:
    return simulators.start("brian2")


def network(neurons: int, delays: float) -> dict[str, Any]:
    with Network(dt=0.5) as net:
        inputs = PoissonPopulation(neurons, rates=Uniform(20.0, 60.0))
        given = Population(2, SpikeSourceArray([[3.0, 9.5], [4.0]]))
        cells = Population(neurons, IF_curr_exp(tau_m=Uniform(10.0, 20.0)))
        others = Population(3, Izhikevich)
        cells.v = Normal(-60.0, 4.0)
        weights = Uniform(0.5, 2.0)
        wiring = Projection(inputs, cells, "exc")
        wiring.connect_fixed_probability(0.3, weights, delays=Uniform(0.5, delays))
        Projection(cells, cells, "inh").connect_fixed_number_pre(1, weights)
        Projection(given, others, "exc").connect_all_to_all(20.0)
        Projection(cells, others, "exc").connect_fixed_probability(0.5, weights=Uniform(5.0, 9.0))
        spikes, traces = Monitor(cells, "spike"), Monitor(others[[0, 2]], ["v", "u"], period=1.5)
        made = {"told": Monitor(inputs[1:], "spike"), "part": Monitor(others[1:], ["spike", "v"], period=1.5)}
    return {"net": net, "cells": cells, "inputs": inputs, "spikes": spikes, "traces": traces, **made}


@QUICK
@given(
    neurons=st.integers(2, 6),
    delays=st.floats(1.0, 8.0),
    order=st.permutations(range(7)),
    width=st.integers(2, 7),
    durations=st.lists(st.integers(0, 40), min_size=7, max_size=7),
    seed=st.integers(0, 2**64),
)
def test_any_width_order_and_split_changes_no_bit(
    brian2: Simulator,
    neurons: int,
    delays: float,
    order: Sequence[int],
    width: int,
    durations: Sequence[int],
    seed: int,
) -> None:
    made = network(neurons, delays)

    def method(idx: int, net: Network) -> Any:
        half = np.random.standard_normal() if idx % 2 else None  # numpy keeps the other half of the pair
        net.simulate(durations[idx] * 0.5)
        net.get(made["inputs"]).rates = 30.0 + idx
        net.get(made["cells"]).v = net.get(made["cells"]).v + net.rng.random()
        net.step()
        net.get(made["cells"]).tau_m = Uniform(10.0, 30.0)
        net.simulate(10.0)
        spikes, traces, told, part = (net.get(made[name]) for name in ("spikes", "traces", "told", "part"))
        recorded = [spikes.raster_plot(), traces.get("v"), traces.get("u"), told.raster_plot(), net.time]
        recorded += [part.raster_plot(), part.get("v")]
        return recorded, half, np.random.standard_normal(), np.random.rand(), random.random()

    job = Job(method, (made["net"],), "brian2", seed)
    alone = {i: bits(run_network(job, i, {})) for i in range(7)}
    for at in range(0, 7, width):
        chunk = order[at : at + width]
        fused = run_side_by_side(job, chunk, [{}] * len(chunk), brian2)
        assert [o.index for o in fused] == list(chunk)
        assert all(bits(o) == alone[o.index] for o in fused)


def test_who_fails_stops_early_or_wants_a_reset_leaves_the_others_as_they_are(brian2: Simulator) -> None:
    made = network(4, 2.0)

    def method(idx: int, net: Network) -> Any:
        if idx == 0:
            return "without a network"
        net.simulate(10.0)
        if idx == 1:
            raise ValueError("fails")
        if idx == 2:
            return net.get(made["spikes"]).raster_plot()
        if idx == 3:
            net.reset()
        if idx == 4:
            net.simulate(0.3)
        net.simulate(20.0 + idx)
        return net.get(made["spikes"]).raster_plot(), net.time

    job = Job(method, (made["net"],), "brian2", 5)
    fused = run_side_by_side(job, range(7), [{}] * 7, brian2)

    assert [bits(o) for o in fused] == [bits(run_network(job, i, {})) for i in range(7)]
    assert [o.failure.error if o.failure else None for o in fused[:5]] == [
        None,
        "ValueError",
        None,
        None,
        "ValueError",
    ]


@pytest.mark.parametrize("name", ["nest", "brian2"])
def test_a_noisy_current_is_each_networks_own(name: str) -> None:
    simulator = simulators.start(name)
    if "Injection" not in simulator.features:
        pytest.skip(f"{name} takes no injected currents yet")
    with Network() as net:
        cells = Population(3, IF_curr_exp)
        NoisyCurrentSource(mean=0.5, stdev=1.0).inject_into(cells, [0, 2])
        trace = Monitor(cells, "v")

    def method(idx: int, net: Network) -> Any:
        net.simulate(10.0 + idx)
        net.simulate(3.0)
        return net.get(trace).get("v")

    job = Job(method, (net,), name, 5)
    fused = run_side_by_side(job, range(4), [{}] * 4, simulator)

    assert [bits(o) for o in fused] == [bits(run_network(job, i, {})) for i in range(4)]


@pytest.mark.parametrize("name", ["nest", "brian2"])
def test_plastic_synapses_and_background_are_each_networks_own(name: str) -> None:
    simulator = simulators.start(name)
    with Network(dt=0.5) as net:
        inputs = PoissonPopulation(4, rates=80.0)
        cells = Population(4, IF_curr_exp)
        PoissonInput(cells, rate=900.0, weight=0.4)
        learning = Projection(inputs, cells, "exc", synapse=AdditiveSTDP(A_plus=0.1, A_minus=0.1, w_max=4.0))
        learning.connect_fixed_probability(0.6, weights=Uniform(1.0, 3.0))
        spikes = Monitor(cells, "spike")

    def method(idx: int, net: Network) -> Any:
        net.simulate(50.0 + idx)
        net.simulate(30.0)
        return net.get(spikes).raster_plot(), net.get(learning).weights

    job = Job(method, (net,), name, 5)
    fused = run_side_by_side(job, [3, 0, 2, 1], [{}] * 4, simulator)

    alone = {i: bits(run_network(job, i, {})) for i in range(4)}
    assert [bits(o) for o in fused] == [alone[i] for i in (3, 0, 2, 1)]
    assert all(o.failure is None for o in fused)


def sweep_of(made: dict[str, Any], culprit: int, end: Any, fuse: int, **options: Any) -> Results:
    def method(idx: int, net: Network) -> Any:
        net.simulate(5.0)
        if idx == culprit:
            end()
        net.simulate(5.0)
        return net.get(made["spikes"]).raster_plot()

    return parallel_run(
        method,
        number=9,
        networks=made["net"],
        seed=3,
        simulator="brian2",
        fuse=fuse,
        cluster=local(1),
        on_error="keep",
        **options,
    )


@pytest.mark.parametrize("how", ["exit", "hang", "exception"])
def test_a_crash_or_hang_in_a_fused_task_is_its_own_networks(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network(4, 2.0)
    monkeypatch.setattr("sweep.schedule.Schedule.size", lambda self, left, workers: min(9, left))

    def end() -> None:
        import time

        if how == "exit":
            os._exit(3)
        if how == "hang":
            time.sleep(60)
        raise RuntimeError("as planned")

    healthy = sweep_of(made, -1, end, fuse=1)
    fused = sweep_of(made, 4, end, fuse=4, timeout=1.0 if how == "hang" else None)

    assert [f.index for f in fused.errors] == [4]
    assert fused.errors[0].kind == {"exit": "crash", "hang": "timeout", "exception": "exception"}[how]
    for i in {*range(9)} - {4}:
        assert all(np.array_equal(a, b) for a, b in zip(fused[i], healthy[i], strict=True))
