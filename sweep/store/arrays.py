"""The arrays of a store on disk: made, extended, and taken back to what was committed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.store.array import Array
from sweep.store.chunks import fill, metadata
from sweep.store.root import WORK, Root
from workers.folder import PARTIAL, Folder

CHUNK = 1 << 20
LEAST = 1 << 16  # a store of few networks may be extended, and what is behind its rows is compressed in vain
LONGEST_CHUNK = 1 << 18
LONGEST_OF_NETWORKS = 1 << 15  # each commit writes the last one of some twenty arrays anew
# A reader holds on to the metadata it opened, so a column rewritten in another layout needs chunks under
# other names. Zarr has these; a column out of names keeps its layout, and what does not fit lies beside it.
# The first need no folder of their own, which would take as long to make as the chunk that lies there.
CHUNK_NAMES: tuple[dict[str, Any], ...] = (
    {"name": "default", "configuration": {"separator": "."}},
    {"name": "v2", "configuration": {"separator": "."}},
    {"name": "default", "configuration": {"separator": "/"}},
)


class Arrays(Mapping[str, Array]):
    """The arrays of a store by name.

    Parameters
    ----------
    folder : Folder
        The hierarchy.
    networks : int, optional
        How many networks are planned.
    """

    def __init__(self, folder: Folder, networks: int = LONGEST_CHUNK) -> None:
        self._folder, self._networks = folder, networks
        self._arrays: dict[str, Array] = {}
        self._published: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def open(self, metadata: Mapping[str, Any]) -> None:
        """Take up arrays as they were committed; undo what was written afterwards."""
        self._folder.forget()
        self._folder.remove(*_uncommitted(self._folder, metadata))
        self._published = {}
        self.publish(metadata)
        self._arrays = arrays_in(self._folder, metadata)

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
        each: int = 1,
    ) -> None:
        """Make an array, of strings where there is no dtype; an earlier generation's chunks stay.

        A chunk has the rows of all networks, `each` for one, but no more than are read and written well.
        """
        if dtype is not None:
            row_bytes = max(1, math.prod(shape[1:]) * dtype.itemsize)
        longest = LONGEST_CHUNK if dims[0].endswith(".element") else LONGEST_OF_NETWORKS
        rows = max(self._networks * each, LEAST // row_bytes)
        chunks = (max(1, min(rows, longest, CHUNK // row_bytes)), *shape[1:])
        empty = fill(dtype) if empty is None else empty
        entry = metadata(dtype, chunks, dims, CHUNK_NAMES[generation], empty)
        array = self._arrays[name] = Array(self._folder, name, entry)
        array.attrs |= attributes or {}
        self.publish({name: array.entry})  # by this, `open` knows it for an array
        for start in range(0, shape[0], chunks[0]):
            stop = min(start + chunks[0], shape[0])
            self.extend(name, np.full((stop - start, *shape[1:]), array.fill_value, array.dtype))

    def extend(self, name: str, values: NDArray[Any]) -> None:
        """Put values behind those that an array has."""
        self._arrays[name].extend(values)

    def metadata(self) -> dict[str, Any]:
        """Give the metadata of all arrays as they are now."""
        return {name: array.entry for name, array in self._arrays.items()}

    def publish(self, metadata: Mapping[str, Any]) -> None:
        """Write metadata beside the arrays and groups, too, for readers that do not take the root's."""
        changed = {name: entry for name, entry in metadata.items() if self._published.get(name) != entry}
        files = {f"{name}/zarr.json": json.dumps(entry).encode() for name, entry in changed.items()}
        self._folder.replace(files)
        self._published |= changed

    def lengths(self) -> dict[str, int]:
        """Give the length of each dimension."""
        found: dict[str, int] = {}
        for array in self._arrays.values():
            found |= dict(zip(array.dims, array.shape, strict=True))
        return found


def arrays_in(folder: Folder, metadata: Mapping[str, Any]) -> dict[str, Array]:
    """Give the arrays that metadata describes, by name."""
    return {n: Array(folder, n, entry) for n, entry in metadata.items() if entry["node_type"] == "array"}


def nodes_of(root: Root) -> dict[str, Any]:
    """Give the metadata of all arrays and groups that a root holds, by name."""
    nodes: dict[str, Any] = root["consolidated_metadata"]["metadata"]
    return nodes


def _uncommitted(folder: Folder, metadata: Mapping[str, Any]) -> list[str]:
    """List the files that are left of what was begun and not committed, those last that show it to be so."""
    names = [name for name in folder.names() if not name.startswith(f"{WORK}/")]
    nodes = {name.removesuffix("/zarr.json") for name in names if name.endswith("/zarr.json")}
    starts = tuple(f"{node}/" for node in nodes - metadata.keys())
    left = [name for name in names if name.endswith(PARTIAL) or name.startswith(starts)]
    return sorted(left, key=lambda name: name.endswith("/zarr.json"))
