"""Results in the files that others read: NIX, SONATA, CSV and Parquet."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.results.as_neo import Raster, rasters_of, segment_of
from workers.outcome import Failure

if TYPE_CHECKING:
    import xarray as xr

ROWS = 1 << 16


def to_nix(results: Sequence[Any], path: str | Path, cells: int | None, t_stop: float | None) -> None:
    """Write a NIX file with one block for each network that has a value."""
    import neo

    _need("nixio", "to_nix")
    from neo.io import NixIO

    with _fresh(path) as draft, NixIO(str(draft), "ow") as file:
        for i, value in _values(results):
            block = neo.Block(name=f"network {i}", index=i)
            block.segments.append(segment_of(value, i, cells, t_stop))
            file.write_block(block)


def to_sonata(results: Sequence[Any], folder: str | Path) -> None:
    """Write the spikes of each network that has a value to a SONATA file of its own."""
    h5py = _need("h5py", "to_sonata")
    with _fresh(folder) as draft:
        draft.mkdir()
        for i, value in _values(results):
            rasters = rasters_of(value)
            if not rasters:
                raise TypeError(
                    f"to_sonata: network {i} returned no spikes; return raster_plot() of a monitor"
                )
            with h5py.File(draft / f"spikes_{i}.h5", "w") as file:
                file.attrs["magic"] = np.uint32(0x0A7A)
                file.attrs["version"] = np.array([0, 1], np.uint32)
                for raster in rasters:
                    name = raster.name.replace("/", "_") or "cells"
                    _write_population(h5py, file.create_group(f"spikes/{name}"), raster)


def _write_population(h5py: Any, group: Any, raster: Raster) -> None:
    order = np.argsort(raster.times, kind="stable")
    kinds = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
    group.attrs.create("sorting", 2, dtype=kinds)
    group["timestamps"] = raster.times[order].astype(np.float64)
    group["timestamps"].attrs["units"] = "milliseconds"
    group["node_ids"] = raster.ranks[order].astype(np.uint64)


def to_table(data: xr.Dataset, path: str | Path) -> None:
    """Write one row for each network: its index, status, parameters, and all numbers and strings returned."""
    write = {".csv": _write_csv, ".parquet": _write_parquet}.get(Path(path).suffix)
    if write is None:
        raise ValueError(f"to_table: {str(path)!r}; expected a path that ends with .csv or .parquet")
    with _fresh(path) as draft:
        write(data, draft)


def _write_csv(data: xr.Dataset, path: Path) -> None:
    for place, table in enumerate(_tables(data)):
        table.to_csv(path, mode="a" if place else "w", header=not place, index=False)


def _write_parquet(data: xr.Dataset, path: Path) -> None:
    pyarrow = _need("pyarrow", "to_table")
    parquet = importlib.import_module("pyarrow.parquet")
    writer = None
    for table in _tables(data):
        rows = pyarrow.Table.from_pandas(table, writer.schema if writer else None, preserve_index=False)
        writer = writer or parquet.ParquetWriter(path, rows.schema)
        writer.write_table(rows)
    if writer:
        writer.close()


def _tables(data: xr.Dataset) -> Iterator[Any]:
    """Give the scalars of all networks, some rows at a time."""
    pandas = importlib.import_module("pandas")
    dims = data["status"].dims
    named = [str(n) for n, v in data.variables.items() if n == "network" or set(v.dims) <= set(dims)]
    first = [n for n in ("network", "status", *map(str, data.coords)) if n in named]
    columns = [n for n in dict.fromkeys([*first, *named]) if not n.endswith((".row_size", ".row_start"))]
    shape = data["status"].shape
    for start in range(0, math.prod(shape), ROWS):
        where = np.unravel_index(np.arange(start, min(start + ROWS, math.prod(shape))), shape)
        at = {d: ("row", w) for d, w in zip(dims, where, strict=True)}
        yield pandas.DataFrame({n: _column(data[n], at) for n in columns})


def _column(variable: Any, at: dict[Any, Any]) -> Any:
    import xarray as xr

    places = {d: xr.DataArray(p[1], dims=p[0]) for d, p in at.items() if d in variable.dims}
    values = np.asarray(variable.variable.isel({d: p.variable for d, p in places.items()}))
    if "flag_values" in variable.attrs:  # a table has no attributes that would say what the numbers mean
        words = np.array(variable.attrs["flag_meanings"].split(), object)
        return words[np.searchsorted(variable.attrs["flag_values"], values)]
    return values.astype(object) if values.dtype.kind == "T" else values


def _values(results: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Go through the networks that have a value."""
    for i in range(len(results)):
        try:
            value = results[i]
        except LookupError:  # not run yet
            continue
        if not isinstance(value, Failure):
            yield i, value


@contextmanager
def _fresh(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, whose file or folder gets its name when it is finished."""
    path = Path(path).expanduser()
    if path.exists():
        raise FileExistsError(f"{str(path)!r} exists already; name another path, or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        yield Path(folder) / path.name
        (Path(folder) / path.name).replace(path)


def _need(module: str, what: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{what} needs {module}: pip install 'neurosweep[export]'", name=module) from error
