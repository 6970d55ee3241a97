"""The labels of a grid's axes, as they are shown and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.points import Values

# They are part of the metadata that every commit writes; those of longer axes are found in the parameters.
LONGEST = 10_000


def labels(values: Values) -> NDArray[Any]:
    """Label an axis by its values where these are numbers or strings, else by their reprs."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "biufcUM":
        return values
    kinds = {type(v) for v in values}
    if kinds <= {bool} or kinds <= {int, float} or kinds <= {str}:
        return np.array(list(values))
    return np.array([ascii(v) for v in values])


def to_json(dims: Mapping[str, Values] | None) -> dict[str, Any] | None:
    """Write axes as their sizes, types and labels; JSON has no numbers but real ones."""
    if dims is None:
        return None
    written = {}
    for name, values in dims.items():
        axis = labels(values)
        plain = axis if axis.dtype.kind in "biufU" else axis.astype(str)
        listed = plain.tolist() if len(axis) <= LONGEST else None
        written[name] = {"dtype": axis.dtype.str, "labels": listed}
    return written


def from_json(axis: Mapping[str, Any], stored: Values) -> NDArray[Any]:
    """Read the labels of an axis; of a longer one those for which a network is stored, in this order."""
    if axis["labels"] is None:
        if isinstance(stored, np.ndarray):
            values, first = np.unique(stored, return_index=True)
            return values[np.argsort(first)]
        return labels(list(dict.fromkeys(map(_plain, stored))))
    return np.array(axis["labels"]).astype(axis["dtype"])


def places_on(axis: NDArray[Any], stored: Values) -> NDArray[np.int64]:
    """Find values of a parameter among the labels of its axis; -1 for those that are not there."""
    if isinstance(stored, np.ndarray) and stored.dtype == axis.dtype and len(axis):
        order = np.argsort(axis)
        found = order[np.searchsorted(axis, stored, sorter=order).clip(max=len(axis) - 1)]
        return np.where(axis[found] == stored, found, -1)
    known = {label: i for i, label in enumerate(axis.tolist())}
    return np.array([known.get(v, known.get(ascii(v), -1)) for v in map(_plain, stored)], np.int64)


def _plain(value: Any) -> Any:
    """Take what was stored as what the labels are: numpy's numbers as Python's, arrays as their repr."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, (bool, int, float, complex, str)) else ascii(plain)
