"""Simulators are found by their entry points; a broken one warns and harms nobody."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from sweep import IF_curr_exp, Network, Neuron, Population, TsodyksMarkramSynapse, parallel_run
from workers import simulators
from workers.simulators import GROUP, adapter, adapters, registered


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = {**registered(), "broken": EntryPoint("broken", "no_such_package:Adapter", GROUP)}
    monkeypatch.setattr(simulators, "registered", lambda: known)
    adapter.cache_clear()
    yield
    adapter.cache_clear()


@pytest.mark.usefixtures("broken")
def test_a_broken_plug_in_warns_and_the_others_are_there() -> None:
    with pytest.warns(UserWarning, match="'broken' cannot be loaded: No module named 'no_such_package'"):
        found = adapters()

    assert {"nest", "brian2", "neuron"} <= found.keys()
    assert "broken" not in found


@pytest.mark.usefixtures("broken")
def test_who_asks_for_others_never_hears_of_it() -> None:
    with Network() as net:
        Population(2, IF_curr_exp)

    assert parallel_run(lambda idx, net: net.simulate(1.0), number=1, networks=net, cluster="debug") == [None]


def test_a_simulator_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"simulator='nset'; expected one of: brian2, .*nest, neuron"):
        parallel_run(lambda idx, net: None, number=1, simulator="nset")


def test_a_feature_that_a_simulator_lacks_is_refused_with_the_names_of_those_that_have_it() -> None:
    from sweep import AdditiveSTDP, Projection

    with Network() as net:
        cells = Population(2, IF_curr_exp)
        Projection(cells, cells, "exc", synapse=AdditiveSTDP()).connect_all_to_all(0.1)
        other = Projection(cells, cells, "inh", synapse=TsodyksMarkramSynapse())
        other.connect_all_to_all(0.1)

    with pytest.raises(ValueError, match=r"'neuron' has no AdditiveSTDP; those that have it: .*nest"):
        parallel_run(lambda idx, net: None, number=1, networks=net, simulator="neuron")


def test_noise_in_equations_is_a_feature_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from workers.simulators.brian2_ import Brian2

    noisy = Neuron(equations="tau * dv/dt = -v + Normal(0.0, 1.0)", parameters="tau = 10.0", spike="v > 9")
    with Network() as net:
        Population(2, noisy)
    monkeypatch.setattr(Brian2, "features", Brian2.features - {"noise in equations"})

    with pytest.raises(ValueError, match="'brian2' has no noise in equations; those that have it: none"):
        simulators.check(net, "brian2")
