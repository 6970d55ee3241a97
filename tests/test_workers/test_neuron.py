from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from workers.instance import Instance
from workers.simulators.base import Simulator
from workers.simulators.neuron_ import Neuron
from workers.testing import SimulatorSuite
from workers.testing.networks import cells, instance

pytest.importorskip("neuron", reason="NEURON is not installed: pip install neuron")

COARSE = {
    ("test_every_variable_is_recorded_in_its_unit", "IF_cond_alpha"): "off by 0.015 mV: 3 steps to the peak",
    ("test_what_is_set_acts_from_the_next_step_on", "Izhikevich"): "Euler's upstroke is late by 0.5 mV",
    ("test_every_parameter_and_state_arrives_at_its_neuron", "Izhikevich"): "Euler's steps fire later",
    ("test_every_parameter_and_state_arrives_at_its_neuron", "HH_cond_exp"): "rates are from a table of 1 mV",
    ("test_every_variable_is_recorded_in_its_unit", "HH_cond_exp"): "rates are from a table of 1 mV",
}


class TestNeuron(SimulatorSuite):
    simulator = "neuron"
    # NEURON's steps are of the second order. Izhikevich's neuron they solve better than the Euler steps that
    # are the reference here.
    v_tolerance: ClassVar[dict[str, float]] = {
        "IF_curr_exp": 0.005,
        "IF_curr_alpha": 0.005,
        "IF_cond_alpha": 0.009,
        "EIF_cond_exp_isfa_ista": 0.03,
        "HH_cond_exp": 0.1,
        "Izhikevich": 0.1,
    }
    spike_tolerance: ClassVar[dict[str, int]] = {"Izhikevich": 4}

    @pytest.fixture(autouse=True)
    def _fine_enough(self, request: pytest.FixtureRequest) -> None:
        parameters = getattr(getattr(request.node, "callspec", None), "params", {})
        reason = COARSE.get((request.node.originalname, parameters.get("model", "")))
        if reason:
            pytest.skip(reason)

    def built(self, instance: Instance) -> Simulator:
        try:
            return super().built(instance)
        except ValueError as refused:
            if "needs a dt of at most" not in str(refused):
                raise
            pytest.skip(str(refused))


@pytest.mark.parametrize("model", ["HH_cond_exp", "Izhikevich"])
def test_every_value_is_that_of_its_neuron(model: str) -> None:
    """For the models whose course is not near enough to the reference's to tell."""
    population = cells(model, 3)
    given = {n: v * np.array([1.0, 1.01, 1.02]) for n, v in population.parameters.items()}
    state = {n: v * np.array([1.0, 1.01, 1.02]) for n, v in population.state.items()}
    simulator = Neuron()
    simulator.build(instance(replace(population, parameters=given, state=state), sources=1, dt=0.1))
    for name, values in given.items():
        np.testing.assert_allclose(simulator._populations[1].get(name), values, rtol=1e-12, err_msg=name)
    for name, values in state.items():
        np.testing.assert_allclose(simulator.get(1, name), values, rtol=1e-12, err_msg=name)
