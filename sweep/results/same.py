"""Whether two values are equal, arrays and neo objects in them included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

LISTS = ("spiketrains", "analogsignals", "irregularlysampledsignals", "events", "epochs")
NEO = (*LISTS, "times", "t_start", "t_stop", "sampling_rate", "durations", "labels", "name", "annotations")


def same(a: Any, b: Any) -> bool:
    """Compare values that may hold arrays; NaN equals NaN."""
    if _of_neo(a) or _of_neo(b):
        return type(a) is type(b) and _same_signals(a, b) and all(_same_attribute(a, b, k) for k in NEO)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _same_signals(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return isinstance(a, list) == isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if is_dataclass(a) and not isinstance(a, type) and type(a) is type(b):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return bool(a == b or (a != a and b != b))


def _of_neo(value: Any) -> bool:
    return type(value).__module__.startswith("neo.")


def _same_attribute(a: Any, b: Any, name: str) -> bool:
    mine, others = getattr(a, name, None), getattr(b, name, None)
    if name in LISTS and mine is not None and others is not None:
        return same(list(mine), list(others))
    return same(mine, others)


def _same_signals(a: Any, b: Any) -> bool:
    """Compare arrays, and quantities with their units; other objects of neo hold neither."""
    if getattr(a, "dimensionality", None) != getattr(b, "dimensionality", None):
        return False
    if _of_neo(a) and not isinstance(a, np.ndarray):
        return True
    one, other = np.asarray(a), np.asarray(b)
    numbers = one.dtype.kind in "fcmM" and other.dtype.kind in "fcmM"
    return bool(np.array_equal(one, other, equal_nan=numbers))
