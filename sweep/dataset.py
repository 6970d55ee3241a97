"""The results as one labelled xarray Dataset, sorted by the index of the network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sweep.columns import array_layout
from sweep.layout import holds
from sweep.plan import Plan
from sweep.reading import Reader
from workers.part import STATUS, TIMINGS

NOT_RUN = 255
OWN = ("network", "status", "replicate", "point")

Variable = tuple[tuple[str, ...], Any, dict[str, Any]]


def dataset_of(reader: Reader, plan: Plan) -> xr.Dataset:
    """Build the Dataset of a sweep.

    A grid has its axes as dimensions; several replicates are a dimension of their own. What differs in
    shape between networks is flat along NAME.element: that of a network begins at NAME.row_start and has
    NAME.row_size elements.
    """
    frame = _Frame(reader, plan)
    data: dict[Hashable, Any] = {"status": frame.status()}
    for leaf, name in reader.names("result").items():
        data.update(frame.column(name, reader.present(leaf)))
    coords: dict[Hashable, Any] = {"network": frame.indices()}
    coords.update(frame.axes())
    for leaf, name in reader.names("parameter").items():
        if leaf not in (plan.dims or {}):
            coords.update(frame.column(name, np.ones(reader.rows, np.bool_), shared=True))
    return xr.Dataset(data, coords, _attributes(reader, plan, {*data, *coords}))


def timings_of(reader: Reader, plan: Plan) -> xr.Dataset:
    """Build the Dataset of what each network took, in seconds."""
    rows = plan.rows(reader.index)
    rows = rows[rows >= 0]
    group = {n: np.asarray(reader.arrays[f"timings/{n}"][:])[rows] for n in TIMINGS}
    variables = {name: (("network",), values, {"units": "s"}) for name, values in group.items()}
    return xr.Dataset(variables, {"network": reader.index[rows]})


class _Frame:
    """Lays rows out along the dimensions of a sweep."""

    def __init__(self, reader: Reader, plan: Plan) -> None:
        self._reader, self._plan = reader, plan
        self.dims, self.shape = _dimensions(plan)
        self._row = plan.rows(reader.index)

    def indices(self) -> Variable:
        indices = self._plan.indices
        return (
            self.dims,
            (np.arange(self._plan.number) if indices is None else indices).reshape(self.shape),
            {},
        )

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
        dims = self._plan.dims or {}
        axes: dict[str, Variable] = {
            d: ((d,), _labels(v), {}) for d, v in zip(self.dims, dims.values(), strict=False)
        }
        for name in {"replicate", "point"} & set(self.dims) - set(axes):
            axes[name] = ((name,), np.arange(self.shape[self.dims.index(name)]), {})
        return axes

    def column(self, name: str, present: NDArray[np.bool_], shared: bool = False) -> dict[str, Variable]:
        """Give the variables of a column; `shared` drops the replicates where all have the same value."""
        there = (self._row >= 0) & _rows(present, self._row)
        if f"{name}.other" in self._reader.arrays:
            return {name: (self.dims, self._objects(name, there), {})}
        if array_layout(self._reader.arrays, name).shape is None:
            return self._ragged(name, there)
        stored = np.asarray(self._reader.arrays[name][:])
        values = _with_missing(_rows(stored, self._row), there)
        values = values.reshape(*self.shape, *values.shape[1:])
        more = tuple(f"{name}.dim_{i}" for i in range(values.ndim - len(self.shape)))
        place = len(self.dims) - 1
        if shared and self.dims[-1] == "replicate" and (values == values.take([0], place)).all():
            return {name: ((*self.dims[:-1], *more), values.take(0, place), {})}
        return {name: ((*self.dims, *more), values, {})}

    def _objects(self, name: str, there: NDArray[np.bool_]) -> NDArray[np.object_]:
        values = np.full(len(there), None, object)
        rows = self._row[there]
        leaves = self._reader.leaves(name, rows) if len(rows) else []
        for i, leaf in zip(np.flatnonzero(there).tolist(), leaves, strict=True):
            values[i] = leaf
        return values.reshape(self.shape)

    def _ragged(self, name: str, there: NDArray[np.bool_]) -> dict[str, Variable]:
        arrays = self._reader.arrays
        sizes = np.asarray(arrays[f"{name}.row_size"][:])
        starts = self._reader.ends(name) - sizes
        element = f"{name}.element"
        variables: dict[str, Variable] = {name: ((element,), np.asarray(arrays[name][:]), {})}
        about = {"row_size": (sizes, {"sample_dimension": element}), "row_start": (starts, {})}
        for end, (values, attributes) in about.items():
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
    if many:
        return ("point", "replicate"), (plan.number // plan.replicates, plan.replicates)
    return ("network",), (plan.number,)


def _rows(values: NDArray[Any], row: NDArray[np.int64]) -> NDArray[Any]:
    """Take rows, any row where there is none."""
    if len(values):
        return values[row]
    return np.zeros((len(row), *values.shape[1:]), values.dtype)


def _with_missing(values: NDArray[Any], there: NDArray[np.bool_]) -> NDArray[Any]:
    """Put NaN where there is no value; integers become floats where these hold them all."""
    if there.all():
        return values
    if values.dtype.kind not in "biufc":
        return np.where(there, values, np.array("", values.dtype))
    exact = values.dtype.kind in "bfc" or holds(np.dtype(np.float64), values[there])
    wide = values.astype(values.dtype if values.dtype.kind in "fc" else np.float64 if exact else object)
    wide[~there] = np.nan if exact else None
    return wide


def _labels(values: Any) -> NDArray[Any]:
    """Label an axis by its values where these are numbers or strings, else by their reprs."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "biufcUM":
        return values
    kinds = {type(v) for v in values}
    if kinds <= {bool} or kinds <= {int, float} or kinds <= {str}:
        return np.array(list(values))
    return np.array([ascii(v) for v in values])


def _attributes(reader: Reader, plan: Plan, taken: set[Any]) -> Mapping[str, Any]:
    constants = {k: v for k, v in reader.attributes["constants"].items() if k not in taken}
    return constants | {"seed": plan.seed}
