"""Takes apart dicts, named tuples and dataclasses."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from workers.values.node import Encoder, Leaves, Node, encode_node, refusal, under
from workers.values.sequences import encode_columns


def encode_dict(value: dict[Any, Any], name: str, leaves: Leaves, path: str) -> Node:
    """Take the values of a dict, and its keys into the structure; keys that are integers as a leaf."""
    for key in value:
        if type(key) is bool or not isinstance(key, (str, int, np.integer)):
            raise refusal(path, f"has the key {key!r}, neither a string nor an integer")
    if all(type(key) is str for key in value):
        items = [encode_node(v, under(name, k), leaves, f"{path}[{k!r}]") for k, v in value.items()]
        return {"kind": "dict", "keys": list(value), "items": items}
    name = name or "result"
    keys = encode_node(list(value), f"{name}.keys", leaves, path)
    return {"kind": "map", "keys": keys, "values": _encode_values(value, name, leaves, path)}


def _encode_values(value: dict[Any, Any], name: str, leaves: Leaves, path: str) -> Node:
    columns = encode_columns(list(value.values()), name, leaves, path)
    if columns is not None:
        return columns
    items = [encode_node(v, under(name, k), leaves, f"{path}[{k!r}]") for k, v in value.items()]
    return {"kind": "list", "items": items}


def encode_record(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Take the fields of a named tuple or dataclass, and the name of its class into the structure."""
    names = list(getattr(value, "_fields", None) or (f.name for f in fields(value)))
    items = [encode_node(getattr(value, n), under(name, n), leaves, f"{path}.{n}") for n in names]
    kind = type(value)
    return {
        "kind": "record",
        "module": kind.__module__,
        "class": kind.__qualname__,
        "fields": names,
        "items": items,
    }


def mappings(value: Any) -> Encoder | None:
    """Take records, and subclasses of dict as dicts."""
    named = isinstance(value, tuple) and hasattr(value, "_fields")
    if named or (is_dataclass(value) and not isinstance(value, type)):
        return encode_record
    return encode_dict if isinstance(value, dict) else None
