from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quantities as pq
import xarray as xr

import sweep
from sweep import parallel_run
from sweep.plan import Plan, make_plan
from sweep.points import grid
from sweep.results.results import Results
from sweep.store import root
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome
from workers.part import pack
from workers.values import encode


def store_of(path: Path, plan: Plan, values: dict[int, Any]) -> Results:
    """Store values by index, in the order given, one commit for each."""
    store = Store.create(path, plan)
    for i, value in values.items():
        outcome = Outcome(i, failure=value) if isinstance(value, Failure) else Outcome(i, encode(value))
        store.append([pack([outcome])])
    return Results(store, plan, lambda i: i)


PLANS = {
    "networks": make_plan(args={"a": [1.5, 2.5, 3.5, 4.5], "w": 2}, seed=3),
    "number": make_plan(4, seed=3),
    "replicates": make_plan(args={"a": ["x", "y"]}, replicates=2, seed=3),
    "only replicates": make_plan(2, replicates=2, seed=3),
    "grid": make_plan(points=grid(a=[1, 2], b=["x", "y"]), seed=3),
    "odd grid": make_plan(points=grid(a=[{"tau": 1}, None], network=[1, 2.5]), seed=3),
    "replicated grid": make_plan(points=grid(a=np.array([0.1, 0.2], "f4")), replicates=2, seed=3),
    "units": make_plan(points=grid(a=[1 * pq.mV, 2 * pq.mV], b=[True, False]), seed=3),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("order", [[3, 0, 1, 2], [3]])
def test_as_what_parallel_run_gives(tmp_path: Path, plan: Plan, order: list[int]) -> None:
    given = store_of(tmp_path / "s.zarr", plan, {i: {"x": i, "t": np.arange(i)} for i in order})
    opened = sweep.open(tmp_path / "s.zarr")
    assert len(opened) == 4
    assert opened.seed == 3
    assert [opened[i]["x"] for i in sorted(order)] == sorted(order)
    xr.testing.assert_identical(opened.dataset.load(), given.dataset.load())
    xr.testing.assert_identical(opened.timings, given.timings)


def test_a_grid_whose_networks_have_other_indices(tmp_path: Path) -> None:
    plan = make_plan(points=grid(a=[1.0, 1.5, 2.0]), seed=3)
    plan = Plan(3, 3, plan.columns, {}, plan.dims, 1, np.array([0, 2, 1]))
    given = store_of(tmp_path / "s.zarr", plan, {0: 10, 1: 20, 2: 15})
    opened = sweep.open(tmp_path / "s.zarr")
    assert list(opened) == list(given) == [10, 15, 20]
    assert opened.dataset.result.sel(a=1.5) == 15
    xr.testing.assert_identical(opened.dataset, given.dataset)


CALLS: dict[str, list[dict[str, Any]]] = {
    "replicates": [{"a": [1, 2, 3], "replicates": 2}, {"a": [1, 2, 3], "replicates": 3}],
    "points too": [{"a": ["x", "y"], "replicates": 2}, {"a": ["x", "z", "y"], "replicates": 4}],
    "of one": [{"a": [1.5, 2.5]}, {"a": [1.5, 2.5], "replicates": 2}],
    "alike": [{"a": [1, 1, 2], "replicates": 2}, {"a": [1, 1, 2], "replicates": 3}],
    "no parameters": [{"number": 3, "replicates": 2}, {"number": 3, "replicates": 3}],
    "a grid": [{"points": grid(a=[1, 2]), "replicates": 2}, {"points": grid(a=[1, 1.5, 2]), "replicates": 3}],
    "several": [{"a": [1, 2], "replicates": n, "simulator": ["nest", "brian2"]} for n in (2, 3)],
}


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_replicates_are_a_dimension_of_an_extended_sweep_too(
    tmp_path: Path, calls: list[dict[str, Any]]
) -> None:
    path = tmp_path / "s.zarr"
    for call in calls:
        given = parallel_run(
            lambda idx, net, a=0: f"{idx} {a}", store=path, seed=1, cluster="debug", progress=False, **call
        )
    opened = sweep.open(path)
    assert opened.dataset.sizes == given.dataset.sizes
    assert opened.dataset.sizes["replicate"] == calls[-1]["replicates"]
    assert sorted(opened) == sorted(given)
    assert points_in(opened) == points_in(given)


def points_in(results: Results) -> list[Any]:
    """Give what each point returned in its replicates, whatever the order of the points."""
    data = results.dataset["result"].transpose(..., "replicate").values
    return sorted(data.reshape(-1, data.shape[-1]).tolist())


def test_points_of_other_calls_are_there_too(tmp_path: Path) -> None:
    for a in ([1, 2], [4, 5]):
        parallel_run(
            lambda idx, net, a: idx, a=a, replicates=2, store=tmp_path / "s.zarr", seed=1, cluster="debug"
        )
    data = sweep.open(tmp_path / "s.zarr").dataset
    assert data["a"].values.tolist() == [1, 2, 4, 5]
    assert data["result"].values.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_while_it_runs(tmp_path: Path) -> None:
    plan = make_plan(3, seed=1)
    store = Store.create(tmp_path / "s.zarr", plan)
    store.append([pack([Outcome(1, encode(5))])])
    before = sweep.open(str(tmp_path / "s.zarr"))
    store.append([pack([Outcome(0, encode(2.5))])])
    assert "2 not run" in repr(before)
    with pytest.raises(LookupError, match="has not been run"):
        before[0]
    assert sweep.open(tmp_path / "s.zarr")[0] == 2.5
    assert before[1] == 5


def test_before_anything_is_stored(tmp_path: Path) -> None:
    given = store_of(tmp_path / "s.zarr", PLANS["replicated grid"], {})
    opened = sweep.open(tmp_path / "s.zarr")
    assert "4 not run" in repr(opened)
    xr.testing.assert_identical(opened.dataset, given.dataset)


def test_failures_are_in_place(tmp_path: Path) -> None:
    failure = Failure(1, 1, {"a": 2}, "crash", "SIGSEGV", "ended")
    store_of(tmp_path / "s.zarr", make_plan(2, seed=1), {0: 1, 1: failure})
    opened = sweep.open(tmp_path / "s.zarr")
    assert opened[1] == failure
    assert opened.errors == [failure]


def test_axes_too_long_for_the_metadata(tmp_path: Path) -> None:
    plan = make_plan(points=grid(a=np.arange(20_000)), seed=1)
    store_of(tmp_path / "s.zarr", plan, {7: 70, 3: 30})
    data = sweep.open(tmp_path / "s.zarr").dataset
    assert data.result.sel(a=7).item() == 70
    assert (tmp_path / "s.zarr" / "zarr.json").stat().st_size < 50_000


def test_it_cannot_replay(tmp_path: Path) -> None:
    store_of(tmp_path / "s.zarr", make_plan(2, seed=1), {0: 1})
    with pytest.raises(RuntimeError, match="call parallel_run again with the same store"):
        sweep.open(tmp_path / "s.zarr").replay(1)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no results"):
        sweep.open(tmp_path / "s.zarr")
    xr.Dataset({"x": 1}).to_zarr(tmp_path / "other.zarr", zarr_format=3, consolidated=False)
    with pytest.raises(ValueError, match="no store of a sweep; name another path"):
        sweep.open(tmp_path / "other.zarr")


def test_a_store_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    store_of(tmp_path / "s.zarr", make_plan(1, seed=1), {0: 1})
    file = tmp_path / "s.zarr" / root.FILE
    file.write_bytes(file.read_bytes().replace(root.SCHEMA.encode(), b"sweep-1"))
    (tmp_path / "s.zarr" / root.COPY).unlink()
    with pytest.raises(
        ValueError, match=r"'sweep-1', not 'sweep-2'. .* version that made it .* another path"
    ):
        sweep.open(tmp_path / "s.zarr")


def test_after_parallel_run(tmp_path: Path) -> None:
    def method(idx: int, net: Any, rates: float) -> Any:
        return {"rate": rates * pq.Hz, "name": f"n{idx}"}

    results = parallel_run(
        method, points=grid(rates=[1.0, 2.0]), replicates=2, store=tmp_path / "s.zarr", cluster="debug"
    )
    opened = sweep.open(tmp_path / "s.zarr")
    assert opened == results
    assert opened[3]["rate"] == 2 * pq.Hz
    assert opened.dataset.rate.attrs["units"] == "Hz"
    assert opened.dataset.rate.dims == ("rates", "replicate")
    xr.testing.assert_identical(opened.dataset, results.dataset)


def test_opening_imports_no_simulator(tmp_path: Path) -> None:
    store_of(tmp_path / "s.zarr", make_plan(2, seed=1), {0: 1})
    code = f"import sys, sweep; sweep.open({str(tmp_path / 's.zarr')!r}); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"nest", "brian2", "neo", "distributed"} & set(found.stdout.split())
