"""The plan of a store: which networks it has, planned or run, each with an index that it keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.identity import Ids, ids_of, places_in
from sweep.plan import Plan
from workers.folder import Folder
from workers.part import value_from_json, value_to_json

NAME = "plan.npz"


def _none() -> Ids:
    return np.empty((0, 2), np.uint64)


@dataclass(frozen=True, eq=False)
class Known:
    """The networks of a store.

    Attributes
    ----------
    ids : array of u8, shape (networks, 2)
        The identity of the network of each index, see `sweep.identity`. Only ever extended.
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
        """Write it to a folder, at one stroke."""
        about = json.dumps(
            {"constants": {k: value_to_json(v) for k, v in self.constants.items()}, "names": self.names}
        )
        with folder.whole(NAME) as file:
            text = np.frombuffer(about.encode(), np.uint8)
            np.savez(file, allow_pickle=False, ids=self.ids, call=self.call, about=text)

    @classmethod
    def load(cls, folder: Folder) -> Known:
        """Read it from a folder.

        Raises
        ------
        ValueError
            If it is not as it was written.
        """
        try:
            with folder.open(NAME) as file, np.load(file, allow_pickle=False) as arrays:
                ids, call, about = arrays["ids"], arrays["call"], json.loads(arrays["about"].tobytes())
        except Exception as error:  # numpy and zipfile raise nearly anything where a header is damaged
            raise ValueError(f"{folder.where(NAME)} is damaged: {type(error).__name__}: {error}") from error
        constants = {k: value_from_json(v) for k, v in about["constants"].items()}
        return cls(ids, call, constants, tuple(about["names"]))
