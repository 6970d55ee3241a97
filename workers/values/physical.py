"""Quantities with units and neo's objects; nothing of them is imported before the first one is met.

A neo object is the arguments it can be made from, each taken apart like any other value. Objects of neo that
refer to others (blocks, groups, channel views) are not stored, and neither are the times of day of a segment.
"""

from __future__ import annotations

import re
from collections.abc import Sized
from functools import cache
from typing import Any

import numpy as np

from workers.values.node import Encoder, Leaves, Node, encode_node, refusal, under
from workers.values.plain import encode_array, encode_scalar
from workers.values.sequences import encode_columns, encode_sequence
from workers.values.trains import alike

UNIT = r"(?:[^\W\d]\w*|%)(?:\*\*\d{1,2}(?:\.\d+)?)?"
PRODUCT = rf"{UNIT}(?:\*{UNIT})*"
# What is read from a store is evaluated by quantities, so that it must be nothing but units.
UNITS = re.compile(rf"(?:1|{PRODUCT})(?:/(?:{UNIT}|\({PRODUCT}\)))?")

ABOUT = ("name", "description", "file_origin", "annotations", "array_annotations")
LISTS = ("analogsignals", "irregularlysampledsignals", "events", "epochs", "spiketrains")
NOT_STORED = ("channelviews", "imagesequences", "rec_datetime", "file_datetime")
# What the numbers of an object are called where it is made, and what else it is made from.
MADE_OF: dict[str, tuple[str, tuple[str, ...]]] = {
    "SpikeTrain": ("times", ("t_start", "t_stop", "sampling_rate", "left_sweep", "waveforms")),
    "AnalogSignal": ("signal", ("t_start", "sampling_rate")),
    "IrregularlySampledSignal": ("signal", ("times",)),
    "Event": ("times", ("labels",)),
    "Epoch": ("times", ("durations", "labels")),
}


def physical(value: Any) -> Encoder | None:
    """Take the types of quantities and neo: where one is met, they are imported."""
    kind = type(value)
    if kind.__module__.partition(".")[0] not in ("quantities", "neo"):
        return None
    return {
        **dict.fromkeys(MADE_OF, _encode_numbers),
        "Quantity": encode_quantity,
        "Segment": _encode_segment,
        "SpikeTrainList": _encode_list,
        "ObjectList": _encode_list,
    }.get(kind.__name__)


def encode_quantity(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Take the numbers of a quantity, and its units into the structure."""
    units, numbers = _units(value, path), value.view(np.ndarray)
    encoder: Encoder = encode_array if numbers.ndim else encode_scalar
    of = encoder(numbers if numbers.ndim else numbers[()], name, leaves, path)
    return {"kind": "quantity", "units": units, "of": of}


def _encode_numbers(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    numbers, more = MADE_OF[type(value).__name__]
    parts = {numbers: _numbers_of(value)} | {k: getattr(value, k) for k in (*more, *ABOUT)}
    return _encode_parts(value, parts, name, leaves, path)


def _encode_segment(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    for what in NOT_STORED:
        if not _empty(getattr(value, what, None)):
            raise refusal(path, f"has {what}, which cannot be stored")
    parts = {k: getattr(value, k) for k in (*LISTS, "index", *ABOUT[:-1])}
    return _encode_parts(value, parts, name, leaves, path)


def _encode_parts(value: Any, parts: dict[str, Any], name: str, leaves: Leaves, path: str) -> Node:
    """Take apart what a neo object is made from, without what is empty."""
    given = {k: v for k, v in parts.items() if not _empty(v)}
    items = [encode_node(v, under(name, k), leaves, f"{path}.{k}") for k, v in given.items()]
    return {"kind": "neo", "class": type(value).__name__, "keys": list(given), "items": items}


def _encode_list(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Take the trains of a segment by columns, where they are alike; its signals one by one."""
    items = list(value)
    trains = type(value).__name__ == "SpikeTrainList"
    of = encode_columns(items, name, leaves, path, alike(items, name, path)) if trains else None
    of = of or encode_sequence(items, name, leaves, path)
    return {"kind": "neo", "class": type(value).__name__, "keys": ["items"], "items": [of]}


def _empty(value: Any) -> bool:
    if value is None or isinstance(value, np.ndarray | str):
        return value is None
    return isinstance(value, Sized) and not len(value)


def _numbers_of(value: Any) -> Any:
    """View a signal as a bare quantity."""
    import quantities as pq

    bare = value.view(np.ndarray).view(pq.Quantity)
    bare._dimensionality = value._dimensionality
    return bare


def _units(value: Any, path: str) -> str:
    parts = tuple((u.name, power) for u, power in value._dimensionality.items())
    if parts not in _UNITS:
        _UNITS[parts] = _checked(value.dimensionality, path)
    return _UNITS[parts]


def _checked(dimensionality: Any, path: str) -> str:
    """Write units as text from which they can be found again."""
    units: str = dimensionality.string
    try:
        known = unit(units).dimensionality == dimensionality
    except LookupError:
        known = False
    if not known:
        raise refusal(path, f"has the unit {units!r}, which cannot be found again by its name")
    return units


# Comparing units takes longer than all else that is done with a spike train.
_UNITS: dict[tuple[tuple[str, float], ...], str] = {}


@cache
def unit(units: str) -> Any:
    """Find a unit by its name.

    Raises
    ------
    LookupError
        There is none.
    """
    import quantities as pq

    if not UNITS.fullmatch(units):
        raise LookupError(f"{units!r} is no unit")
    return pq.Quantity(1.0, units).units


def quantity(numbers: Any, units: str) -> Any:
    """Give numbers a unit."""
    import quantities as pq

    array = np.asarray(numbers).view(pq.Quantity)
    array._dimensionality = unit(units).dimensionality
    return array


def neo_object(kind: str, parts: dict[str, Any]) -> Any:
    """Make a neo object from what `_encode_parts` took."""
    import neo
    from neo.core.spiketrainlist import SpikeTrainList

    if kind == "ObjectList":
        return parts["items"]
    makers = {k: getattr(neo, k) for k in (*MADE_OF, "Segment")} | {"SpikeTrainList": SpikeTrainList}
    lists = {k: parts.pop(k) for k in LISTS if k in parts}
    if kind == "SpikeTrain":
        parts.setdefault("sampling_rate", None)  # neo would take 1 Hz
    annotations = parts.pop("annotations", {})  # not as arguments, whose names they may have
    made = makers[kind](**parts)
    if annotations:
        made.annotations.update(annotations)
    for name, objects in lists.items():
        getattr(made, name).extend(objects)
    return made
