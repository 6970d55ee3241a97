"""The spike trains of a segment: there are thousands, mostly alike, and they are taken by columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workers.values.node import Leaves, encode_node
from workers.values.sequences import Lists

SELDOM = ("left_sweep", "waveforms", "name", "description", "file_origin", "annotations", "array_annotations")


def alike(trains: Sequence[Any], name: str, path: str) -> Lists | None:
    """See trains as columns that differ in their numbers only; None where there is more to them."""
    first = _kind(trains[0]) if trains else None
    if first is None or any(_kind(train) != first for train in trains):
        return None
    leaves: Leaves = {}
    node = encode_node(trains[0], name, leaves, f"{path}[0]")
    columns = zip(*(_numbers(train) for train in trains), strict=True)
    return node, dict(zip(leaves, map(list, columns), strict=True))


def _parts(train: Any) -> list[Any]:
    """Give what a train is made from, in the order in which it is taken apart."""
    parts = [train, train.t_start, train.t_stop]
    return parts if train.sampling_rate is None else [*parts, train.sampling_rate]


def _kind(train: Any) -> Any:
    """Tell what must be the same; None where a train is not made of floats with units alone.

    Units are told apart by identity: comparing them takes longer than all the rest.
    """
    if any(_given(getattr(train, name)) for name in SELDOM):
        return None
    parts = _parts(train)
    if not all(p.dtype.kind == "f" and p.dtype.isnative for p in parts):
        return None
    return [(p.dtype, p.ndim, *map(id, p._dimensionality), *p._dimensionality.values()) for p in parts]


def _given(part: Any) -> bool:
    return part is not None and (isinstance(part, np.ndarray | str) or len(part) > 0)


def _numbers(train: Any) -> list[Any]:
    times, *others = (p.view(np.ndarray) for p in _parts(train))
    return [times, *(p[()] for p in others)]
