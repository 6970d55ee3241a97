"""Injected currents, and background that the simulator draws."""

from __future__ import annotations

import numpy as np
import pytest

from workers.instance import Background, Current, Floats, Instance, Spikes
from workers.simulators.keyed import expected, poisson_of, uniform_of
from workers.testing.base import Tested
from workers.testing.networks import DRIVE, MODELS, Recorded, cells, instance, recorded, same
from workers.testing.reference import course

KEY = (1, 2, 3, 4)


def _background(
    size: int, rates: Floats | float, weights: Floats | float, receptor: str, key: tuple[int, ...]
) -> Background:
    return Background(
        "background",
        1,
        receptor,
        np.full(size, rates, np.float64),
        np.full(size, weights, np.float64),
        np.tile(np.array(key, np.int64), (size, 1)),
        np.arange(size),
    )


class InputTests(Tested):
    """What comes from outside the network, besides spikes."""

    def _injected(self, model: str, steps: int) -> tuple[Instance, dict[int, Floats], Floats]:
        """One current for two neurons, and one of its own for each of two; the third neuron gets both."""
        r, size = np.random.default_rng(5), DRIVE.get(model, 1.0) / 10
        currents = (Current("all", 1, np.array([0, 2])), Current("own", 1, np.array([2, 1])))
        network = instance(cells(model, 3), traces=[("v", 1)], currents=currents)
        courses = {0: r.normal(0, size, steps + 9), 1: r.normal(0, size, (steps + 9, 2))}
        total = np.column_stack([courses[0], courses[1][:, 1], courses[0] + courses[1][:, 0]])
        return network, courses, total

    @pytest.mark.parametrize("model", MODELS)
    def test_a_current_of_a_step_acts_in_that_step(self, model: str) -> None:
        self.needs(model, "Injection")
        network, courses, total = self._injected(model, 60)
        _, (v,) = recorded(self.built(network), network, Spikes.none(), [60], courses)
        self.assert_course(model, v, course(cells(model, 3), network.dt, 60, (), total))

    @pytest.mark.parametrize("model", MODELS)
    def test_a_current_is_the_same_in_split_runs(self, model: str) -> None:
        self.needs(model, "Injection")
        network, courses, _ = self._injected(model, 60)
        whole, parts, others = (
            recorded(self.built(network), network, Spikes.none(), ends, courses)
            for ends in ([60], [1, 2, 3, 4, 30, 59, 60], [2, 60])
        )
        assert same(whole, parts)
        assert same(whole, others)

    def test_a_current_and_a_changed_offset_add_up(self) -> None:
        self.needs("IF_curr_exp", "Injection")
        network, courses, total = self._injected("IF_curr_exp", 60)
        simulator = self.built(network)
        simulator.set(1, "i_offset", np.array([0.1, 0.2, 0.3]))
        _, (v,) = recorded(simulator, network, Spikes.none(), [40, 60], courses)
        changed = cells("IF_curr_exp", 3, i_offset=[0.1, 0.2, 0.3])
        self.assert_course("IF_curr_exp", v, course(changed, network.dt, 60, (), total))

    def _counted(
        self,
        rates: Floats | float,
        receptor: str = "exc",
        key: tuple[int, ...] = KEY,
        *ends: int,
        dt: float = 0.1,
        jumps: Floats | float = 1.0,
    ) -> Recorded:
        """Run 200 neurons that do not leak: v - v_rest counts what arrives, in jumps of so many mV."""
        size, tau = 200, 0.5
        population = cells(
            "IF_curr_exp", size, tau_m=1e7, v_thresh=1e6, tau_syn_E=tau, tau_syn_I=tau, v_reset=-70.0
        )
        background = _background(size, rates, jumps / tau, receptor, key)  # 1 nF, and a charge of jumps pC
        network = instance(population, dt=dt, traces=[("v", 100)], backgrounds=(background,))
        return self.run(network, None, *(ends or (2000,)))

    @pytest.mark.parametrize(("dt", "rate"), [(0.1, 200.0), (0.1, 2000.0), (1.0, 4000.0)])
    def test_background_is_poisson_and_independent(self, dt: float, rate: float) -> None:
        """In 200 neurons: mean and variance of the counts, and no two neurons alike."""
        self.needs("PoissonInput", "IF_curr_exp")
        _, (v,) = self._counted(rate, dt=dt)
        counts, expected = v[-1] + 65.0, rate * 2.0 * dt
        error = np.sqrt(expected / 200)
        assert counts.mean() == pytest.approx(expected * (1 - 1e-3), abs=5 * error + 1)
        assert counts.var() / expected == pytest.approx(1.0, abs=0.5)  # 5 standard errors
        together = np.abs(np.corrcoef(np.diff(v, axis=0).T)[np.triu_indices(200, 1)])
        assert together.mean() < 0.3
        assert together.max() < 0.999

    def test_background_has_its_rate_weight_and_receptor_in_each_neuron(self) -> None:
        self.needs("PoissonInput", "IF_curr_exp")
        rates = np.repeat([0.0, 500.0, 2000.0, 3000.0], 50)
        jumps = np.tile([1.0, 3.0], 100)
        _, (v,) = self._counted(rates, "inh", jumps=jumps)
        means = (-(v[-1] + 65.0) / jumps).reshape(4, 25, 2).mean(axis=1)
        assert (v[-1][:50] == -65.0).all()
        assert means[1:] == pytest.approx(np.tile(0.2 * rates[50::50, None], 2), rel=0.1)

    def test_background_depends_on_its_key_alone(self) -> None:
        self.needs("PoissonInput", "IF_curr_exp")
        one, other, again = (self._counted(500.0, "exc", key, 300) for key in (KEY, (1, 2, 3, 5), KEY))
        assert same(one, again)
        assert not same(one, other)

    def test_background_is_the_same_in_split_runs(self) -> None:
        self.needs("PoissonInput", "IF_curr_exp")
        assert same(self._counted(500.0, "exc", KEY, 300), self._counted(500.0, "exc", KEY, 1, 2, 100, 300))

    @pytest.mark.parametrize("receptor", ["exc", "inh"])
    def test_background_that_depends_on_its_key_alone_is_the_same_on_all_simulators(
        self, receptor: str
    ) -> None:
        """How many spikes each neuron gets in each step; they act at its end."""
        self.needs("PoissonInput", "IF_curr_exp")
        if not self.claimed.keyed:
            pytest.skip(f"simulator {self.simulator!r} draws background by a generator of its own")
        size, steps, dt, key = 9, 400, 0.1, (4_000_000_000, 7, 2**32 - 1, 5)
        background = _background(size, np.linspace(0.0, 9000.0, size), 0.25, receptor, key)
        population = cells("IF_curr_exp", size, v_thresh=1e6, tau_syn_E=2.0, tau_syn_I=2.0)
        network = instance(population, traces=[(f"isyn_{receptor}", 1)], backgrounds=(background,))
        simulator, tau, parts = self.built(network), np.full(steps, 2.0), []
        for run, value in ((150, 3.0), (steps - 150, 1.0)):
            simulator.run(run, {0: Spikes.none()})
            simulator.spikes(1)
            parts.append(simulator.trace(network.traces[0]))
            simulator.set(1, "tau_syn_E" if receptor == "exc" else "tau_syn_I", np.full(size, value))
        tau[150:], current = 3.0, np.concatenate(parts)
        arrived = np.diff(current, axis=0, prepend=0.0)
        arrived[1:] += current[:-1] * -np.expm1(-dt / tau[1:, None])
        mean, none = expected(background, dt)
        step = np.arange(1, steps + 1)[:, None]
        drawn = poisson_of(uniform_of(*key, np.arange(size), step), mean, none)
        assert drawn.max() > 2
        np.testing.assert_allclose(np.abs(arrived) / 0.25, drawn, rtol=0, atol=1e-6)
