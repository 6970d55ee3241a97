"""A method's returned value as flat leaves and the structure that puts them together again.

The names of the leaves: a value that is no container is called "result"; the items of a tuple or list
"result.0", "result.1"; those of a dict or the fields of a record by their key, "rate", and by the keys on
the way where nested, "rates.mean". The structure says which leaf goes where, so that a name is only for
people: one already taken gets an underscore behind it. What else a store has under these names is the
store's own matter: it calls such a leaf "result.rate".

Sequences do not become a leaf per item. A list of numbers is one leaf, and so is each column of more than
`LONG` items of one structure, such as the spike times of each neuron.
"""

from __future__ import annotations

import json
import re
import sys
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Leaf: TypeAlias = bool | int | float | complex | str | np.generic | NDArray[Any]
Node: TypeAlias = dict[str, Any]
Leaves: TypeAlias = dict[str, Leaf]

LONG = 8
MOST_LEAVES = 1000
ADVICE = "return numbers, strings, arrays, or tuples, lists, dicts, named tuples and dataclasses of them"


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


def encode(value: Any) -> Encoded:
    """Take apart what a method returned.

    Raises
    ------
    TypeError
        Names the path of the first part that cannot be stored.
    """
    kind = PLAIN.get(type(value))
    if kind is not None and (kind != "int" or -(2**63) <= value < 2**63):
        return Encoded(f'{{"kind": "{kind}", "leaf": "result"}}', {"result": value})
    leaves: Leaves = {}
    node = _encode(value, "", leaves, "")
    if len(leaves) > MOST_LEAVES:
        raise TypeError(
            f"the returned value has {len(leaves)} separate parts, more than {MOST_LEAVES}; return arrays"
        )
    return Encoded(json.dumps(node), leaves)


def decode(structure: str, leaves: Mapping[str, Any]) -> Any:
    """Put together what `encode` took apart: an equal value, of equal types.

    Records whose class is not imported in this process come back as named tuples of the same name;
    subclasses of dict as dicts.
    """
    return _decode(json.loads(structure), leaves)


PLAIN: dict[type, str] = {bool: "bool", int: "int", float: "float", complex: "complex"}


def leaves_of(structure: str) -> set[str]:
    """Name all leaves that a structure puts together."""
    return _names(json.loads(structure))


def _names(node: Node) -> set[str]:
    if node["kind"] == "many":
        return {name for names in node["columns"].values() for name in names}
    below = [*node.get("items", ()), *(node[k] for k in ("keys", "values") if node["kind"] == "map")]
    return {node["leaf"]} if "leaf" in node else {name for n in below for name in _names(n)}


def _encode(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Add the leaves of a value and return its node of the structure."""
    return _encoder(value, path)(value, name, leaves, path)


def _encoder(value: Any, path: str) -> Callable[[Any, str, Leaves, str], Node]:
    known = ENCODERS.get(type(value))
    if known is not None:
        return known
    if isinstance(value, np.generic):
        return _encode_scalar
    if (isinstance(value, tuple) and hasattr(value, "_fields")) or (
        is_dataclass(value) and not isinstance(value, type)
    ):
        return _encode_record
    if isinstance(value, dict):
        return _encode_dict
    raise _refusal(path, f"is a {type(value)}")


def _refusal(path: str, what: str) -> TypeError:
    return TypeError(f"the returned value{': ' + path if path else ''} {what}; {ADVICE}")


def _add(leaf: Leaf, name: str, leaves: Leaves) -> str:
    name = name or "result"
    while name in leaves:
        name += "_"
    leaves[name] = leaf
    return name


def _under(name: str, key: object) -> str:
    """Name a part by its key, in characters that every file system takes."""
    clean = re.sub(r"[^\w.-]", "_", str(key))[:60].lstrip("._") or "_"
    return f"{name}.{clean}" if name else clean


def _encode_none(value: None, name: str, leaves: Leaves, path: str) -> Node:
    return {"kind": "none"}


def _encode_plain(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise _refusal(path, f"is an integer of {value.bit_length()} bits, beyond the 64 that are stored")
    return {"kind": PLAIN[type(value)], "leaf": _add(value, name, leaves)}


def _encode_str(value: str, name: str, leaves: Leaves, path: str) -> Node:
    kind = "str"
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, as in the name of a file that is no UTF-8
        value, kind = json.dumps(value), "json"
    return {"kind": kind, "leaf": _add(str(value), name, leaves)}


def _storable(value: NDArray[Any] | np.generic, path: str) -> NDArray[Any]:
    """View times as integers, and swap bytes to this machine's order."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind not in "biufcmM" or size > (16 if kind == "c" else 8):
        raise _refusal(path, f"is an array of {value.dtype}")
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
    return array.view(np.int64) if kind in "mM" else array


def _encode_scalar(value: np.generic, name: str, leaves: Leaves, path: str) -> Node:
    if isinstance(value, np.str_):
        return _encode_str(str(value), name, leaves, path) | {"numpy": True}
    leaf = _storable(value, path)[()]
    return {"kind": "scalar", "dtype": value.dtype.str, "leaf": _add(leaf, name, leaves)}


def _encode_array(value: NDArray[Any], name: str, leaves: Leaves, path: str) -> Node:
    if value.dtype.kind == "U":
        texts = {"dtype": value.dtype.str, "shape": value.shape, "values": value.ravel().tolist()}
        return {"kind": "texts", "leaf": _add(json.dumps(texts), name, leaves)}
    # A copy, since the method may go on to change the array.
    leaf = np.array(_storable(value, path), order="C")
    return {"kind": "array", "dtype": value.dtype.str, "ndim": value.ndim, "leaf": _add(leaf, name, leaves)}


def _encode_sequence(value: Sequence[Any], name: str, leaves: Leaves, path: str) -> Node:
    kind = type(value).__name__
    if not value and kind == "list":
        return {"kind": "empty", "leaf": _add(np.empty(0), name, leaves)}
    if kind == "list" or len(value) > LONG:
        columns = _numbers(value) or (_records(value, name, path) if len(value) > LONG else None)
        if columns is not None:
            return _encode_columns(kind, columns, name, leaves)
    name = name or "result"
    items = [_encode(v, f"{name}.{i}", leaves, f"{path}[{i}]") for i, v in enumerate(value)]
    return {"kind": kind, "items": items}


def _numbers(value: Sequence[Any]) -> tuple[Node, dict[str, list[Any]]] | None:
    """See numbers of one type, or strings, as one column."""
    (first, *others) = set(map(type, value))
    if others or (first not in PLAIN and first is not str):
        return None
    if first is int and not (min(value) >= -(2**63) and max(value) < 2**63):
        return None
    return {"kind": PLAIN.get(first, "str"), "leaf": ""}, {"": list(value)}


def _records(value: Sequence[Any], name: str, path: str) -> tuple[Node, dict[str, list[Any]]] | None:
    """See items of one structure as one column for each of their leaves."""
    rows: list[Leaves] = [{} for _ in value]
    nodes = [
        _encode(v, name, row, f"{path}[{i}]") for i, (v, row) in enumerate(zip(value, rows, strict=True))
    ]
    node = next((n for n in nodes if n["kind"] != "empty"), nodes[0])
    if node.get("of", {}).get("kind") in PLAIN.values() and node["as"] == "list":
        nodes = [_as_empty(n, node, row) for n, row in zip(nodes, rows, strict=True)]
    if not rows[0] or any(n != node for n in nodes):
        return None
    return node, {leaf: [row[leaf] for row in rows] for leaf in rows[0]}


def _as_empty(node: Node, other: Node, row: Leaves) -> Node:
    """Take an empty list among lists of numbers for one of them."""
    return other if node["kind"] == "empty" else node


def _encode_columns(kind: str, columns: tuple[Node, dict[str, list[Any]]], name: str, leaves: Leaves) -> Node:
    node, lists = columns
    stacked = {leaf: _stack(column, leaf or name, leaves) for leaf, column in lists.items()}
    return {"kind": "many", "as": kind, "of": node, "columns": stacked}


def _stack(column: list[Any], name: str, leaves: Leaves) -> list[str]:
    """Make one leaf of the values of a column; where these are arrays, a second one holds their shapes."""
    if isinstance(column[0], str):
        return [_add(json.dumps(column), name, leaves)]
    if not isinstance(column[0], np.ndarray):
        return [_add(np.array(column), name, leaves)]
    full = [a.ravel() for a in column if a.size] or [column[0].ravel()]
    flat = _add(np.concatenate(full), name, leaves)
    return [flat, _add(np.array([a.shape for a in column], np.int64), f"{flat}.shape", leaves)]


def _encode_dict(value: dict[Any, Any], name: str, leaves: Leaves, path: str) -> Node:
    for key in value:
        if type(key) is bool or not isinstance(key, (str, int, np.integer)):
            raise _refusal(path, f"has the key {key!r}, neither a string nor an integer")
    if all(type(key) is str for key in value):
        items = [_encode(v, _under(name, k), leaves, f"{path}[{k!r}]") for k, v in value.items()]
        return {"kind": "dict", "keys": list(value), "items": items}
    name = name or "result"
    keys = _encode(list(value), f"{name}.keys", leaves, path)
    return {"kind": "map", "keys": keys, "values": _encode_values(value, name, leaves, path)}


def _encode_values(value: dict[Any, Any], name: str, leaves: Leaves, path: str) -> Node:
    values = list(value.values())
    columns = _numbers(values) or _records(values, name, path)
    if columns is not None:
        return _encode_columns("list", columns, name, leaves)
    items = [_encode(v, _under(name, k), leaves, f"{path}[{k!r}]") for k, v in value.items()]
    return {"kind": "list", "items": items}


def _encode_record(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    names = list(getattr(value, "_fields", None) or (f.name for f in fields(value)))
    items = [_encode(getattr(value, n), _under(name, n), leaves, f"{path}.{n}") for n in names]
    kind = type(value)
    return {
        "kind": "record",
        "module": kind.__module__,
        "class": kind.__qualname__,
        "fields": names,
        "items": items,
    }


ENCODERS: dict[type, Callable[[Any, str, Leaves, str], Node]] = {
    type(None): _encode_none,
    bool: _encode_plain,
    int: _encode_plain,
    float: _encode_plain,
    complex: _encode_plain,
    str: _encode_str,
    np.ndarray: _encode_array,
    np.memmap: _encode_array,
    tuple: _encode_sequence,
    list: _encode_sequence,
    dict: _encode_dict,
}


def _decode(node: Node, leaves: Mapping[str, Any]) -> Any:
    return DECODERS[node["kind"]](node, leaves)


def _typed(value: Any, dtype: str) -> NDArray[Any]:
    """Give numbers back the type that they had before they shared a column with others."""
    wanted = np.dtype(dtype)
    if wanted.kind in "mM":
        return np.asarray(value).real.astype(np.int64).view(wanted.newbyteorder("=")).astype(wanted)
    array = np.asarray(value)
    return (array if wanted.kind == "c" else array.real).astype(wanted)


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
}
