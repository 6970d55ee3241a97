"""The arrays of a store on disk: made, extended, and taken back to what was committed."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.core.buffer import Buffer
from zarr.storage import LocalStore

from workers.spool import sync_folder

CHUNK = 1 << 20
LONGEST_CHUNK = 1 << 18
# A reader holds on to the metadata it opened, so a column rewritten in another layout needs chunks under
# other names. Zarr has these; a column out of names keeps its layout, and what does not fit lies beside it.
CHUNK_NAMES: tuple[dict[str, Any], ...] = (
    {"name": "default", "separator": "/"},
    {"name": "default", "separator": "."},
    {"name": "v2", "separator": "."},
)
DRAFT = ".draft"
WORK_NAME = ".sweep"
PARTIAL = "*.partial"
"""What zarr calls a chunk that it has not finished."""


class _Written(LocalStore):
    """Remembers which chunks were written, so that they can be brought to the disk before a commit."""

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self.written: set[str] = set()

    async def set(self, key: str, value: Buffer) -> None:
        await super().set(key, value)
        if not key.endswith("zarr.json"):  # these are in the root's, too
            self.written.add(key)


class Arrays(Mapping[str, "zarr.Array[Any]"]):
    """The arrays of a store by name.

    Parameters
    ----------
    path : Path
        The hierarchy.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _Written(path)
        self._arrays: dict[str, zarr.Array[Any]] = {}

    def __getitem__(self, name: str) -> zarr.Array[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def open(self, metadata: Mapping[str, Any]) -> None:
        """Take up arrays as they were committed; undo what was written afterwards."""
        for directory in [*self._path.iterdir(), *self._path.glob("*/*/")]:
            name = str(directory.relative_to(self._path))
            if directory.name == DRAFT or ((directory / "zarr.json").exists() and name not in metadata):
                _remove(directory)
        for partial in self._path.rglob(PARTIAL):
            partial.unlink(missing_ok=True)
        for name, entry in metadata.items():
            replace_json(self._path / name / "zarr.json", entry)
        self._arrays = {n: self._opened(n) for n, entry in metadata.items() if entry["node_type"] == "array"}

    def create(
        self,
        name: str,
        dtype: np.dtype[Any] | None,
        dims: tuple[str, ...],
        shape: tuple[int, ...],
        attributes: Mapping[str, Any] | None = None,
        row_bytes: int = 64,
        generation: int = 0,
        empty: Any = None,
    ) -> None:
        """Make an array, of strings where there is no dtype; an earlier generation's chunks stay."""
        if dtype is not None:
            row_bytes = max(1, math.prod(shape[1:]) * dtype.itemsize)
        rows = max(1, min(LONGEST_CHUNK, CHUNK // row_bytes))
        draft = self._path / DRAFT / "array"
        zarr.create_array(  # as a hierarchy of its own: zarr would make the groups above, the root too
            draft,
            shape=(0, *shape[1:]),
            dtype="string" if dtype is None else dtype,
            chunks=(rows, *(max(1, n) for n in shape[1:])),
            compressors=_codecs(dtype),
            fill_value=fill(dtype) if empty is None else empty,
            dimension_names=dims,
            attributes=dict(attributes or {}),
            chunk_key_encoding=CHUNK_NAMES[generation],
            overwrite=True,
        )
        (self._path / name).mkdir(parents=True, exist_ok=True)
        (draft / "zarr.json").replace(self._path / name / "zarr.json")
        shutil.rmtree(self._path / DRAFT)
        self._arrays[name] = self._opened(name)
        self._extend_empty(name, shape[0])

    def extend(self, name: str, values: NDArray[Any]) -> None:
        """Put values behind those that an array has."""
        array = self._arrays[name]
        start, stop = array.shape[0], array.shape[0] + len(values)
        array.resize((stop, *array.shape[1:]))
        if len(values):
            array[start:stop] = values

    def mark(self, name: str, **attributes: Any) -> None:
        """Set attributes of an array."""
        self._arrays[name] = self._arrays[name].update_attributes(attributes)

    def metadata(self, groups: Iterable[str]) -> dict[str, Any]:
        """Read the metadata of all arrays, and of groups."""
        return {
            name: json.loads((self._path / name / "zarr.json").read_text())
            for name in sorted([*groups, *self._arrays])
        }

    def lengths(self) -> dict[str, int]:
        """Give the length of each dimension."""
        found: dict[str, int] = {}
        for array in self._arrays.values():
            found |= dict(zip(dims_of(array), array.shape, strict=True))
        return found

    def sync(self) -> None:
        """Have all that was written survive the loss of power."""
        written, self._files.written = self._files.written, set()
        files = [self._path / key for key in written]
        for file in files:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        for folder in {file.parent for file in files}:
            sync_folder(folder)

    def _opened(self, name: str) -> zarr.Array[Any]:
        # Empty chunks are written, too: one that is missing is then always a damage.
        with zarr.config.set({"array.write_empty_chunks": True}):
            return zarr.open_array(self._files, path=name, mode="r+")

    def _extend_empty(self, name: str, rows: int) -> None:
        array = self._arrays[name]
        for start in range(0, rows, array.chunks[0]):
            shape = (min(array.chunks[0], rows - start), *array.shape[1:])
            self.extend(name, np.full(shape, array.fill_value, array.dtype))


def _remove(directory: Path) -> None:
    """Remove an array or a group, but not the working files of the store that lie in the folder of one."""
    for inside in directory.iterdir():
        if inside.is_dir() and inside.name != WORK_NAME:
            shutil.rmtree(inside, ignore_errors=True)
        elif inside.is_file():
            inside.unlink(missing_ok=True)
    if not any(directory.iterdir()):
        directory.rmdir()


def dims_of(array: zarr.Array[Any]) -> tuple[str, ...]:
    """Name the dimensions of an array."""
    return tuple(map(str, array.metadata.dimension_names or ()))  # type: ignore[union-attr]


def stretches(array: zarr.Array[Any]) -> Iterator[tuple[int, int]]:
    """Go through an array by its chunks."""
    for start in range(0, array.shape[0], array.chunks[0]):
        yield start, min(start + array.chunks[0], array.shape[0])


def fill(dtype: np.dtype[Any] | None) -> Any:
    """What stands in a column where a row has no value."""
    if dtype is None:
        return ""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return info.min if dtype.kind == "i" else info.max
    return {"b": False, "f": math.nan, "c": complex(math.nan, math.nan)}[dtype.kind]


def replace_json(path: Path, content: Any, durable: bool = False) -> None:
    """Replace a file by another at one stroke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w") as file:
        json.dump(content, file)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        sync_folder(path.parent)


def _codecs(dtype: np.dtype[Any] | None) -> list[Any]:
    size = 1 if dtype is None else dtype.itemsize
    return [BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=size), Crc32cCodec()]
