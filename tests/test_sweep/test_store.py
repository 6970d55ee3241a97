from __future__ import annotations

import gc
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from neo_values import identical

from sweep.plan import Plan, make_plan
from sweep.store.arrays import Arrays
from sweep.store.reading import Reader
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome
from workers.part import Part, pack
from workers.values import encode

ARRAYS = hnp.arrays(
    st.sampled_from(["?", "i1", "i8", "u8", "f4", "f8", "c8", "U3"]),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=3),
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | ARRAYS
VALUES = st.recursive(
    LEAVES,
    lambda v: st.lists(v, max_size=10) | st.tuples(v, v) | st.dictionaries(st.sampled_from("aA"), v),
    max_leaves=12,
)


def packed(values: list[Any], start: int = 0) -> Part:
    return pack([Outcome(i, encode(v)) for i, v in enumerate(values, start)])


def stored(path: Path, batches: list[list[Any]], plan: Plan | None = None) -> Store:
    number = sum(map(len, batches))
    store = Store.create(path, plan or make_plan(number, seed=1))
    start = 0
    for batch in batches:
        store.append([packed(batch, start)])
        start += len(batch)
    return store


def read(path: Path) -> list[Any]:
    reader = Reader(path)
    return reader.values(np.arange(reader.rows))


BATCHES: list[list[list[Any]]] = [
    [[1, 2], [3]],
    [[1], [2.5], [3]],
    [[True], [2], [2.5], [1j], [None]],
    [[2**62 + 1], [0.5], [2**62 + 3]],
    [[0.5], [2**62 + 1, 3], [2]],
    [[2**63 - 1, 0.5, 2**53 + 1]],
    [["a\0", "é"], [""], ["x" * 1000]],
    [[1, "a"], ["b", 2.0], ["", 3]],
    [["a"], [1], [np.arange(3)], ["b"]],
    [[np.arange(3), np.arange(3)], [np.arange(3) * 2]],
    [[np.arange(3)], [np.arange(2)], [np.arange(0)], [np.arange(4.0)]],
    [[np.zeros((2, 3))], [np.ones((3, 3))], [np.zeros((0, 3))], [np.zeros(4)], [5.0]],
    [[np.zeros(4)], [np.zeros((2, 2))], [np.zeros((1, 2, 2))]],
    [[np.arange(3)], [np.arange(4)], [np.zeros((2, 2))], [np.zeros((2, 2, 2))], [np.arange(2)]],
    [[None], [None, 1], [None]],
    [[[]], [[1, 2]], [[]], [[0.5]]],
    [[{"a": 1}], [{"b": 2}], [{"a": [1, 2], "b": "x"}]],
    [[np.float32(1.5), np.int8(3)], [np.uint64(2**64 - 1)]],
    [[np.arange(5).astype("M8[ms]")], [np.datetime64("NaT", "s")]],
    [[{"status": 1, "network": 2, "Structure": 3, "timings": 4}]],
    [[{"zarr.json": 1, "c.0": np.arange(2), "a/b": 2, "..": 3}]],
    [[{"x" * 60: {"y" * 60: {"\U00020000" * 60: {"z" * 60: 1}}}}]],
    [[np.zeros((3, 0)), np.zeros((4, 0))]],
    [[np.zeros(3, "f2")], [np.zeros(3, "c8")], [np.zeros(3, "u2")], [np.zeros(3, "i8")]],
]


@pytest.mark.parametrize("batches", BATCHES, ids=lambda b: repr(b)[:40])
def test_values_come_back(tmp_path: Path, batches: list[list[Any]]) -> None:
    stored(tmp_path / "s.zarr", batches)
    expected = [v for b in batches for v in b]
    assert identical(read(tmp_path / "s.zarr"), expected)
    stored(tmp_path / "all.zarr", [expected])
    assert identical(read(tmp_path / "all.zarr"), expected)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([[[]], [np.empty(0, np.complex64)]])
@given(st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_values_come_back(tmp_path_factory: pytest.TempPathFactory, batches: list[list[Any]]) -> None:
    path = tmp_path_factory.mktemp("any") / "s.zarr"
    stored(path, batches)
    assert identical(read(path), [v for b in batches for v in b])


def test_layout(tmp_path: Path) -> None:
    plan = make_plan(2, seed=5, args={"rates": [5.0, 10.0], "cell": ["a", "b"], "other": [{1}, {2}], "w": 3})
    values = [{"rate": 1.5, "v": np.zeros(3), "t": np.arange(i)} for i in range(2)]
    stored(tmp_path / "s.zarr", [values], plan)
    data = xr.open_dataset(tmp_path / "s.zarr", engine="zarr")
    assert set(data.coords) == {"network", "status", "replicate", "rates", "cell", "other"}
    assert data.rate.dims == ("network",)
    assert data.v.dims == ("network", "v.dim_0")
    assert data.t.dims == ("t.element",)
    assert data["t.row_size"].attrs["sample_dimension"] == "t.element"
    assert data["t.row_size"].values.tolist() == [0, 1]
    assert data.cell.values.tolist() == ["a", "b"]
    assert data.other.values.tolist() == ["{1}", "{2}"]
    assert data.attrs["seed"] == 5
    assert data.attrs["constants"] == {"w": 3}
    assert {*xr.open_datatree(tmp_path / "s.zarr", engine="zarr").children} == {
        "timings",
        "failures",
        "provenance",
    }
    assert zarr.open_group(tmp_path / "s.zarr", mode="r")["rate"][:].tolist() == [1.5, 1.5]  # type: ignore[index,union-attr]


@pytest.mark.parametrize("name", ["zarr.json", "a/b", "..", "x" * 300, ".sweep", "a\0"])
def test_a_parameter_may_have_any_name(tmp_path: Path, name: str) -> None:
    for start in (0, 2):  # made, and opened again
        plan = make_plan(args={name: [*range(start + 2)]}, seed=1)
        store = (Store.open if start else Store.create)(tmp_path / "s.zarr", plan)
        store.append([packed([1, 2], start)])
    reader = Reader(tmp_path / "s.zarr")
    assert reader.leaves(reader.names("parameter")[name], np.arange(4)) == [0, 1, 2, 3]
    assert len(xr.open_dataset(tmp_path / "s.zarr", engine="zarr").coords) == 4


def test_missing_integers_are_nan_to_xarray(tmp_path: Path) -> None:
    stored(tmp_path / "s.zarr", [[1, None], [2]])
    data = xr.open_dataset(tmp_path / "s.zarr", engine="zarr")
    np.testing.assert_array_equal(data.result.values, [1, np.nan, 2])


def test_failures(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s.zarr", make_plan(3, seed=1))
    failure = Failure(2, 1, {}, "crash", "SIGSEGV", "ended")
    store.append([packed([1, 2]), pack([Outcome(2, failure=failure)])])
    assert read(tmp_path / "s.zarr") == [1, 2, failure]


def test_something_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="exists already; name another path"):
        Store.create(tmp_path, make_plan(1))


def test_opened_again(tmp_path: Path) -> None:
    plan = make_plan(4, seed=1, args={"a": [1, 2, 3, 4]})
    stored(tmp_path / "s.zarr", [[1, np.arange(2)]], plan)
    store = Store.open(tmp_path / "s.zarr", plan)
    assert len(store) == 2
    store.append([packed(["x", 2.5], 2)])
    assert identical(read(tmp_path / "s.zarr"), [1, np.arange(2), "x", 2.5])


def nodes(store: Path) -> set[str]:
    """Name the arrays and groups that zarr finds without the root's metadata."""
    return {str(file.parent) for file in store.rglob("zarr.json")}


class Stop(BaseException):
    pass


@pytest.mark.parametrize("again", ["same", "opened"])
@pytest.mark.parametrize("step", range(0, 15, 2))
def test_an_interrupted_append_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, again: str
) -> None:
    plan = make_plan(5, seed=1, args={"a": range(5)})
    store = stored(tmp_path / "s.zarr", [[1, 2]], plan)
    before, steps = nodes(tmp_path / "s.zarr"), iter(range(100))
    real = Arrays.extend

    def extend(self: Arrays, name: str, values: Any) -> None:
        if next(steps) == step:
            raise Stop
        real(self, name, values)

    batch = packed([np.arange(3), np.arange(2.0), "x"], 2)
    with monkeypatch.context() as patch:
        patch.setattr(Arrays, "extend", extend)
        with pytest.raises(Stop):
            store.append([batch])
    assert read(tmp_path / "s.zarr") == [1, 2]
    store = store if again == "same" else Store.open(tmp_path / "s.zarr", plan)
    assert nodes(tmp_path / "s.zarr") == before
    store.append([batch])
    assert identical(read(tmp_path / "s.zarr"), [1, 2, np.arange(3), np.arange(2.0), "x"])


def test_readers_at_work(tmp_path: Path) -> None:
    def value(i: int) -> Any:
        return i if i < 40 else i + 0.5 if i < 80 else np.full(i % 3 + 1, i)

    store = stored(tmp_path / "s.zarr", [[]], make_plan(200, seed=1, args={"a": range(200)}))
    done, seen, wrong = threading.Event(), set(), []

    def look() -> None:
        try:
            while not done.is_set():
                reader = Reader(tmp_path / "s.zarr")
                rows = np.arange(reader.rows)
                seen.add(len(rows))
                if len(rows):
                    values = reader.values(rows)
                    assert identical(values, [value(i) for i in range(len(rows))])
                    assert reader.leaves("a", rows) == rows.tolist()
                xr.open_dataset(tmp_path / "s.zarr", engine="zarr").load()
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for start in range(0, 200, 4):
        store.append([packed([value(i) for i in range(start, start + 4)], start)])
    done.set()
    thread.join()
    assert not wrong
    assert len(seen) > 3


def test_a_reader_from_before_a_column_was_rewritten(tmp_path: Path) -> None:
    store = stored(tmp_path / "s.zarr", [[1, 2]], make_plan(4))
    before = Reader(tmp_path / "s.zarr")
    store.append([packed([0.5], 2)])
    then = Reader(tmp_path / "s.zarr")
    store.append([packed([np.arange(3)], 3)])
    assert before.values(np.arange(2)) == [1, 2]
    assert then.values(np.arange(3)) == [1, 2, 0.5]


def test_a_damaged_chunk_is_refused(tmp_path: Path) -> None:
    stored(tmp_path / "s.zarr", [[*range(1000)]])
    chunk = tmp_path / "s.zarr" / "result" / "c.0"
    data = bytearray(chunk.read_bytes())
    data[100] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        read(tmp_path / "s.zarr")


def test_a_temporary_store_goes_with_its_owner() -> None:
    store = Store.temporary(make_plan(1))
    path = Path(store.folder.path)
    store.append([packed([1])])
    assert path.exists()
    del store
    gc.collect()
    assert not path.parent.exists()


def test_a_temporary_store_goes_at_exit() -> None:
    code = (
        "from sweep.store.writing import Store; from sweep.plan import make_plan\n"
        "store = Store.temporary(make_plan(1)); print(store.folder.path)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(out.stdout.strip()).parent.exists()


def test_memory_is_flat(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "s.zarr", make_plan(100_000, seed=1))

    def append(start: int) -> None:
        store.append([packed([*range(a, a + 500)], a) for a in range(start, start + 10_000, 500)])

    append(0)
    tracemalloc.start()
    for start in range(10_000, 100_000, 10_000):
        append(start)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2e6
    assert peak < 40e6
    assert len(Reader(tmp_path / "s.zarr").index) == 100_000
