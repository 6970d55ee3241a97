from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweep.plan import make_plan
from sweep.results.results import Results, SweepError
from sweep.store.reading import Reader
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome, Timings, failure_of
from workers.part import pack
from workers.values import encode


def failed(i: int) -> Outcome:
    try:
        raise ValueError("no such rate")
    except ValueError as error:
        return Outcome(i, failure=failure_of(error, i, 7, {"a": 2}))


def results_of(
    path: Path, outcomes: list[Outcome], number: int = 0, replay: Callable[[int], Any] = lambda i: i
) -> Results:
    plan = make_plan(number or len(outcomes), seed=7)
    store = Store.create(path / "s.zarr", plan)
    for start in range(0, len(outcomes), 3):
        store.append([pack(outcomes[start : start + 3])])
    return Results(store, plan, replay)


def of_values(path: Path, values: list[Any]) -> Results:
    return results_of(path, [Outcome(i, encode(v)) for i, v in enumerate(values)][::-1])


def test_a_sequence_of_what_was_returned(tmp_path: Path) -> None:
    values = [(i, np.arange(i), {"x": [i]}) for i in range(10)]
    results = of_values(tmp_path, values)
    assert len(results) == 10
    assert results == values
    assert [*results][3][0] == results[3][0] == 3
    assert results[-1][0] == results[np.int64(9)][0] == 9
    assert [v[0] for v in results[2:8:2]] == [2, 4, 6]
    assert results != values[:-1]
    assert results != [*values[:-1], 3]
    assert results != 3
    times, ranks, _ = results[4]
    assert (times, ranks.tolist()) == (4, [0, 1, 2, 3])


def test_out_of_range(tmp_path: Path) -> None:
    results = of_values(tmp_path, [1, 2])
    with pytest.raises(IndexError, match=r"results\[2\]: there are 2 networks"):
        results[2]
    with pytest.raises(TypeError):
        results["a"]  # type: ignore[call-overload]


def test_failures_are_in_place(tmp_path: Path) -> None:
    results = results_of(tmp_path, [Outcome(0, encode(1)), failed(2), failed(1)])
    assert isinstance(results[1], Failure)
    assert [e.index for e in results.errors] == [1, 2]
    assert results.errors[0].error == "ValueError"
    assert "no such rate" in results.errors[0].traceback
    assert repr(results.errors[0]).startswith("<Failure of network 1 (seed")
    assert repr(results.errors[0]).endswith(
        "ValueError: no such rate>"
    )  # without the traceback, of many lines
    assert "2 failed" in repr(results)


def test_the_error_of_a_sweep(tmp_path: Path) -> None:
    results = results_of(tmp_path, [Outcome(0, encode(1)), failed(2), failed(1)])
    error = SweepError(results)
    assert error.results is results
    text = str(error)
    assert text.startswith("2 of 3 networks failed")
    assert "network 1 (seed 7, a=2): ValueError: no such rate\nTraceback" in text
    assert "and 1 more" in text


def test_a_network_that_was_not_run(tmp_path: Path) -> None:
    results = results_of(tmp_path, [Outcome(1, encode(5))], number=3)
    assert results[1] == 5
    assert "2 not run" in repr(results)
    with pytest.raises(LookupError, match="network 2 has not been run"):
        results[2]


def test_timings(tmp_path: Path) -> None:
    outcomes = [Outcome(i, encode(i), timings=Timings(run=float(i), read=0.5)) for i in (2, 0, 1)]
    timings = results_of(tmp_path, outcomes).timings
    assert timings.run.values.tolist() == [0, 1, 2]
    assert timings.network.values.tolist() == [0, 1, 2]
    assert timings.read.attrs["units"] == "s"
    assert {*timings.data_vars} == {"draw", "build", "run", "read", "write"}


def test_replay(tmp_path: Path) -> None:
    results = results_of(tmp_path, [Outcome(i, encode(i)) for i in range(3)], replay=lambda i: i * 10)
    assert results.replay(2) == results.replay(-1) == 20
    with pytest.raises(IndexError, match=r"results\[3\]: there are 3 networks"):
        results.replay(3)


def test_what_it_tells(tmp_path: Path) -> None:
    results = of_values(tmp_path, [1, 2])
    assert results.seed == 7
    assert results.store == tmp_path / "s.zarr"
    assert repr(results) == f"<Results: 2 networks, 0 failed, seed 7, in '{tmp_path / 's.zarr'}'>"


def test_going_through_reads_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = of_values(tmp_path, [*range(100)])
    reads = []
    real = Reader.leaves
    monkeypatch.setattr(Reader, "leaves", lambda *args: reads.append(1) or real(*args))  # type: ignore[func-returns-value]
    assert results == [*range(100)]
    assert len(reads) == 1


def test_nan_equals_nan(tmp_path: Path) -> None:
    values = [float("nan"), np.array([np.nan, 1.0]), None]
    assert of_values(tmp_path, values) == values
