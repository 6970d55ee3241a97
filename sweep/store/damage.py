"""Finds what is damaged in a store: chunks that are missing or changed, and unreadable parts."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr

from sweep.store import known
from sweep.store.arrays import WORK
from sweep.store.chunks import intact
from workers import spool
from workers.folder import Folder, folder_at

SPOOL = "spool"
BAD = "bad"


class DamagedStore(ValueError):  # noqa: N818
    """Something of a store is missing, or is not as it was written."""


@dataclass(frozen=True)
class Damage:
    """One file of a store that is damaged.

    Attributes
    ----------
    file : str
        Its path or URL.
    what : str
    array : str
        The array whose chunk it is; empty for other files.
    start, stop : int
        What the chunk holds, along the first dimension of its array.
    """

    file: str
    what: str
    array: str = ""
    start: int = 0
    stop: int = 0

    def __str__(self) -> str:
        where = f" ({self.array}, {self.start} to {self.stop - 1})" if self.array else ""
        return f"{self.file}: {self.what}{where}"


def check(path: str | Path | Folder) -> list[Damage]:
    """Look for damage in a store: every byte that counts is read.

    Parameters
    ----------
    path : str or Path
        The store; it may be one that is being written.

    Returns
    -------
    list of Damage
        Running the call that made the store again repairs what is listed, by running the networks again
        whose results are hit.

    Raises
    ------
    DamagedStore
        If its root cannot be read: then nothing is known of the rest.
    """
    folder = folder_at(path)
    return [*damaged_chunks(folder, arrays_of(folder)), *_damaged_files(folder)]


def arrays_of(folder: Folder) -> dict[str, zarr.Array[Any]]:
    """Open the arrays of a store, as they are published."""
    if not folder.exists("zarr.json"):
        raise FileNotFoundError(f"{folder} is no store: it has no zarr.json")
    try:
        group = zarr.open_group(folder.path, mode="r", use_consolidated=True)
        members = dict(group.members(max_depth=None))
    except Exception as error:  # whatever zarr meets in JSON that is not what it was
        raise DamagedStore(
            f"{folder.where('zarr.json')} is damaged: {type(error).__name__}: {error}"
        ) from error
    return {name: member for name, member in members.items() if isinstance(member, zarr.Array)}


def damaged_chunks(
    folder: Folder, arrays: Mapping[str, zarr.Array[Any]], contents: bool = True
) -> Iterator[Damage]:
    """Find chunks that are missing, or, if `contents` is true, changed."""
    there = set(folder.names())  # once, which in a cloud takes as long as asking for one
    for name, array in arrays.items():
        for file, start, stop in _chunks(name, array):
            what = "is missing" if file not in there else _fault(folder, file) if contents else None
            if what is not None:
                yield Damage(folder.where(file), what, name, start, stop)


def refuse_missing_chunks(folder: Folder, arrays: Mapping[str, zarr.Array[Any]]) -> None:
    """Raise if a chunk is missing, which zarr would read as if it were empty.

    Raises
    ------
    DamagedStore
        Names the first.
    """
    for damage in damaged_chunks(folder, arrays, contents=False):
        raise DamagedStore(
            f"{damage}; 'sweep check {folder}' lists all damage, and running the sweep again repairs it"
        )


def _chunks(name: str, array: zarr.Array[Any]) -> Iterator[tuple[str, int, int]]:
    counts = [math.ceil(n / c) for n, c in zip(array.shape, array.chunks, strict=True)]
    for place in itertools.product(*map(range, counts)):
        start = place[0] * array.chunks[0]
        key = array.metadata.encode_chunk_key(place)
        yield f"{name}/{key}", start, min(start + array.chunks[0], array.shape[0])


def _fault(folder: Folder, file: str) -> str | None:
    try:
        data = folder.read(file)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error}"
    return None if intact(data) else "differs from its checksum"


def _damaged_files(folder: Folder) -> Iterator[Damage]:
    root = json.loads(folder.read("zarr.json"))
    for name, entry in root["consolidated_metadata"]["metadata"].items():
        file = f"{name}/zarr.json"
        if _node_type(folder, file) != entry["node_type"]:
            yield Damage(folder.where(file), "is no longer what it was")
    work = folder.below(WORK)
    if not any(work.names()):  # a copy need not have it
        return
    for name, what in known.damages(work):
        yield Damage(work.where(name), what)
    yield from _damaged_parts(work.below(SPOOL))


def _damaged_parts(folder: Folder) -> Iterator[Damage]:
    for name in sorted(name for name in folder.names() if name.endswith(spool.END)):
        try:
            spool.read(folder, name)
        except spool.DamagedPart as error:
            if folder.exists(name):  # else it has been folded meanwhile
                yield Damage(folder.where(name), str(error).partition(": ")[2])


def _node_type(folder: Folder, file: str) -> Any:
    try:
        return json.loads(folder.read(file))["node_type"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
