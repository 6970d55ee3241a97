"""The spool: a folder in which workers leave the parts of a store, each whole from when it has its name.

Only numpy and the standard library are used here, and nothing is pickled.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from workers.folder import Folder, folder_at
from workers.part import TIMINGS, Column, Part

END = ".npz"


@dataclass(frozen=True)
class Spool:
    """Where parts may be left, and how a worker knows that it sees the folder that the client sees.

    Attributes
    ----------
    folder : str
        A path or a URL.
    token : str
        A file that the client has put there, of a name that no other folder has.
    least : int
        How many bytes a part has at least to be left there; a smaller one is given back.
    """

    folder: str
    token: str
    least: int = 0

    def here(self) -> bool:
        """Whether this process sees the client's folder."""
        try:
            return folder_at(self.folder).exists(self.token)
        except Exception:  # of a cloud that it cannot reach, or has no right or nothing installed to reach
            return False


@dataclass(frozen=True, eq=False)
class Receipt:
    """What a worker gives back in place of a part that it has left in the spool.

    Attributes
    ----------
    name : str
        The file.
    index, status : array of int, shape (rows,)
        Those of the part.
    nbytes : int
        The size of its values.
    """

    name: str
    index: NDArray[np.int64]
    status: NDArray[np.uint8]
    nbytes: int


class Done(NamedTuple):
    """What a worker gives back for a task: the outcomes, or where they are; and how many seconds it took."""

    part: Part | Receipt
    seconds: float


class DamagedPart(ValueError):  # noqa: N818
    """A file of the spool that cannot be read."""


def delivered(part: Part, spool: Spool | None) -> Part | Receipt:
    """Leave a part in the spool; give it back if it is small, or there is none that this process sees."""
    if spool is None or part.nbytes < spool.least or not spool.here():
        return part
    return Receipt(write(folder_at(spool.folder), part), part.index, part.status, part.nbytes)


def write(folder: Folder, part: Part) -> str:
    """Write a part to a folder and return its name; it is there in whole, or not at all."""
    name = f"{int(part.index[0]) if len(part.index) else 0}-{uuid4().hex}{END}"
    with folder.whole(name) as file:
        np.savez(file, allow_pickle=False, **arrays_of(part))
    return name


def read(folder: Folder, name: str) -> Part:
    """Read a part.

    Raises
    ------
    DamagedPart
        If it is not as it was written.
    """
    try:
        with folder.open(name) as opened, np.load(opened, allow_pickle=False) as file:
            return part_of({array: file[array] for array in file.files})
    except Exception as error:  # numpy and zipfile raise nearly anything where a header is damaged
        raise DamagedPart(f"{folder.where(name)}: {type(error).__name__}: {error}") from error


def arrays_of(part: Part) -> dict[str, NDArray[Any]]:
    """Lay a part out as arrays by name."""
    about = {
        "structures": part.structures,
        "failures": part.failures,
        "resource": part.resource,
        "columns": [[c.name, c.text, c.shapes is not None] for c in part.columns],
    }
    arrays: dict[str, NDArray[Any]] = {
        "index": part.index,
        "status": part.status,
        "structure": part.structure,
        "attempt": part.attempt,
        "timings": np.stack([part.timings[name] for name in TIMINGS]),
    }
    for i, column in enumerate(part.columns):
        arrays |= {f"rows.{i}": column.rows, f"values.{i}": column.values}
        if column.shapes is not None:
            arrays[f"shapes.{i}"] = column.shapes
    text = json.dumps(about).encode()
    return {"sum": np.array(_sum(arrays, text), np.uint32), "about": np.frombuffer(text, np.uint8), **arrays}


def part_of(arrays: dict[str, NDArray[Any]]) -> Part:
    """Put together what `arrays_of` laid out."""
    given = dict(arrays)
    total, text = int(given.pop("sum")), given.pop("about").tobytes()
    if _sum(given, text) != total:
        raise ValueError("the checksum differs")
    about = json.loads(text)
    columns = [
        Column(
            name, given[f"rows.{i}"], given[f"values.{i}"], given[f"shapes.{i}"] if flat else None, is_text
        )
        for i, (name, is_text, flat) in enumerate(about["columns"])
    ]
    return Part(
        given["index"],
        given["status"],
        given["structure"],
        about["structures"],
        dict(zip(TIMINGS, given["timings"], strict=True)),
        columns,
        about["failures"],
        given["attempt"],
        about["resource"],
    )


def _sum(arrays: dict[str, NDArray[Any]], text: bytes) -> int:
    """Add up names, types, shapes and values."""
    total = zlib.crc32(text)
    for name, array in sorted(arrays.items()):
        total = zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode(), total)
        total = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, total)
    return total
