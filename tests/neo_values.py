"""Quantities and neo's objects for tests: how to make them, and when they are identical."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import neo
import numpy as np
import quantities as pq
from hypothesis import strategies as st

ABOUT = ("name", "description", "file_origin", "annotations")
PARTS = {
    "SpikeTrain": ("t_start", "t_stop", "sampling_rate", "left_sweep", "waveforms"),
    "AnalogSignal": ("t_start", "sampling_rate", "sampling_period"),
    "IrregularlySampledSignal": ("times",),
    "Event": ("labels",),
    "Epoch": ("durations", "labels"),
}


def spike_train(times: Any, units: str = "ms", **about: Any) -> neo.SpikeTrain:
    return neo.SpikeTrain(times, units=units, t_start=-1 * pq.s, t_stop=1000 * pq.s, **about)


def signal(samples: Any, units: str = "mV", **about: Any) -> neo.AnalogSignal:
    return neo.AnalogSignal(samples, units=units, t_start=0.1 * pq.ms, sampling_period=0.1 * pq.ms, **about)


def identical(a: Any, b: Any) -> bool:
    """Whether two values are the same in type, bits, units and annotations."""
    if type(a) is not type(b):
        return False
    if isinstance(a, neo.Segment):
        lists = ("spiketrains", "analogsignals", "irregularlysampledsignals", "events", "epochs")
        return all(identical(getattr(a, k), getattr(b, k)) for k in (*ABOUT, "index")) and all(
            identical(list(getattr(a, k)), list(getattr(b, k))) for k in lists
        )
    if isinstance(a, pq.Quantity):
        known = PARTS.get(type(a).__name__)
        more = () if known is None else (*known, *ABOUT, "array_annotations")
        return (
            a.dimensionality == b.dimensionality
            and identical(np.asarray(a.magnitude), np.asarray(b.magnitude))
            and all(identical(getattr(a, k), getattr(b, k)) for k in more)
        )
    return _identical_plain(a, b)


def _identical_plain(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return identical(list(a), list(b)) and identical(list(a.values()), list(b.values()))
    if is_dataclass(a):
        return all(identical(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return repr(a) == repr(b)


def _segment(trains: list[list[float]], samples: list[float], name: str | None) -> neo.Segment:
    segment = neo.Segment(name=name, note="x")
    segment.spiketrains.extend([spike_train(sorted(t), name=name) for t in trains])
    if samples:
        segment.analogsignals.append(signal(np.array(samples, "f4").reshape(-1, 1), name="v"))
        segment.analogsignals.append(signal(np.array(samples).reshape(-1, 1), units="nA"))
    return segment


SAMPLES = st.lists(st.floats(-80, 0, width=32), max_size=4)
TRAINS = st.lists(st.lists(st.floats(0, 100), max_size=4), max_size=12)
SEGMENTS = st.builds(
    _segment, TRAINS, st.lists(st.floats(-80, 0, width=32), max_size=4), st.none() | st.text()
)
