"""Synapses that learn, and those that tire: against their equations, spike by spike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from workers.instance import Floats, Ints, Spikes, Synapses, Trace
from workers.simulators.base import SIMULTANEOUS
from workers.testing.base import Tested
from workers.testing.networks import WEIGHT, between, cells, instance, recorded, same, synapses, told
from workers.testing.reference import Arrival, course

KINDS = ("AdditiveSTDP", "MultiplicativeSTDP")
PLASTIC = (("TsodyksMarkramSynapse", 0.5), *((kind, 1.0) for kind in KINDS))  # and what a first spike gives


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
            w = min(w + p["A_plus"] * near * (p["w_max"] if hard else p["w_max"] - w), p["w_max"])
        for _ in range(int((pre == step).sum())):
            near = np.exp(-(step - back[back < step]) * dt / p["tau_minus"]).sum()
            w = max(w - p["A_minus"] * near * (p["w_max"] if hard else w), 0.0)
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
        for place, (source, target) in enumerate(zip(s.sources, s.targets, strict=True)):
            pre, post = pres.steps[pres.ranks == source], posts.steps[posts.ranks == target]
            expected = learned(s, place, pre, post, now, dt)
            assert found[place] == pytest.approx(expected, rel=1e-9, abs=1e-12), f"{source} -> {target}"

    @pytest.mark.parametrize("kind", KINDS)
    def test_two_spikes_at_one_time_do_not_see_each_other(self, kind: str) -> None:
        """A spike of the target that comes back to the synapse in the step in which the source fires."""
        self.needs(kind, "IF_curr_exp")
        delays, now = [1, 7, 30], 300
        force = synapses([(3, t) for t in range(3)], 400.0, 1)
        forced, population = (
            told((40, 3), (90, 3), (160, 3))[0],
            cells("IF_curr_exp", 3, tau_syn_E=0.1, tau_refrac=3.0),
        )
        (posts,), _ = self.run(instance(population, force, sources=4), forced, now)
        learning = synapses(
            [(t, t) for t in range(3)], 1e-3, delays, kind=kind, A_plus=0.2, A_minus=0.1, w_max=2e-3
        )
        back = [posts.steps[posts.ranks == t] + delay for t, delay in enumerate(delays)]
        pres = [(int(s), t) for t, steps in enumerate(back) for s in (steps[0] - 9, *steps, steps[2] + 50)]
        if SIMULTANEOUS in self.claimed.features:
            pres += [(int(s), t) for t, steps in enumerate(back) for s in (steps[0] - 9, steps[2])]
        stimulus = Spikes.joined([forced, told(*pres)[0]])
        stimulus = Spikes.in_order(stimulus.steps, stimulus.ranks)
        network = instance(population, force, learning, sources=4)
        simulator = self.built(network)
        simulator.run(now, {0: stimulus})
        assert same(([simulator.spikes(1)], []), ([posts], []))
        self._assert_learned(learning, simulator.weights(1), stimulus, posts, now, network.dt)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_network_that_learns_is_the_same_in_split_runs(self, kind: str) -> None:
        self.needs(kind, "IF_curr_exp")
        network, stimulus = self._learning(kind, "exc", 12)
        network = replace(network, traces=(Trace(1, "v", 1),))
        found = []
        for ends in ([400], [1, 2, 50, 51, 399, 400]):
            simulator = self.built(network)
            run = recorded(simulator, network, stimulus, ends)
            found.append((run[0], [*run[1], simulator.weights(1)]))
        assert same(*found)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_learned_weight_acts(self, kind: str) -> None:
        self.needs(kind, "IF_curr_exp")
        w, late = 0.05, 3000
        learning = synapses([(0, 0)], w, 5, kind=kind, A_plus=0.5, A_minus=0.0, w_max=1.0)
        population = cells("IF_curr_exp", tau_m=5.0)
        network = instance(population, learning, synapses([(1, 0)], 100.0, 1), sources=2, traces=[("v", 1)])
        network.projections[1].weights[:] = 30.0
        stimulus = told((10, 0), (100, 1), (late, 0))[0]
        simulator = self.built(network)
        (spikes,), (v,) = recorded(simulator, network, stimulus, [late + 60])
        weight = learned(learning, 0, np.array([10]), spikes.steps, late, network.dt)
        assert weight > 2 * w
        assert simulator.weights(0) == pytest.approx([weight], rel=1e-9)
        expected = course(population, network.dt, 60, [Arrival(5, "exc", np.full(1, weight))])
        limit = max(1e-6, self.tolerance("IF_curr_exp"))
        np.testing.assert_allclose(v[late:], expected.values["v"], rtol=0, atol=limit)

    def test_weights_that_do_not_learn_are_those_given(self) -> None:
        self.needs("IF_curr_exp")
        given = synapses([(0, 0), (0, 1), (0, 1)], [0.1, 0.2, 0.3], 1, receptor="inh")
        simulator = self.built(network := instance(cells("IF_curr_exp", 2), given))
        simulator.built = network
        assert simulator.weights(0).tolist() == [0.1, 0.2, 0.3]

    @pytest.mark.parametrize(("kind", "share"), [("StaticSynapse", 1.0), *PLASTIC])
    def test_a_changed_time_constant_acts_on_what_arrives_after_it(self, kind: str, share: float) -> None:
        """Where a simulator scales weights by the time constant, it has to scale them anew."""
        self.needs("IF_curr_exp", *({kind} - {"StaticSynapse"}))
        w, population = WEIGHT["IF_curr_exp"], cells("IF_curr_exp", 2)
        network = instance(population, synapses([(0, 0), (0, 1)], w, 3, kind=kind), traces=[("v", 1)])
        simulator, tau = self.built(network), np.array([2.0, 0.7])
        simulator.run(40, {0: Spikes.none()})
        simulator.spikes(1), simulator.trace(network.traces[0])
        simulator.set(1, "tau_syn_E", tau)
        simulator.run(60, told((45, 0)))
        changed = replace(population, parameters={**population.parameters, "tau_syn_E": tau})
        expected = course(changed, network.dt, 60, [Arrival(8, "exc", np.full(2, share * w))])
        self.assert_course("IF_curr_exp", simulator.trace(network.traces[0]), expected)
