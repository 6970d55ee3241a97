"""What a network returned as a neo.Segment, for elephant and all that reads neo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOW = "return raster_plot(), get('spike') or to_neo() of a monitor, or neo's objects, also in a tuple or dict"
LISTS = {
    "SpikeTrain": "spiketrains",
    "AnalogSignal": "analogsignals",
    "IrregularlySampledSignal": "irregularlysampledsignals",
    "Event": "events",
    "Epoch": "epochs",
}
"""Where in a segment the objects of neo lie."""


@dataclass(frozen=True, eq=False)
class Raster:
    """The spikes of one population.

    Attributes
    ----------
    name : str
        Where in the returned value they are; empty where they are all of it.
    times : array of float, shape (spikes,)
        In ms.
    ranks : array of int, shape (spikes,)
    cells : int
        How many neurons there are at least.
    """

    name: str
    times: NDArray[Any]
    ranks: NDArray[Any]
    cells: int


def segment_of(value: Any, index: int, cells: int | None, t_stop: float | None) -> Any:
    """Make a segment of the spikes and signals in a value; spike trains are built when they are looked at.

    Raises
    ------
    TypeError
        There is nothing in the value that neo has an object for.
    """
    import neo

    found = [part for _, part in _found(value, "")]
    if len(found) == 1 and isinstance(found[0], neo.Segment):
        return found[0]
    segment = neo.Segment(name=f"network {index}", index=index)
    rasters = [f for f in found if isinstance(f, Raster)]
    if rasters:
        segment.spiketrains = _trains(rasters, cells, t_stop)
        segment.spiketrains.segment = segment
    for other in found:
        if not isinstance(other, Raster):
            _put(segment, other)
    if not found:
        raise TypeError(f"network {index} returned nothing that can be a neo.Segment; {HOW}")
    return segment


def rasters_of(value: Any) -> list[Raster]:
    """Find the spikes in a value, population by population: those that lie in one list are of one."""
    import neo

    rasters, loose = [], defaultdict(list)
    for name, part in _found(value, ""):
        if isinstance(part, Raster):
            rasters.append(part)
        elif isinstance(part, neo.Segment):
            rasters += _of_trains(name or part.name or "", list(part.spiketrains))
        elif isinstance(part, neo.SpikeTrain):
            above, _, last = name.rpartition(".")
            loose[above if last.isdecimal() else name].append(part)
    return rasters + [raster for name, trains in loose.items() for raster in _of_trains(name, trains)]


def _found(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Go through the spikes and the objects of neo in a value, each with the path to it."""
    raster = _raster(value, name)
    if raster is not None:
        yield name, raster
    elif type(value).__name__ in ("Segment", *LISTS) and type(value).__module__.startswith("neo."):
        yield name, value
    else:
        for key, part in _parts(value):
            yield from _found(part, f"{name}.{key}" if name else str(key))


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((f.name, getattr(value, f.name)) for f in fields(value))


def _raster(value: Any, name: str) -> Raster | None:
    """See times and ranks, or a dict of the times of each neuron, as spikes."""
    if isinstance(value, tuple) and len(value) == 2 and all(type(v) is np.ndarray for v in value):
        times, ranks = value
        if times.ndim == 1 and times.shape == ranks.shape and ranks.dtype.kind in "iu":
            return Raster(name, times, ranks, int(ranks.max(initial=-1)) + 1)
    if isinstance(value, Mapping) and value and all(_is_train(k, v) for k, v in value.items()):
        ranks = np.repeat(np.array(list(value)), [len(v) for v in value.values()])
        return Raster(name, np.concatenate(list(value.values())), ranks, max(value) + 1)
    return None


def _is_train(key: Any, value: Any) -> bool:
    return isinstance(key, (int, np.integer)) and type(value) is np.ndarray and value.ndim == 1


def _trains(rasters: list[Raster], cells: int | None, t_stop: float | None) -> Any:
    """Give the trains of all populations one after the other, each annotated with where it is from."""
    import quantities as pq
    from neo.core.spiketrainlist import SpikeTrainList

    sizes = [r.cells if cells is None else cells for r in rasters]
    short = [r for r, n in zip(rasters, sizes, strict=True) if r.cells > n]
    if short:
        raise ValueError(f"cells is {cells}; there are spikes of neuron {short[0].cells - 1}")
    starts = np.cumsum([0, *sizes])
    times = np.concatenate([r.times for r in rasters])
    channels = np.concatenate([r.ranks + start for r, start in zip(rasters, starts, strict=False)])
    about: dict[str, Any] = {"rank": [rank for n in sizes for rank in range(n)]}
    if any(r.name for r in rasters):
        about["population"] = [r.name for r, n in zip(rasters, sizes, strict=True) for _ in range(n)]
    stop = float(times.max(initial=0.0)) if t_stop is None else t_stop
    ids = np.arange(starts[-1])
    return SpikeTrainList.from_spike_time_array(
        times.astype(float), channels, ids, units="ms", t_start=0 * pq.ms, t_stop=stop * pq.ms, **about
    )


def _put(segment: Any, other: Any) -> None:
    """Put an object of neo into a segment; of another segment all that is in it."""
    own = LISTS.get(type(other).__name__)
    for name in [own] if own else LISTS.values():
        getattr(segment, name).extend([other] if own else list(getattr(other, name)))


def _of_trains(name: str, trains: list[Any]) -> list[Raster]:
    if not trains:
        return []
    times = np.concatenate([t.rescale("ms").magnitude for t in trains])
    ranks = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    return [Raster(name, times, ranks, len(trains))]
