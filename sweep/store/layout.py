"""How the values of a column lie in the store, and what is common to two ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.part import Column

LARGEST_ROW = 1 << 24


@dataclass(frozen=True)
class Layout:
    """How a column lies in the store.

    Attributes
    ----------
    dtype : numpy.dtype or None
        The type of the numbers; None for strings.
    shape : tuple of int or None
        The shape that all rows have; None where rows differ, or are large: these lie ragged.
    ndim : int
        The most dimensions that a row has.
    """

    dtype: np.dtype[Any] | None
    shape: tuple[int, ...] | None
    ndim: int


TEXT = Layout(None, (), 0)


def layout_of(column: Column) -> Layout:
    """Find how a column of a part can lie in a store."""
    if column.text:
        return TEXT
    if column.shapes is not None:
        return Layout(column.values.dtype, None, column.shapes.shape[1])
    shape = column.values.shape[1:]
    size = math.prod(shape) * column.values.dtype.itemsize
    ragged = size > LARGEST_ROW or size == 0
    return Layout(column.values.dtype, None if ragged else shape, len(shape))


def joined(a: Layout, b: Layout) -> Layout | None:
    """Find the layout that holds what `a` and `b` hold; None between strings and numbers."""
    # Asked first, since numpy takes None for float64 when it compares types.
    if a.dtype is None or b.dtype is None:
        return a if a.dtype is b.dtype else None
    if a == b:
        return a
    shape = a.shape if a.shape == b.shape else None
    return Layout(np.result_type(a.dtype, b.dtype), shape, max(a.ndim, b.ndim))


def holds(dtype: np.dtype[Any] | None, values: NDArray[Any]) -> bool:
    """Whether values keep every bit when they are turned into another type."""
    if dtype is None or values.dtype.kind not in "iu" or dtype.kind not in "fc":
        return True
    info = np.iinfo(values.dtype)
    there = values.astype(np.float64 if dtype.kind == "c" else dtype)
    inside = (there >= float(info.min)) & (there < float(info.max))
    return bool(inside.all()) and bool((there.astype(values.dtype) == values).all())
