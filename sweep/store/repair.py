"""Takes damaged rows out of a store, so that their networks are run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.store.arrays import Arrays
from sweep.store.damage import Damage

Rows = NDArray[np.int64]
SIZES = ".row_size"


def repair(arrays: Arrays, damages: Iterable[Damage], buried: dict[str, int]) -> None:
    """Bury the rows that damaged chunks hold, and put empty chunks in place of these.

    What is interrupted here is damage still, or no longer: never data.

    Parameters
    ----------
    arrays : Arrays
    damages : iterable of Damage
    buried : dict of str to int
        What is written to which arrays in rows that are buried, that which counts first.
    """
    chunks = [d for d in damages if d.array]
    if not chunks:
        return
    bad = {name: [d for d in chunks if d.array == name] for name in dict.fromkeys(d.array for d in chunks)}
    sizes = {name: _sizes(arrays, name, bad.get(name, [])) for name in arrays if name.endswith(SIZES)}
    rows = np.unique(np.concatenate([_rows(arrays, name, ds, sizes, bad) for name, ds in bad.items()]))
    first = next(iter(buried))
    for name in sorted(bad, key=lambda name: name != first):
        if name != first:
            bury(arrays, rows, {first: buried[first]})
        for damage in bad[name]:
            _replace(arrays, name, damage, sizes.get(name, buried.get(name, arrays[name].fill_value)))
    bury(arrays, rows, buried)


def bury(arrays: Arrays, rows: Rows, buried: dict[str, int]) -> None:
    """Write to some rows that they count no longer."""
    for name, value in buried.items():
        array = arrays[name]
        for start, stop in array.stretches():
            here = rows[(rows >= start) & (rows < stop)]
            if len(here):
                values = array[start:stop].copy()
                values[here - start] = value
                array[start:stop] = values


def _rows(
    arrays: Arrays, name: str, damages: Sequence[Damage], sizes: dict[str, Rows], bad: dict[str, Any]
) -> Rows:
    """Find the rows that damaged chunks of one array hold."""
    dim = arrays[name].dims[0]
    if name.endswith(SIZES):  # what lies between two is in unknown places
        return np.arange(damages[0].start, damages[-1].stop)
    if dim == "network":
        return _within(damages)
    if dim == "failure":
        return _failed(arrays, damages, bad)
    if dim.endswith(".element"):
        ends = np.cumsum(sizes[dim.removesuffix(".element") + SIZES])
        spans = [(np.searchsorted(ends, (d.start, d.stop - 1), side="right")) for d in damages]
        return np.concatenate([np.arange(first, last + 1) for first, last in spans])
    return np.empty(0, np.int64)  # a table of texts, which no row needs


def _within(damages: Sequence[Damage]) -> Rows:
    return np.concatenate([np.arange(d.start, d.stop) for d in damages])


def _failed(arrays: Arrays, damages: Sequence[Damage], bad: dict[str, Any]) -> Rows:
    """Find the networks whose failures were damaged; all that failed, where even these are not known."""
    if "structure" in bad:
        return np.arange(arrays["structure"].shape[0])
    if "network" in bad or "failures/network" in bad:
        return np.flatnonzero(arrays["structure"][:] < 0)
    networks = arrays["failures/network"][:][_within(damages)]
    return np.flatnonzero(np.isin(arrays["network"][:], networks))


def _sizes(arrays: Arrays, name: str, damages: Sequence[Damage]) -> Rows:
    """Read how many elements rows have; all that damaged ones had is given to the first of these."""
    array, starts = arrays[name], {d.start for d in damages}
    parts = [np.zeros(b - a, np.int64) if a in starts else array[a:b] for a, b in array.stretches()]
    sizes = np.concatenate(parts) if parts else np.empty(0, np.int64)
    if damages:
        sizes[damages[0].start] = arrays[name.removesuffix(SIZES)].shape[0] - sizes.sum()
    return sizes


def _replace(arrays: Arrays, name: str, damage: Damage, content: Any) -> None:
    array = arrays[name]
    shape = (damage.stop - damage.start, *array.shape[1:])
    values = (
        content[damage.start : damage.stop]
        if isinstance(content, np.ndarray) and content.ndim
        else np.full(shape, content, array.dtype)
    )
    array[damage.start : damage.stop] = values
