"""Columns of a store as dask arrays over the dimensions of a sweep: read in chunks, when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import zarr
from numpy.typing import NDArray

from sweep.store.arrays import CHUNK

Rows = NDArray[np.int64]


class Laid:
    """Rows laid out along the dimensions of a sweep.

    Parameters
    ----------
    read : callable
        ``read(rows)`` gives the values of some rows, shape (rows, *more); a row of -1 has none.
    row : array of int, of any shape
        The row at each place, the last varying fastest.
    dtype : numpy.dtype
        The type of the values.
    more : tuple of int
        The dimensions of a value.
    chunk : int
        How many rows to read at once, about.
    """

    def __init__(
        self,
        read: Callable[[Rows], NDArray[Any]],
        row: Rows,
        dtype: np.dtype[Any],
        more: tuple[int, ...] = (),
        chunk: int = 4096,
    ) -> None:
        self._read, self._row, self._more, self._chunk = read, row, more, chunk
        self.dtype, self.shape, self.ndim = dtype, (*row.shape, *more), row.ndim + len(more)

    def __getitem__(self, key: tuple[slice, ...]) -> NDArray[Any]:
        rows = self._row[key[: self._row.ndim]]
        values = self._read(rows.ravel()).reshape(*rows.shape, *self._more)
        return values[(slice(None),) * rows.ndim + key[self._row.ndim :]]

    def now(self) -> NDArray[Any]:
        """Read all."""
        return self[(slice(None),) * self.ndim]

    def later(self) -> da.Array | NDArray[Any]:
        """Give an array that reads each chunk when it is computed; all at once where there is only one."""
        if math.prod(self.shape) * self.dtype.itemsize <= CHUNK:
            return self.now()
        meta = np.empty((0,) * self.ndim, self.dtype)
        return da.from_array(self, self.chunks(), name=False, asarray=False, meta=meta)

    def chunks(self) -> tuple[int, ...]:
        """Cut the dimensions of the sweep from the first on, until a piece has few enough rows."""
        cut = list(self._row.shape)
        for i, size in enumerate(cut):
            inner = math.prod(cut[i + 1 :])
            cut[i] = max(1, min(size, self._chunk // max(1, inner)))
            if inner <= self._chunk:
                break
        return (*cut, *self._more)


def flat(array: zarr.Array[Any]) -> da.Array | NDArray[Any]:
    """Give a whole array of the store, in its chunks; at once where there is only one."""
    if array.size <= array.chunks[0]:
        return np.asarray(array[:])
    return da.from_array(array, array.chunks, name=False)
