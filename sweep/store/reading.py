"""Reads rows of a store, as they were committed when it was opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from sweep.points import Values
from sweep.store.columns import Role, array_layout
from sweep.store.verified import Verified
from workers.folder import Folder, folder_at
from workers.outcome import Failure
from workers.part import failure_from_json, from_npy
from workers.values import decode, leaves_of


class Reader:
    """The committed rows of a store; what is appended later is not seen, and what is damaged an error.

    Parameters
    ----------
    store : str, Path or Folder
    """

    def __init__(self, store: str | Path | Folder) -> None:
        folder = folder_at(store)
        group = zarr.open_group(Verified.at(folder), mode="r", use_consolidated=True)
        self.attributes: dict[str, Any] = dict(group.attrs)
        self.structures: list[str] = list(self.attributes["structures"])
        # All members at once come from the metadata already read.
        self.arrays: dict[str, zarr.Array[Any]] = {
            name: member for name, member in group.members(max_depth=None) if isinstance(member, zarr.Array)
        }
        self.rows = self.arrays["network"].shape[0]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The rows in order of the networks' indices."""
        return np.argsort(self.index, kind="stable")

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """The networks' indices by row."""
        return np.asarray(self.arrays["network"][:])

    @cached_property
    def structure(self) -> NDArray[np.int32]:
        """By row, the place of the structure of its value; -1 where the network failed."""
        return np.asarray(self.arrays["structure"][:])

    @cached_property
    def row_bytes(self) -> int:
        """About how large a row is."""
        return sum(
            a.size * (a.dtype.itemsize if a.dtype.kind not in "TO" else 256) for a in self.arrays.values()
        ) // max(1, self.rows)

    @cached_property
    def failures(self) -> dict[int, Failure]:
        """The failures by their index in the store; they tell the number of the network itself."""
        texts = self.arrays["failures/record"][:]
        found = [failure_from_json(str(text)) for text in np.asarray(texts) if text]  # a damaged one is empty
        stride = max(1, len(self.attributes["simulators"]))
        return {f.index: replace(f, index=f.index // stride) for f in sorted(found, key=lambda f: f.index)}

    @cached_property
    def calls(self) -> list[dict[str, Any]]:
        """The calls that wrote the store, each with what it ran."""
        texts = {name: np.asarray(self.arrays[f"provenance/{name}"][:]) for name in ("calls", "descriptions")}
        calls, described = ([json.loads(str(text) or "{}") for text in column] for column in texts.values())
        return [
            {**(described[call["description"]] if "description" in call else {}), **call} for call in calls
        ]

    def names(self, role: Role) -> dict[str, str]:
        """Give the arrays of a role by their leaf."""
        return {str(a.attrs["leaf"]): n for n, a in self.arrays.items() if a.attrs.get("role") == role}

    def present(self, leaf: str) -> NDArray[np.bool_]:
        """Tell which rows have a leaf."""
        return np.isin(self.structure, [i for i, s in enumerate(self._leaves) if leaf in s])

    @cached_property
    def _leaves(self) -> list[set[str]]:
        return [leaves_of(s) for s in self.structures]

    @cached_property
    def _names(self) -> dict[str, str]:
        return self.names("result")

    @cached_property
    def _ends(self) -> dict[str, NDArray[np.int64]]:
        return {}

    def ends(self, name: str) -> NDArray[np.int64]:
        """Where each row of a ragged column ends among its elements."""
        if name not in self._ends:
            self._ends[name] = np.cumsum(np.asarray(self.arrays[f"{name}.row_size"][:]))
        return self._ends[name]

    def values(self, rows: NDArray[np.int64]) -> list[Any]:
        """Read what the methods of some rows returned; a Failure where one failed."""
        return [value() for value in self.later(rows)]

    def later(self, rows: NDArray[np.int64], copies: bool = True) -> list[Callable[[], Any]]:
        """Read what some rows hold; each value is put together anew when it is called for.

        Without copies, call for each only once, and hold on to none but the last.
        """
        structures = self.structure[rows]
        values: list[Callable[[], Any]] = [_none] * len(rows)
        for place in np.unique(structures).tolist():
            at = np.flatnonzero(structures == place)
            for i, value in zip(at.tolist(), self._values_of(place, rows[at], copies), strict=True):
                values[i] = value
        return values

    def _values_of(self, place: int, rows: NDArray[np.int64], copies: bool) -> list[Callable[[], Any]]:
        if place < 0:
            return [partial(self.failures.__getitem__, i) for i in self.index[rows].tolist()]
        structure = self.structures[place]
        leaves = {leaf: self.leaves(self._names[leaf], rows) for leaf in self._leaves[place]}
        make = _decoded_copy if copies else decode
        return [partial(make, structure, {k: v[i] for k, v in leaves.items()}) for i in range(len(rows))]

    def column(self, name: str, rows: NDArray[np.int64]) -> Values:
        """Read the values of one column in some rows: an array where it has nothing but plain numbers."""
        array = self.arrays[name]
        if array.ndim > 1 or array.dtype.kind not in "biuf" or f"{name}.other" in self.arrays:
            return self.leaves(name, rows)
        return self.leaves(name, rows) if f"{name}.row_size" in self.arrays else values_in(array, rows)

    def leaves(self, name: str, rows: NDArray[np.int64]) -> list[Any]:
        """Read the values of one column in some rows."""
        layout = array_layout(self.arrays, name)
        ragged = layout.shape is None
        values = self._ragged(name, rows) if ragged else list(values_in(self.arrays[name], rows))
        if f"{name}.other" in self.arrays:
            others = self._ragged(f"{name}.other", rows)
            values = [_from_bytes(o.tobytes()) if o.size else v for o, v in zip(others, values, strict=True)]
        return values

    def _ragged(self, name: str, rows: NDArray[np.int64]) -> list[NDArray[Any]]:
        ends, array = self.ends(name), self.arrays[name]
        starts = np.where(rows > 0, ends[rows - 1], 0)
        shapes = values_in(self.arrays[f"{name}.shape"], rows) if f"{name}.shape" in self.arrays else None
        values: list[NDArray[Any]] = []
        for first, last in _runs(rows):
            block = np.asarray(array[starts[first] : ends[rows[last]]])
            cuts = ends[rows[first:last]] - starts[first]
            values += np.split(block, cuts)
        if shapes is None:
            return values
        return [v.reshape(s) if v.size == s.prod() else v for v, s in zip(values, shapes, strict=True)]


def values_in(array: zarr.Array[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read some rows of an array; those that lie together as one stretch."""
    low, high = int(rows.min()), int(rows.max()) + 1
    if high - low <= 2 * len(rows):
        return np.asarray(array[low:high])[rows - low]
    order = np.argsort(rows, kind="stable")
    values = np.asarray(array.oindex[rows[order]])
    return values[np.argsort(order, kind="stable")]


def _decoded_copy(structure: str, leaves: dict[str, Any]) -> Any:
    """Put a value together from copies, which do not hold on to the rows that were read with it."""
    return decode(structure, {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in leaves.items()})


def _none() -> None:
    return None


def _runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Find the stretches of rows that follow on one another: first and last place of each."""
    breaks = np.flatnonzero(np.diff(rows) != 1)
    return list(zip([0, *(breaks + 1).tolist()], [*breaks.tolist(), len(rows) - 1], strict=True))


def _from_bytes(data: bytes) -> Any:
    """Read a value that its column could not hold."""
    return from_npy(data) if data.startswith(b"\x93NUMPY") else json.loads(data)
