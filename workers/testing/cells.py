"""Neurons by themselves: their equations, parameters and units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workers.instance import Cells, Spikes
from workers.network.models import Quantity
from workers.testing.base import Tested
from workers.testing.networks import DRIVE, MODELS, WEIGHT, cells, instance, recorded, synapses, told
from workers.testing.reference import Arrival, Course, course, variable

FAST = {"tau_m": 10.0, "cm": 0.5, "tau_refrac": 2.0, "i_offset": 1.0}


def _base(model: str) -> dict[str, float]:
    """Return values with which a model fires every few ms."""
    settable = MODELS[model].settable()
    values = {n: q.default for n, q in settable.items()} | {n: v for n, v in FAST.items() if n in settable}
    values["i_offset"] = DRIVE.get(model, 1.0)
    if "tau_syn_E" in values:
        values |= {"tau_syn_E": 2.0, "tau_syn_I": 4.0}
    if model == "EIF_cond_exp_isfa_ista":
        values |= {"a": 40.0, "tau_w": 30.0, "w": 0.2}
    if model == "HH_cond_exp":
        values |= {"m": 0.05, "h": 0.6, "n": 0.3}
    return values


def _other(name: str, value: float, quantity: Quantity) -> float:
    if name == "v_spike":
        return value - 6.0
    if quantity.unit == "mV":
        return value + (2.0 if name in ("v_rest", "v", "v_thresh", "v_offset") else 5.0)
    return value + 0.4 if not quantity.unit else value * 1.5


class CellTests(Tested):
    """Models against their equations."""

    @pytest.mark.parametrize("model", MODELS)
    def test_every_parameter_and_state_arrives_at_its_neuron(self, model: str) -> None:
        self.needs(model)
        base, settable = _base(model), MODELS[model].settable()
        names = list(settable)
        values: dict[str, Any] = {n: np.full(1 + len(names), base[n]) for n in names}
        for rank, name in enumerate(names, start=1):
            values[name][rank] = _other(name, base[name], settable[name])
        population = cells(model, 1 + len(names), **values)
        found, expected = self._driven(model, population)
        self.assert_spikes(model, found.spikes, expected.spikes)
        limit = max(20 * self.tolerance(model), 0.05 * self.steps_off(model))
        assert np.median(np.abs(found.values["v"] - expected.values["v"]), axis=0).max() < limit
        for rank, name in enumerate(names, start=1):  # or the test would not see what it looks for
            moved = np.median(np.abs(expected.values["v"][:, rank] - expected.values["v"][:, 0]))
            trains = [expected.spikes.steps[expected.spikes.ranks == r] for r in (0, rank)]
            shifted = len(trains[0]) != len(trains[1]) or (trains[0] != trains[1]).any()
            assert shifted or moved > 2 * limit, f"{name} makes no difference"

    def _driven(self, model: str, population: Cells, steps: int = 300) -> tuple[Course, Course]:
        pairs, weight = [(0, r) for r in range(population.size)], 4 * WEIGHT[model]
        network = instance(
            population,
            synapses(pairs, weight, 1),
            synapses(pairs, 3 * weight, 101, receptor="inh"),
            traces=[("v", 1)],
        )
        (spikes,), (v,) = recorded(self.built(network), network, told((19, 0))[0], [steps])
        weights = np.full(population.size, weight)
        arrivals = [Arrival(20, "exc", weights), Arrival(120, "inh", 3 * weights)]
        return Course({"v": v}, spikes), course(population, network.dt, steps, arrivals)

    @pytest.mark.parametrize("model", MODELS)
    def test_a_current_step_makes_it_fire_when_the_equations_say(self, model: str) -> None:
        self.needs(model)
        steps = 400
        population = cells(model, 3, **{**_base(model), "i_offset": [0.0, DRIVE.get(model, 1.0), 0.01]})
        network = instance(population, traces=[("v", 1)])
        (spikes,), (v,) = self.run(network, None, steps)
        expected = course(population, network.dt, steps)
        assert (expected.spikes.ranks == 1).sum() >= 2
        self.assert_spikes(model, spikes, expected.spikes)
        silent = ~np.isin(np.arange(3), expected.spikes.ranks)
        limit = self.tolerance(model)
        np.testing.assert_allclose(v[:, silent], expected.values["v"][:, silent], rtol=0, atol=limit)

    @pytest.mark.parametrize("model", MODELS)
    def test_every_variable_is_recorded_in_its_unit(self, model: str) -> None:
        self.needs(model)
        names, population = list(MODELS[model].recordable), cells(model, 2)
        projections = [
            synapses([(0, 0), (0, 1)], [WEIGHT[model], 2 * WEIGHT[model]], 3, receptor=r)
            for r in ("exc", "inh")
        ]
        network = instance(population, *projections, traces=[(n, 2) for n in names])
        _, traces = self.run(network, told((2, 0))[0], 60)
        weights = WEIGHT[model] * np.array([1.0, 2.0])
        arrivals = [Arrival(5, r, weights) for r in ("exc", "inh")]
        expected = course(population, network.dt, 60, arrivals)
        for name, found in zip(names, traces, strict=True):
            right = variable(expected.values, name)[1::2]
            scale = np.abs(right).max() if name != "v" else 1.0
            limit = max(self.tolerance(model), 1e-9) * scale
            np.testing.assert_allclose(found, right, rtol=0, atol=limit, err_msg=name)

    @pytest.mark.parametrize("model", [m for m in MODELS if m.startswith("IF_")])
    @pytest.mark.parametrize(
        ("dt", "refractory", "apart"), [(0.1, 0.05, 2), (0.1, 0.3, 4), (0.1, 2.0, 21), (1.0, 0.1, 2)]
    )
    def test_refractory_periods_are_rounded_up_to_steps(
        self, model: str, dt: float, refractory: float, apart: int
    ) -> None:
        self.needs(model)
        population = cells(model, tau_refrac=refractory, i_offset=1e4, v_reset=-70.0)
        network = instance(population, dt=dt, traces=[("v", 1)])
        (spikes,), (v,) = self.run(network, None, 100)
        assert spikes.steps[0] == 1
        assert set(np.diff(spikes.steps).tolist()) == {apart}
        assert (v[:apart, 0] == -70.0).all()

    @pytest.mark.parametrize("model", MODELS)
    def test_a_neuron_without_input_stays_silent(self, model: str) -> None:
        self.needs(model)
        (spikes,), _ = self.run(instance(cells(model)), Spikes.none(), 50)
        assert not spikes.steps.size
