"""What the structure of a value is made of, and the table of who takes apart what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Leaf: TypeAlias = bool | int | float | complex | str | np.generic | NDArray[Any]
Node: TypeAlias = dict[str, Any]
Leaves: TypeAlias = dict[str, Leaf]
Encoder: TypeAlias = Callable[[Any, str, Leaves, str], Node]

LONG = 8
MOST_LEAVES = 1000
PLAIN: dict[type, str] = {bool: "bool", int: "int", float: "float", complex: "complex"}
ADVICE = (
    "return numbers, strings, arrays, quantities, neo objects, or tuples, lists, dicts, named tuples and "
    "dataclasses of them"
)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A value taken apart.

    Attributes
    ----------
    structure : str
        JSON that tells how the value is put together: its containers, and the type and name of each leaf.
    leaves : dict of str to bool, int, float, complex, str, numpy scalar or array
        Arrays are of kind b, i, u, f or c.
    """

    structure: str
    leaves: dict[str, Leaf]


@lru_cache(1024)
def parsed(structure: str) -> Node:
    """Read a structure; do not change what is returned."""
    node: Node = json.loads(structure)
    return node


def leaves_of(structure: str) -> set[str]:
    """Name all leaves that a structure puts together."""
    return {name for name, _ in _leaves(parsed(structure), "")}


def units_of(structure: str) -> dict[str, str]:
    """Give the units of those leaves that have one."""
    return {name: units for name, units in _leaves(parsed(structure), "") if units}


def _leaves(node: Node, units: str) -> Iterator[tuple[str, str]]:
    """Go through the names of leaves, and the unit that each has."""
    units = node.get("units", units)
    if node["kind"] == "many":
        inside = dict(_leaves(node["of"], units))
        for leaf, (flat, *shapes) in node["columns"].items():
            yield flat, inside.get(leaf, "")
            yield from ((name, "") for name in shapes)
    elif "leaf" in node:
        yield node["leaf"], units
    else:
        for below in children(node):
            yield from _leaves(below, units)


def children(node: Node) -> list[Node]:
    """Give the nodes right below one, besides those of columns."""
    return [
        *node.get("items", ()),
        *(node[k] for k in ("keys", "values", "of") if isinstance(node.get(k), dict)),
    ]


def encode_node(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Add the leaves of a value to `leaves`, and return its node of the structure."""
    known = TYPES.get(type(value)) or next((k for found in FAMILIES if (k := found(value))), None)
    if known is None:
        raise refusal(path, f"is a {type(value)}")
    return known(value, name, leaves, path)


TYPES: dict[type, Encoder] = {}
FAMILIES: list[Callable[[Any], Encoder | None]] = []


def refusal(path: str, what: str) -> TypeError:
    """Make the error of a value that cannot be stored."""
    return TypeError(f"the returned value{': ' + path if path else ''} {what}; {ADVICE}")


def add(leaf: Leaf, name: str, leaves: Leaves) -> str:
    """Add a leaf under a name that no other has, and return that."""
    name = name or "result"
    while name in leaves:
        name += "_"
    leaves[name] = leaf
    return name


def under(name: str, key: object) -> str:
    """Name a part by its key, in characters that every file system takes."""
    clean = _clean(str(key))
    return f"{name}.{clean}" if name else clean


@lru_cache
def _clean(key: str) -> str:
    return re.sub(r"[^\w.-]", "_", key)[:60].lstrip("._") or "_"
