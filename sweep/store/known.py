"""The plan of a store: which networks it has, planned or run, each with an index that it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.store.identity import Ids, ids_of, places_in
from workers.folder import Folder
from workers.part import value_from_json, value_to_json

NAMES = ("plan.npz", "plan-copy.npz")  # one is enough: nothing else tells planned networks from one another


def _none() -> Ids:
    return np.empty((0, 2), np.uint64)


@dataclass(frozen=True, eq=False)
class Known:
    """The networks of a store.

    Attributes
    ----------
    ids : array of u8, shape (networks, 2)
        The identity of the network of each index, see `sweep.store.identity`. Only ever extended.
    call : array of int
        The indices of the networks of the last call, in its order.
    constants : dict
        The parameters that all networks of the first call shared.
    names : tuple of str
        The names of all parameters.
    """

    ids: Ids = field(default_factory=_none)
    call: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    constants: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def with_plan(self, plan: Plan, by_place: bool) -> tuple[Known, Plan]:
        """Find the networks of a plan among these, and give those that are new the next indices."""
        ids, ranks = ids_of(plan, by_place)
        indices = places_in(self.ids, ids)
        new = indices < 0
        indices[new] = len(self.ids) + np.arange(int(new.sum()))
        constants = self.constants if len(self.ids) else plan.constants
        known = Known(
            np.concatenate([self.ids, ids[new]]),
            indices,
            constants,
            tuple(sorted({*plan.columns, *plan.constants})),
        )
        return known, replace(plan, indices=indices, ranks=ranks)

    def save(self, folder: Folder) -> None:
        """Write it to a folder twice, each time at one stroke."""
        about = json.dumps(
            {"constants": {k: value_to_json(v) for k, v in self.constants.items()}, "names": self.names}
        )
        text = np.frombuffer(about.encode(), np.uint8)
        for name in NAMES:
            with folder.whole(name) as file:
                np.savez(file, allow_pickle=False, ids=self.ids, call=self.call, about=text)

    @classmethod
    def load(cls, folder: Folder) -> Known:
        """Read it from a folder, from the copy where the first is damaged.

        Raises
        ------
        ValueError
            If neither is as it was written.
        """
        for name in NAMES:
            with suppress(Exception):  # numpy and zipfile raise nearly anything where a header is damaged
                return cls._read(folder, name)
        raise ValueError(
            f"{folder.where(NAMES[0])} is damaged, and so is its copy: {dict(damages(folder))}. The results "
            "can be read still, by sweep.open; to go on, name another path"
        )

    @classmethod
    def _read(cls, folder: Folder, name: str) -> Known:
        with folder.open(name) as file, np.load(file, allow_pickle=False) as arrays:
            ids, call, about = arrays["ids"], arrays["call"], json.loads(arrays["about"].tobytes())
        constants = {k: value_from_json(v) for k, v in about["constants"].items()}
        return cls(ids, call, constants, tuple(about["names"]))


def damages(folder: Folder) -> Iterator[tuple[str, str]]:
    """Tell which of the files cannot be read, and why."""
    for name in NAMES:
        try:
            Known._read(folder, name)
        except FileNotFoundError:
            yield name, "is missing"
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}"
