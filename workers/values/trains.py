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
    if not trains or any(_given(train.__dict__[what]) for what in SELDOM for train in trains):
        return None
    parts: list[Sequence[Any]] = [
        [train.__dict__[what] for train in trains] for what in ("t_start", "t_stop", "sampling_rate")
    ]
    if all(rate is None for rate in parts[-1]):
        parts.pop()
    if not all(_of_one_kind(part) for part in (trains, *parts)):
        return None
    leaves: Leaves = {}
    node = encode_node(trains[0], name, leaves, f"{path}[0]")
    times = [train.view(np.ndarray) for train in trains]
    scalars: list[Any] = [np.fromiter(map(np.ndarray.item, part), part[0].dtype, len(part)) for part in parts]
    return node, dict(zip(leaves, [times, *scalars], strict=True))


def _of_one_kind(parts: Sequence[Any]) -> bool:
    """Whether parts are floats of one type, shape and unit.

    Units are told apart by identity: comparing them takes longer than all the rest.
    """
    if any(part is None for part in parts):
        return False
    dtype, ndim, units = parts[0].dtype, parts[0].ndim, _units(parts[0])
    return (
        dtype.kind == "f"
        and dtype.isnative
        and all(part.dtype is dtype and part.ndim == ndim and _units(part) == units for part in parts)
    )


def _units(part: Any) -> list[Any]:
    units = part._dimensionality
    return [*map(id, units), *units.values()]


def _given(part: Any) -> bool:
    return part is not None and (isinstance(part, np.ndarray | str) or len(part) > 0)
