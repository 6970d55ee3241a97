from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import quantities as pq

from sweep.points import grid, latin_hypercube, points_from, sobol, zipped


def test_grid() -> None:
    points = grid(rates=[5.0, 10.0], model=["a", "b", "c"])
    assert len(points) == 6
    assert [*points][:4] == [
        {"rates": 5.0, "model": "a"},
        {"rates": 5.0, "model": "b"},
        {"rates": 5.0, "model": "c"},
        {"rates": 10.0, "model": "a"},
    ]
    assert points.dims == {"rates": [5.0, 10.0], "model": ["a", "b", "c"]}


def test_grid_keeps_the_types_of_values() -> None:
    points = grid(a=[1, 2.5, None], b=np.arange(2, dtype="f4"), c=range(1))
    assert type(points[0]["a"]) is int
    assert points[4]["a"] is None
    assert type(points[0]["b"]) is np.float32


def test_zipped() -> None:
    assert [*zipped(a=[1, 2], b=["xy", "xy"])] == [{"a": 1, "b": "xy"}, {"a": 2, "b": "xy"}]


@pytest.mark.parametrize("sample", [sobol, latin_hypercube])
def test_samples_lie_in_their_ranges_and_follow_from_the_seed(sample: Any) -> None:
    points = sample(100, seed=3, rates=(5, 10), w=(-1.0, 1.0))
    assert len(points) == 100
    assert points.dims is None
    rates = np.array(points.columns["rates"])
    assert 5 <= rates.min() < 5.1
    assert 9.9 < rates.max() < 10
    assert points.columns == sample(100, seed=3, rates=(5, 10), w=(-1.0, 1.0)).columns
    assert points.columns != sample(100, seed=4, rates=(5, 10), w=(-1.0, 1.0)).columns


def test_one_sample() -> None:
    assert len(sobol(1, seed=0, a=(0, 1))) == 1


def test_dicts() -> None:
    assert points_from(iter([{"a": 1, "b": 2}, {"b": 4, "a": 3}])).columns == {"a": [1, 3], "b": [2, 4]}
    table = points_from(pd.DataFrame({"a": [1, 3], "b": [2.5, 4.5]}))
    assert list(table) == [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]
    assert [p["v"] for p in grid(v=[1, 2] * pq.mV)] == [1 * pq.mV, 2 * pq.mV]
    points = grid(a=[1])
    assert points_from(points) is points


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: grid(), r"grid\(\) has no axis"),
        (lambda: grid(rates=[]), "rates has no values"),
        (lambda: grid(rates=5.0), "rates is 5.0; expected a sequence"),
        (lambda: grid(rates="ab"), "rates is 'ab'; expected a sequence"),
        (lambda: grid(rates={1, 2}), "expected a sequence"),
        (lambda: grid(rates=np.array(1.0)), "expected a sequence"),
        (lambda: sobol(4, seed="a", a=(0, 1)), "seed is 'a'; expected a whole number"),
        (lambda: zipped(a=[1], b=[1, 2]), r"differ \(a 1, b 2\); give every name as many"),
        (lambda: sobol(0, seed=0, a=(0, 1)), "n is 0; expected the number of points"),
        (lambda: sobol(1.5, seed=0, a=(0, 1)), "n is 1.5"),
        (lambda: sobol(4, seed=0), "has no range"),
        (lambda: sobol(4, seed=0, a=(1, 0)), r"a is \(1, 0\); expected finite low < high"),
        (lambda: latin_hypercube(4, seed=0, a=(0, np.inf)), "finite"),
        (lambda: latin_hypercube(4, seed=0, a=3), "a is 3; expected two numbers"),
        (lambda: points_from([]), "points is empty"),
        (lambda: points_from([{"a": 1}, {"b": 1}]), r"points\[1\] lacks a and has b"),
        (lambda: points_from([{"a": 1}, 3]), r"points\[1\] is 3; expected a dict"),
        (lambda: points_from([{}]), r"points\[0\] is empty"),
        (lambda: points_from({"a": 1}), "expected dicts, one per point"),
    ],
)
def test_mistakes(make: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()
