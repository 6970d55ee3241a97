"""Takes apart what holds no other values: None, numbers, strings and arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.values.node import PLAIN, Encoder, Leaves, Node, add, refusal


def encode_none(value: None, name: str, leaves: Leaves, path: str) -> Node:
    """Take None for a structure without a leaf."""
    return {"kind": "none"}


def encode_number(value: Any, name: str, leaves: Leaves, path: str) -> Node:
    """Take a number of Python as one leaf."""
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise refusal(path, f"is an integer of {value.bit_length() + 1} bits with its sign; 64 are stored")
    return {"kind": PLAIN[type(value)], "leaf": add(value, name, leaves)}


def encode_str(value: str, name: str, leaves: Leaves, path: str) -> Node:
    """Take a string as one leaf."""
    kind = "str"
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, as in the name of a file that is no UTF-8
        value, kind = json.dumps(value), "json"
    return {"kind": kind, "leaf": add(str(value), name, leaves)}


def encode_scalar(value: np.generic, name: str, leaves: Leaves, path: str) -> Node:
    """Take a number of numpy as one leaf, and its type into the structure."""
    if isinstance(value, np.str_):
        return encode_str(str(value), name, leaves, path) | {"numpy": True}
    leaf = _storable(value, path)[()]
    return {"kind": "scalar", "dtype": value.dtype.str, "leaf": add(leaf, name, leaves)}


def encode_array(value: NDArray[Any], name: str, leaves: Leaves, path: str) -> Node:
    """Take a copy of an array as one leaf, since the method may go on to change it."""
    if value.dtype.kind == "U":
        texts = {"dtype": value.dtype.str, "shape": value.shape, "values": value.ravel().tolist()}
        return {"kind": "texts", "leaf": add(json.dumps(texts), name, leaves)}
    leaf = np.array(_storable(value, path), order="C")
    return {"kind": "array", "dtype": value.dtype.str, "ndim": value.ndim, "leaf": add(leaf, name, leaves)}


def scalars(value: Any) -> Encoder | None:
    """Take the numbers of numpy."""
    return encode_scalar if isinstance(value, np.generic) else None


def _storable(value: NDArray[Any] | np.generic, path: str) -> NDArray[Any]:
    """View times as integers, and swap bytes to this machine's order."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind not in "biufcmM" or size > (16 if kind == "c" else 8):
        raise refusal(path, f"is an array of {value.dtype}")
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
    return array.view(np.int64) if kind in "mM" else array
