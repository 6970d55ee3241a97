"""Simulators are found by their entry points; a broken one warns and harms nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep import (
    HH_cond_exp,
    IF_curr_exp,
    Monitor,
    Network,
    Neuron,
    Population,
    Projection,
    SpikeSourceArray,
    parallel_run,
)
from workers import simulators
from workers.simulators import GROUP, adapter, adapters, registered

BROKEN = {
    "broken": "no_such_package:Adapter",
    "closed": "mine_of_outside:nothing",
    "other": "mine_of_outside:dict",
    "half": "mine_of_outside:Half",
}
OUTSIDE = """
from workers.simulators.base import Simulator

class Half(Simulator):
    name = "half"

def __getattr__(name):
    raise SystemExit("no licence")
"""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Install a package with adapters of which none can be used."""
    (tmp_path / "mine_of_outside.py").write_text(OUTSIDE + "\ndict = dict\n")
    about = tmp_path / "mine_of_outside-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-of-outside\nVersion: 1\n")
    points = [f"{name} = {value}\n" for name, value in BROKEN.items()]
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{''.join(points)}")
    monkeypatch.syspath_prepend(tmp_path)
    for known in (registered, adapter):
        known.cache_clear()
    yield
    for known in (registered, adapter):
        known.cache_clear()


@pytest.mark.usefixtures("broken")
def test_a_broken_plug_in_warns_and_the_others_are_there() -> None:
    with pytest.warns(UserWarning, match="the adapter of simulator") as caught:
        found = adapters()

    messages = {str(w.message).removeprefix("the adapter of simulator ") for w in caught}
    assert messages == {
        "'broken', no_such_package:Adapter, cannot be loaded: No module named 'no_such_package'",
        "'closed', mine_of_outside:nothing, cannot be loaded: no licence",
        "'other', mine_of_outside:dict, is not a Simulator",
        "'half', mine_of_outside:Half, lacks module, install, models, build, get, run, set, spikes, trace",
    }
    assert {"nest", "brian2", "neuron"} <= found.keys()
    assert not BROKEN.keys() & found.keys()
    with pytest.raises(ImportError, match=r"'closed', .* cannot be loaded: no licence"):
        parallel_run(lambda idx, net: None, number=1, simulator="closed")


@pytest.mark.usefixtures("broken")
def test_who_asks_for_others_never_hears_of_it() -> None:
    with Network() as net:
        Population(2, IF_curr_exp)

    assert parallel_run(lambda idx, net: net.simulate(1.0), number=1, networks=net, cluster="debug") == [None]


def test_a_simulator_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"simulator='nset'; expected one of: brian2, .*nest, neuron"):
        parallel_run(lambda idx, net: None, number=1, simulator="nset")


def test_a_feature_that_a_simulator_lacks_is_refused_with_the_names_of_those_that_have_it() -> None:
    with Network() as net:
        Population(2, Neuron(equations="dv/dt = -v", spike="v > 1.0", reset="v = 0.0"))

    with pytest.raises(ValueError, match=r"'neuron' has no Neuron; those that have it: .*brian2"):
        parallel_run(lambda idx, net: None, number=1, networks=net, simulator="neuron")


def test_noise_in_equations_is_a_feature_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from workers.simulators.brian2.adapter import Brian2

    noisy = Neuron(equations="tau * dv/dt = -v + Normal(0.0, 1.0)", parameters="tau = 10.0", spike="v > 9")
    with Network() as net:
        Population(2, noisy)
    monkeypatch.setattr(Brian2, "features", Brian2.features - {"noise in equations"})

    with pytest.raises(ValueError, match="'brian2' has no noise in equations; those that have it: genn"):
        simulators.check(net, "brian2")


@pytest.mark.parametrize(("simulator", "longest"), [("nest", 0.25), ("neuron", 0.1)])
def test_steps_that_are_too_long_for_a_model_are_refused(simulator: str, longest: float) -> None:
    def network(dt: float) -> Network:
        with Network(dt=dt) as net:
            Population(2, HH_cond_exp, name="cells")
        return net

    simulators.check(network(longest), simulator)
    with pytest.raises(
        ValueError,
        match=rf"cells: HH_cond_exp on simulator '{simulator}' needs a dt of at most {longest:g} ms",
    ):
        parallel_run(lambda idx, net: None, number=1, networks=network(1.0), simulator=simulator)
    simulators.check(network(1.0), "brian2")


def test_two_spikes_of_a_source_in_a_step_are_refused_where_they_cannot_be() -> None:
    with Network() as net:
        Population(2, SpikeSourceArray([[2.0], [7.1, 7.2]]), name="told")

    simulators.check(net, "nest")
    with pytest.raises(
        ValueError, match=r"told: neuron 1 has two spikes .* of 1 ms, at 7.1 and 7.2 ms; use a"
    ):
        simulators.check(net, "brian2")


@pytest.mark.parametrize("simulator", ["nest", "neuron"])
def test_two_spikes_of_a_source_in_a_step_add_up_where_they_can_be(simulator: str) -> None:
    with Network(dt=0.1) as net:
        told = Population(2, SpikeSourceArray([[2.0], [2.0, 2.01]]))
        cells = Population(2, IF_curr_exp)
        Projection(told, cells, "exc").connect_one_to_one(0.5)
        v = Monitor(cells, "v")

    def method(idx: int, net: Network) -> Any:
        net.simulate(10.0)
        return net.get(v).get() + 65.0

    (rise,) = parallel_run(method, number=1, networks=net, simulator=simulator)
    assert rise[:, 1] == pytest.approx(2.0 * rise[:, 0], abs=1e-6)
    assert rise[-1, 0] > 0.5


def test_a_simulator_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators, "is_installed", lambda adapter: adapter.name != "genn")
    with Network() as net:
        Population(1, IF_curr_exp)
    for simulator in ("genn", ["nest", "genn"]):
        with pytest.raises(ModuleNotFoundError, match=r"'genn' needs the package pygenn: .*#installation"):
            parallel_run(lambda idx, net: None, number=1, networks=net, simulator=simulator)
