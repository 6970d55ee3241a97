from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from neo_values import SEGMENTS, spike_train

from sweep.plan import make_plan
from sweep.store.reading import Reader
from sweep.store.structures import Structures
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome
from workers.part import Part, pack
from workers.values import encode


@dataclass
class Summary:
    rate: Any
    cells: Any


SAME: list[list[Any]] = [
    [1, 2.5, True, np.float32(1), 1j, None],
    [np.zeros(3), np.zeros(0, "i4"), np.ones(5, bool)],
    [[1, 2], [], [1.5], None, [1, None, 2.5], [None]],
    [{"a": 1, "b": "x"}, {"a": 2}, {"b": "y", "c": [1]}, {}, {"a": None, "c": []}],
    [(1, "a"), (None, "b"), (2.5, None)],
    [(np.zeros(2), [1, 2]), (np.zeros(0), []), None],
    [[(1, "a")] * 20, [(2, "b")] * 3, [(None, "c"), (1, "d")]],
    [{}, {1: 2.0, 5: 3.0}, {7: 1}, {}, dict.fromkeys(range(30), 1.0)],
    [Summary(1, None), Summary(2.5, [1]), Summary(None, [])],
    [2 * pq.mV, pq.Quantity(np.float32(1), "mV"), None],
    [spike_train([1.0, 2.0]), spike_train([]), spike_train([1.0], name="x")],
    ["a", "", "\ud800", None, np.str_("x")],
]

DIFFERENT: list[tuple[Any, Any, str]] = [
    (1, "a", "the returned value is a string, but a number in the networks stored before"),
    (np.zeros(3), np.zeros((2, 2)), "a 2-dimensional array, but a 1-dimensional array"),
    (2 * pq.mV, 2 * pq.V, "is a number in V, but a number in mV"),
    (2 * pq.mV, 2, "is a number, but a number in mV"),
    ({"a": {"b": 1}}, {"a": {"b": []}}, ": ['a']['b'] is a list, but a number"),
    ((1, 2), (1, 2, 3), "a tuple of 3, but a tuple of 2"),
    ([1, 2], [1, "a"], ": [1] is a string, but a number"),
    ([1, "a"], [1, 2], ": [1] is a string, but a number"),
    ([1, 2], np.arange(2), "a 1-dimensional array, but a list"),
    ((1, 2), [1, 2], "a list, but a tuple of 2"),
    (Summary(1, 2), {"rate": 1, "cells": 2}, "is a dict, but a Summary"),
    (np.datetime64("2026-01-01"), 3, "is a number, but a datetime64"),
    (spike_train([1.0]), spike_train([1.0], units="s"), ": .times is a 1-dimensional array in s"),
]


@pytest.mark.parametrize("values", SAME, ids=lambda v: repr(v)[:30])
def test_one_structure(values: list[Any]) -> None:
    for order in (values, values[::-1]):
        structures = Structures()
        for value in order:
            structures.add(encode(value).structure)


@pytest.mark.parametrize(("first", "second", "words"), DIFFERENT, ids=lambda v: repr(v)[:20])
def test_different_structures(first: Any, second: Any, words: str) -> None:
    structures = Structures()
    structures.add(encode(first).structure)
    with pytest.raises(TypeError) as error:
        structures.add(encode(second).structure)
    assert words in str(error.value)
    assert "None where a value is missing" in str(error.value)
    structures.add(encode(first).structure)


@settings(max_examples=30, deadline=None)
@given(st.lists(SEGMENTS, max_size=4))
def test_segments_of_one_kind_fit_one_another(segments: list[Any]) -> None:
    structures = Structures()
    for segment in segments:
        structures.add(encode(segment).structure)


def test_too_many_parts() -> None:
    structures = Structures(encode({f"run{i}": 1}).structure for i in range(1000))
    with pytest.raises(TypeError, match="one structure too many, besides the 1000 stored, with 1000 parts"):
        structures.add(encode({"run1000": 1}).structure)


def test_too_large_in_all() -> None:
    structures = Structures([encode({"k" * 4_000_000: 1}).structure])
    with pytest.raises(TypeError, match="one structure too many"):
        structures.add(encode({"j" * 1_000_000: 1}).structure)


def parts_of(values: list[Any], start: int = 0) -> Part:
    return pack([Outcome(i, v if v is None else encode(v)) for i, v in enumerate(values, start)])


def test_a_value_that_does_not_fit_is_that_networks_error(tmp_path: Path) -> None:
    plan = make_plan(6, seed=3, args={"a": [*range(6)]})
    failure = Failure(3, 3, {"a": 3}, "crash", "SIGSEGV", "ended")
    good = [{"x": 1, "t": np.arange(2), "s": "a"}, {"x": "no", "t": np.arange(4), "s": "b"}]
    part = pack(
        [
            *(Outcome(i, encode(v)) for i, v in enumerate(good)),
            Outcome(2, encode({"x": 2.5, "t": np.arange(3), "s": "c"})),
            Outcome(3, failure=failure),
            Outcome(4, encode({"x": [1], "t": np.arange(1), "s": ""})),
            Outcome(5, encode({"x": 3, "s": "d"})),
        ]
    )
    store = Store.create(tmp_path / "s.zarr", plan)
    store.append([Structures().fitting(part, plan)])
    reader = Reader(tmp_path / "s.zarr")
    first, second, third, fourth, fifth, sixth = reader.values(np.arange(6))
    assert first["x"] == 1
    assert (third["x"], third["t"].tolist(), third["s"]) == (2.5, [0, 1, 2], "c")
    assert fourth == failure
    assert sixth == {"x": 3, "s": "d"}
    for place, wrong in ((1, second), (4, fifth)):
        assert (wrong.index, wrong.kind, wrong.error) == (place, "exception", "TypeError")
        assert wrong.parameters == {"a": place}
        assert "['x']" in wrong.message
    assert reader.structures == [part.structures[i] for i in (0, 2, 4)]


def test_what_is_stored_already_defines(tmp_path: Path) -> None:
    plan = make_plan(2, seed=3)
    structures = Structures([encode(1).structure])
    part = structures.fitting(parts_of(["a"]), plan)
    assert part.structure.tolist() == [-1]
    assert structures.fitting(parts_of([2.5]), plan).structure.tolist() == [0]
