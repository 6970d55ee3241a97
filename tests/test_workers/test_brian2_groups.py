"""A network that takes over the groups of another one gives what it gives on a fresh simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from outcome_bits import bits

from sweep import (
    AdditiveSTDP,
    EIF_cond_exp_isfa_ista,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Network,
    Neuron,
    NoisyCurrentSource,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    TsodyksMarkramSynapse,
    Uniform,
)
from workers.instance import Cells
from workers.outcome import Outcome
from workers.simulators.brian2.adapter import Brian2
from workers.task import Job, run_network

NOISY = Neuron(
    parameters="tau = 10.0\npause = 1.5",
    equations="tau * dv/dt = 2.0 - v + g_exc + Normal(0, 1) : init = 0.0\n50.0 * dw/dt = v - w : init = 0.0",
    spike="v > 1",
    reset="v = 0",
    refractory="pause",
)
SYNAPSES = {
    "static": None,
    "Tsodyks-Markram": TsodyksMarkramSynapse(U=Uniform(0.1, 0.9)),
    "STDP": AdditiveSTDP(A_plus=0.1, A_minus=0.1, w_max=9.0),
}


def job_of(model: Any, synapse: Any = None, delays: Any = 1.5, changed: str = "tau_m") -> Job:
    """Networks in which spikes, currents, noise and refractory neurons are under way when they end."""
    with Network(dt=0.5) as net:
        inputs = PoissonPopulation(5, rates=Uniform(100.0, 300.0))
        cells, others = Population(6, model), Population(6, model)  # of one make
        weights = Uniform(5.0, 9.0)
        Projection(inputs, cells, "exc").connect_fixed_probability(0.8, weights, delays)
        Projection(cells, others, "exc", synapse=synapse).connect_fixed_probability(0.8, weights, delays)
        monitors = [Monitor(p, ["spike", "v"]) for p in (cells, others)]
        if model is not NOISY:
            NoisyCurrentSource(mean=1.0, stdev=1.0).inject_into(cells, [0, 2])
            PoissonInput(others, rate=Uniform(100.0, 900.0), weight=2.0)

    def method(idx: int, net: Network) -> Any:
        net.simulate(10.0 + 0.5 * idx)
        setattr(net.get(cells), changed, Uniform(5.0, 30.0))
        net.simulate(9.5)
        return [(m.raster_plot(), m.get("v")) for m in map(net.get, monitors)]

    return Job(method, (net,), "brian2", 3)


def run(job: Job, index: int, simulator: Brian2) -> Outcome:
    outcome = run_network(job, index, {}, simulator)
    assert outcome.failure is None
    return outcome


def groups(simulator: Brian2) -> list[Any]:
    return [p.group for p in simulator._populations]


def show_that_nothing_is_left(job: Job, target: str) -> None:
    fresh = {i: bits(run(job, i, Brian2(target))) for i in range(2)}
    assert fresh[0] != fresh[1]
    simulator = Brian2(target)
    for index in (0, 1, 0):
        assert bits(run(job, index, simulator)) == fresh[index]
        former = groups(simulator)
    assert bits(run(job, 1, simulator)) == fresh[1]
    assert {*map(id, groups(simulator))} == {*map(id, former)}


@pytest.mark.parametrize("delays", [1.5, Uniform(0.5, 4.0)], ids=["one delay", "delays"])
@pytest.mark.parametrize("synapse", SYNAPSES)
def test_nothing_is_left_of_synapses(synapse: str, delays: Any) -> None:
    show_that_nothing_is_left(job_of(IF_curr_exp, SYNAPSES[synapse], delays), "numpy")


@pytest.mark.parametrize(
    ("model", "changed"), [(Izhikevich, "d"), (EIF_cond_exp_isfa_ista, "tau_refrac"), (NOISY, "pause")]
)
def test_nothing_is_left_of_neurons(model: Any, changed: str) -> None:
    show_that_nothing_is_left(job_of(model, changed=changed), "numpy")


def test_nothing_is_left_of_what_is_compiled() -> None:
    if Brian2()._code is Brian2("numpy")._code:
        pytest.skip("no C++ compiler")
    show_that_nothing_is_left(job_of(IF_curr_exp), "cython")


def test_nothing_is_left_of_a_network_that_could_not_be_built() -> None:
    job, simulator = job_of(IF_curr_exp), Brian2("numpy")
    first = run(job, 0, simulator)
    *populations, last = simulator._instance.populations
    assert isinstance(last, Cells)
    broken = replace(last, parameters=last.parameters | {"cm": np.full(6, -1.0)})
    with pytest.raises(ValueError, match="cm"):
        simulator.build(replace(simulator._instance, populations=(*populations, broken)))
    assert bits(run(job, 0, simulator)) == bits(first)


def test_networks_of_another_model_between() -> None:
    simulator, jobs = Brian2("numpy"), [job_of(m) for m in (IF_curr_exp, EIF_cond_exp_isfa_ista)]
    first = [bits(run(job, 0, simulator)) for job in jobs]
    assert [bits(run(job, 0, simulator)) for job in jobs] == first
