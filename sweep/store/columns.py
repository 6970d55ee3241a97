"""Columns of a Zarr hierarchy that grow, and change their layout where new values do not fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray

from sweep.store.array import Array
from sweep.store.arrays import CHUNK_NAMES, Arrays
from sweep.store.blocks import in_order, mean_size, padded, shapes_of, strings, values_of
from sweep.store.chunks import fill
from sweep.store.layout import Layout, holds, joined, layout_of
from sweep.store.root import FILE
from workers.part import Column, text_column, to_npy

MANY = 1024
LONGEST_NAME = 200  # bytes; file systems take 255, and some letters go in front and behind
UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]')  # also what zarr would take for a path
AUXILIARY = (".row_size", ".shape", ".other")

Role = Literal["parameter", "result"]
Present = Callable[[str, int, int], NDArray[np.bool_]]


class Columns:
    """The columns of a store: how values of any shape and type lie in its arrays.

    Parameters
    ----------
    arrays : Arrays
    present : callable
        ``present(leaf, start, stop)`` tells which of these rows have a leaf.
    """

    def __init__(self, arrays: Arrays, present: Present) -> None:
        self.arrays = arrays
        self._present = present

    def append(
        self,
        role: Role,
        leaf: str,
        blocks: Sequence[Column],
        start: int,
        stop: int,
        units: str | None = None,
    ) -> None:
        """Write the leaves of one name into rows `start` to `stop`; `blocks` count their rows from start."""
        name = self.name_of(role, leaf)
        old = self.layout(name) if name else None
        layout, fitting, others = self._agree(name, old, blocks)
        if name is None:
            name = self._free(leaf, role)
            self._create_column(name, layout, {"role": role, "leaf": leaf}, start, 0, blocks)
        elif old is not None and layout != old:
            self._rewrite(name, old, layout, leaf)
        self._write(name, layout, fitting, stop - start)
        if others or f"{name}.other" in self.arrays:
            self._write_others(name, others, start, stop)
        self._set_units(name, units)

    def _set_units(self, name: str, units: str | None) -> None:
        attributes = self.arrays[name].attrs
        if units is None:
            attributes.pop("units", None)
        else:
            attributes["units"] = units

    def name_of(self, role: Role, leaf: str) -> str | None:
        """Find the array of a leaf."""
        for name, array in self.arrays.items():
            if array.attrs.get("role") == role and array.attrs.get("leaf") == leaf:
                return name
        return None

    def leaves(self, role: Role) -> list[str]:
        """Name the leaves that have a column."""
        return [str(a.attrs["leaf"]) for a in self.arrays.values() if a.attrs.get("role") == role]

    def layout(self, name: str) -> Layout:
        """Read off how a column lies."""
        return array_layout(self.arrays, name)

    def _free(self, leaf: str, role: Role) -> str:
        """Find a name for a column; file systems that ignore case must not confuse it with another.

        The arrays that columns may come to need beside them count, too.
        """
        plain, ends = folder_name(leaf), ("", *AUXILIARY)
        taken = {(n + end).casefold() for n in self.arrays for end in ends}
        taken |= {FILE, *(n.partition("/")[0] for n in self.arrays)}
        name = plain
        while taken & {(name + end).casefold() for end in ends}:
            name = f"{role}.{plain}" if name == plain else name + "_"
        return name

    def _agree(
        self, name: str | None, old: Layout | None, blocks: Sequence[Column]
    ) -> tuple[Layout, list[Column], list[Column]]:
        """Find a layout for what there is and what comes; name the blocks that must lie elsewhere."""
        layout = old
        fitting: list[Column] = []
        others: list[Column] = []
        for block in sorted(blocks, key=lambda b: b.values.size == 0):
            new = self._fit(name, layout, block, fitting)
            if new is None:
                others.append(block)
            else:
                layout = new
                fitting.append(block)
        if layout is None:
            raise ValueError("a column needs at least one block")
        return layout, fitting, others

    def _fit(
        self, name: str | None, layout: Layout | None, block: Column, fitting: Sequence[Column]
    ) -> Layout | None:
        new = layout_of(block)
        if layout is None:
            return new
        if block.values.size == 0 and not block.text and layout.dtype is not None:
            new = Layout(layout.dtype, new.shape, new.ndim)
        both = joined(layout, new)
        if both is None or not all(holds(both.dtype, b.values) for b in [*fitting, block]):
            return None
        if name is None or both == self.layout(name) or self._may_rewrite(name, both):
            return both
        return None

    def _may_rewrite(self, name: str, layout: Layout) -> bool:
        array = self.arrays[name]
        if self._generation(name) + 1 >= len(CHUNK_NAMES):
            return False
        if f"{name}.shape" in self.arrays and self.arrays[f"{name}.shape"].shape[1] < layout.ndim:
            return False
        return all(holds(layout.dtype, array[a:b]) for a, b in array.stretches())

    def _generation(self, name: str) -> int:
        return int(self.arrays[name].attrs.get("generation", 0))

    def _create_column(
        self,
        name: str,
        layout: Layout,
        attributes: dict[str, Any],
        rows: int,
        generation: int,
        blocks: Sequence[Column] = (),
    ) -> None:
        attributes |= {"generation": generation} if generation else {}
        if layout.shape is not None:
            dims = ("network", *(f"{name}.dim_{i}" for i in range(len(layout.shape))))
            size = max(64, mean_size(blocks)) if layout.dtype is None else 0
            self.arrays.create(name, layout.dtype, dims, (rows, *layout.shape), attributes, size, generation)
            return
        element, each = (f"{name}.element",), max(MANY, mean_size(blocks))  # the first networks may have few
        self.arrays.create(name, layout.dtype, element, (0,), attributes, generation=generation, each=each)
        if f"{name}.row_size" not in self.arrays:
            about = {"sample_dimension": f"{name}.element", "long_name": f"number of elements of {name}"}
            self.arrays.create(f"{name}.row_size", np.dtype(np.int64), ("network",), (rows,), about, empty=0)
        if layout.ndim > 1 and f"{name}.shape" not in self.arrays:
            axes = (rows, layout.ndim)
            self.arrays.create(
                f"{name}.shape", np.dtype(np.int64), ("network", f"{name}.axis"), axes, empty=0
            )

    def _rewrite(self, name: str, old: Layout, new: Layout, leaf: str) -> None:
        """Bring the rows that a column has into another layout, beside the chunks that readers may hold."""
        before = self.arrays[name]
        attributes = {"role": before.attrs["role"], "leaf": leaf}
        if old.shape is None and new.ndim > 1 and f"{name}.shape" not in self.arrays:
            axes = ("network", f"{name}.axis")
            self.arrays.create(f"{name}.shape", np.dtype(np.int64), axes, (0, new.ndim), empty=0)
            for a, b in self.arrays[f"{name}.row_size"].stretches():
                sizes = self.arrays[f"{name}.row_size"][a:b].reshape(-1, 1)
                self.arrays.extend(f"{name}.shape", padded(sizes, new.ndim))
        if old.shape is None and old.dtype == new.dtype:
            return
        self._create_column(name, new, attributes, 0, self._generation(name) + 1)
        for a, b in before.stretches():
            values = before[a:b]
            if old.shape is None:
                self.arrays.extend(name, values.astype(new.dtype))
                continue
            there = np.flatnonzero(
                self._present(leaf, a, b) if attributes["role"] == "result" else np.ones(b - a)
            )
            self._write(name, new, [Column(leaf, there, values[there])], b - a)

    def _write(self, name: str, layout: Layout, blocks: Sequence[Column], rows: int) -> None:
        if layout.dtype is None:
            self.arrays.extend(name, strings(blocks, rows))
        elif layout.shape is not None:
            self._write_dense(name, layout.shape, layout.dtype, blocks, rows)
        else:
            self._write_ragged(name, layout.dtype, blocks, rows)

    def _write_dense(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], blocks: Sequence[Column], rows: int
    ) -> None:
        values = np.full((rows, *shape), fill(dtype), dtype)
        for block in blocks:
            values[block.rows] = cast(block.values, dtype)
        if dtype.kind == "i" and sum(len(b.rows) for b in blocks) < rows:
            self.arrays[name].attrs["_FillValue"] = fill(dtype)
        self.arrays.extend(name, values)

    def _write_ragged(self, name: str, dtype: np.dtype[Any], blocks: Sequence[Column], rows: int) -> None:
        sizes = np.zeros(rows, np.int64)
        for block in blocks:
            sizes[block.rows] = shapes_of(block).prod(axis=1)
        if f"{name}.shape" in self.arrays:
            width = self.arrays[f"{name}.shape"].shape[1]
            shapes = np.zeros((rows, width), np.int64)
            for block in blocks:
                shapes[block.rows] = padded(shapes_of(block), width)
            self.arrays.extend(f"{name}.shape", shapes)
        values = in_order(blocks)
        self.arrays.extend(name, cast(values, dtype))
        self.arrays.extend(f"{name}.row_size", sizes)

    def _write_others(self, name: str, blocks: Sequence[Column], start: int, stop: int) -> None:
        """Write what a column cannot hold: each as the bytes of an .npy file, or JSON where a string."""
        other = f"{name}.other"
        if other not in self.arrays:
            layout = Layout(np.dtype(np.uint8), None, 1)
            self._create_column(other, layout, {"role": "other"}, start, 0)
        rows = [int(r) for b in blocks for r in b.rows]
        data = [
            json.dumps(bytes(v).decode()).encode() if b.text else to_npy(v)
            for b in blocks
            for v in values_of(b)
        ]
        self._write_ragged(
            other, np.dtype(np.uint8), [text_column(other, np.array(rows, np.int64), data)], stop - start
        )


def folder_name(leaf: str) -> str:
    """Turn the name of a leaf or a parameter, which may be any string, into one that a folder can have."""
    plain = UNFIT.sub("_", leaf).lstrip(".")
    return plain.encode()[:LONGEST_NAME].decode(errors="ignore") or "_"


def array_layout(arrays: Mapping[str, Array | zarr.Array[Any]], name: str) -> Layout:
    """Read off how a column lies."""
    array = arrays[name]
    dtype = None if array.dtype.kind in "TO" else np.dtype(array.dtype)
    if f"{name}.row_size" not in arrays:
        return Layout(dtype, array.shape[1:], array.ndim - 1)
    shapes = arrays.get(f"{name}.shape")
    return Layout(dtype, None, 1 if shapes is None else shapes.shape[1])


def cast(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Bring values into the type of their column; of no values, any type will do."""
    return values.astype(dtype, copy=False) if values.size else np.empty(values.shape, dtype)
