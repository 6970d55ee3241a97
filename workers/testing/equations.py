"""Synapses in equations: against those that are built in, against numbers, alone and fused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np
import pytest

from workers.live import Network
from workers.lockstep import run_side_by_side
from workers.network import (
    AdditiveSTDP,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Neuron,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    Synapse,
    TsodyksMarkramSynapse,
    Uniform,
)
from workers.outcome import Outcome
from workers.task import Job, run_network
from workers.testing.base import Tested

STDP = {
    "parameters": """
        tau_plus = 20.0 : projection
        tau_minus = 20.0 : projection
        A_plus = 0.01; A_minus = 0.01; w_max = 1.0
    """,
    "equations": """
        tau_plus * dx/dt = -x : event-driven
        dy/dt = -y / tau_minus : event-driven
    """,
    "pre_spike": """
        g_target += w
        x += A_plus * w_max
        w -= y : min=0.0
    """,
    "post_spike": """
        y += A_minus * w_max
        w = clip(w + x, 0.0, w_max)
    """,
    "name": "STDP",
}
STP = Synapse(
    "tau_rec = 100.0; tau_facil = 50.0; U = 0.5",
    "dx/dt = (1 - x)/tau_rec : init = 1.0, event-driven\ndu/dt = -u/tau_facil : event-driven",
    "u += U * (1 - u)\ng_target += w * u * x\nx *= 1 - u",
)


class EquationTests(Tested):
    """Synapses of one's own, made by `Synapse`."""

    def result(self, net: Network, method: Callable[[Network], Any], seed: int = 2) -> Any:
        """Run one network; return what its method returns."""
        found: list[Any] = []
        job = Job(lambda idx, net: found.append(method(net)), (net,), self.simulator, seed)
        outcome = run_network(job, 0, {}, self.make())
        assert outcome.failure is None, outcome.failure
        return found[0]

    def _trace(self, net: Network, v: Monitor, duration: float) -> Any:
        def method(net: Network) -> Any:
            net.simulate(duration)
            return net.get(v).get()

        return self.result(net, method)

    def test_stdp_in_equations_is_additive_stdp(self) -> None:
        self.needs("Synapse", "AdditiveSTDP", "IF_curr_exp")
        values = {"tau_plus": 15.0, "A_plus": Uniform(0.02, 0.2), "A_minus": 0.1, "w_max": 0.01}
        # The delay of ours lies behind the synapse, that of one's own before it: in all 0.3 + 0.5 ms.
        traces, ends = self._learned(AdditiveSTDP(**values), 0.8, 0.3)
        own_traces, own_ends = self._learned(Synapse(**STDP)(**values), 0.0, 0.5)
        np.testing.assert_allclose(own_ends, ends, rtol=1e-9)
        same = np.isclose(own_traces, traces, rtol=1e-9)  # but for those within 0.8 ms of a sample
        assert np.mean(same) > 0.95
        assert np.ptp(ends) > 1e-3
        assert np.ptp(own_traces, axis=0).max() > 1e-3

    def _learned(self, synapse: Any, shift: float, delay: float) -> tuple[Any, Any]:
        """Let random spikes on both sides change weights."""
        r = np.random.default_rng(5)
        steps = [np.sort(r.choice(np.arange(60, 2960, 4), 40, replace=False)) for _ in range(12)]
        times = np.round(0.1 * np.array(steps), 1)
        times[6:] += 0.1  # two spikes never reach a synapse in one step: those have no order in AdditiveSTDP
        with Network(dt=0.1) as net:
            pre = Population(6, SpikeSourceArray([t + shift for t in times[:6]]))
            force = Population(6, SpikeSourceArray(list(times[6:])))
            cells = Population(6, IF_curr_exp(tau_refrac=0.1, tau_syn_E=0.1, tau_m=1.0))
            Projection(force, cells).connect_one_to_one(500.0)
            plastic = Projection(pre, cells, synapse=synapse, name="plastic")
            plastic.connect_all_to_all(Uniform(0.002, 0.008), delay)
            weights = Monitor(plastic, "weights", period=10.0)
            spikes = Monitor(cells, "spike")

        def method(net: Network) -> Any:
            net.simulate(121.0)
            net.simulate(189.0)
            assert len(net.get(spikes).raster_plot()[0]) > 200
            return net.get(weights).get(), net.get(plastic).weights

        traces, ends = self.result(net, method)
        return traces, ends

    def test_short_term_plasticity_in_equations_is_tsodyks_markram(self) -> None:
        self.needs("Synapse", "TsodyksMarkramSynapse", "IF_curr_exp")
        recorded = []
        for synapse in (TsodyksMarkramSynapse, STP):
            with Network(dt=0.1) as net:
                inputs = PoissonPopulation(8, rates=60.0)
                cells = Population(5, IF_curr_exp)
                for target in ("exc", "inh"):
                    kind = synapse(U=Uniform(0.1, 0.6), tau_rec=Uniform(20.0, 90.0), tau_facil=30.0)
                    wiring = Projection(inputs, cells, target, synapse=kind)
                    wiring.connect_fixed_probability(0.5, Uniform(0.5, 1.0), delays=Uniform(0.1, 3.0))
                v = Monitor(cells, "v")
            recorded.append(self._trace(net, v, 300.0))
        assert np.ptp(recorded[0]) > 1.0
        np.testing.assert_allclose(recorded[1], recorded[0], rtol=1e-9)

    def test_equations_of_each_step_bounds_time_and_both_sides(self) -> None:
        self.needs("Synapse", "Neuron")
        synapse = Synapse(
            "tau_pre = 5.0; v_post = 0.25",  # names that Brian2 keeps for itself
            """
                dw/dt = -w/10 : exponential, min=0.7
                dlast/dt = 1/tau_pre + pre.k - k
                k = post.v + v_post
            """,
            "g_target += w + t\nlast = -1 : min=-0.5",
            "w += post.v + pre.k + last",
        )
        cell = Neuron("k = 2.0", "dv/dt = 0.3*g_exc : init = 0.75", spike="v > 1", reset="v = 0")
        with Network(dt=1.0) as net:
            pre, post = Population(1, Neuron("k = 2.0", spike="t == 0")), Population(1, cell)
            wiring = Projection(pre, post, synapse=synapse(last=0.1, v_post=0.5))
            wiring.connect_one_to_one(1.0, 2.0)
            weights, g = Monitor(wiring, "weights"), Monitor(post, ["g_exc", "spike"])

        def method(net: Network) -> Any:
            net.simulate(4.0)
            return net.get(weights).get(), net.get(g).get("g_exc"), net.get(g).raster_plot()[0]

        found, g_exc, times = self.result(net, method)
        e = np.exp(-0.1)
        v = 0.75 + 0.3 * (e**3 + 3.0)
        assert g_exc[2, 0] == pytest.approx(e**3 + 3.0)
        assert times.tolist() == [4.0]
        last = -0.5 + 1 / 5.0 + 2.0 - (0.75 + 0.5)  # a step after the source's spike
        np.testing.assert_allclose(found[:, 0], [e, e**2, e**3, 0.7 + v + 2.0 + last])

    @pytest.mark.parametrize("target", ["exc", "inh"])
    def test_a_spike_acts_after_its_delay_and_inh_subtracts(self, target: str) -> None:
        self.needs("Synapse", "Izhikevich")
        ends = []
        for synapse in (None, Synapse()):
            with Network(dt=0.1) as net:
                source = Population(1, SpikeSourceArray([1.0]))
                cells = Population(1, Izhikevich)
                Projection(source, cells, target, synapse=synapse).connect_all_to_all(3.0, 0.7)
                v = Monitor(cells, "v")
            ends.append(self._trace(net, v, 3.0))
        np.testing.assert_array_equal(*ends)

    def test_fused_networks_learn_as_alone(self) -> None:
        self.needs("Synapse", "IF_curr_exp")
        if not self.claimed.fuses:
            pytest.skip(f"simulator {self.simulator!r} does not fuse networks")
        clocked = STDP["equations"].replace("event-driven", "exponential")
        with Network(dt=0.5) as net:
            inputs, cells = PoissonPopulation(6, rates=80.0), Population(5, IF_curr_exp)
            plastic: list[Projection] = []
            for equations in (STDP["equations"], clocked):
                kind = Synapse(**{**STDP, "equations": equations})(A_plus=Uniform(0.05, 0.1), w_max=4.0)
                plastic.append(Projection(inputs, cells, synapse=kind, name=f"plastic{len(plastic)}"))
                plastic[-1].connect_fixed_probability(0.7, Uniform(1.0, 3.0), Uniform(0.5, 3.0))
            Projection(cells, cells, synapse=STP).connect_fixed_probability(0.5, 2.0)
            spikes = Monitor(cells, "spike")

        def method(idx: int, net: Network) -> Any:
            net.simulate(60.0 + idx)
            net.simulate(40.0)
            return net.get(spikes).raster_plot(), [net.get(p).weights for p in plastic]

        job, simulator = Job(method, (net,), self.simulator, 3), self.make()
        job = cloudpickle.loads(cloudpickle.dumps(job))
        for outcome in run_side_by_side(job, [2, 0, 1], [{}] * 3, simulator):
            expected = _leaves(run_network(job, outcome.index, {}, simulator))
            found = _leaves(outcome)
            assert found.keys() == expected.keys()
            assert all(np.array_equal(found[name], expected[name]) for name in found)


def _leaves(outcome: Outcome) -> dict[str, Any]:
    assert outcome.failure is None, outcome.failure
    assert outcome.value is not None
    assert outcome.value.leaves
    return dict(outcome.value.leaves)
