"""The store of a sweep: one Zarr hierarchy that grows by whole tasks and is always whole to its readers."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.store import root, schema
from sweep.store.arrays import Arrays, nodes_of
from sweep.store.catalog import Catalog
from sweep.store.columns import Columns
from sweep.store.damage import Damage
from sweep.store.origins import Origin, Origins
from sweep.store.parameters import Parameters
from sweep.store.repair import bury, repair
from sweep.store.structures import Structures
from workers.folder import Folder, folder_at
from workers.joining import by_name
from workers.part import TIMINGS, Part


class Store:
    """Writes the store of a sweep. One process at a time may do so; any number may read meanwhile.

    Rows are in the order of arrival; the variable `network` has the indices, each once. What is stored is
    what the root's metadata says: each `append` ends by replacing it at one stroke, and readers open the
    arrays through the metadata consolidated there.

    Parameters
    ----------
    folder : Folder
    plan : Plan
        The plan of the sweep, from which the columns of the parameters are taken.
    durable : bool
        Whether what is committed survives the loss of power.
    """

    def __init__(self, folder: Folder, plan: Plan, durable: bool = False) -> None:
        self.folder = folder
        self._plan, self._durable = plan, durable
        self._arrays = Arrays(folder, plan.number)
        self._columns = Columns(self._arrays, self._present)
        self._constants: Mapping[str, Any] = {}

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
        return cls.fill(folder_at(path), plan, durable, origin)

    @classmethod
    def fill(cls, folder: Folder, plan: Plan, durable: bool = False, origin: Origin | None = None) -> Store:
        """Make an empty store in a folder without one; readers see it when it is complete."""
        store = cls(folder, plan, durable)
        store._arrays.open({})
        schema.create(store._arrays)
        store._take({"structures": []})
        store.begin(origin or Origin())
        return store

    @classmethod
    def open(
        cls, path: str | Path | Folder, plan: Plan, durable: bool = False, damages: Iterable[Damage] = ()
    ) -> Store:
        """Open a store to append to it, as it was last committed; bury the rows that are damaged."""
        store = cls(folder_at(path), plan, durable)
        committed = root.read(store.folder)
        store._arrays.open(nodes_of(committed))
        repair(store._arrays, damages, schema.BURIED)
        store.folder.sync()
        store._take(committed["attributes"])
        return store

    @classmethod
    def temporary(cls, plan: Plan, origin: Origin | None = None) -> Store:
        """Make a store that is removed when nothing refers to it any more, and at exit at the latest."""
        directory = tempfile.mkdtemp(prefix="sweep-")
        store = cls.create(Path(directory) / "results.zarr", plan, origin=origin)
        weakref.finalize(store, shutil.rmtree, directory, ignore_errors=True)
        return store

    def begin(self, origin: Origin) -> None:
        """Say where the rows come from that are appended from now on."""
        self._attributes |= schema.attributes_of(self._plan)
        self._constants = origin.constants
        self._origins.begin(origin)
        self._structures = self._counting()
        self._commit()

    @property
    def descriptions(self) -> list[dict[str, Any]]:
        """The descriptions that the rows were run with, the last one last."""
        return self._origins.descriptions

    @property
    def seed(self) -> int:
        """The seed of the sweep."""
        return int(self._attributes["seed"])

    @property
    def simulators(self) -> list[str]:
        """What each network runs on, where this is several simulators."""
        return list(self._attributes["simulators"])

    def __len__(self) -> int:
        return self._arrays["network"].shape[0]

    def holds(self, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which networks are stored."""
        inside = indices.clip(0, max(0, len(self._has) - 1))
        return self._has[inside] & (inside == indices) if len(self._has) else np.zeros(len(indices), np.bool_)

    def failed(self) -> dict[int, int]:
        """Give the networks that failed, and how many times each has been handed out."""
        indices = self._arrays["network"][:]
        rows = np.flatnonzero((self._arrays["structure"][:] < 0) & (indices >= 0))
        attempts = self._arrays["provenance/attempt"][:][rows]
        return dict(zip(indices[rows].tolist(), attempts.tolist(), strict=True))

    def bury(self, indices: Sequence[int]) -> None:
        """Let the rows of networks count no longer: these are then not stored."""
        rows = np.flatnonzero(np.isin(self._arrays["network"][:], np.array(indices, np.int64)))
        bury(self._arrays, rows, schema.BURIED)
        self.folder.sync()
        self._load()

    def fitting(self, parts: Sequence[Part]) -> list[Part]:
        """Give parts with failures in place of values whose structure is not that of those before."""
        return [self._structures.fitting(part, self._plan) for part in parts]

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
        committed = root.read(self.folder)
        self._arrays.open(nodes_of(committed))
        self._take(committed["attributes"])

    def _take(self, attributes: dict[str, Any]) -> None:
        """Take up what is in arrays and attributes."""
        self._attributes = attributes
        self._catalog = Catalog(attributes["structures"])
        self._origins = Origins(self._arrays)
        self._has = np.zeros(0, np.bool_)
        self._note(self._arrays["network"][:])
        self._structures = self._counting()

    def _counting(self) -> Structures:
        """Start from the structures of rows that count and were run with what is run now.

        Others, of another method, are kept on request, and do not say what this one may return.
        """
        if not len(self):
            return Structures()
        counts = (self._arrays["network"][:] >= 0) & self._origins.alike()
        numbers = np.unique(self._arrays["structure"][:][counts])
        return Structures(self._catalog.structures[n] for n in numbers.tolist() if n >= 0)

    def _note(self, index: NDArray[np.int64]) -> None:
        """Remember which networks are stored."""
        more = int(index.max(initial=-1)) + 1 - len(self._has)
        if more > 0:
            self._has = np.concatenate([self._has, np.zeros(max(more, len(self._has)), np.bool_)])
        self._has[index[index >= 0]] = True

    def _present(self, leaf: str, start: int, stop: int) -> NDArray[np.bool_]:
        return np.isin(self._arrays["structure"][start:stop], self._catalog.having(leaf))

    def _append(self, parts: Sequence[Part]) -> None:
        start, starts = len(self), np.cumsum([0, *(len(p.index) for p in parts)])
        stop = start + int(starts[-1])
        index = np.concatenate([p.index for p in parts])
        self._append_fixed(parts, index)
        Parameters(self._columns, self._plan, self._constants).append(index, start, stop)
        results = by_name(parts, starts)
        for leaf in dict.fromkeys([*self._columns.leaves("result"), *results]):
            units = self._catalog.unit(leaf)
            self._columns.append("result", leaf, results.get(leaf, []), start, stop, units)

    def _append_fixed(self, parts: Sequence[Part], index: NDArray[np.int64]) -> None:
        extend, machine = self._arrays.extend, self._origins.machine
        status = np.concatenate([p.status for p in parts])
        extend("network", index)
        extend("status", status)
        extend("structure", np.concatenate([self._catalog.number(p) for p in parts]))
        extend("replicate", self._plan.replicates_at(self._plan.places(index)))
        for name in TIMINGS:
            extend(f"timings/{name}", np.concatenate([p.timings[name] for p in parts]))
        extend("provenance/attempt", np.concatenate([p.attempt for p in parts]))
        machines = [np.full(len(p.index), machine(p.resource), np.int32) for p in parts]
        extend("provenance/machine", np.concatenate(machines))
        extend("provenance/call", np.full(len(index), self._origins.call, np.int32))
        failed = np.flatnonzero(status)
        if len(failed):
            extend("failures/network", index[failed])
            failures = [text for p in parts for text in p.failures]
            extend("failures/record", np.array(failures, np.dtypes.StringDType()))
        self._note(index)

    def _commit(self) -> None:
        parameters = [self._columns.name_of("parameter", n) for n in self._columns.leaves("parameter")]
        self._attributes = self._attributes | {
            "structures": self._catalog.structures,
            "coordinates": " ".join(["status", "replicate", *(n for n in parameters if n)]),
        }
        committed = schema.root(self._attributes, self._arrays)
        if self._durable:
            self.folder.sync()
        root.write(self.folder, committed, self._durable)
        self._arrays.publish(nodes_of(committed))
        root.write_copy(self.folder, committed, self._durable)
