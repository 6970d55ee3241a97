"""Blocks: the columns of parts on their way into a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.part import Column, Part


def shapes_of(block: Column) -> NDArray[np.int64]:
    """Give the shape of each leaf of a block."""
    if block.shapes is not None:
        return block.shapes
    return np.tile(np.array(block.values.shape[1:], np.int64), (len(block.rows), 1))


def values_of(block: Column) -> list[NDArray[Any]]:
    """Give each leaf of a block."""
    if block.shapes is None:
        return list(block.values)
    parts = np.split(block.values, np.cumsum(block.shapes.prod(axis=1))[:-1])
    return [p.reshape(shape) for p, shape in zip(parts, block.shapes, strict=True)]


def padded(shapes: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Put ones in front of shapes, up to `width` dimensions."""
    ones = np.ones((len(shapes), width - shapes.shape[1]), np.int64)
    return np.concatenate([ones, shapes], axis=1)


def in_order(blocks: Sequence[Column]) -> NDArray[Any]:
    """Lay the leaves of all blocks one behind the other, by row."""
    if not blocks:
        return np.empty(0)
    if len(blocks) == 1 and (np.diff(blocks[0].rows) > 0).all():
        return blocks[0].values.ravel()
    rows = np.concatenate([b.rows for b in blocks])
    values = [v for b in blocks for v in values_of(b)]
    full = [values[i].ravel() for i in np.argsort(rows, kind="stable") if values[i].size]
    return np.concatenate(full) if full else np.empty(0)


def strings(blocks: Sequence[Column], rows: int) -> NDArray[Any]:
    """Lay out the strings of all blocks by row, empty ones where there is none."""
    values = [""] * rows
    for block in blocks:
        for row, value in zip(block.rows.tolist(), values_of(block), strict=True):
            values[row] = value.tobytes().decode()
    return np.array(values, np.dtypes.StringDType())


def mean_size(blocks: Sequence[Column]) -> int:
    """How many elements a row has, or bytes where it is a string, about."""
    rows = sum(len(b.rows) for b in blocks)
    return sum(b.values.size for b in blocks) // max(1, rows)


def rows_kept(part: Part, keep: NDArray[np.bool_]) -> Part:
    """Take some rows of a part."""
    if keep.all():
        return part
    failures = [t for t, k in zip(part.failures, keep[part.structure < 0].tolist(), strict=True) if k]
    place = np.cumsum(keep) - 1
    kept = [_column_kept(c, keep[c.rows], place) for c in part.columns]
    return Part(
        part.index[keep],
        part.status[keep],
        part.structure[keep],
        part.structures,
        {name: values[keep] for name, values in part.timings.items()},
        [c for c in kept if len(c.rows)],
        failures,
        part.attempt[keep],
        part.resource,
    )


def _column_kept(column: Column, keep: NDArray[np.bool_], place: NDArray[np.int64]) -> Column:
    rows = place[column.rows[keep]]
    if column.shapes is None:
        return Column(column.name, rows, column.values[keep], None, column.text)
    values = column.values[np.repeat(keep, column.shapes.prod(axis=1))]
    return Column(column.name, rows, values, column.shapes[keep], column.text)
