from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sweep.plan import Plan, make_plan
from sweep.points import grid
from sweep.results.results import Results
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome
from workers.part import pack
from workers.values import encode


def dataset(path: Path, plan: Plan, values: dict[int, Any]) -> xr.Dataset:
    store = Store.create(path / "s.zarr", plan)
    for i in reversed(values):
        store.append([pack([outcome(i, values[i])])])
    return Results(store, plan, lambda i: i).dataset


def outcome(i: int, value: Any) -> Outcome:
    if value is Failure:
        return Outcome(i, failure=Failure(i, 1, {}, "crash", "SIGSEGV", "ended"))
    return Outcome(i, encode(value))


def test_networks(tmp_path: Path) -> None:
    plan = make_plan(args={"rates": [5.0, 10.0, 15.0], "cell": ["a", "b", "c"], "w": 2}, seed=3)
    data = dataset(tmp_path, plan, {i: {"rate": i, "v": np.full(4, i)} for i in range(3)})
    assert data.rate.dims == ("network",)
    assert data.rate.dtype == np.int64
    assert data.rate.values.tolist() == [0, 1, 2]
    assert data.v.dims == ("network", "v.dim_0")
    assert data.rates.values.tolist() == [5, 10, 15]
    assert {"rates", "cell", "network"} <= set(data.coords)
    assert data.attrs == {"w": 2, "seed": 3}
    assert data.swap_dims(network="rates").rate.sel(rates=10).item() == 1


def test_a_grid_has_its_axes_as_dimensions(tmp_path: Path) -> None:
    plan = make_plan(points=grid(rates=[5.0, 10.0], cell=["a", "b", "c"]), args={"w": [*range(6)]})
    data = dataset(tmp_path, plan, {i: i for i in range(6)})
    assert data.result.dims == ("rates", "cell")
    assert data.result.sel(rates=10, cell="b").item() == 4
    assert data.w.dims == ("rates", "cell")
    assert data.network.sel(rates=5, cell="c").item() == 2


def test_replicates_are_a_dimension(tmp_path: Path) -> None:
    plan = make_plan(points=grid(rates=[5.0, 10.0]), replicates=3)
    data = dataset(tmp_path, plan, {i: np.arange(2) + i for i in range(6)})
    assert data.result.dims == ("rates", "replicate", "result.dim_0")
    assert data.result.sel(rates=10, replicate=2).values.tolist() == [5, 6]


def test_replicates_of_points(tmp_path: Path) -> None:
    plan = make_plan(points=[{"a": 1}, {"a": 4}], replicates=2, args={"b": [1, 2, 3, 4]})
    data = dataset(tmp_path, plan, {i: i for i in range(4)})
    assert data.result.values.tolist() == [[0, 1], [2, 3]]
    assert data.a.dims == ("point",)
    assert data.b.dims == ("point", "replicate")


def test_failed_and_missing_are_nan(tmp_path: Path) -> None:
    plan = make_plan(5)
    data = dataset(tmp_path, plan, {0: {"n": 1, "x": 0.5, "s": "a", "z": 1j}, 2: Failure, 3: None})
    np.testing.assert_array_equal(data.n, [1, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(data.x, [0.5, np.nan, np.nan, np.nan, np.nan])
    assert data.s.values.tolist() == ["a", "", "", "", ""]
    assert np.isnan(data.z.values[1:]).all()
    assert data.status.values.tolist() == [0, 255, 2, 0, 255]
    meanings = dict(zip(data.status.flag_values, data.status.flag_meanings.split(), strict=True))
    assert (meanings[2], meanings[255]) == ("crash", "not_run")


def test_large_integers_stay_exact_beside_missing_ones(tmp_path: Path) -> None:
    data = dataset(tmp_path, make_plan(2), {0: 2**62 + 1, 1: None})
    assert data.result.values.tolist() == [2**62 + 1, None]


def test_ragged(tmp_path: Path) -> None:
    plan = make_plan(points=grid(a=[1, 2], b=[1, 2]))
    data = dataset(tmp_path, plan, {0: np.arange(3), 1: np.arange(2), 2: Failure, 3: np.arange(4)})
    assert data.result.dims == ("result.element",)
    assert data["result.row_size"].values.tolist() == [[3, 2], [0, 4]]
    here = data.sel(a=2, b=2)
    start, size = here["result.row_start"].item(), here["result.row_size"].item()
    assert data.result.values[start : start + size].tolist() == [0, 1, 2, 3]


def test_values_of_several_kinds(tmp_path: Path) -> None:
    data = dataset(tmp_path, make_plan(3), {0: "a", 1: 2.5, 2: "b"})
    assert data.result.values.tolist() == ["a", 2.5, "b"]


def test_parameters_that_cannot_be_labels(tmp_path: Path) -> None:
    plan = make_plan(points=grid(model=[{"tau": 1}, {"tau": 2}], status=[1, 2]))
    data = dataset(tmp_path, plan, {i: i for i in range(4)})
    assert data.model.values.tolist() == ["{'tau': 1}", "{'tau': 2}"]
    assert data.result.dims == ("model", "parameter.status")


def test_a_sweep_without_a_result(tmp_path: Path) -> None:
    assert dataset(tmp_path, make_plan(2, args={"a": [1, 2]}), {}).status.values.tolist() == [255, 255]
