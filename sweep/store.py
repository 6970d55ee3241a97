"""The store of a sweep: one Zarr hierarchy that grows by whole tasks and is always whole to its readers."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.blocks import by_name
from sweep.columns import Columns, replace_json
from sweep.plan import Plan
from sweep.structures import Structures
from workers.part import STATUS, TIMINGS, Column, Part, columns
from workers.values import Leaf, encode, leaves_of

FIXED: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "network": ("i8", ("network",), {"long_name": "index of the network in its sweep"}),
    "status": (
        "u1",
        ("network",),
        {"flag_values": list(range(len(STATUS))), "flag_meanings": " ".join(STATUS)},
    ),
    "structure": (
        "i4",
        ("network",),
        {"long_name": "place in the attribute 'structures' of how the value is put together"},
    ),
    **{f"timings/{name}": ("f8", ("network",), {"units": "s"}) for name in TIMINGS},
    "failures/network": ("i8", ("failure",), {"long_name": "index of the network that failed"}),
}
GROUPS = ("timings", "failures")


class Store:
    """Writes the store of a sweep. One process at a time may do so; any number may read meanwhile.

    Rows are in the order of arrival; the variable `network` has the indices. What is stored is what the
    root's metadata says: each `append` ends by replacing it at one stroke, and readers open the arrays
    through the metadata consolidated there.

    Parameters
    ----------
    path : Path
        A store made by `create`.
    plan : Plan
        The plan of the sweep, from which the columns of the parameters are taken.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self._plan = plan
        self._columns = Columns(path, self._present)
        self._load()

    @classmethod
    def create(cls, path: str | Path, plan: Plan) -> Store:
        """Make an empty store.

        Raises
        ------
        FileExistsError
            There is something at the path.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise FileExistsError(
                f"store={str(path)!r} exists already; name another path, or remove it"
            ) from None
        replace_json(path / "zarr.json", _group(_attributes(plan), {}))
        store = cls(path, plan)
        store._create_fixed()
        return store

    @classmethod
    def open(cls, path: str | Path, plan: Plan) -> Store:
        """Open a store to append to it, as it was last committed."""
        return cls(Path(path), plan)

    @classmethod
    def temporary(cls, plan: Plan) -> Store:
        """Make a store that is removed when nothing refers to it any more, and at exit at the latest."""
        directory = tempfile.mkdtemp(prefix="sweep-")
        store = cls.create(Path(directory) / "results.zarr", plan)
        weakref.finalize(store, shutil.rmtree, directory, ignore_errors=True)
        return store

    def __len__(self) -> int:
        return self._rows

    def fitting(self, parts: Sequence[Part]) -> list[Part]:
        """Give parts with failures in place of values whose structure is not that of those before."""
        return [self._shared.fitting(part, self._plan) for part in parts]

    def append(self, parts: Sequence[Part]) -> None:
        """Store parts, all of them or, where this is interrupted, none."""
        if not any(len(p.index) for p in parts):
            return
        try:
            self._append(parts)
            self._commit()
        except BaseException:
            self._load()
            raise

    def _load(self) -> None:
        root = json.loads((self.path / "zarr.json").read_text())
        self._attributes: dict[str, Any] = root["attributes"]
        self._structures: list[str] = list(self._attributes["structures"])
        self._leaves = [leaves_of(s) for s in self._structures]
        self._places = {s: i for i, s in enumerate(self._structures)}
        self._shared = Structures(self._structures)
        self._columns.open(root["consolidated_metadata"]["metadata"])
        self._rows: int = self._attributes["published"].get("network", 0)

    def _create_fixed(self) -> None:
        for group in GROUPS:
            replace_json(self.path / group / "zarr.json", _group({}))
        for name, (dtype, dims, attributes) in FIXED.items():
            self._columns.create(name, np.dtype(dtype), dims, (0,), attributes)
        about = {"long_name": "the failure as JSON"}
        self._columns.create("failures/record", None, ("failure",), (0,), about, row_bytes=1 << 12)
        self._commit()

    def _append(self, parts: Sequence[Part]) -> None:
        start, starts = self._rows, np.cumsum([0, *(len(p.index) for p in parts)])
        stop = start + int(starts[-1])
        index = np.concatenate([p.index for p in parts])
        status = np.concatenate([p.status for p in parts])
        self._append_fixed(parts, index, status)
        parameters = self._parameters(index)
        for name, blocks in parameters.items():
            self._columns.append("parameter", name, blocks, start, stop)
        results = by_name(parts, starts)
        for name in dict.fromkeys([*self._columns.leaves("result"), *results]):
            self._columns.append("result", name, results.get(name, []), start, stop)
        self._rows = stop

    def _append_fixed(
        self, parts: Sequence[Part], index: NDArray[np.int64], status: NDArray[np.uint8]
    ) -> None:
        extend = self._columns.extend
        extend("network", index)
        extend("status", status)
        extend("structure", np.concatenate([self._global(p) for p in parts]))
        for name in TIMINGS:
            extend(f"timings/{name}", np.concatenate([p.timings[name] for p in parts]))
        failed = np.flatnonzero(status)
        if len(failed):
            extend("failures/network", index[failed])
            texts = [text for p in parts for text in p.failures]
            extend("failures/record", np.array(texts, np.dtypes.StringDType()))

    def _global(self, part: Part) -> NDArray[np.int32]:
        """Number a part's structures as the store does."""
        for structure in part.structures:
            if structure not in self._places:
                self._places[structure] = len(self._structures)
                self._structures.append(structure)
                self._leaves.append(leaves_of(structure))
        places = np.array([*(self._places[s] for s in part.structures), -1], np.int32)
        return places[part.structure]

    def _present(self, leaf: str, start: int, stop: int) -> NDArray[np.bool_]:
        having = [i for i, names in enumerate(self._leaves) if leaf in names]
        return np.isin(np.asarray(self._columns.arrays["structure"][start:stop]), having)

    def _parameters(self, index: NDArray[np.int64]) -> dict[str, list[Column]]:
        """Take the parameters of networks as blocks; those of no storable type as their repr."""
        rows = np.arange(len(index))
        blocks: dict[str, list[Column]] = {}
        for name, column in self._plan.columns.items():
            if isinstance(column, np.ndarray) and column.dtype.kind in "biufc":
                blocks[name] = [Column(name, rows, column[index])]
            else:
                values = ((row, name, leaf_of(column[i])) for row, i in enumerate(index.tolist()))
                blocks[name] = columns(values)
        return blocks

    def _commit(self) -> None:
        arrays = self._columns.arrays
        published = {}
        for array in arrays.values():
            for dim, n in zip(array.metadata.dimension_names or (), array.shape, strict=True):  # type: ignore[union-attr]
                published[str(dim)] = n
        attributes = self._attributes | {"published": published, "structures": self._structures}
        parameters = [self._columns.name_of("parameter", n) for n in self._plan.columns]
        attributes["coordinates"] = " ".join(["status", *(n for n in parameters if n)])
        metadata = {
            n: json.loads((self.path / n / "zarr.json").read_text()) for n in sorted([*GROUPS, *arrays])
        }
        replace_json(self.path / "zarr.json", _group(attributes, metadata))
        self._attributes = attributes


def leaf_of(value: Any) -> Leaf:
    """Take a parameter for one column: itself where it is a number, a string or an array, else its repr."""
    try:
        encoded = encode(value)
    except TypeError:
        return ascii(value)
    if len(encoded.leaves) != 1:
        return ascii(value)
    return next(iter(encoded.leaves.values()))


def _group(attributes: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    group: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    if metadata is not None:
        group["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": metadata}
    return group


def _attributes(plan: Plan) -> dict[str, Any]:
    """Say in the root what holds for all networks."""
    return {
        "schema": "sweep-1",
        "seed": plan.seed,
        "networks": plan.number,
        "replicates": plan.replicates,
        "grid": None if plan.dims is None else {k: len(v) for k, v in plan.dims.items()},
        "constants": {k: _plain(v) for k, v in plan.constants.items()},
        "structures": [],
        "published": {},
    }


def _plain(value: Any) -> Any:
    """Write a constant as JSON where it is a number or a string, else as its repr."""
    return value if type(value) in (bool, int, str) else repr(value)
