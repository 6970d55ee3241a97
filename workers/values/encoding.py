"""Takes values apart."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from workers.values import mappings, physical, plain, sequences
from workers.values.node import FAMILIES, MOST_LEAVES, PLAIN, TYPES, Encoded, Leaves, encode_node, refusal

TYPES.update(
    {
        type(None): plain.encode_none,
        bool: plain.encode_number,
        int: plain.encode_number,
        float: plain.encode_number,
        complex: plain.encode_number,
        str: plain.encode_str,
        np.ndarray: plain.encode_array,
        np.memmap: plain.encode_array,
        tuple: sequences.encode_sequence,
        list: sequences.encode_sequence,
        dict: mappings.encode_dict,
    }
)
FAMILIES.extend([plain.scalars, mappings.mappings, physical.physical])


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
    try:
        node = encode_node(value, "", leaves, "")
    except RecursionError:
        raise refusal("", "holds itself, or is nested too deeply") from None
    if len(leaves) > MOST_LEAVES:
        raise TypeError(
            f"the returned value has {len(leaves)} separate parts, more than {MOST_LEAVES}; return arrays"
        )
    return Encoded(json.dumps(node), leaves)
