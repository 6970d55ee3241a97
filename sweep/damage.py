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

from sweep.arrays import WORK_NAME
from sweep.chunks import intact
from sweep.known import Known
from workers import spool

WORK = Path("network", WORK_NAME)
"""What a store needs besides its arrays, inside the folder of one: there zarr looks for chunks only."""
SPOOL = WORK / "spool"
BAD = "bad"


class DamagedStore(ValueError):  # noqa: N818
    """Something of a store is missing, or is not as it was written."""


@dataclass(frozen=True)
class Damage:
    """One file of a store that is damaged.

    Attributes
    ----------
    file : Path
    what : str
    array : str
        The array whose chunk it is; empty for other files.
    start, stop : int
        What the chunk holds, along the first dimension of its array.
    """

    file: Path
    what: str
    array: str = ""
    start: int = 0
    stop: int = 0

    def __str__(self) -> str:
        where = f" ({self.array}, {self.start} to {self.stop - 1})" if self.array else ""
        return f"{self.file}: {self.what}{where}"


def check(path: str | Path) -> list[Damage]:
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
    path = Path(path)
    return [*damaged_chunks(path, arrays_of(path)), *_damaged_files(path)]


def arrays_of(path: Path) -> dict[str, zarr.Array[Any]]:
    """Open the arrays of a store, as they are published."""
    if not (path / "zarr.json").exists():
        raise FileNotFoundError(f"{path} is no store: it has no zarr.json")
    try:
        group = zarr.open_group(path, mode="r", use_consolidated=True)
        members = dict(group.members(max_depth=None))
    except Exception as error:  # whatever zarr meets in JSON that is not what it was
        raise DamagedStore(f"{path / 'zarr.json'} is damaged: {type(error).__name__}: {error}") from error
    return {name: member for name, member in members.items() if isinstance(member, zarr.Array)}


def damaged_chunks(
    path: Path, arrays: Mapping[str, zarr.Array[Any]], contents: bool = True
) -> Iterator[Damage]:
    """Find chunks that are missing, or, if `contents` is true, changed."""
    for name, array in arrays.items():
        for file, start, stop in _chunks(path / name, array):
            what = _fault(file) if contents else None if file.exists() else "is missing"
            if what is not None:
                yield Damage(file, what, name, start, stop)


def refuse_missing_chunks(path: Path, arrays: Mapping[str, zarr.Array[Any]]) -> None:
    """Raise if a chunk is missing, which zarr would read as if it were empty.

    Raises
    ------
    DamagedStore
        Names the first.
    """
    for damage in damaged_chunks(path, arrays, contents=False):
        raise DamagedStore(
            f"{damage}; 'sweep check {path}' lists all damage, and running the sweep again repairs it"
        )


def _chunks(folder: Path, array: zarr.Array[Any]) -> Iterator[tuple[Path, int, int]]:
    counts = [math.ceil(n / c) for n, c in zip(array.shape, array.chunks, strict=True)]
    for place in itertools.product(*map(range, counts)):
        start = place[0] * array.chunks[0]
        key = array.metadata.encode_chunk_key(place)
        yield folder / key, start, min(start + array.chunks[0], array.shape[0])


def _fault(file: Path) -> str | None:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error}"
    return None if intact(data) else "differs from its checksum"


def _damaged_files(path: Path) -> Iterator[Damage]:
    root = json.loads((path / "zarr.json").read_text())
    for name, entry in root["consolidated_metadata"]["metadata"].items():
        file = path / name / "zarr.json"
        if _node_type(file) != entry["node_type"]:
            yield Damage(file, "is no longer what it was")
    if not (path / WORK).is_dir():  # a copy need not have it
        return
    try:
        Known.load(path / WORK)
    except ValueError as error:
        yield Damage(path / WORK / "plan.npz", str(error).partition(": ")[2])
    for file in sorted((path / SPOOL).glob(f"*{spool.END}")):
        try:
            spool.read(file)
        except spool.DamagedPart as error:
            if file.exists():  # else it has been folded meanwhile
                yield Damage(file, str(error).partition(": ")[2])


def _node_type(file: Path) -> Any:
    try:
        return json.loads(file.read_text())["node_type"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
