"""An array of a store, as its one writer sees it: rows in chunks, that more are put behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.store.chunks import DamagedChunk, decode, dtype_of, encode, fill_of
from workers.folder import Folder


class Array:
    """An array that is chunked along its first dimension only.

    What is written is seen by readers when the metadata is published that `entry` gives.

    Parameters
    ----------
    folder : Folder
        That of the store.
    name : str
        Where it lies in there.
    entry : dict
        Its metadata, as in zarr.json.
    """

    def __init__(self, folder: Folder, name: str, entry: dict[str, Any]) -> None:
        self._folder, self._name, self._entry = folder, name, entry
        self.dtype = dtype_of(entry)
        self.shape: tuple[int, ...] = tuple(entry["shape"])
        self.chunks: tuple[int, ...] = tuple(entry["chunk_grid"]["configuration"]["chunk_shape"])
        self.dims: tuple[str, ...] = tuple(entry["dimension_names"])
        self.attrs: dict[str, Any] = dict(entry["attributes"])
        self.fill_value = fill_of(entry)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def entry(self) -> dict[str, Any]:
        """The metadata as it is now."""
        return self._entry | {"shape": [*self.shape], "attributes": dict(self.attrs)}

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Go through the array by its chunks."""
        for start in range(0, self.shape[0], self.chunks[0]):
            yield start, min(start + self.chunks[0], self.shape[0])

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        start, stop, _ = rows.indices(self.shape[0])
        pieces = [self._read(place)[low:high] for place, low, high in self._spans(start, stop)]
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate(pieces) if pieces else np.empty((0, *self.shape[1:]), self.dtype)

    def __setitem__(self, rows: slice, values: NDArray[Any]) -> None:
        start, stop, _ = rows.indices(self.shape[0])
        for place, low, high in self._spans(start, stop):
            here = values[place * self.chunks[0] + low - start :][: high - low]
            self._write(place, low, here)

    def extend(self, values: NDArray[Any]) -> None:
        """Put values behind those that there are."""
        start = self.shape[0]
        self.shape = (start + len(values), *self.shape[1:])
        self[start:] = values

    def _spans(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Give the chunks that have some rows, and from where to where within each."""
        size = self.chunks[0]
        for place in range(start // size, -(-stop // size) if stop > start else 0):
            yield place, max(start - place * size, 0), min(stop - place * size, size)

    def _write(self, place: int, low: int, values: NDArray[Any]) -> None:
        """Write rows of a chunk from `low` on; those behind them stay, and those that are none are empty."""
        size, end = self.chunks[0], min(self.chunks[0], self.shape[0] - place * self.chunks[0])
        high = low + len(values)
        if len(values) < size:
            whole = np.full(self.chunks, self.fill_value, self.dtype)
            if low > 0 or high < end:  # else nothing of what is there is kept, and it need not be readable
                before = self._read(place)
                whole[:low], whole[high:end] = before[:low], before[high:end]
            whole[low:high] = values
            values = whole
        self._folder.write(self.file(place), encode(values.astype(self.dtype, copy=False)))

    def _read(self, place: int) -> NDArray[Any]:
        file = self.file(place)
        try:
            return decode(self._folder.read(file), self.dtype, self.chunks)
        except FileNotFoundError:
            raise DamagedChunk(f"{self._folder.where(file)}: is missing") from None
        except DamagedChunk as error:
            raise DamagedChunk(f"{self._folder.where(file)}: {error}") from None

    def file(self, place: int) -> str:
        """Name the file of a chunk."""
        key = [str(place), *["0"] * (len(self.chunks) - 1)]
        encoding = self._entry["chunk_key_encoding"]
        if encoding["name"] == "default":
            key.insert(0, "c")
        separator: str = encoding["configuration"]["separator"]
        return f"{self._name}/{separator.join(key)}"


def is_chunk(name: str) -> bool:
    """Whether a file holds a chunk, by the names that these have: "c.0.0", "0.0" or, in folders, "0"."""
    return name.rpartition("/")[2].removeprefix("c.").replace(".", "").isdecimal()
