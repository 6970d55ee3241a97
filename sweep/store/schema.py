"""What is in every store, whatever its networks return."""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep.plan import Plan
from sweep.store.arrays import Arrays
from sweep.store.axes import to_json
from sweep.store.provenance import SEED_RULE
from workers.part import STATUS, TIMINGS

REPLACED = 254
BURIED = {"network": -1, "status": REPLACED}
PER_NETWORK: dict[str, tuple[str, dict[str, Any]]] = {
    "network": (
        "i8",
        {
            "long_name": "index of the network in its sweep; where there are several 'simulators', times "
            "their number, plus the place of its own among them; -1 in a row that no longer counts"
        },
    ),
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


def create(arrays: Arrays) -> None:
    """Make the groups and arrays that every store has."""
    arrays.publish({name: group({}) for name in GROUPS})
    for name, (dtype, attributes) in PER_NETWORK.items():
        arrays.create(name, np.dtype(dtype), ("network",), (0,), attributes)
    about = {"long_name": "index of the network that failed"}
    arrays.create("failures/network", np.dtype(np.int64), ("failure",), (0,), about)
    for name, (dim, words) in TEXTS.items():
        arrays.create(name, None, (dim,), (0,), {"long_name": words}, row_bytes=1 << 12)


def root(attributes: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Describe a store as it is now, in its root."""
    members = {name: group({}) for name in GROUPS} | arrays.metadata()
    consolidated = {
        "kind": "inline",
        "must_understand": False,
        "metadata": {name: members[name] for name in sorted(members)},
    }
    published = {"published": arrays.lengths()}
    return {**group(attributes | published), "consolidated_metadata": consolidated}


def group(attributes: dict[str, Any]) -> dict[str, Any]:
    """Describe a group as zarr does."""
    return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def attributes_of(plan: Plan) -> dict[str, Any]:
    """Say in the root what holds for all networks."""
    return {
        "seed_rule": SEED_RULE,
        "seed": plan.seed,
        "networks": plan.number,
        "replicates": plan.replicates,
        "simulators": list(plan.simulators),
        "grid": to_json(plan.dims),
        "constants": {k: _plain(v) for k, v in plan.constants.items()},
    }


def _plain(value: Any) -> Any:
    """Write a constant as JSON where it is a number or a string, else as its repr."""
    return value if type(value) in (bool, int, str) else repr(value)
