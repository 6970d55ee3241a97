"""Columns of a Zarr hierarchy that grow, and change their layout where new values do not fit."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, Crc32cCodec

from sweep.blocks import in_order, mean_size, padded, shapes_of, strings, values_of
from sweep.layout import Layout, holds, joined, layout_of
from workers.part import Column, text_column, to_npy

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
AUXILIARY = (".row_size", ".shape", ".other")

Role = Literal["parameter", "result"]
Present = Callable[[str, int, int], NDArray[np.bool_]]


class Columns:
    """The arrays of a store; the only code that writes them.

    Parameters
    ----------
    path : Path
        The hierarchy.
    present : callable
        ``present(leaf, start, stop)`` tells which of these rows have a leaf.
    """

    def __init__(self, path: Path, present: Present) -> None:
        self._path = path
        self._present = present
        self._group = zarr.open_group(path, mode="r+", use_consolidated=False)
        self.arrays: dict[str, zarr.Array[Any]] = {}

    def open(self, metadata: Mapping[str, Any]) -> None:
        """Take up arrays as they were committed; undo what was written afterwards."""
        for directory in [*self._path.iterdir(), *self._path.glob("*/*/")]:
            left = (directory / "zarr.json").exists() and str(
                directory.relative_to(self._path)
            ) not in metadata
            if left or directory.name == DRAFT:
                shutil.rmtree(directory, ignore_errors=True)
        for name, entry in metadata.items():
            replace_json(self._path / name / "zarr.json", entry)
        self.arrays = {
            name: zarr.open_array(self._path / name, mode="r+")
            for name, entry in metadata.items()
            if entry["node_type"] == "array"
        }

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
        draft = f"{DRAFT}/array"
        self._group.create_array(
            draft,
            shape=shape,
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
        (self._path / draft / "zarr.json").replace(self._path / name / "zarr.json")
        shutil.rmtree(self._path / DRAFT)
        self.arrays[name] = zarr.open_array(self._path / name, mode="r+")

    def extend(self, name: str, values: NDArray[Any]) -> None:
        """Put values behind those that an array has."""
        array = self.arrays[name]
        start, stop = array.shape[0], array.shape[0] + len(values)
        array.resize((stop, *array.shape[1:]))
        if len(values):
            array[start:stop] = values

    def append(self, role: Role, leaf: str, blocks: Sequence[Column], start: int, stop: int) -> None:
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
        """Find a name for a column; file systems that ignore case must not confuse it with another."""
        name = leaf
        taken = {n.casefold() for n in self.arrays} | {n.partition("/")[0] for n in self.arrays}
        while taken & {(name + end).casefold() for end in ("", *AUXILIARY)}:
            name = f"{role}.{leaf}" if name == leaf else name + "_"
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
        return all(holds(layout.dtype, np.asarray(array[a:b])) for a, b in stretches(array))

    def _generation(self, name: str) -> int:
        return int(self.arrays[name].attrs.get("generation", 0))  # type: ignore[arg-type]

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
            size = mean_size(blocks) if layout.dtype is None else 0
            self.create(name, layout.dtype, dims, (rows, *layout.shape), attributes, size, generation)
            return
        self.create(name, layout.dtype, (f"{name}.element",), (0,), attributes, generation=generation)
        if f"{name}.row_size" not in self.arrays:
            about = {"sample_dimension": f"{name}.element", "long_name": f"number of elements of {name}"}
            self.create(f"{name}.row_size", np.dtype(np.int64), ("network",), (rows,), about, empty=0)
        if layout.ndim > 1 and f"{name}.shape" not in self.arrays:
            axes = (rows, layout.ndim)
            self.create(f"{name}.shape", np.dtype(np.int64), ("network", f"{name}.axis"), axes, empty=0)

    def _rewrite(self, name: str, old: Layout, new: Layout, leaf: str) -> None:
        """Bring the rows that a column has into another layout, beside the chunks that readers may hold."""
        before = self.arrays[name]
        attributes = {"role": before.attrs["role"], "leaf": leaf}
        if old.shape is None and new.ndim > 1 and f"{name}.shape" not in self.arrays:
            axes = ("network", f"{name}.axis")
            self.create(f"{name}.shape", np.dtype(np.int64), axes, (0, new.ndim), empty=0)
            for a, b in stretches(self.arrays[f"{name}.row_size"]):
                sizes = np.asarray(self.arrays[f"{name}.row_size"][a:b]).reshape(-1, 1)
                self.extend(f"{name}.shape", padded(sizes, new.ndim))
        if old.shape is None and old.dtype == new.dtype:
            return
        self._create_column(name, new, attributes, 0, self._generation(name) + 1)
        for a, b in stretches(before):
            values = np.asarray(before[a:b])
            if old.shape is None:
                self.extend(name, values.astype(new.dtype))
                continue
            there = np.flatnonzero(
                self._present(leaf, a, b) if attributes["role"] == "result" else np.ones(b - a)
            )
            self._write(name, new, [Column(leaf, there, values[there])], b - a)

    def _write(self, name: str, layout: Layout, blocks: Sequence[Column], rows: int) -> None:
        if layout.dtype is None:
            self.extend(name, strings(blocks, rows))
        elif layout.shape is not None:
            self._write_dense(name, layout.shape, layout.dtype, blocks, rows)
        else:
            self._write_ragged(name, layout.dtype, blocks, rows)

    def _write_dense(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], blocks: Sequence[Column], rows: int
    ) -> None:
        values = np.full((rows, *shape), fill(dtype), dtype)
        for block in blocks:
            values[block.rows] = block.values
        if dtype.kind == "i" and sum(len(b.rows) for b in blocks) < rows:
            self.arrays[name] = self.arrays[name].update_attributes({"_FillValue": fill(dtype)})
        self.extend(name, values)

    def _write_ragged(self, name: str, dtype: np.dtype[Any], blocks: Sequence[Column], rows: int) -> None:
        sizes = np.zeros(rows, np.int64)
        for block in blocks:
            sizes[block.rows] = shapes_of(block).prod(axis=1)
        if f"{name}.shape" in self.arrays:
            width = self.arrays[f"{name}.shape"].shape[1]
            shapes = np.zeros((rows, width), np.int64)
            for block in blocks:
                shapes[block.rows] = padded(shapes_of(block), width)
            self.extend(f"{name}.shape", shapes)
        values = in_order(blocks)
        self.extend(name, values.astype(dtype, copy=False))
        self.extend(f"{name}.row_size", sizes)

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


def array_layout(arrays: Mapping[str, zarr.Array[Any]], name: str) -> Layout:
    """Read off how a column lies."""
    array = arrays[name]
    dtype = None if array.dtype.kind in "TO" else np.dtype(array.dtype)
    if f"{name}.row_size" not in arrays:
        return Layout(dtype, array.shape[1:], array.ndim - 1)
    shapes = arrays.get(f"{name}.shape")
    return Layout(dtype, None, 1 if shapes is None else shapes.shape[1])


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


def replace_json(path: Path, content: Any) -> None:
    """Replace a file by another at one stroke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps(content))
    draft.replace(path)


def _codecs(dtype: np.dtype[Any] | None) -> list[Any]:
    size = 1 if dtype is None else dtype.itemsize
    return [BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=size), Crc32cCodec()]
