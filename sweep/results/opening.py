"""Results from nothing but a store."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.results.results import Results
from sweep.several import NAME as SIMULATOR
from sweep.several import on_simulators
from sweep.store.axes import from_json, places_on
from sweep.store.damage import expect
from sweep.store.identity import points_of
from sweep.store.reading import Reader
from workers.folder import Folder, folder_at

UNKNOWN = -2


@dataclass(frozen=True)
class _Stored:
    folder: Folder


def open(path: str | Path) -> Results:  # noqa: A001
    """Open the results of a sweep, also while it runs.

    Parameters
    ----------
    path : str or Path
        What `parallel_run` was given as its store: a path, or a URL such as "s3://bucket/rates.zarr".

    Returns
    -------
    Results
        What is stored now; open it again to see what came since. It cannot replay: for that, call
        `parallel_run` again with the same store. What is stored is not run twice.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    ValueError
        What is there is no store of a sweep, or it is damaged. A damaged chunk is an error where it is read.
    """
    folder = folder_at(path)
    expect(folder)
    return Results(_Stored(folder), plan_of(Reader(folder)), _cannot_replay)


def plan_of(reader: Reader) -> Plan:
    """Find out from a store where its networks lie along the dimensions of their sweep."""
    about = reader.attributes
    index = reader.index[reader.index >= 0]
    number = max(about["networks"], int(index.max(initial=-1)) + 1)
    if about["grid"] is not None:
        return _gridded(reader, about)
    simulators, replicates = about["simulators"], about["replicates"]
    number = math.ceil(number / max(1, len(simulators)))
    indices = None if replicates == 1 or _in_turn(reader, about) else _by_point(reader, about, number)
    number = replicates * math.ceil(number / replicates) if indices is None else len(indices)
    plan = Plan(number, about["seed"], {}, {}, None, replicates, indices)
    return on_simulators(plan, simulators) if simulators else plan


def _gridded(reader: Reader, about: dict[str, Any]) -> Plan:
    """Lay networks out on a grid by the values of their parameters; those beside it are left out."""
    rows = np.flatnonzero(reader.index >= 0)
    names = reader.names("parameter")
    dims: dict[str, NDArray[Any]] = {}
    place = np.zeros(len(rows), np.int64)
    for name, written in about["grid"].items():
        stored = reader.column(names[name], rows) if len(rows) else []
        axis = from_json(written, stored)
        on = places_on(axis, stored)
        dims[name], place = axis, np.where((on < 0) | (place < 0), -1, place * len(axis) + on)
    replicate = np.asarray(reader.arrays["replicate"][:])[rows]
    on_it = (place >= 0) & (replicate < about["replicates"])
    place, index = (place * about["replicates"] + replicate)[on_it], reader.index[rows][on_it]
    number = math.prod(map(len, dims.values())) * about["replicates"]
    plan = Plan(
        number, about["seed"], {}, {}, dims, about["replicates"], simulators=tuple(about["simulators"])
    )
    if (place == index).all():
        return plan
    indices = np.full(number, UNKNOWN, np.int64)
    indices[place] = index
    return replace(plan, indices=indices)


def _in_turn(reader: Reader, about: dict[str, Any]) -> bool:
    """Whether the replicates of a point follow on one another, as in a sweep that was never extended."""
    there = reader.index >= 0
    index = reader.index[there] // max(1, len(about["simulators"]))
    replicate = np.asarray(reader.arrays["replicate"][:])[there]
    return bool((replicate == index % about["replicates"]).all() or (replicate == index).all())


def _by_point(reader: Reader, about: dict[str, Any], number: int) -> NDArray[np.int64]:
    """Give the indices of networks point by point, those of one point having the same parameters.

    That is for a sweep that was extended, whose replicates have come one after the other. Points are in the
    order of their first network; where there is none yet at the place of a replicate, its index is not known.
    """
    rows, each = np.flatnonzero(reader.index >= 0), about["replicates"]
    index = reader.index[rows] // max(1, len(about["simulators"]))
    rank = np.asarray(reader.arrays["replicate"][:])[rows]
    names = {leaf: n for leaf, n in reader.names("parameter").items() if leaf != SIMULATOR}
    values = {leaf: reader.column(name, rows) for leaf, name in names.items()}
    # Of more networks with the same parameters than a point has replicates, some are another point.
    points = points_of(Plan(len(rows), about["seed"], {**values, "": rank // each}, {}))
    kinds, point = np.unique(points, axis=0, return_inverse=True)
    earliest = np.full(len(kinds), index.max(), np.int64)
    point = point.ravel()
    np.minimum.at(earliest, point, index)
    order = np.argsort(np.argsort(earliest))
    indices = np.full(each * max(len(kinds), math.ceil(number / each)), UNKNOWN, np.int64)
    indices[order[point] * each + rank % each] = index
    return indices


def _cannot_replay(i: int) -> NoReturn:
    raise RuntimeError(
        f"network {i} cannot be replayed from the store alone, which holds no method to call; call "
        "parallel_run again with the same store and arguments: it runs nothing twice, and can replay"
    )
