"""The root of a store: one file that says what is stored, with its own checksum, and a copy of it.

What the root says is what is committed. The copy is written after it, so that it is of the same commit, or of
the one before; what a commit took from the spool is removed when both are there.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

import google_crc32c

from workers.folder import Folder

SCHEMA = "sweep-2"
FILE = "zarr.json"
WORK = "network/.sweep"
"""What a store needs besides its arrays, inside the folder of one: there zarr looks for chunks only."""
COPY = f"{WORK}/root.z"
HEAD = f'{{"zarr_format": 3, "node_type": "group", "attributes": {{"schema": "{SCHEMA}", "checksum": "'
DIGITS = 8
LOST = (
    "nothing says any more what is where. Restore one of the two from a backup; or run the sweep again at "
    "another path. The numbers can still be read array by array, by zarr.open_array"
)

Root = dict[str, Any]


class DamagedStore(ValueError):  # noqa: N818
    """Something of a store is missing, or is not as it was written."""


def write(folder: Folder, root: Root, durable: bool = False) -> None:
    """Commit a root: readers see it from now on."""
    folder.replace({FILE: _sealed(root)}, durable)


def write_copy(folder: Folder, root: Root, durable: bool = False) -> None:
    """Write the copy of a root that is committed."""
    folder.replace({COPY: zlib.compress(_sealed(root), 1)}, durable)


def exists(folder: Folder) -> bool:
    """Whether there is a store, be its root damaged or gone."""
    return folder.exists(FILE) or folder.exists(COPY)


def read(folder: Folder) -> Root:
    """Read what is committed. Raises as `read_bytes` does."""
    root: Root = json.loads(read_bytes(folder))
    return root


def read_bytes(folder: Folder) -> bytes:
    """Read the file of the root.

    Raises
    ------
    FileNotFoundError
        There is none, and no copy.
    DamagedStore
        It is not as it was written, or there is only its copy.
    ValueError
        It is none of this version.
    """
    try:
        data = folder.read(FILE)
    except FileNotFoundError:
        if folder.exists(COPY):
            raise DamagedStore(f"{folder.where(FILE)} is missing; {_remedy(folder)}") from None
        raise
    if not _intact(data):
        raise _refusal(folder, data)
    return data


def read_copy(folder: Folder) -> Root | None:
    """Read the copy; None where there is none that is as it was written."""
    try:
        data = zlib.decompress(folder.read(COPY))
    except (FileNotFoundError, zlib.error):
        return None
    return json.loads(data) if _intact(data) else None


def read_either(folder: Folder) -> Root:
    """Read what is committed, from the copy where the root is damaged or gone. Raises as `read` does."""
    try:
        return read(folder)
    except (FileNotFoundError, DamagedStore):
        copy = read_copy(folder)
        if copy is None:
            raise
        return copy


def mend(folder: Folder) -> None:
    """Put the copy in place of a root that is damaged or gone; only who may write the store does this."""
    try:
        read(folder)
    except (FileNotFoundError, DamagedStore):
        copy = read_copy(folder)
        if copy is not None:
            write(folder, copy, durable=True)


def _sealed(root: Root) -> bytes:
    about = {k: v for k, v in root["attributes"].items() if k not in ("schema", "checksum")}
    rest = {k: v for k, v in root.items() if k not in ("zarr_format", "node_type", "attributes")}
    text = f'", {json.dumps(about)[1:]}, {json.dumps(rest)[1:]}'.encode()
    return HEAD.encode() + _sum(text) + text


def _sum(data: bytes) -> bytes:
    total: int = google_crc32c.value(data)
    return f"{total:0{DIGITS}x}".encode()


def _intact(data: bytes) -> bool:
    end = len(HEAD) + DIGITS
    return data.startswith(HEAD.encode()) and data[len(HEAD) : end] == _sum(data[end:])


def _remedy(folder: Folder) -> str:
    if read_copy(folder) is None:
        return f"its copy, {COPY}, is missing or damaged too: {LOST}"
    return f"running the sweep again restores it from its copy, {COPY}"


def _refusal(folder: Folder, data: bytes) -> ValueError:
    """Say what is wrong with a root: damaged, or of another version, or of something else."""
    try:
        schema = json.loads(data).get("attributes", {}).get("schema")
    except (ValueError, AttributeError):
        schema = SCHEMA
    if schema == SCHEMA or read_copy(folder) is not None:
        return DamagedStore(
            f"{folder.where(FILE)} is damaged: it differs from its checksum; {_remedy(folder)}"
        )
    if schema is None:
        return ValueError(f"{str(folder)!r} is no store of a sweep; name another path, or remove it")
    return ValueError(
        f"{str(folder)!r} is the store of another version of this package: its schema is {schema!r}, not "
        f"{SCHEMA!r}. Run and open it with the version that made it (xarray and zarr read it as it is); or "
        "name another path"
    )
