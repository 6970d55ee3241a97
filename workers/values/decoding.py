"""Puts values together again."""

from __future__ import annotations

import json
import sys
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.values.node import PLAIN, Node, parsed
from workers.values.physical import neo_object, quantity


def decode(structure: str, leaves: Mapping[str, Any]) -> Any:
    """Put together what `encode` took apart: an equal value, of equal types.

    Its arrays may share memory with the leaves. Records whose class is not imported in this process come back
    as named tuples of the same name; subclasses of dict as dicts.
    """
    return _decode(parsed(structure), leaves)


def _decode(node: Node, leaves: Mapping[str, Any]) -> Any:
    return DECODERS[node["kind"]](node, leaves)


def _typed(value: Any, dtype: str) -> NDArray[Any]:
    """Give numbers back the type that they had before they shared a column with others."""
    wanted = np.dtype(dtype)
    if wanted.kind in "mM":
        return np.asarray(value).real.astype(np.int64).view(wanted.newbyteorder("=")).astype(wanted)
    array = np.asarray(value)
    return (array if wanted.kind == "c" else array.real).astype(wanted, copy=False)


def _item(node: Node, leaves: Mapping[str, Any]) -> Any:
    leaf = leaves[node["leaf"]]
    value = leaf.item() if isinstance(leaf, (np.generic, np.ndarray)) else leaf
    return value.real if isinstance(value, complex) and node["kind"] != "complex" else value


def _decode_array(node: Node, leaves: Mapping[str, Any]) -> NDArray[Any]:
    """Read an array; one from a column shared with arrays of more dimensions has ones in front."""
    array = _typed(leaves[node["leaf"]], node["dtype"])
    return array.reshape(array.shape[array.ndim - node["ndim"] :])


def _decode_scalar(node: Node, leaves: Mapping[str, Any]) -> Any:
    return _typed(leaves[node["leaf"]], node["dtype"]).reshape(())[()]


def _decode_str(node: Node, leaves: Mapping[str, Any]) -> str:
    text = str(leaves[node["leaf"]])
    text = json.loads(text) if node["kind"] == "json" else text
    return np.str_(text) if node.get("numpy") else text


def _decode_texts(node: Node, leaves: Mapping[str, Any]) -> NDArray[Any]:
    stored = json.loads(leaves[node["leaf"]])
    return np.array(stored["values"], stored["dtype"]).reshape(stored["shape"])


def _decode_items(node: Node, leaves: Mapping[str, Any]) -> Any:
    items = [_decode(n, leaves) for n in node["items"]]
    return tuple(items) if node["kind"] == "tuple" else items


def _decode_many(node: Node, leaves: Mapping[str, Any]) -> Any:
    of = node["of"]
    columns = {leaf: _unstack(names, leaves) for leaf, names in node["columns"].items()}
    if of["kind"] in PLAIN.values():
        items = _typed(columns[of["leaf"]], of["kind"]).tolist()
    else:
        rows = zip(*columns.values(), strict=True)
        items = [_decode(of, dict(zip(columns, row, strict=True))) for row in rows]
    return tuple(items) if node["as"] == "tuple" else items


def _unstack(names: list[str], leaves: Mapping[str, Any]) -> Any:
    stored = leaves[names[0]]
    if isinstance(stored, str):
        return json.loads(stored)
    if len(names) == 1:
        return np.ravel(stored)
    shapes = np.asarray(leaves[names[1]]).astype(np.int64)
    shapes = shapes.reshape(shapes.shape[-2:])
    stretches = np.split(np.ravel(stored), np.cumsum(shapes.prod(axis=1))[:-1])
    return [s.reshape(shape) for s, shape in zip(stretches, shapes, strict=True)]


def _decode_dict(node: Node, leaves: Mapping[str, Any]) -> dict[Any, Any]:
    if node["kind"] == "map":
        keys, values = _decode(node["keys"], leaves), _decode(node["values"], leaves)
        return dict(zip(keys, values, strict=True))
    return {k: _decode(n, leaves) for k, n in zip(node["keys"], node["items"], strict=True)}


def _decode_record(node: Node, leaves: Mapping[str, Any]) -> Any:
    values = dict(zip(node["fields"], (_decode(n, leaves) for n in node["items"]), strict=True))
    kind = _imported(node["module"], node["class"])
    if isinstance(kind, type) and getattr(kind, "_fields", None) == tuple(node["fields"]):
        return tuple.__new__(kind, values.values())
    if isinstance(kind, type) and is_dataclass(kind) and [f.name for f in fields(kind)] == node["fields"]:
        record = object.__new__(kind)
        for name, value in values.items():
            object.__setattr__(record, name, value)
        return record
    return namedtuple(node["class"].rpartition(".")[2], node["fields"], rename=True)(**values)


def _imported(module: str, name: str) -> object:
    """Find a class without importing anything: what a store names must not run."""
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found


def _decode_quantity(node: Node, leaves: Mapping[str, Any]) -> Any:
    return quantity(_decode(node["of"], leaves), node["units"])


def _decode_neo(node: Node, leaves: Mapping[str, Any]) -> Any:
    parts = (_decode(n, leaves) for n in node["items"])
    return neo_object(node["class"], dict(zip(node["keys"], parts, strict=True)))


DECODERS: dict[str, Callable[[Node, Mapping[str, Any]], Any]] = {
    "none": lambda node, leaves: None,
    "bool": lambda node, leaves: bool(_item(node, leaves)),
    "int": lambda node, leaves: int(_item(node, leaves)),
    "float": lambda node, leaves: float(_item(node, leaves)),
    "complex": lambda node, leaves: complex(_item(node, leaves)),
    "str": _decode_str,
    "json": _decode_str,
    "scalar": _decode_scalar,
    "array": _decode_array,
    "texts": _decode_texts,
    "empty": lambda node, leaves: [],
    "tuple": _decode_items,
    "list": _decode_items,
    "many": _decode_many,
    "dict": _decode_dict,
    "map": _decode_dict,
    "record": _decode_record,
    "quantity": _decode_quantity,
    "neo": _decode_neo,
}
