"""The results as one labelled xarray Dataset, sorted by the index of the network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.results.lazy import Laid, flat
from sweep.store.axes import labels
from sweep.store.columns import array_layout
from sweep.store.layout import holds
from sweep.store.reading import Reader, values_in
from workers.part import STATUS, TIMINGS

NOT_RUN = 255
OWN = ("network", "status", "replicate", "point")

Variable = tuple[tuple[str, ...], Any, dict[str, Any]]


def dataset_of(reader: Reader, plan: Plan) -> xr.Dataset:
    """Build the Dataset of a sweep; what was returned is read when it is computed, where
    it is larger than a chunk: then it is a dask array, and `load` reads it all.

    A grid has its axes as dimensions; several replicates are a dimension of their own. What differs in
    shape between networks is flat along NAME.element: that of a network begins at NAME.row_start and has
    NAME.row_size elements.
    """
    frame = _Frame(reader, plan)
    data: dict[Hashable, Any] = {"status": frame.status()}
    for leaf, name in reader.names("result").items():
        data.update(frame.result(leaf, name))
    coords: dict[Hashable, Any] = {"network": frame.indices()}
    coords.update(frame.axes())
    for leaf, name in reader.names("parameter").items():
        if leaf not in {*(plan.dims or {}), *(["simulator"] if plan.simulators else [])}:
            coords.update(frame.parameter(name))
    return xr.Dataset(data, coords, _attributes(reader, plan, {*data, *coords}))


def places_of(reader: Reader, plan: Plan) -> xr.DataArray:
    """Lay the places of a sweep's networks out as its Dataset lays out the networks."""
    frame = _Frame(reader, plan)
    places = np.arange(plan.number).reshape(frame.shape)
    return xr.DataArray(places, {"network": frame.indices(), **frame.axes()}, frame.dims, name="place")


def timings_of(reader: Reader, plan: Plan) -> xr.Dataset:
    """Build the Dataset of what each network took, in seconds."""
    rows = plan.rows(reader.index)
    rows = rows[rows >= 0]
    group = {n: np.asarray(reader.arrays[f"timings/{n}"][:])[rows] for n in TIMINGS}
    variables = {name: (("network",), values, {"units": "s"}) for name, values in group.items()}
    coords: dict[Hashable, Any] = {"network": reader.index[rows] // plan.stride}
    if plan.simulators:
        coords["simulator"] = ("network", np.array(plan.simulators)[reader.index[rows] % plan.stride])
    return xr.Dataset(variables, coords)


class _Frame:
    """Lays rows out along the dimensions of a sweep."""

    def __init__(self, reader: Reader, plan: Plan) -> None:
        self._reader, self._plan = reader, plan
        self.dims, self.shape = _dimensions(plan)
        self._row = plan.rows(reader.index)

    def indices(self) -> Variable:
        """Give the numbers of the networks: those on which their draws depend, on all simulators alike."""
        numbers = np.arange(self._plan.number) if self._plan.indices is None else self._plan.indices
        if not self._plan.simulators:
            return self.dims, numbers.reshape(self.shape), {}
        known = np.where(numbers < 0, numbers, numbers // self._plan.stride)
        return self.dims[1:], known.reshape(self.shape).max(axis=0), {}

    def status(self) -> Variable:
        stored = np.asarray(self._reader.arrays["status"][:])
        status = np.where(self._row < 0, NOT_RUN, _rows(stored, self._row)).astype(np.uint8)
        meanings = {
            "flag_values": [*range(len(STATUS)), NOT_RUN],
            "flag_meanings": " ".join([*STATUS, "not_run"]),
        }
        return self.dims, status.reshape(self.shape), meanings

    def axes(self) -> dict[str, Variable]:
        """Label the dimensions."""
        dims = self._plan.dims or ({"simulator": self._plan.simulators} if self._plan.simulators else {})
        axes: dict[str, Variable] = {
            d: ((d,), labels(v), {}) for d, v in zip(self.dims, dims.values(), strict=False)
        }
        for name in {"replicate", "point"} & set(self.dims) - set(axes):
            axes[name] = ((name,), np.arange(self.shape[self.dims.index(name)]), {})
        return axes

    def result(self, leaf: str, name: str) -> dict[str, Variable]:
        """Give the variables of what was returned, to be read later."""
        there = (self._row >= 0) & _rows(self._reader.present(leaf), self._row)
        about = {k: v for k, v in self._reader.arrays[name].attrs.items() if k == "units"}
        if self._is_ragged(name):
            return self._ragged(name, there, about)
        laid = self._laid(name, there)
        return {name: (self._dims(name, laid), laid.later(), about)}

    def parameter(self, name: str) -> dict[str, Variable]:
        """Give the variables of a parameter; without a dimension along which it is always the same."""
        there = self._row >= 0
        if self._is_ragged(name):
            return self._ragged(name, there, {})
        laid = self._laid(name, there)
        dims, values = self._dims(name, laid), laid.now()
        for dim in {"simulator", "replicate"} & set(dims):
            place = dims.index(dim)
            if (values == values.take([0], place)).all():
                dims, values = (*dims[:place], *dims[place + 1 :]), values.take(0, place)
        return {name: (dims, values, {})}

    def _is_ragged(self, name: str) -> bool:
        arrays = self._reader.arrays
        return f"{name}.other" not in arrays and array_layout(arrays, name).shape is None

    def _dims(self, name: str, laid: Laid) -> tuple[str, ...]:
        return (*self.dims, *(f"{name}.dim_{i}" for i in range(laid.ndim - len(self.dims))))

    def _laid(self, name: str, there: NDArray[np.bool_]) -> Laid:
        row = np.where(there, self._row, -1).reshape(self.shape)
        reader, array = self._reader, self._reader.arrays[name]
        if f"{name}.other" in reader.arrays:
            return Laid(partial(_objects, reader, name), row, np.dtype(object))
        dtype, fill = (array.dtype, None) if there.all() else _with_missing(array, row[row >= 0])
        return Laid(partial(_filled, array, dtype, fill), row, dtype, array.shape[1:], array.chunks[0])

    def _ragged(self, name: str, there: NDArray[np.bool_], about: dict[str, Any]) -> dict[str, Variable]:
        arrays = self._reader.arrays
        sizes = np.asarray(arrays[f"{name}.row_size"][:])
        starts = self._reader.ends(name) - sizes
        element = f"{name}.element"
        variables: dict[str, Variable] = {name: ((element,), flat(arrays[name]), about)}
        ends = {"row_size": (sizes, {"sample_dimension": element}), "row_start": (starts, {})}
        for end, (values, attributes) in ends.items():
            laid = np.where(there, _rows(values, self._row), 0).reshape(self.shape)
            variables[f"{name}.{end}"] = (self.dims, laid, attributes)
        if f"{name}.shape" in arrays:
            shapes = _rows(np.asarray(arrays[f"{name}.shape"][:]), self._row)
            variables[f"{name}.shape"] = ((*self.dims, f"{name}.axis"), shapes.reshape(*self.shape, -1), {})
        return variables


def _dimensions(plan: Plan) -> tuple[tuple[str, ...], tuple[int, ...]]:
    many = plan.replicates > 1
    if plan.dims is not None:
        names = tuple(f"parameter.{n}" if n in OWN else n for n in plan.dims)
        sizes = tuple(len(v) for v in plan.dims.values())
        return (*names, "replicate") if many else names, (*sizes, plan.replicates) if many else sizes
    of, each = (("simulator",), (plan.stride,)) if plan.simulators else ((), ())
    networks = plan.number // plan.stride
    if many:
        return (*of, "point", "replicate"), (*each, networks // plan.replicates, plan.replicates)
    return (*of, "network"), (*each, networks)


def _rows(values: NDArray[Any], row: NDArray[np.int64]) -> NDArray[Any]:
    """Take rows, any row where there is none."""
    if len(values):
        return values[row]
    return np.zeros((len(row), *values.shape[1:]), values.dtype)


def _with_missing(array: zarr.Array[Any], rows: NDArray[np.int64]) -> tuple[np.dtype[Any], Any]:
    """Find a type that has a value for what is missing, and this value: NaN, an empty string or None."""
    dtype = array.dtype
    if dtype.kind not in "biufc":
        return dtype, ""
    if dtype.kind in "fc":
        return dtype, np.nan
    # Large integers are rare, and the only reason to look at values before they are asked for.
    exact = dtype.itemsize < 8 or all(
        holds(np.dtype(np.float64), values_in(array, rows[i : i + array.chunks[0]]))
        for i in range(0, len(rows), array.chunks[0])
    )
    return (np.dtype(np.float64), np.nan) if exact else (np.dtype(object), None)


def _filled(array: zarr.Array[Any], dtype: np.dtype[Any], fill: Any, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read rows of a column, and fill those that are missing."""
    there = rows >= 0
    if there.all() and len(rows):
        return values_in(array, rows).astype(dtype, copy=False)
    values = np.full((len(rows), *array.shape[1:]), fill, dtype)
    if there.any():
        values[there] = values_in(array, rows[there])
    return values


def _objects(reader: Reader, name: str, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """Read a column of several types; None where there is no value."""
    values, there = np.full(len(rows), None, object), np.flatnonzero(rows >= 0)
    for i, leaf in zip(there.tolist(), reader.leaves(name, rows[there]) if len(there) else [], strict=True):
        values[i] = leaf
    return values


def _attributes(reader: Reader, plan: Plan, taken: set[Any]) -> Mapping[str, Any]:
    constants = {k: v for k, v in reader.attributes["constants"].items() if k not in taken}
    return constants | {"seed": plan.seed}
