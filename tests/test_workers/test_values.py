from __future__ import annotations

import enum
import pickle
from collections import namedtuple
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from neo_values import identical

from workers.values import decode, encode, leaves_of


class Raster(NamedTuple):
    times: Any
    ranks: Any


@dataclass(frozen=True)
class Summary:
    rate: float
    cells: Any


NUMBERS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.complex_numbers()
DTYPES = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes()
    | hnp.unsigned_integer_dtypes()
    | hnp.floating_dtypes(sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(sizes=(64, 128))
    | hnp.unicode_string_dtypes(max_len=5)
    | hnp.datetime64_dtypes()
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
LEAVES = NUMBERS | st.text() | ARRAYS | ARRAYS.filter(lambda a: a.ndim == 0).map(lambda a: a[()])


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(children, max_size=12)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(st.text(), children, max_size=4)
        | st.dictionaries(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=2), children, max_size=4)
        | st.builds(Raster, children, children)
        | st.builds(Summary, children, children)
    )


VALUES = st.recursive(LEAVES, containers, max_leaves=20)


def again(value: Any) -> Any:
    encoded = pickle.loads(pickle.dumps(encode(value)))
    assert leaves_of(encoded.structure) == set(encoded.leaves)
    return decode(encoded.structure, encoded.leaves)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_comes_back_equal_and_of_equal_type(value: Any) -> None:
    assert identical(again(value), value)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5)), min_size=9, max_size=20))
def test_long_lists_of_lists_are_two_leaves(value: list[list[int]]) -> None:
    assert identical(again(value), value)
    assert len(encode(value).leaves) == 2


@pytest.mark.parametrize(
    "value",
    [
        [1.5] * 10_000,
        list(range(10_000)),
        ["a\0", "b", ""],
        [(1, 2.0, "x")] * 100,
        [np.arange(i) for i in range(50)],
        [np.empty((0, 3))] * 10,
        [np.empty(())] * 10,
        [[]] * 10,
        [[[1], [2, 3]]] * 10,
        {3: [0.1, 0.2], 7: []},
        {np.int64(3): "x"},
        {i: [1, 2] for i in range(100)} | {5: []},
        [Raster(np.arange(3), np.arange(3.0))] * 20,
        {"a.b": 1, "a": {"b": 2}, "": 3, "/..": 4},
        "a\0",
        "\ud800",
        np.str_("x"),
        np.array(["a", "bb"]),
        np.datetime64("2026-01-01", "ms"),
        np.arange(3, dtype=">i4"),
        np.zeros((2, 3), order="F"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_comes_back(value: Any) -> None:
    assert identical(again(value), value)
    assert len(encode(value).leaves) < 10


def test_names_of_leaves() -> None:
    value = (1, {"rate": 2, "rates": {"mean": 3}})
    assert list(encode(value).leaves) == ["result.0", "result.1.rate", "result.1.rates.mean"]
    assert list(encode(value[1]).leaves) == ["rate", "rates.mean"]
    assert list(encode(3).leaves) == ["result"]
    assert list(encode(Raster([1], [2])).leaves) == ["times", "ranks"]


def test_lists_of_any_length_have_one_structure() -> None:
    assert len({encode([1.0] * n).structure for n in (1, 2, 100)}) == 1


def test_an_array_changed_afterwards_does_not_change_what_was_returned() -> None:
    array = np.zeros(3)
    encoded = encode((array, array.view()))
    array[:] = 1
    assert not decode(encoded.structure, encoded.leaves)[0].any()


def test_a_record_of_unknown_class_is_a_named_tuple() -> None:
    local = namedtuple("local", ["a", "b"])
    value = again(local(1, [2.0]))
    assert type(value).__name__ == "local"
    assert value == (1, [2.0])
    assert value._fields == ("a", "b")


def test_nothing_is_imported_for_a_structure() -> None:
    encoded = encode(Summary(1.0, 2))
    structure = encoded.structure.replace(__name__, "antigravity")
    assert type(decode(structure, encoded.leaves)).__name__ == "Summary"


class Colour(enum.IntEnum):
    RED = 1


def holding_itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"rates": [1, 2.0, {3}]}, "the returned value: ['rates'][2] is a <class 'set'>"),
        (object(), "the returned value is a <class 'object'>"),
        ((1, b"x"), r"[1] is a <class 'bytes'>"),
        ([2**63], "[0] is an integer of 65 bits"),
        (10**400, "64 are stored"),
        (holding_itself(), "holds itself"),
        (np.array([None]), "array of object"),
        (np.ma.masked_array([1]), "MaskedArray"),
        ({1.5: 2}, "has the key 1.5"),
        ({True: 2}, "has the key True"),
        (Summary(1.0, {1}), "the returned value: .cells is a <class 'set'>"),
        (Colour.RED, "Colour"),
        (np.longdouble(1), "float128"),
    ],
)
def test_what_cannot_be_stored_is_named_by_its_path(value: Any, path: str) -> None:
    with pytest.raises(TypeError) as error:
        encode(value)
    assert path in str(error.value)
    assert "return numbers, strings, arrays" in str(error.value)


def test_too_many_parts() -> None:
    with pytest.raises(TypeError, match="2000 separate parts"):
        encode([1, "a"] * 1000)
