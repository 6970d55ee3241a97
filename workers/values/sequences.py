"""Takes apart tuples and lists; long ones by columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.values.node import LONG, PLAIN, Leaves, Node, add, encode_node

Lists: TypeAlias = tuple[Node, dict[str, Sequence[Any] | NDArray[Any]]]


def encode_sequence(value: Sequence[Any], name: str, leaves: Leaves, path: str) -> Node:
    """Take the items of a tuple or list."""
    kind = type(value).__name__
    if not value and kind == "list":
        return {"kind": "empty", "leaf": add(np.empty(0), name, leaves)}
    if kind == "list" or len(value) > LONG:
        columns = _numbers(value) or (_records(value, name, path) if len(value) > LONG else None)
        if columns is not None:
            return _encode_columns(kind, columns, name, leaves)
    name = name or "result"
    items = [encode_node(v, f"{name}.{i}", leaves, f"{path}[{i}]") for i, v in enumerate(value)]
    return {"kind": kind, "items": items}


def encode_columns(
    value: Sequence[Any], name: str, leaves: Leaves, path: str, columns: Lists | None = None
) -> Node | None:
    """Take a sequence of any length by columns, as a list; None if its items differ in structure."""
    if columns is None and value:
        columns = _numbers(value) or _records(value, name, path)
    return None if columns is None else _encode_columns("list", columns, name, leaves)


def _numbers(value: Sequence[Any]) -> Lists | None:
    """See numbers of one type, or strings, as one column."""
    (first, *others) = set(map(type, value))
    if others or (first not in PLAIN and first is not str):
        return None
    if first is int and not (min(value) >= -(2**63) and max(value) < 2**63):
        return None
    return {"kind": PLAIN.get(first, "str"), "leaf": ""}, {"": list(value)}


def _records(value: Sequence[Any], name: str, path: str) -> Lists | None:
    """See items of one structure as one column for each of their leaves."""
    rows: list[Leaves] = [{} for _ in value]
    nodes = [
        encode_node(v, name, row, f"{path}[{i}]") for i, (v, row) in enumerate(zip(value, rows, strict=True))
    ]
    node = next((n for n in nodes if n["kind"] != "empty"), nodes[0])
    if node["kind"] == "many" and node["of"]["kind"] in PLAIN.values() and node["as"] == "list":
        # An empty list among lists of numbers is one of them.
        nodes = [node if n["kind"] == "empty" else n for n in nodes]
    if not rows[0] or any(n != node for n in nodes):
        return None
    return node, {leaf: [row[leaf] for row in rows] for leaf in rows[0]}


def _encode_columns(kind: str, columns: Lists, name: str, leaves: Leaves) -> Node:
    node, lists = columns
    stacked = {leaf: _stack(column, leaf or name, leaves) for leaf, column in lists.items()}
    return {"kind": "many", "as": kind, "of": node, "columns": stacked}


def _stack(column: Sequence[Any] | NDArray[Any], name: str, leaves: Leaves) -> list[str]:
    """Make one leaf of the values of a column; where these are arrays, a second one holds their shapes."""
    if isinstance(column[0], str):
        return [add(json.dumps(column), name, leaves)]
    if not isinstance(column[0], np.ndarray):
        return [add(np.array(column), name, leaves)]
    full = [a.ravel() for a in column if a.size] or [column[0].ravel()]
    flat = add(np.concatenate(full), name, leaves)
    return [flat, add(np.array([a.shape for a in column], np.int64), f"{flat}.shape", leaves)]
