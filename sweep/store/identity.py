"""Which network is which: the networks of a call are found again by what their method is called with."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from workers.values import encode

Words = NDArray[np.uint64]
Ids = NDArray[np.uint64]
EXACT = 2**53


def ids_of(plan: Plan, by_place: bool = False) -> tuple[Ids, NDArray[np.int64]]:
    """Give each network of a plan an identity, shape (number, 2), and count the equal ones before it.

    It depends on the names and values of all parameters, and, where several networks have the same, on how
    many of them come before in the call: the second is the second replicate. Numbers are the same if they are
    equal, whatever their types.

    Parameters
    ----------
    plan : Plan
    by_place : bool
        Whether it depends on the place in the call too: each has a base network of its own.
    """
    total = points_of(plan)
    ranks = _ranks(total)
    ids = _mixed(total, np.arange(plan.number, dtype=np.uint64) if by_place else ranks)
    return ids, ranks.astype(np.int64)


def points_of(plan: Plan) -> Ids:
    """Give each network of a plan what it shares with those that have the same parameters."""
    total = np.zeros((plan.number, 2), np.uint64)
    for name in sorted({*plan.columns, *plan.constants}):
        values = _words_of(plan.columns[name]) if name in plan.columns else _words_of([plan.constants[name]])
        total = _mixed(total ^ _word(name.encode()), values)
    return total


def places_in(known: Ids, ids: Ids) -> NDArray[np.int64]:
    """Find the place of each of `ids` in `known`; -1 where it is not."""
    if not len(known):
        return np.full(len(ids), -1, np.int64)
    if len(known) >= len(ids) and (known[: len(ids)] == ids).all():  # the same call again
        return np.arange(len(ids))
    order, wanted = np.argsort(known[:, 0], kind="stable"), np.argsort(ids[:, 0])
    # In order, which is ten times faster among millions.
    ordered = np.searchsorted(known[order, 0], ids[wanted, 0]).clip(max=len(known) - 1)
    found = np.empty(len(ids), np.int64)
    found[wanted] = order[ordered]
    return np.where((known[found] == ids).all(axis=1), found, -1)


def same(a: Any, b: Any) -> bool:
    """Whether two values of a parameter are the same."""
    return bool(_word_of(a) == _word_of(b))


def number_of(value: Any) -> float | None:
    """Return a number as a float that equals it; None for what is no number, or too large to be exact."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    if isinstance(value, (int, np.integer)) and not -EXACT <= value <= EXACT:
        return None
    return float(value) + 0.0  # which makes -0.0 into 0.0


def digest_of(value: Any) -> bytes:
    """Return what stands for a value that is no number: equal for equal values, in any process."""
    try:
        encoded = encode(value)
    except TypeError:
        return hashlib.blake2b(stable_repr(value).encode(), digest_size=8).digest()
    hashed = hashlib.blake2b(encoded.structure.encode(), digest_size=8)
    for name, leaf in encoded.leaves.items():
        array = None if isinstance(leaf, str) else np.asarray(leaf)
        text = leaf if isinstance(leaf, str) else f"{np.asarray(leaf).dtype.str} {np.shape(leaf)}"
        hashed.update(f"{name} {text}".encode())
        hashed.update(b"" if array is None else array.tobytes())
    return hashed.digest()


def stable_repr(value: Any) -> str:
    """Write a value without the addresses of objects, which differ in each process."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", ascii(value))


def _words_of(values: Any) -> Words:
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "iuf":
        floats = values.astype(np.float64) + 0.0
        if values.dtype.kind == "f" or (np.abs(floats) <= EXACT).all():
            return floats.view(np.uint64)
    return np.array([_word_of(v) for v in values], np.uint64)


def _word_of(value: Any) -> np.uint64:
    number = number_of(value)
    if number is not None:
        return np.uint64(np.float64(number).view(np.uint64))
    return np.uint64(int.from_bytes(digest_of(value), "little"))


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def _ranks(ids: Ids) -> Words:
    """Count, for each row, the equal ones before it."""
    first = np.sort(ids[:, 0])  # among millions ten times faster than np.unique, which hashes
    if not (first[1:] == first[:-1]).any():
        return np.zeros(len(ids), np.uint64)
    order = np.lexsort((ids[:, 1], ids[:, 0]))
    ordered = ids[order]
    first = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]
    starts = np.maximum.accumulate(np.where(first, np.arange(len(ids)), 0))
    ranks = np.empty(len(ids), np.uint64)
    ranks[order] = np.arange(len(ids)) - starts
    return ranks


def _mixed(ids: Ids, words: Words) -> Ids:
    """Stir words into identities, each half in a way of its own (the finaliser of SplitMix64)."""
    odd = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
    x = (ids * np.uint64(0xD6E8FEB86659FD93)) ^ (words.reshape(-1, 1) + odd)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)
