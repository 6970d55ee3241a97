"""simulator="auto"."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sweep
from sweep import IF_curr_delta, Network, Neuron, Population, SweepError, choosing, grid, parallel_run
from sweep import run as running
from sweep.results.same import same
from workers import simulators


@pytest.fixture
def method(page: SimpleNamespace) -> Any:
    def simulation(idx: int, net: Network) -> Any:
        net.simulate(30.0)
        return net.get(page.spikes).raster_plot()

    return simulation


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are timed, however few networks there are."""
    monkeypatch.setattr(choosing, "FEWEST", 1)
    monkeypatch.setattr(choosing, "MARGIN", 0.0)
    monkeypatch.setattr(running, "able", lambda networks: ["nest", "brian2"])


def test_few_networks_take_the_quickest_to_start(method: Any) -> None:
    results = parallel_run(method, number=2, simulator="auto", seed=1)
    assert results.choice == "nest: the quickest to start, for 2 networks"
    assert results == parallel_run(method, number=2, simulator="nest", seed=1)


def test_a_model_that_one_simulator_has_runs_on_it() -> None:
    with Network() as net:
        Population(1, Neuron(equations="dv/dt = -v / 10.0", spike="v > 1", reset="v = 0"))
    installed = choosing.able([net])
    assert "brian2" in installed
    assert "nest" not in installed


def test_the_quickest_to_start_is_first() -> None:
    assert choosing.able([Network()])[0] == "nest"


def test_networks_that_none_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators, "adapters", lambda: {"neuron": simulators.adapter("neuron")})
    with Network() as net:
        Population(1, IF_curr_delta)
    with pytest.raises(
        ValueError, match=r"none can run these networks: .*'neuron' has no model IF_curr_delta"
    ):
        parallel_run(lambda idx, net: None, number=1, networks=net, simulator="auto")


@pytest.mark.usefixtures("tried")
def test_what_takes_least_is_chosen_and_kept(method: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.zarr"
    results = parallel_run(method, number=6, simulator="auto", seed=1, store=path)
    chosen, _, why = results.choice.partition(": ")
    cost = {part.split()[-1]: float(part.split()[0]) for part in why.split(", ")}
    assert set(cost) == {"nest", "brian2"}
    assert chosen == min(cost, key=lambda name: cost[name])
    assert sweep.open(path).choice == results.choice
    assert same(results.replay(3), results[3])
    more = parallel_run(method, number=8, simulator="auto", store=path)
    assert more.choice == f"{chosen}: what the store was made with"
    assert more == parallel_run(method, number=8, simulator=chosen, seed=1)


def test_what_takes_longer_to_start_than_it_saves_is_not_tried(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "FEWEST", 1)
    monkeypatch.setattr(running, "able", lambda networks: ["nest", "brian2"])
    choice = parallel_run(method, number=3, simulator="auto").choice
    assert choice.startswith("nest: ")
    assert choice.endswith(" ms a network on nest, it would not pay to start brian2")


@pytest.mark.usefixtures("tried")
def test_a_store_goes_on_with_what_it_was_made_with(tmp_path: Path) -> None:
    def method(idx: int, net: Network, x: int) -> int:
        return x

    path = tmp_path / "s.zarr"
    given: dict[str, Any] = {"store": path, "networks": Network(), "cluster": "debug"}
    parallel_run(method, points=grid(x=[1, 2]), simulator=["brian2", "nest"], **given)
    results = parallel_run(method, points=grid(x=[1, 2, 3]), simulator="auto", **given)
    assert results.choice == "brian2, nest: what the store was made with"
    assert results.dataset["result"].values.tolist() == [[1, 2, 3]] * 2


@pytest.mark.usefixtures("tried")
def test_a_method_that_fails_is_an_error_as_ever() -> None:
    def method(idx: int, net: Network) -> int:
        return 1 // 0

    with pytest.raises(SweepError) as error:
        parallel_run(method, number=3, networks=Network(), simulator="auto", cluster="debug")
    assert "were to be timed failed" in error.value.results.choice


def test_it_is_said_in_one_line(method: Any, capsys: pytest.CaptureFixture[str]) -> None:
    parallel_run(method, number=2, simulator="auto", progress=True)
    assert capsys.readouterr().err.count("nest: the quickest to start, for 2 networks") == 1


def test_a_name_is_no_choice(method: Any) -> None:
    assert parallel_run(method, number=1, seed=1).choice == ""
