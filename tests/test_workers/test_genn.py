"""GeNN, where somebody has installed it: it is not on PyPI, so CI has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from on_genn import built
from outcome_bits import bits

from sweep import (
    AdditiveSTDP,
    IF_cond_exp,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Network,
    Neuron,
    NoisyCurrentSource,
    Normal,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    Synapse,
    TsodyksMarkramSynapse,
    Uniform,
)
from workers import simulators
from workers.lockstep import run_side_by_side
from workers.simulators.base import Simulator
from workers.simulators.brian2.adapter import Brian2
from workers.simulators.genn import plan
from workers.simulators.genn.adapter import Genn
from workers.task import Job, run_network
from workers.testing import SimulatorSuite
from workers.testing.equations import STDP
from workers.testing.learning import LearningTests
from workers.testing.networks import (
    MODELS,
    between,
    cells,
    instance,
    recorded,
    same,
    synapses,
    told,
)

pytest.importorskip("pygenn", reason=f"GeNN is not installed: {Genn.install}")


class TestGenn(SimulatorSuite):
    simulator = "genn"

    def make(self) -> Simulator:
        return Genn("single_threaded_cpu")


def network() -> dict[str, Any]:
    with Network(dt=0.5) as net:
        inputs = PoissonPopulation(9, rates=Uniform(20.0, 60.0))
        cells = Population(7, IF_curr_exp(tau_m=Uniform(10.0, 20.0)))
        others, third = Population(3, Izhikevich), Population(5, IF_cond_exp)
        cells.v = Normal(-60.0, 4.0)
        weights = Uniform(0.5, 2.0)
        Projection(inputs, cells, "exc").connect_fixed_probability(0.3, weights, delays=Uniform(0.5, 8.0))
        Projection(cells, cells, "inh").connect_fixed_number_pre(1, weights)
        Projection(cells, others, "exc").connect_fixed_probability(0.5, weights=Uniform(5.0, 9.0))
        tiring = Projection(inputs, third, "exc", synapse=TsodyksMarkramSynapse(U=Uniform(0.2, 0.6)))
        tiring.connect_fixed_probability(0.5, weights=Uniform(0.05, 0.2))
        learning = AdditiveSTDP(A_plus=0.1, A_minus=0.1, w_max=3.0)
        plastic = Projection(inputs, cells, "exc", synapse=learning, name="plastic")
        plastic.connect_fixed_probability(0.5, weights, delays=Uniform(0.5, 8.0))
        rules = [plastic]
        for method in ("event-driven", "exponential"):
            own = Synapse(
                "tau = 20.0", f"tau*dx/dt = -x : {method}", "g_target += w\nx += 0.1", "w += x*post.v"
            )
            learning_too = Projection(
                inputs, others, synapse=own(tau=Uniform(9.0, 30.0)), name=f"own {method}"
            )
            learning_too.connect_fixed_probability(0.5, weights, delays=Uniform(0.5, 8.0))
            rules.append(learning_too)
        noisy = Population(2, Neuron(equations="dv/dt = -v + Normal(0.0, 1.0)", spike="v > 1", reset="v = 0"))
        PoissonInput(third, rate=300.0, weight=0.02)
        NoisyCurrentSource(mean=0.1, stdev=0.2).inject_into(cells, [0, 2])
        made = {"net": net, "cells": cells, "inputs": inputs, "rules": rules}
        made["monitors"] = [Monitor(p, "spike") for p in (cells[1:], others, third, noisy)]
        made["traces"] = [Monitor(others, ["v", "u"], period=1.5), Monitor(third[1:], ["v", "gsyn_exc"])]
    return made


@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(5)),
    width=st.integers(2, 5),
    durations=st.lists(st.integers(0, 70), min_size=5, max_size=5),
    piece=st.sampled_from([16, 64, 1024]),
    seed=st.integers(0, 2**64),
)
def test_any_width_order_and_split_changes_no_bit(
    order: Sequence[int], width: int, durations: Sequence[int], piece: int, seed: int
) -> None:
    made = network()

    def method(idx: int, net: Network) -> Any:
        net.simulate(durations[idx] * 0.5)
        net.get(made["inputs"]).rates = 30.0 + idx
        net.get(made["cells"]).v = net.get(made["cells"]).v + net.rng.random()
        net.step()
        net.get(made["cells"]).tau_m = Uniform(10.0, 30.0)
        net.simulate(40.0)
        rasters = [net.get(m).raster_plot() for m in made["monitors"]]
        traces = [net.get(m).get("v") for m in made["traces"]]
        return rasters, traces, [net.get(p).weights for p in made["rules"]], net.time

    job = Job(method, (made["net"],), "genn", seed)
    alone = [run_network(job, i, {}) for i in range(5)]
    assert [o.failure for o in alone] == [None] * 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_LONGEST", piece)
        for at in range(0, 5, width):
            chunk = order[at : at + width]
            fused = run_side_by_side(job, chunk, [{}] * len(chunk), simulators.start("genn"))
            assert [bits(o) for o in fused] == [bits(alone[i]) for i in chunk]


def on_both(method: Any, net: Network) -> list[Any]:
    """Run a network here and on Brian2."""
    outcomes = [
        run_network(Job(method, (net,), s.name, 3), 0, {}, s)
        for s in (Genn("single_threaded_cpu"), Brian2("numpy"))
    ]
    assert [o.failure for o in outcomes] == [None, None]
    return outcomes


def test_equations_give_what_they_give_on_brian2() -> None:
    model = Neuron(
        parameters="tau = 10.0",
        equations="""
            x = exp(-t/50.0)*0.1
            tau * dv/dt = -v + g_exc - g_inh + 0.9 + x : init = 0.0, exponential, min = -2.0
            5.0 * dg_exc/dt = -g_exc
            du/dt = (v**2 - u)/20.0 : midpoint
        """,
        spike="v > 1.0",
        reset="v = 0\nu += 0.1",
        refractory=2.0,
    )
    with Network(dt=0.5) as net:
        inputs, cells = PoissonPopulation(30, rates=40.0), Population(20, model)
        Projection(inputs, cells, "exc").connect_fixed_probability(0.4, 0.8, delays=Uniform(0.5, 5.0))
        Projection(cells, cells, "inh").connect_fixed_probability(0.2, weights=0.2)
        monitor = Monitor(cells, ["v", "u", "spike"])

    def method(idx: int, net: Network) -> Any:
        net.simulate(100.0)
        return net.get(monitor).raster_plot(), net.get(monitor).get("v"), net.get(monitor).get("u")

    found, expected = on_both(method, net)
    pairs = [(leaf, expected.value.leaves[name]) for name, leaf in found.value.leaves.items()]
    assert len(pairs[0][0]) > 20
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def test_neurons_are_the_same_bits_as_on_brian2() -> None:
    """Where nothing arrives: what does is summed in another order."""
    noisy = Neuron(
        parameters="sd = 0.3",
        equations="""
            y = Uniform(0.5, 1.5)
            dv/dt = -0.1*v + abs(-y)*0.2 - int(-2.0*y)*0.01 + exp(-v)*Normal(0.1, sd) : init = 0.5
        """,
        spike="v > exp(0.5)",
        reset="v = exp(-0.5)",
    )
    with Network(dt=0.1) as net:
        made = {n: Population(3, model(i_offset=Uniform(0.5, 1.0))) for n, model in MODELS.items()}
        made["noisy"] = Population(40, noisy)
        monitors = {name: Monitor(p, [*p.model.recordable, "spike"]) for name, p in made.items()}

    def method(idx: int, net: Network) -> Any:
        net.simulate(100.0)
        traces = {(n, v): net.get(m).get(v) for n, m in monitors.items() for v in m.variables if v != "spike"}
        return {f"{v} of {n}": values for (n, v), values in traces.items()}

    found, expected = (outcome.value.leaves for outcome in on_both(method, net))
    assert found.keys() == expected.keys()
    differ = [name for name, values in found.items() if not np.array_equal(values, expected[name])]
    assert differ == []


@pytest.mark.parametrize("receptor", ["exc", "inh"])
@pytest.mark.parametrize("kind", ["AdditiveSTDP", "MultiplicativeSTDP"])
def test_weights_learn_the_same_bits_as_on_brian2(kind: str, receptor: str) -> None:
    network_, stimulus = LearningTests()._learning(kind, receptor, 12)
    pair, start = (built(network_), Brian2("numpy")), 0
    pair[1].build(network_)
    for end in (7, 70, 71, 150, 400, 500):
        for simulator in pair:
            simulator.run(end - start, {0: between(stimulus, start, end)})
        assert same(*(([s.spikes(1)], [s.weights(i) for i in range(3)]) for s in pair))
        start = end
    assert not np.array_equal(pair[0].weights(1), network_.projections[1].weights)


def test_synapses_in_equations_learn_as_on_brian2() -> None:
    """To the last bits: Brian2 orders sums and products anew, and some functions are a library's."""
    rule = {
        "parameters": "tau = 20.0; A = 0.1",
        "pre_spike": "x += A*(1.0 + 0.1*pre.gain*post.gain) + 0.001*t\nw -= y : min=0.1",
        "post_spike": """
            y += 0.01*abs(post.v - pre.v) + 0.01*sqrt(post.gain) + 0.001*log(2.0 + t)
            w += int(post.v > pre.v and not x > 9.0)*x*exp(-w) + floor(w)*tanh(x)*int(-3.0*x)*0.1 : max=5.0
        """,
    }
    at_spikes = "dx/dt = -x/tau : event-driven\ntau*dy/dt = -y : event-driven"
    each_step = "dx/dt = -x/tau + 0.01*pre.v : exponential\ndy/dt = -y*post.gain/tau\nk = cos(t) + post.v"
    model = Neuron(
        "gain = 1.0; tau = 10.0",
        "dv/dt = (0.2 - v + g_exc)/tau + Normal(0.1, 0.3)",
        spike="v > 1",
        reset="v = 0",
    )
    bare = {**STDP, "pre_spike": STDP["pre_spike"].replace("g_target += w", "")}
    with Network(dt=0.5) as net:
        cells = Population(8, model(gain=Uniform(0.5, 1.5), tau=Uniform(5.0, 10.0)))
        learn = []
        for kind in (
            Synapse(**rule, equations=at_spikes)(A=Uniform(0.05, 0.2), x=0.5),
            Synapse(**rule, equations=each_step)(A=Uniform(0.05, 0.2), x=0.5),
            Synapse(**bare)(A_plus=Uniform(0.05, 0.1), w_max=4.0),
        ):
            learn.append(Projection(cells, cells, synapse=kind, name=f"plastic{len(learn)}"))
            learn[-1].connect_fixed_probability(0.6, Uniform(0.5, 2.0), Uniform(0.5, 8.0))
        spikes = Monitor(cells, "spike")
        weights = [Monitor(p, "weights", period=0.5) for p in learn]

    def method(idx: int, net: Network) -> Any:
        net.simulate(40.0)
        net.get(cells).gain = net.get(cells).gain * 1.25
        net.simulate(40.0)
        return net.get(spikes).raster_plot(), [net.get(m).get() for m in weights]

    found, expected = (outcome.value.leaves for outcome in on_both(method, net))
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=0.0, atol=1e-12)
    courses = [v for v in found.values() if v.ndim == 2]
    assert [len(np.unique(c, axis=0)) > 60 for c in courses] == [True, True, True]


def test_what_neurons_are_when_a_spike_arrives_is_refused() -> None:
    with Network() as net:
        cells = Population(2, Izhikevich)
        clever = Synapse(pre_spike="g_target += w\nw += 0.1*post.u")
        Projection(cells, cells, synapse=clever, name="clever").connect_all_to_all(1.0)
    message = "clever.* 'genn' has no variables of neurons in pre_spike; those that have it: brian2"
    with pytest.raises(ValueError, match=message):
        simulators.check(net, "genn")


def test_delays_beyond_a_byte() -> None:
    network_ = instance(
        cells("IF_curr_delta", 2), synapses([(0, 0), (0, 1)], 3.0, [400, 256]), traces=[("v", 1)]
    )
    _, (v,) = recorded(built(network_), network_, told((1, 0))[0], [500])
    assert [int(np.argmax(column)) + 1 for column in v.T] == [401, 257]
