"""Synapses that do not learn: weights, delays, receptors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workers.instance import Spikes
from workers.testing.base import Tested
from workers.testing.networks import MODELS, WEIGHT, between, cells, instance, recorded, synapses, told
from workers.testing.reference import Arrival, course

STRONG = 1e3  # a weight that makes a neuron fire at once


class SynapseTests(Tested):
    """One spike through one synapse, and more of them."""

    @pytest.mark.parametrize("dt", [0.1, 1.0])
    @pytest.mark.parametrize("receptor", ["exc", "inh"])
    @pytest.mark.parametrize("model", MODELS)
    def test_a_spike_has_the_response_of_the_equations(self, model: str, receptor: str, dt: float) -> None:
        self.needs(model)
        if model == "HH_cond_exp" and dt > 0.1:
            pytest.skip("a Hodgkin-Huxley neuron needs a small dt")
        population, steps = cells(model), 60 if dt < 1 else 30
        network = instance(
            population, synapses([(0, 0)], WEIGHT[model], 4, receptor=receptor), dt=dt, traces=[("v", 1)]
        )
        _, (v,) = self.run(network, told((5, 0))[0], steps)
        arrivals = [Arrival(9, receptor, np.full(1, WEIGHT[model]))]  # step 5 + 4
        expected, still = course(population, dt, steps, arrivals), course(population, dt, steps)
        self.assert_course(model, v, expected)
        moved = expected.values["v"] - still.values["v"]
        assert not moved[:8].any()
        assert np.abs(moved).max() > max(0.05, 5 * self.tolerance(model))

    def _responding(self) -> str:
        claimed = self.claimed.models
        return next(m for m in ("IF_curr_exp", "IF_cond_exp", *MODELS) if m in claimed)

    def test_each_synapse_has_its_weight_and_delay(self) -> None:
        model = self._responding()
        pairs = [(0, 0), (0, 1), (0, 2), (1, 0), *3 * [(1, 2)]]  # the last two neurons are connected thrice
        factors, delays = np.array([1.0, 2.0, 1.5, 0.5, 0.7, 1.2, 0.9]), np.array([3, 1, 40, 2, 1, 3, 3])
        population, steps = cells(model, 3), 70
        projection = synapses(pairs, factors * WEIGHT[model], delays)
        network = instance(population, projection, sources=2, traces=[("v", 1)])
        _, (v,) = self.run(network, told((2, 0), (4, 1))[0], steps)
        arrivals = [
            Arrival((2, 4)[source] + delay, "exc", factor * WEIGHT[model] * (np.arange(3) == target))
            for (source, target), factor, delay in zip(pairs, factors, delays.tolist(), strict=True)
        ]
        self.assert_course(model, v, course(population, network.dt, steps, arrivals))

    def test_projections_that_meet_add_up_and_receptors_are_apart(self) -> None:
        model, w = self._responding(), WEIGHT[self._responding()]
        projections = (
            synapses([(0, 0)], w, 2),
            synapses([(1, 0)], 0.5 * w, 1),
            synapses([(0, 0)], 0.8 * w, 2, receptor="inh"),
        )
        constants: dict[str, Any] = {"tau_syn_E": 2.0, "tau_syn_I": 5.0}
        population = cells(model, **{n: v for n, v in constants.items() if n in MODELS[model].parameters})
        network = instance(population, *projections, sources=2, traces=[("v", 1)])
        _, (v,) = self.run(network, told((2, 0), (3, 1))[0], 60)
        arrivals = [Arrival(4, "exc", np.full(1, 1.5 * w)), Arrival(4, "inh", np.full(1, 0.8 * w))]
        self.assert_course(model, v, course(population, network.dt, 60, arrivals))

    def test_spikes_of_neurons_go_through_synapses_too(self) -> None:
        model, w = self._responding(), WEIGHT[self._responding()]
        population = cells(model, 2, i_offset=[5.0, 0.0], tau_refrac=100.0)
        network = instance(population, synapses([(0, 1)], w, 7, pre=1), traces=[("v", 1)])
        (spikes,), (v,) = self.run(network, None, 100)
        assert spikes.ranks.tolist() == [0]
        other = cells(model)
        arrivals = [Arrival(int(spikes.steps[0]) + 7, "exc", np.full(1, w))]
        self.assert_course(model, v[:, 1:], course(other, network.dt, 100, arrivals))

    def test_spikes_of_many_sources_arrive_at_their_targets(self) -> None:
        model = self._responding()
        pairs, r, strong = [(i, i) for i in range(20)], np.random.default_rng(3), STRONG * WEIGHT[model]
        population = cells(model, 20)
        network = instance(population, synapses(pairs, strong, 2), sources=20)
        given = [(int(step), rank) for rank, step in enumerate(r.integers(1, 390, 18))]  # and two never
        (spikes,), _ = recorded(self.built(network), network, told(*given)[0], [90, 230, 400])
        arrivals = [Arrival(step + 2, "exc", strong * (np.arange(20) == rank)) for step, rank in given]
        expected = _first_of_each(course(population, network.dt, 400, arrivals).spikes)
        assert len(expected) == len(given)
        assert _first_of_each(spikes) == expected

    def test_a_spike_delayed_into_a_later_run_arrives(self) -> None:
        model = self._responding()
        population = cells(model)
        network = instance(population, synapses([(0, 0)], WEIGHT[model], 3), traces=[("v", 1)])
        stimulus = told((5, 0), (6, 0))[0]
        assert len(between(stimulus, 0, 5).steps) == 1
        _, (v,) = recorded(self.built(network), network, stimulus, [5, 7, 8, 30])
        arrivals = [Arrival(s, "exc", np.full(1, WEIGHT[model])) for s in (8, 9)]
        self.assert_course(model, v, course(population, network.dt, 30, arrivals))


def _first_of_each(spikes: Spikes) -> dict[int, int]:
    return {int(r): int(spikes.steps[spikes.ranks == r][0]) for r in np.unique(spikes.ranks)}
