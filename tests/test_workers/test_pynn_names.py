"""Names, units and defaults of our models are those of PyNN."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from math import inf

import pytest
from pyNN.standardmodels import cells, electrodes, synapses

from workers import network
from workers.network.models import Quantity
from workers.testing.networks import MODELS

OTHERS = {
    "Izhikevich": {"d": 8.0, "v": -65.0, "u": -13.0},  # regular spiking, as in his paper and in ANNarchy
    "NoisyCurrentSource": {"dt": 0.0},  # in PyNN the step of the simulation
}
RULES = [synapses.SpikePairRule, synapses.AdditiveWeightDependence]


def defaults(quantities: Mapping[str, Quantity]) -> dict[str, float]:
    return {name: quantity.default for name, quantity in quantities.items()}


@pytest.mark.parametrize("model", MODELS)
def test_models_have_the_parameters_states_and_units_of_pynn(model: str) -> None:
    theirs, ours, others = getattr(cells, model), getattr(network, model), OTHERS.get(model, {})
    state = {n: v for n, v in theirs.default_initial_values.items() if "syn" not in n}
    assert defaults(ours.parameters).keys() == theirs.default_parameters.keys()
    assert defaults(ours.settable()) == {**theirs.default_parameters, **state, **others}
    assert set(theirs.recordable) - {"spikes"} <= ours.recordable.keys()
    units = {n: q.unit for n, q in ours.settable().items()} | ours.recordable
    for name, unit in theirs.units.items():
        if name in units:
            assert units[name] == unit.replace("/ms", "1/ms" if unit == "/ms" else "/ms"), name


def test_synapses_have_the_parameters_of_pynn() -> None:
    for kind in (network.AdditiveSTDP, network.MultiplicativeSTDP):
        theirs = {n: v for rule in RULES for n, v in rule.default_parameters.items()}
        assert defaults(kind.parameters) == {n: v for n, v in theirs.items() if n != "w_min"}
    theirs = synapses.TsodyksMarkramSynapse.default_parameters
    ours = defaults(network.TsodyksMarkramSynapse.parameters)
    assert ours == {n: v for n, v in theirs.items() if n not in ("weight", "delay")}


@pytest.mark.parametrize("kind", ["DCSource", "ACSource", "NoisyCurrentSource"])
def test_currents_have_the_parameters_of_pynn(kind: str) -> None:
    theirs = {**getattr(electrodes, kind).default_parameters, "stop": inf, **OTHERS.get(kind, {})}
    ours = inspect.signature(getattr(network, kind)).parameters
    assert {n: p.default for n, p in ours.items()} == theirs


@pytest.mark.parametrize("model", [*MODELS, "TsodyksMarkramSynapse", "MultiplicativeSTDP", "Poisson"])
def test_what_help_says_has_each_parameter_with_its_unit(model: str) -> None:
    kind = getattr(network, model)
    lines = (kind.__doc__ or "").splitlines()
    assert lines.count("Parameters") == 1
    for name, quantity in {**kind.parameters, **getattr(kind, "state", {})}.items():
        assert f"{name} : {quantity.default:g} {quantity.unit}".rstrip() in lines
