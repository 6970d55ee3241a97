"""Quantities, neo objects and large results through a whole store."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import neo
import numpy as np
import pytest
import quantities as pq
import xarray as xr
from dask.array import Array
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from neo_values import SEGMENTS, identical, spike_train

import sweep
from sweep import parallel_run
from sweep.plan import Plan, make_plan
from sweep.results.results import Results
from sweep.store.damage import SPOOL
from sweep.store.gather import FromSpool
from sweep.store.lease import Lease
from sweep.store.root import WORK
from sweep.store.writing import Store
from workers import spool
from workers.folder import Folder, LocalFolder
from workers.outcome import Outcome
from workers.part import Part, pack
from workers.values import encode

UNITS = st.sampled_from(["mV", "ms", "1/ms", "nA/(cm**2*s)"])
NUMBERS = hnp.arrays(
    st.sampled_from(["f8", "f4", "i4"]), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)
)
QUANTITIES = st.builds(lambda a, u: pq.Quantity(a, u, dtype=a.dtype), NUMBERS, UNITS)
VALUES = st.recursive(
    QUANTITIES | SEGMENTS | st.none() | st.floats(),
    lambda v: st.lists(v, max_size=10) | st.tuples(v, v) | st.dictionaries(st.sampled_from("ab"), v),
    max_leaves=6,
)


def results_of(path: Path, values: list[Any], plan: Plan | None = None) -> Results:
    plan = plan or make_plan(len(values), seed=1)
    store = Store.create(path, plan)
    for start in range(0, len(values), 2):
        batch = values[start : start + 2]
        store.append([pack([Outcome(i, encode(v)) for i, v in enumerate(batch, start)])])
    return Results(store, plan, lambda i: i)


@settings(max_examples=6, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_any_values_come_back(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    path = tmp_path_factory.mktemp("any") / "s.zarr"
    assert identical(list(results_of(path, values)), values)
    assert identical(list(sweep.open(path)), values)


@pytest.mark.parametrize("numbers", [(0, 1, 2), (2, 2, 1), (1, 0, 20)])
def test_segments_of_several_numbers_of_trains(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    segments = [neo.Segment() for _ in numbers]
    for segment, number in zip(segments, numbers, strict=True):
        segment.spiketrains.extend([spike_train([1.0] * i) for i in range(number)])
    assert identical(list(results_of(tmp_path / "s.zarr", segments)), segments)


def test_events_of_several_numbers(tmp_path: Path) -> None:
    segments = [neo.Segment() for _ in range(3)]
    for n, segment in enumerate(segments):
        times = np.arange(n, dtype=float) * pq.ms
        segment.events.append(neo.Event(times, labels=[f"e{i}" for i in range(n)]))
        segment.epochs.append(neo.Epoch(times, durations=times, labels=["x"] * n))
    assert identical(list(results_of(tmp_path / "s.zarr", segments)), segments)


def test_units_are_in_the_dataset(tmp_path: Path) -> None:
    values = [{"v": np.arange(3) * pq.mV, "t": spike_train([1.0] * i), "n": i} for i in range(3)]
    results = results_of(tmp_path / "s.zarr", values)
    assert results == values
    assert results != [*values[:2], values[2] | {"v": np.arange(3) * pq.V}]
    data = results.dataset
    assert data["v"].attrs["units"] == "mV"
    assert data["t.times"].attrs["units"] == "ms"
    assert "units" not in data["n"].attrs
    tree = xr.open_datatree(tmp_path / "s.zarr", engine="zarr", decode_timedelta=False)
    assert (tree["v"].attrs["units"], tree["t.times"].attrs["units"]) == ("mV", "ms")
    assert "units" not in tree["n"].attrs


def test_values_of_several_units_have_none(tmp_path: Path) -> None:
    for values in ([2 * pq.mV, 2 * pq.V], [2 * pq.mV, None, 3], [2, 3 * pq.mV]):
        path = tmp_path / repr(values)
        assert "units" not in results_of(path, [values[0], values[0], *values]).dataset.result.attrs
        assert identical(list(sweep.open(path)), [values[0], values[0], *values])


def test_from_workers() -> None:
    def method(idx: int, net: Any) -> Any:
        return {
            "v": [idx, 2 * idx] * pq.mV,
            "train": spike_train([1.0, idx + 2.0]),
            "odd": None if idx else 1,
        }

    results = parallel_run(method, number=3, cluster="debug")
    assert identical([r["v"] for r in results], [[i, 2 * i] * pq.mV for i in range(3)])
    assert [r["train"].magnitude[1] for r in results] == [2, 3, 4]


def test_a_network_with_another_structure_fails() -> None:
    results = parallel_run(
        lambda idx, net: idx if idx < 2 else "two", number=3, cluster="debug", on_error="keep"
    )
    (failure,) = results.errors
    assert failure.index == 2
    assert "is a string, but a number in the networks stored before" in failure.message


def test_values_are_independent(tmp_path: Path) -> None:
    results = results_of(tmp_path / "s.zarr", [np.zeros(3), np.ones(3)])
    results[0][:] = 5
    assert results[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("number", "size", "most"), [(4, 2_200_000, 55e6), (400, 12_500, 30e6)])
def test_larger_than_memory(tmp_path: Path, number: int, size: int, most: float) -> None:
    plan = make_plan(number, seed=1)
    store = Store.create(tmp_path / "s.zarr", plan)
    value = np.random.default_rng(1).normal(size=size)
    for start in range(0, number, 20):
        store.append([pack([Outcome(i, encode(value + i))]) for i in range(start, min(number, start + 20))])
    expected = float(sum((value + i).sum() for i in range(number)))
    results = Results(store, plan, lambda i: i)
    tracemalloc.start()
    try:
        assert sum(float(results[i].sum()) for i in range(number)) == pytest.approx(expected)
        assert tracemalloc.get_traced_memory()[1] < most
        del results
        data = sweep.open(tmp_path / "s.zarr").dataset
        assert isinstance(data.result.data, Array)
        tracemalloc.reset_peak()
        assert float(data.result.sum()) == pytest.approx(expected)
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_large_parts_are_brought_in_one_by_one(tmp_path: Path) -> None:
    plan = make_plan(3, seed=1)
    size = 40_000_000
    value = np.random.default_rng(1).normal(size=size // 8)
    folder = LocalFolder(tmp_path / "s.zarr")
    work = folder.below(WORK)
    store = Store.fill(folder, plan)
    with Lease(work, "the store") as lease:
        gatherer = FromSpool(store, plan, work, lease)
        for i in range(3):
            spool.write(work.below(SPOOL), pack([Outcome(i, encode(value))]))
        tracemalloc.start()
        try:
            gatherer.fold_all()
            assert tracemalloc.get_traced_memory()[1] < 1.5 * size
        finally:
            tracemalloc.stop()
    assert len(store) == 3


def test_large_results_that_are_not_kept_pass_through_no_memory_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[int] = []
    write = spool.write

    def noted(folder: Folder, part: Part) -> str:
        left.append(part.nbytes)
        return write(folder, part)

    monkeypatch.setattr(spool, "write", noted)
    monkeypatch.setattr("sweep.store.gather.LARGE_PART", 1000)
    results = parallel_run(lambda idx, net: np.arange(100.0 * idx), number=4, cluster="debug")
    assert [v.size for v in results] == [0, 100, 200, 300]
    assert left  # as many networks in a part as time says
    assert min(left) >= 1000
    assert not [*Path(results.store).rglob(f"*{spool.END}")]


def test_a_large_dataset_is_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(points=sweep.grid(a=[1, 2, 3], b=[1, 2]), replicates=3, seed=1)
    values = [{"n": i, "v": np.full((2, 3), i), "s": f"x{i}", "o": None if i == 4 else i} for i in range(18)]
    small = results_of(tmp_path / "s.zarr", values, plan).dataset
    monkeypatch.setattr("sweep.results.lazy.CHUNK", 0)
    large = sweep.open(tmp_path / "s.zarr").dataset
    assert all(isinstance(large[n].data, Array) for n in "nvso")
    assert large.load().identical(small)
    assert large.v.sel(a=2, b=1, replicate=2).values.tolist() == [[8, 8, 8]] * 2
