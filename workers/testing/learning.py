"""Synapses that learn, and those that tire: against their equations, spike by spike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from workers.instance import Floats, Ints, Spikes, Synapses
from workers.testing.base import Tested
from workers.testing.networks import WEIGHT, between, cells, instance, synapses, told
from workers.testing.reference import Arrival, course

KINDS = ("AdditiveSTDP", "MultiplicativeSTDP")


def released(steps: Sequence[int], dt: float, u: float, tau_rec: float, tau_facil: float) -> list[float]:
    """Return the share of its weight that a Tsodyks-Markram synapse gives at each spike."""
    x, use, last, shares = 1.0, 0.0, steps[0], []
    for step in steps:
        past = (step - last) * dt
        x = 1.0 + (x - 1.0) * np.exp(-past / tau_rec)
        use = use * np.exp(-past / tau_facil) if tau_facil else 0.0
        use = use + u * (1.0 - use)
        shares.append(use * x)
        x, last = x - use * x, step
    return shares


def learned(synapses_: Synapses, place: int, pre: Ints, post: Ints, now: int, dt: float) -> float:
    """Return the weight of a synapse with STDP at the end of step `now`, pair by pair in order of time."""
    p = {n: float(v[place]) for n, v in synapses_.parameters.items()}
    w, back = float(synapses_.weights[place]), post + synapses_.delays[place]
    hard = synapses_.kind == "AdditiveSTDP"
    for step in np.unique(np.concatenate([pre, back])):
        if step > now:
            break
        if step in back:
            near = np.exp(-(step - pre[pre < step]) * dt / p["tau_plus"]).sum()
            w += p["A_plus"] * near * (p["w_max"] if hard else p["w_max"] - w)
        if step in pre:
            near = np.exp(-(step - back[back < step]) * dt / p["tau_minus"]).sum()
            w -= p["A_minus"] * near * (p["w_max"] if hard else w)
        w = min(max(w, 0.0), p["w_max"])
    return w


class LearningTests(Tested):
    """Short-term plasticity and STDP."""

    def test_a_tiring_synapse_gives_what_its_equations_say(self) -> None:
        self.needs("TsodyksMarkramSynapse", "IF_curr_exp")
        model, w, dt = "IF_curr_exp", WEIGHT["IF_curr_exp"], 0.1
        given: dict[str, Any] = {
            "U": [0.5, 0.2, 0.1],
            "tau_rec": [100.0, 30.0, 10.0],
            "tau_facil": [0.0, 50.0, 200.0],
        }
        steps = [20, 50, 60, 200, 210, 400]
        projection = synapses([(0, 0), (0, 1), (0, 2)], w, [1, 3, 10], kind="TsodyksMarkramSynapse", **given)
        population = cells(model, 3)
        network = instance(population, projection, dt=dt, traces=[("v", 1)])
        _, (v,) = self.run(network, told(*((s, 0) for s in steps))[0], 55, 450)
        arrivals = [
            Arrival(step + delay, "exc", share * w * (np.arange(3) == rank))
            for rank, (delay, *values) in enumerate(zip([1, 3, 10], *given.values(), strict=True))
            for step, share in zip(steps, released(steps, dt, *values), strict=True)
        ]
        self.assert_course(model, v, course(population, dt, 450, arrivals))

    @pytest.mark.parametrize("receptor", ["exc", "inh"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_weights_change_by_all_pairs_of_spikes(self, kind: str, receptor: str) -> None:
        self.needs(kind, "IF_curr_exp")
        dt, size, ends = 0.1, 12, (70, 71, 150, 400, 500)
        network, stimulus = self._learning(kind, receptor, size)
        simulator, start, fired = self.built(network), 0, []
        plastic = [i for i, s in enumerate(network.projections) if s.kind == kind]
        for end in ends:
            now = between(stimulus, start, end)
            simulator.run(end - start, {0: now})
            fired.append(simulator.spikes(1))
            start = end
            for place in plastic:
                found = simulator.weights(place)
                posts = Spikes.joined(fired)
                pres = stimulus if network.projections[place].pre == 0 else posts
                self._assert_learned(network.projections[place], found, pres, posts, end, dt)
        for place in plastic:
            change = simulator.weights(place) - network.projections[place].weights  # to be read twice
            assert (change > 1e-4).any()
            assert (change < -1e-4).any()

    def _learning(self, kind: str, receptor: str, size: int) -> tuple[Any, Spikes]:
        """Sources 0 and 1 have synapses that learn; each other source makes one neuron fire."""
        r = np.random.default_rng(11)
        pairs = [(s, t) for s in (0, 1) for t in range(size)] + [(1, 0)]
        among = [(s, t) for s in range(size) for t in range(size) if s != t]

        def plastic(which: list[tuple[int, int]], pre: int) -> Synapses:
            n = len(which)
            return synapses(
                sorted(which),
                r.uniform(0.0, 0.003, n),
                r.integers(1, 40, n),
                pre=pre,
                receptor=receptor,
                kind=kind,
                tau_plus=r.uniform(5, 30, n),
                tau_minus=np.array([7.0 + t for _, t in sorted(which)]),  # one for each neuron, as NEST wants
                A_plus=r.uniform(0.01, 0.2, n),
                A_minus=r.uniform(0.01, 0.2, n),
                w_max=r.uniform(0.003, 0.005, n),
            )

        force = synapses([(2 + t, t) for t in range(size)], 100.0, 1)
        population = cells("IF_curr_exp", size, tau_syn_E=0.1, tau_refrac=3.0)
        network = instance(population, force, plastic(pairs, 0), plastic(among, 1), sources=2 + size)
        at, ranks = np.nonzero(r.random((500, 2 + size)) < 0.012)
        return network, Spikes(at + 1, ranks)

    def _assert_learned(
        self, s: Synapses, found: Floats, pres: Spikes, posts: Spikes, now: int, dt: float
    ) -> None:
        """Compare the weights, but for synapses that two spikes reach in one step, which has no order."""
        told_apart = 0
        for place, (source, target) in enumerate(zip(s.sources, s.targets, strict=True)):
            pre, post = pres.steps[pres.ranks == source], posts.steps[posts.ranks == target]
            if np.isin(post + s.delays[place], pre).any():
                continue
            told_apart += 1
            expected = learned(s, place, pre, post, now, dt)
            assert found[place] == pytest.approx(expected, rel=1e-9, abs=1e-12), f"{source} -> {target}"
        assert told_apart > len(found) // 2

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_learned_weight_acts(self, kind: str) -> None:
        self.needs(kind, "IF_curr_exp")
        w, late = 0.05, 3000
        learning = synapses([(0, 0)], w, 5, kind=kind, A_plus=0.5, A_minus=0.0, w_max=1.0)
        population = cells("IF_curr_exp", tau_m=5.0)
        network = instance(population, learning, synapses([(1, 0)], 100.0, 1), sources=2, traces=[("v", 1)])
        network.projections[1].weights[:] = 30.0
        stimulus = told((10, 0), (100, 1), (late, 0))[0]
        (spikes,), (v,) = self.run(network, stimulus, late + 60)
        weight = learned(learning, 0, np.array([10]), spikes.steps, late, network.dt)
        assert weight > 2 * w
        expected = course(population, network.dt, 60, [Arrival(5, "exc", np.full(1, weight))])
        np.testing.assert_allclose(v[late:], expected.values["v"], rtol=0, atol=1e-6)

    def test_weights_that_do_not_learn_are_those_given(self) -> None:
        self.needs("IF_curr_exp")
        given = synapses([(0, 0), (0, 1), (0, 1)], [0.1, 0.2, 0.3], 1, receptor="inh")
        simulator = self.built(network := instance(cells("IF_curr_exp", 2), given))
        simulator.built = network
        assert simulator.weights(0).tolist() == [0.1, 0.2, 0.3]
