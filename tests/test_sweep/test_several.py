"""The same networks on several simulators."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sweep
from sweep import IF_curr_delta, Network, Population, SweepError, grid, parallel_run
from sweep.plan import make_plan
from sweep.results.same import same
from sweep.several import on_simulators
from sweep.store.keeping import ChangedSweep
from workers.outcome import Failure

BOTH = ["nest", "brian2"]


@pytest.fixture
def method(page: SimpleNamespace) -> Any:
    def simulation(idx: int, net: Network, rates: float) -> Any:
        net.get(page.inputs).rates = rates
        net.simulate(20.0)
        wired = net.get(page.synapses).weights.sum()
        return {"idx": idx, "wired": wired, "draw": net.rng.random(), "times": np.arange(idx)}

    return simulation


def test_the_places_and_indices_of_several() -> None:
    plan = on_simulators(make_plan(points=grid(w=[1, 2, 3]), seed=1), BOTH)
    assert plan.number == 6
    assert [plan.index(p) for p in range(6)] == [0, 2, 4, 1, 3, 5]
    assert plan.parameters(4) == {"simulator": "brian2", "w": 2}
    assert plan.dims == {"simulator": BOTH, "w": [1, 2, 3]}
    assert list(plan.places_of(1)) == [3, 4, 5]


def test_replicates_are_counted_on_each() -> None:
    plan = on_simulators(make_plan(points=grid(w=[1, 2]), replicates=2, seed=1), BOTH)
    assert plan.replicates_at(np.arange(8)).tolist() == [0, 1] * 4
    plan = on_simulators(make_plan(number=3, seed=1), BOTH)
    assert plan.replicates_at(np.arange(6)).tolist() == [0, 1, 2] * 2


def test_networks_are_the_same_on_each_and_lie_along_a_dimension(method: Any, tmp_path: Path) -> None:
    points, path = grid(rates=[0.0, 30.0]), tmp_path / "s.zarr"
    results = parallel_run(method, points=points, replicates=2, simulator=BOTH, seed=3, store=path)
    assert len(results) == 8
    data = results.dataset
    assert data["idx"].dims == ("simulator", "rates", "replicate")
    assert data["simulator"].values.tolist() == BOTH
    assert data["network"].sel(rates=30.0).values.tolist() == [2, 3]
    assert data["idx"].sel(simulator="brian2").values.tolist() == [[0, 1], [2, 3]]
    for name in ("wired", "draw"):
        assert (data[name].sel(simulator="nest") == data[name].sel(simulator="brian2")).all()
        assert len(np.unique(data[name].sel(simulator="nest"))) == 4
    alone = parallel_run(method, points=points, replicates=2, simulator="nest", seed=3)
    assert [same(a, b) for a, b in zip(results, alone, strict=False)] == [True] * 4
    assert same(results.replay(5), results[5])
    opened = sweep.open(path)
    xr.testing.assert_identical(opened.dataset.load(), data.load())
    assert same(opened[5], results[5])
    assert results.timings["simulator"].values.tolist().count("brian2") == 4
    results.to_table(tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert len(lines) == 9
    assert "simulator" in lines[0]


def test_a_list_of_networks_goes_on_where_it_was_left(tmp_path: Path) -> None:
    path, calls = tmp_path / "s.zarr", tmp_path / "calls"
    calls.mkdir()

    def count(idx: int, net: Network, x: int) -> Any:
        (calls / f"{len(list(calls.iterdir()))}").touch()
        return [x] * idx

    given: dict[str, Any] = {"simulator": BOTH, "cluster": "debug", "store": path}
    parallel_run(count, x=[5, 6], seed=1, **given)
    results = parallel_run(count, x=[5, 6, 7], **given)
    assert len(list(calls.iterdir())) == 6
    data = results.dataset
    assert data["x"].dims == ("network",)
    assert data["result.row_size"].dims == ("simulator", "network")
    assert data["result.row_size"].values.tolist() == [[0, 1, 2]] * 2
    assert sweep.open(path)[5] == [7, 7]
    xr.testing.assert_identical(sweep.open(path).dataset.load(), data.load())


def test_a_failure_tells_network_and_simulator() -> None:
    def fail(idx: int, net: Network, x: int) -> int:
        return 1 // (x - 1)

    results = parallel_run(
        fail, x=[0, 1], networks=Network(), simulator=BOTH, cluster="debug", on_error="keep", seed=1
    )
    assert [results[i] for i in (0, 2)] == [-1, -1]
    assert isinstance(results[3], Failure)
    assert str(results.errors[1]).startswith("network 1 (seed 1, simulator='brian2', x=1): ZeroDivisionError")
    with pytest.raises(SweepError, match="2 of 4"):
        parallel_run(fail, x=[0, 1], networks=Network(), simulator=BOTH, cluster="debug")


def test_a_store_is_of_its_simulators(tmp_path: Path) -> None:
    def method(idx: int, net: Network) -> int:
        return idx

    given: dict[str, Any] = {"number": 2, "cluster": "debug", "networks": Network()}
    for first, second in (("nest", BOTH), (BOTH, "nest"), (BOTH, ["brian2", "nest"])):
        path = tmp_path / f"{first} {second}.zarr"
        parallel_run(method, simulator=first, store=path, **given)
        with pytest.raises(ChangedSweep, match="is of these for good"):
            parallel_run(method, simulator=second, store=path, resume="force", **given)


def test_mistakes_are_found_before_anything_runs() -> None:
    def method(idx: int, net: Network) -> None:
        raise AssertionError

    with Network() as net:
        Population(1, IF_curr_delta)
    with pytest.raises(ValueError, match="'neuron' has no model IF_curr_delta"):
        parallel_run(method, number=1, networks=net, simulator=["nest", "neuron"])
    with pytest.raises(ValueError, match="only once"):
        parallel_run(method, number=1, networks=net, simulator=["nest", "nest"])
    with pytest.raises(TypeError, match="expected a name, or a list"):
        parallel_run(method, number=1, networks=net, simulator=[])
    with pytest.raises(ValueError, match="dimension of several simulators"):
        parallel_run(
            lambda idx, net, simulator: None,
            points=[{"simulator": 1}],
            networks=Network(),
            simulator=BOTH,
        )
