"""Finds what is damaged in a store: chunks that are missing or changed, and unreadable parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.store import known, root
from sweep.store.array import Array, is_chunk
from sweep.store.arrays import arrays_in, nodes_of
from sweep.store.chunks import intact
from sweep.store.root import WORK, DamagedStore, Root
from workers import spool
from workers.folder import Folder, folder_at

SPOOL = "spool"
BAD = "bad"
AT_ONCE = 8
"""How many files are read at the same time: in a cloud, or over a network, each has to be waited for."""


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
        If neither its root nor the copy can be read: then nothing is known of the rest.
    FileNotFoundError
        If there is no store.
    """
    folder = folder_at(path)
    expect(folder)
    committed = root.read_either(folder)
    arrays = arrays_in(folder, nodes_of(committed))
    return [*_damaged_roots(folder), *_damaged_chunks(folder, arrays), *_damaged_files(folder, committed)]


def expect(folder: Folder) -> None:
    """Raise FileNotFoundError where there is no store, and as `refuse_lost` does."""
    if not root.exists(folder):
        refuse_lost(folder)
        raise FileNotFoundError(f"{str(folder)!r} holds no results of a sweep (yet)")


def refuse_lost(folder: Folder) -> None:
    """Raise DamagedStore where there are results, but neither a root nor a copy that says what they are."""
    if any(_holds_results(name) for name in folder.names()):
        raise DamagedStore(
            f"{str(folder)!r} holds results, but {root.FILE} and its copy, {root.COPY}, are gone: {root.LOST}"
        )


def _holds_results(name: str) -> bool:
    """Whether a file is one that is written only after the root; chunks of provenance are there before it."""
    if name.startswith(f"{WORK}/"):
        return name.startswith(f"{WORK}/{SPOOL}/") and name.endswith(spool.END)
    return is_chunk(name) and not name.startswith("provenance/")


def _damaged_chunks(folder: Folder, arrays: Mapping[str, Array]) -> Iterator[Damage]:
    there = set(folder.names())  # once, which in a cloud takes as long as asking for one
    chunks = [
        (array.file(place), name, start, stop)
        for name, array in arrays.items()
        for place, (start, stop) in enumerate(array.stretches())
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = pool.map(lambda chunk: _fault(folder, chunk[0], there), chunks)
        for (file, name, start, stop), what in zip(chunks, faults, strict=True):
            if what is not None:
                yield Damage(folder.where(file), what, name, start, stop)


def _fault(folder: Folder, file: str, there: Set[str]) -> str | None:
    if file not in there:
        return "is missing"
    try:
        data = folder.read(file)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error}"
    return None if intact(data) else "differs from its checksum"


def _damaged_roots(folder: Folder) -> Iterator[Damage]:
    try:
        root.read(folder)
    except DamagedStore:
        yield _damaged_root(folder, root.FILE)
    if any(folder.below(WORK).names()) and root.read_copy(folder) is None:  # a copy of the store need not
        yield _damaged_root(folder, root.COPY)


def _damaged_root(folder: Folder, name: str) -> Damage:
    return Damage(folder.where(name), "differs from its checksum" if folder.exists(name) else "is missing")


def _damaged_files(folder: Folder, committed: Root) -> Iterator[Damage]:
    yield from _damaged_nodes(folder, committed)
    work = folder.below(WORK)
    if not any(work.names()):  # a copy need not have it
        return
    for name, what in known.damages(work):
        yield Damage(work.where(name), what)
    yield from _damaged_parts(work.below(SPOOL))


def _damaged_nodes(folder: Folder, committed: Root) -> Iterator[Damage]:
    """Find metadata beside arrays and groups that is none of the last commits'.

    Where one was interrupted, some is of the one before, which the copy of the root has still.
    """
    for name, node in nodes_of(committed).items():
        file = f"{name}/zarr.json"
        found = _parsed(folder, file)
        if found != node and all(found != nodes_of(other).get(name) for other in _roots(folder)):
            yield Damage(folder.where(file), "is not what it was")


def _roots(folder: Folder) -> Iterator[Root]:
    """Read the roots that there are now; the store may be written meanwhile."""
    copy = root.read_copy(folder)
    if copy is not None:
        yield copy
    with suppress(FileNotFoundError, DamagedStore):
        yield root.read(folder)


def _damaged_parts(folder: Folder) -> Iterator[Damage]:
    for name in sorted(name for name in folder.names() if name.endswith(spool.END)):
        try:
            spool.read(folder, name)
        except spool.DamagedPart as error:
            if folder.exists(name):  # else it has been folded meanwhile
                yield Damage(folder.where(name), str(error).partition(": ")[2])


def _parsed(folder: Folder, file: str) -> Any:
    try:
        return json.loads(folder.read(file))
    except (OSError, ValueError):
        return None
