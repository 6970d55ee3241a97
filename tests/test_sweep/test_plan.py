from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sweep.plan import Constant, Plan, make_plan
from sweep.points import grid
from sweep.signature import check_signature


def given(plan: Plan) -> list[dict[str, Any]]:
    return [plan.parameters(i) for i in range(plan.number)]


def test_number() -> None:
    assert given(make_plan(3)) == [{}, {}, {}]


def test_networks() -> None:
    assert make_plan(networks=3).number == make_plan(3, networks=3).number == 3


def test_lists_are_one_value_per_network_and_others_for_all() -> None:
    plan = make_plan(2, args={"a": [1, 2], "b": (3.0, 4.0), "c": "xy", "d": Constant([5, 6]), "e": 7})
    assert given(plan) == [
        {"a": 1, "b": 3.0, "c": "xy", "d": [5, 6], "e": 7},
        {"a": 2, "b": 4.0, "c": "xy", "d": [5, 6], "e": 7},
    ]


def test_the_number_follows_from_lists() -> None:
    assert make_plan(args={"a": np.arange(4)}).number == 4
    assert [p["a"] for p in given(make_plan(replicates=2, args={"a": [1, 2]}))] == [1, 1, 2, 2]


def test_an_array_without_dimensions_is_for_all() -> None:
    assert make_plan(2, args={"a": np.array(3)}).parameters(1) == {"a": np.array(3)}


def test_rows_of_an_array() -> None:
    assert make_plan(2, args={"a": np.eye(2)}).parameters(1)["a"].tolist() == [0, 1]


def test_a_column_of_a_table() -> None:
    for column in (pd.Series([1.0, 2.0]), xr.DataArray([1.0, 2.0])):
        plan = make_plan(args={"a": column})
        assert [plan.parameters(i) for i in range(plan.number)] == [{"a": 1.0}, {"a": 2.0}]


def test_points_and_replicates() -> None:
    plan = make_plan(points=grid(a=[1, 2], b=["x", "y"]), replicates=2, args={"c": 3, "d": [5, 6, 7, 8]})
    assert plan.number == 8
    assert plan.dims == {"a": [1, 2], "b": ["x", "y"]}
    assert plan.parameters(5) == {"a": 2, "b": "x", "c": 3, "d": 7}
    assert make_plan(points=[{"a": 1}], replicates=2, args={"d": [5, 6]}).parameters(1) == {"a": 1, "d": 6}


def test_replicates_of_a_number() -> None:
    assert make_plan(3, replicates=2).number == 6


def test_the_seed() -> None:
    assert make_plan(1, seed=5).seed == 5
    assert make_plan(1, seed=np.int64(5)).seed == 5
    assert make_plan(1).seed != make_plan(1).seed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "number is 0 or empty: there is no network to run"),
        ({"args": {"a": 1}}, "no network to run"),
        ({"networks": 0}, "networks is 0 or empty"),
        ({"args": {"a": []}}, "a is 0 or empty"),
        ({"number": -1}, "number is -1; expected at least 1"),
        ({"number": 1.5}, "number is 1.5; expected a whole number"),
        ({"number": True}, "number is True"),
        ({"number": 1, "replicates": 0}, "replicates is 0; expected at least 1"),
        ({"number": 2, "args": {"a": [1, 2, 3]}}, r"a has 3 values; expected 2, .*a=Constant\(\.\.\.\)"),
        ({"args": {"a": [1, 2, 3], "b": [1]}}, "the numbers of networks differ: a 3, b 1"),
        ({"number": 2, "networks": 3}, "differ: networks 3, number 2"),
        ({"number": 2, "points": [{"a": 1}]}, r"points 1 \(1 points x 1 replicates\), number 2"),
        ({"points": [{"a": 1}], "args": {"a": 2}}, "a is given both in points and as an argument"),
        (
            {"points": [{"a": 1}] * 2, "replicates": 3, "args": {"b": [1]}},
            r"expected 2 \(one per point\) or 6",
        ),
        ({"number": 2, "args": {"a": {1, 2}}}, r"a is a set; .* a=list\(\.\.\.\), .* a=Constant\(\.\.\.\)"),
        ({"number": 2, "args": {"a": (i for i in (1, 2))}}, "a is a generator"),
        ({"number": 2, "args": {"a": {1: 2, 3: 4}.values()}}, "a is a dict_values"),
        ({"number": 1, "seed": -1}, "seed is -1; expected at least 0"),
        ({"number": 1, "seed": 1.0}, "seed is 1.0; expected a whole number"),
    ],
)
def test_mistakes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make_plan(**arguments)


def test_signature() -> None:
    def method(idx: int, net: Any, rates: float, w: float = 1.0) -> None: ...

    check_signature(method, ["rates"])
    check_signature(method, ["w", "rates"])
    check_signature(lambda idx, net, **more: None, ["a"])
    check_signature(print, [])
    with pytest.raises(TypeError, match="missing a required argument: 'rates'"):
        check_signature(method, ["w"])
    with pytest.raises(TypeError, match="unexpected keyword argument 'rate'"):
        check_signature(method, ["rates", "rate"])
    with pytest.raises(TypeError, match="Did you mean rates="):
        check_signature(method, ["rates", "rate"])
    with pytest.raises(TypeError, match="Did you mean simulator="):
        check_signature(method, ["rates", "simulater"], ["simulator", "store"])
    with pytest.raises(TypeError, match="ANNarchy's measure_time: the results' `timings`"):
        check_signature(method, ["rates", "measure_time"])
    with pytest.raises(TypeError, match=r"too many positional arguments|cannot be called"):
        check_signature(lambda idx: None, [])
    with pytest.raises(TypeError, match="method is 3; expected a function"):
        check_signature(3, [])  # type: ignore[arg-type]
