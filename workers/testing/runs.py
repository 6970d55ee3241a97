"""Runs: divided, repeated, changed in between; what is recorded of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.instance import Instance, Spikes, Trace
from workers.testing.base import Tested
from workers.testing.networks import MODELS, cells, instance, random_network, recorded, same, synapses
from workers.testing.reference import course


class RunTests(Tested):
    """A network is the same however it is run."""

    def _some_model(self) -> str:
        return next(m for m in MODELS if m in self.claimed.models)

    @pytest.mark.parametrize("dt", [0.1, 1.0])
    @pytest.mark.parametrize("model", MODELS)
    def test_split_runs_give_the_same_bits_up_to_the_last_sample(self, model: str, dt: float) -> None:
        self.needs(model)
        if model == "HH_cond_exp" and dt > 0.1:
            pytest.skip("a Hodgkin-Huxley neuron needs a small dt")
        network, stimulus = random_network(model, dt, 300)
        whole = self.run(network, stimulus, 300)
        assert whole[0][0].steps.size > 5
        assert [t.shape for t in whole[1]] == [(300, 80), (100, 80), (42, 20)]
        assert (whole[1][1] == whole[1][0][2::3]).all()
        assert same(whole, self.run(network, stimulus, 1, 2, 3, 100, 105, 106, 299, 300))

    @pytest.mark.parametrize("model", MODELS)
    def test_a_network_that_is_built_again_gives_the_same_bits(self, model: str) -> None:
        """Nothing is left of an earlier network, of what was changed in it, or of another one in between."""
        self.needs(model)
        network, stimulus = random_network(model, steps=200)
        simulator = self.built(network)
        first = recorded(simulator, network, stimulus, [200])
        simulator.set(1, "i_offset", np.full(80, 0.3))
        simulator.run(10, {0: Spikes.none()})
        other, spikes = random_network(self._some_model(), 0.5, 33)
        simulator.build(other)
        recorded(simulator, other, spikes, [33])
        simulator.build(network)
        assert same(first, recorded(simulator, network, stimulus, [200]))

    def test_recording_more_changes_nothing(self) -> None:
        network, stimulus = random_network(self._some_model(), steps=300)
        more = replace(network, traces=(*network.traces, Trace(2, "v", 1)))
        less = replace(network, traces=())
        spikes = [self.run(n, stimulus, 300)[0] for n in (network, more, less)]
        assert same((spikes[0], []), (spikes[1], []))
        assert same((spikes[0], []), (spikes[2], []))

    @pytest.mark.parametrize("ends", [(300,), (1, 100, 299, 300)])
    def test_of_some_neurons_the_same_is_recorded_as_of_all(self, ends: tuple[int, ...]) -> None:
        network, stimulus = random_network(self._some_model(), steps=300)
        spikes, (every, third, seventh) = self.run(network, stimulus, *ends)
        traces = (
            Trace(1, "v", 1, (79,)),
            Trace(1, "v", 3, (0, 5, 42)),
            Trace(1, "v", 3, (5, 6)),
            Trace(2, "v", 7, (3, 19)),
        )
        some = replace(network, traces=traces, spikes_of={1: (0, 3, 7, 79)})
        assert spikes[0].only((0, 3, 7, 79)).steps.size
        of_some = [spikes[0].only((0, 3, 7, 79)), spikes[1]]
        expected = [every[:, [79]], third[:, [0, 5, 42]], third[:, [5, 6]], seventh[:, [3, 19]]]
        assert same(self.run(some, stimulus, *ends), (of_some, expected))

    def test_silence_is_silent(self) -> None:
        model = self._some_model()
        network = instance(cells(model, 2), synapses([], [], []), sources=3, traces=[("v", 4)])
        (spikes,), (v,) = self.run(network, None, 3, 4, 10)
        assert not spikes.steps.size
        assert v.shape == (2, 2)

    def test_a_spike_at_the_last_step_of_a_run_is_there(self) -> None:
        network = self._firing()
        simulator = self.built(network)
        for run in range(3):
            simulator.run(3, {0: Spikes.none()})
            assert simulator.spikes(1).steps.tolist() == [3 * run + 1]
        last = self.built(network)
        last.run(1, {0: Spikes.none()})
        assert last.spikes(1).steps.tolist() == [1]

    def _firing(self, refractory: float = 0.2, dt: float = 0.1) -> Instance:
        """A neuron that fires as soon as it can."""
        able = [m for m in MODELS if m.startswith("IF_") and m in self.claimed.models]
        if not able:
            pytest.skip(f"simulator {self.simulator!r} claims no model with a refractory period")
        return instance(cells(able[0], i_offset=1e4, tau_refrac=refractory), dt=dt)

    @pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
    def test_times_of_steps_are_exact_however_late(self, dt: float) -> None:
        (spikes,), _ = self.run(self._firing(7 * dt, dt), None, 700, 4000)
        assert spikes.steps.tolist() == list(range(1, 4001, 8))

    @pytest.mark.parametrize("model", MODELS)
    def test_what_is_set_acts_from_the_next_step_on(self, model: str) -> None:
        self.needs(model)
        population = cells(model, 2)
        network = instance(population, traces=[("v", 1)])
        simulator = self.built(network)
        simulator.run(10, {0: Spikes.none()})
        first = course(population, network.dt, 10)
        np.testing.assert_allclose(
            simulator.trace(network.traces[0]), first.values["v"], rtol=0, atol=self.tolerance(model)
        )
        state = {n: simulator.get(1, n) for n in population.state}
        v = np.array([-64.0, population.state["v"][1]])
        offset = np.array([0.0, 0.01])
        simulator.set(1, "v", v)
        simulator.set(1, "i_offset", offset)
        assert simulator.get(1, "v") == pytest.approx(v)
        simulator.run(20, {0: Spikes.none()})
        changed = replace(
            population, parameters={**population.parameters, "i_offset": offset}, state={**state, "v": v}
        )
        expected = course(changed, network.dt, 20)
        self.assert_course(model, simulator.trace(network.traces[0]), expected)

    @pytest.mark.parametrize("model", [m for m in MODELS if "tau_m" in MODELS[m].parameters])
    @pytest.mark.parametrize("order", [("cm", "tau_m"), ("tau_m", "cm")])
    def test_the_membrane_may_be_changed(self, model: str, order: tuple[str, str]) -> None:
        self.needs(model)
        population = cells(model, i_offset=0.1)
        simulator = self.built(instance(population))
        values = {"cm": np.array([0.7]), "tau_m": np.array([6.0])}
        for name in order:
            simulator.set(1, name, values[name])
        simulator.run(100, {0: Spikes.none()})
        changed = replace(population, parameters=population.parameters | values)
        expected = course(changed, 0.1, 100).values["v"][-1]
        assert simulator.get(1, "v") == pytest.approx(expected, abs=self.tolerance(model))
