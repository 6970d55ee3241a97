"""The store of a sweep: one Zarr hierarchy that grows by whole tasks and is always whole to its readers."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.arrays import Arrays, replace_json
from sweep.axes import to_json
from sweep.blocks import by_name
from sweep.columns import Columns
from sweep.damage import Damage
from sweep.identity import same
from sweep.plan import Plan
from sweep.provenance import SEED_RULE
from sweep.repair import bury, repair
from sweep.structures import Structures
from workers.part import STATUS, TIMINGS, Column, Part, columns
from workers.values import Leaf, encode, leaves_of

SCHEMA = "sweep-1"
REPLACED = 254
BURIED = {"network": -1, "status": REPLACED}
PER_NETWORK: dict[str, tuple[str, dict[str, Any]]] = {
    "network": ("i8", {"long_name": "index of the network in its sweep; -1 in a row that no longer counts"}),
    "status": (
        "u1",
        {
            "flag_values": [*range(len(STATUS)), REPLACED],
            "flag_meanings": " ".join([*STATUS, "replaced"]),
        },
    ),
    "structure": (
        "i4",
        {"long_name": "place in the attribute 'structures' of how the value is put together"},
    ),
    "replicate": ("i4", {"long_name": "which of the networks with the same parameters"}),
    **{f"timings/{name}": ("f8", {"units": "s"}) for name in TIMINGS},
    "provenance/attempt": ("u1", {"long_name": "how many times the network has been handed out"}),
    "provenance/machine": ("i4", {"long_name": "place in provenance/machines of what ran it"}),
    "provenance/call": ("i4", {"long_name": "place in provenance/calls of the call that stored it"}),
}
TEXTS = {
    "failures/record": ("failure", "the failure as JSON"),
    "provenance/machines": ("machine", "a machine and its processor"),
    "provenance/calls": ("call", "a call of parallel_run as JSON: when, where, versions, state of git"),
    "provenance/descriptions": ("description", "what results depend on, as JSON: method and base networks"),
}
GROUPS = ("timings", "failures", "provenance")


@dataclass(frozen=True)
class Origin:
    """Where the rows come from that are going to be appended: JSON, see `sweep.provenance`.

    Attributes
    ----------
    call : dict
    description : dict
    constants : dict
        The parameters that were the same in all networks so far.
    """

    call: Mapping[str, Any] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)


class Store:
    """Writes the store of a sweep. One process at a time may do so; any number may read meanwhile.

    Rows are in the order of arrival; the variable `network` has the indices, each once. What is stored is
    what the root's metadata says: each `append` ends by replacing it at one stroke, and readers open the
    arrays through the metadata consolidated there.

    Parameters
    ----------
    path : Path
        A store made by `create`.
    plan : Plan
        The plan of the sweep, from which the columns of the parameters are taken.
    durable : bool
        Whether what is committed survives the loss of power.
    """

    def __init__(self, path: Path, plan: Plan, durable: bool = False) -> None:
        self.path = path
        self._plan, self._durable = plan, durable
        self._arrays = Arrays(path)
        self._columns = Columns(self._arrays, self._present)
        self._constants: Mapping[str, Any] = {}
        self._call = 0
        if (path / "zarr.json").exists():
            self._load()

    @classmethod
    def create(
        cls, path: str | Path, plan: Plan, durable: bool = False, origin: Origin | None = None
    ) -> Store:
        """Make an empty store.

        Raises
        ------
        FileExistsError
            There is something at the path.
        """
        path = Path(path)
        if path.exists():
            raise FileExistsError(f"store={str(path)!r} exists already; name another path, or remove it")
        path.mkdir(parents=True)
        return cls.fill(path, plan, durable, origin)

    @classmethod
    def fill(cls, path: Path, plan: Plan, durable: bool = False, origin: Origin | None = None) -> Store:
        """Make an empty store in a folder that is there; readers see it when it is complete."""
        store = cls(path, plan, durable)
        store._take({"structures": [], "published": {}}, {})
        store._create_fixed()
        store.begin(origin or Origin())
        return store

    @classmethod
    def open(cls, path: str | Path, plan: Plan, durable: bool = False) -> Store:
        """Open a store to append to it, as it was last committed."""
        return cls(Path(path), plan, durable)

    @classmethod
    def temporary(cls, plan: Plan) -> Store:
        """Make a store that is removed when nothing refers to it any more, and at exit at the latest."""
        directory = tempfile.mkdtemp(prefix="sweep-")
        store = cls.create(Path(directory) / "results.zarr", plan)
        weakref.finalize(store, shutil.rmtree, directory, ignore_errors=True)
        return store

    def begin(self, origin: Origin) -> None:
        """Say where the rows come from that are appended from now on."""
        self._attributes |= _attributes(self._plan)
        self._constants = origin.constants
        self._call = self._arrays["provenance/calls"].shape[0]
        described = self._texts("provenance/descriptions")
        description = json.dumps(origin.description)
        if not described or described[-1] != description:
            described.append(description)
            self._extend_texts("provenance/descriptions", [description])
        call = {**origin.call, "description": len(described) - 1}
        self._extend_texts("provenance/calls", [json.dumps(call)])
        self._commit()

    @property
    def descriptions(self) -> list[dict[str, Any]]:
        """The descriptions that the rows were run with, the last one last."""
        return [json.loads(text or "{}") for text in self._texts("provenance/descriptions")]

    @property
    def seed(self) -> int:
        """The seed of the sweep."""
        return int(self._attributes["seed"])

    def holds(self, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which networks are stored."""
        inside = indices.clip(0, max(0, len(self._has) - 1))
        return self._has[inside] & (inside == indices) if len(self._has) else np.zeros(len(indices), np.bool_)

    def failed(self) -> dict[int, int]:
        """Give the networks that failed, and how many times each has been handed out."""
        indices = self._indices
        rows = np.flatnonzero((np.asarray(self._arrays["structure"][:]) < 0) & (indices >= 0))
        attempts = np.asarray(self._arrays["provenance/attempt"][:])[rows]
        return dict(zip(indices[rows].tolist(), attempts.tolist(), strict=True))

    def bury(self, rows: NDArray[np.int64]) -> None:
        """Let rows count no longer: their networks are then not stored."""
        bury(self._arrays, rows, BURIED)
        self._renew()

    def repair(self, damages: Iterable[Damage]) -> None:
        """Bury what is damaged."""
        repair(self._arrays, damages, BURIED)
        self._renew()

    def _renew(self) -> None:
        if self._durable:
            self._arrays.sync()
        self._load()

    def rows_of(self, indices: Sequence[int]) -> NDArray[np.int64]:
        """Find the rows of networks."""
        return np.flatnonzero(np.isin(self._indices, np.array(indices, np.int64)))

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
        self._take(root["attributes"], root["consolidated_metadata"]["metadata"])

    def _take(self, attributes: dict[str, Any], metadata: dict[str, Any]) -> None:
        self._attributes = attributes
        self._structures: list[str] = list(attributes["structures"])
        self._leaves = [leaves_of(s) for s in self._structures]
        self._places = {s: i for i, s in enumerate(self._structures)}
        self._shared = Structures(self._structures)
        self._arrays.open(metadata)
        self._rows: int = attributes["published"].get("network", 0)
        machines = self._texts("provenance/machines") if metadata else []
        self._machines = {text: i for i, text in enumerate(machines)}
        self._has = np.zeros(0, np.bool_)
        if metadata:
            self._note(self._indices)

    def _note(self, index: NDArray[np.int64]) -> None:
        """Remember which networks are stored."""
        more = int(index.max(initial=-1)) + 1 - len(self._has)
        if more > 0:
            self._has = np.concatenate([self._has, np.zeros(max(more, len(self._has)), np.bool_)])
        self._has[index[index >= 0]] = True

    @property
    def _indices(self) -> NDArray[np.int64]:
        return np.asarray(self._arrays["network"][:])

    def _create_fixed(self) -> None:
        for group in GROUPS:
            replace_json(self.path / group / "zarr.json", _group({}))
        for name, (dtype, attributes) in PER_NETWORK.items():
            self._arrays.create(name, np.dtype(dtype), ("network",), (0,), attributes)
        about = {"long_name": "index of the network that failed"}
        self._arrays.create("failures/network", np.dtype(np.int64), ("failure",), (0,), about)
        for name, (dim, words) in TEXTS.items():
            self._arrays.create(name, None, (dim,), (0,), {"long_name": words}, row_bytes=1 << 12)

    def _append(self, parts: Sequence[Part]) -> None:
        start, starts = self._rows, np.cumsum([0, *(len(p.index) for p in parts)])
        stop = start + int(starts[-1])
        index = np.concatenate([p.index for p in parts])
        self._append_fixed(parts, index)
        self._append_parameters(index, start, stop)
        results = by_name(parts, starts)
        for name in dict.fromkeys([*self._columns.leaves("result"), *results]):
            self._columns.append("result", name, results.get(name, []), start, stop)
        self._rows = stop

    def _append_fixed(self, parts: Sequence[Part], index: NDArray[np.int64]) -> None:
        extend = self._arrays.extend
        status = np.concatenate([p.status for p in parts])
        extend("network", index)
        extend("status", status)
        extend("structure", np.concatenate([self._global(p) for p in parts]))
        extend("replicate", self._plan.replicates_at(self._plan.places(index)))
        for name in TIMINGS:
            extend(f"timings/{name}", np.concatenate([p.timings[name] for p in parts]))
        extend("provenance/attempt", np.concatenate([p.attempt for p in parts]))
        machines = [np.full(len(p.index), self._machine(p.resource), np.int32) for p in parts]
        extend("provenance/machine", np.concatenate(machines))
        extend("provenance/call", np.full(len(index), self._call, np.int32))
        failed = np.flatnonzero(status)
        if len(failed):
            extend("failures/network", index[failed])
            self._extend_texts("failures/record", [text for p in parts for text in p.failures])
        self._note(index)

    def _texts(self, name: str) -> list[str]:
        return [str(text) for text in np.asarray(self._arrays[name][:])]

    def _extend_texts(self, name: str, texts: Sequence[str]) -> None:
        self._arrays.extend(name, np.array(texts, np.dtypes.StringDType()))

    def _machine(self, name: str) -> int:
        if name not in self._machines:
            self._machines[name] = len(self._machines)
            self._extend_texts("provenance/machines", [name])
        return self._machines[name]

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
        return np.isin(np.asarray(self._arrays["structure"][start:stop]), having)

    def _append_parameters(self, index: NDArray[np.int64], start: int, stop: int) -> None:
        """Store parameters; one that was the same in all networks until now for the rows before, too."""
        places, rows = self._plan.places(index), np.arange(len(index))
        for name in self._varying():
            first, blocks = start, self._block(name, rows, places)
            if name in self._constants and start > 0 and not self._columns.name_of("parameter", name):
                values = [*[self._constants[name]] * start, *self._plan.values(name, places)]
                first, blocks = 0, columns((row, name, leaf_of(v)) for row, v in enumerate(values))
            self._columns.append("parameter", name, blocks, first, stop)

    def _varying(self) -> list[str]:
        """Name the parameters that have a column, or need one."""
        now = self._plan.constants
        changed = [n for n, v in self._constants.items() if n in now and not same(now[n], v)]
        return [*dict.fromkeys([*self._columns.leaves("parameter"), *self._plan.columns, *changed])]

    def _block(self, name: str, rows: NDArray[np.int64], places: NDArray[np.int64]) -> list[Column]:
        column = self._plan.columns.get(name)
        if column is None and name not in self._plan.constants:
            return []  # of an earlier method
        if isinstance(column, np.ndarray) and column.dtype.kind in "biufc":
            return [Column(name, rows, column[places])]
        values = self._plan.values(name, places)
        return columns((row, name, leaf_of(v)) for row, v in enumerate(values))

    def _commit(self) -> None:
        attributes = self._attributes | {
            "published": self._arrays.lengths(),
            "structures": self._structures,
        }
        parameters = [self._columns.name_of("parameter", n) for n in self._varying()]
        attributes["coordinates"] = " ".join(["status", "replicate", *(n for n in parameters if n)])
        metadata = self._arrays.metadata(GROUPS)
        if self._durable:
            self._arrays.sync()
        replace_json(self.path / "zarr.json", _group(attributes, metadata), self._durable)
        self._attributes = attributes


def leaf_of(value: Any) -> Leaf:
    """Take a parameter for one column: itself where it is a number, a string or an array, else its repr."""
    if not isinstance(value, (bool, int, float, complex, str, np.generic)) and type(value) is not np.ndarray:
        return ascii(value)
    try:
        (leaf,) = encode(value).leaves.values()
    except TypeError:
        return ascii(value)
    return leaf


def _group(attributes: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    group: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    if metadata is not None:
        group["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": metadata}
    return group


def _attributes(plan: Plan) -> dict[str, Any]:
    """Say in the root what holds for all networks."""
    return {
        "schema": SCHEMA,
        "seed_rule": SEED_RULE,
        "seed": plan.seed,
        "networks": plan.number,
        "replicates": plan.replicates,
        "grid": to_json(plan.dims),
        "constants": {k: _plain(v) for k, v in plan.constants.items()},
    }


def _plain(value: Any) -> Any:
    """Write a constant as JSON where it is a number or a string, else as its repr."""
    return value if type(value) in (bool, int, str) else repr(value)
