"""Whether the values of different networks have one structure, so that they can lie in the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from workers.outcome import Failure
from workers.part import STATUS, Column, Part, failure_to_json
from workers.values import MOST_LEAVES, Node, leaves_of, parsed

# They are part of the root's metadata, which every commit writes and every reader reads.
MOST_BYTES = 1 << 22
EMPTY, NAMED, NUMBERED = "an empty dict", "a dict", "a dict with integers as keys"
ADVICE = "return the same structure from all networks, with None where a value is missing"


@dataclass(frozen=True)
class Shape:
    """What must be the same in two structures.

    Attributes
    ----------
    what : str
        The kind of value, in words.
    parts : dict of str to Shape
        What it holds, by the path to it; where a part is missing, any may come.
    each : Shape, optional
        What all items of a list are.
    """

    what: str
    parts: Mapping[str, Shape] = field(default_factory=dict)
    each: Shape | None = None


class Structures:
    """The structures of a sweep.

    The network that is stored first defines the structure; a later one may differ from it in this only: None
    in place of any part, keys of dicts that others lack, the lengths of lists and arrays, and the types of
    numbers. The value of any other is that network's error. Which network is stored first depends on which
    one finishes first.

    Parameters
    ----------
    stored : iterable of str
        Structures that are in the store already.
    """

    def __init__(self, stored: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._leaves: set[str] = set()
        self._bytes = 0
        self._shape: Shape | None = None
        for structure in stored:
            # What is stored may not fit: it came from elsewhere, and is there to be read.
            with suppress(TypeError):
                self._shape = _merged(self._shape, shape_of(parsed(structure)), "")
            self._take(structure, self._shape)

    def fitting(self, part: Part, plan: Plan) -> Part:
        """Give the part with failures in place of the values that differ from those before."""
        wrong: dict[int, str] = {}
        for place, structure in enumerate(part.structures):
            if structure in self._known:
                continue
            try:
                self.add(structure)
            except TypeError as error:
                wrong[place] = str(error)
        return _refused(part, wrong, plan) if wrong else part

    def add(self, structure: str) -> None:
        """Take up the structure of one more network.

        Raises
        ------
        TypeError
            It differs from those before, or there are too many.
        """
        shape = _merged(self._shape, shape_of(parsed(structure)), "")
        if (
            self._bytes + len(structure) > MOST_BYTES
            or len(self._leaves | leaves_of(structure)) > MOST_LEAVES
        ):
            raise TypeError(
                f"the returned value has one structure too many, besides the {len(self._known)} stored, "
                f"with {len(self._leaves)} parts in all; {ADVICE}, and return arrays rather than many parts"
            )
        self._take(structure, shape)

    def _take(self, structure: str, shape: Shape | None) -> None:
        if structure not in self._known:
            self._known.add(structure)
            self._leaves |= leaves_of(structure)
            self._bytes += len(structure)
        self._shape = shape


def shape_of(node: Node) -> Shape | None:
    """Find the shape of a structure; None where there is no value."""
    kind = node["kind"]
    if kind == "none":
        return None
    if kind in ("tuple", "list", "many", "empty", "map"):
        return _sequence(node)
    if kind == "dict" and not node["keys"]:
        return Shape(EMPTY)
    if kind in ("dict", "record", "neo"):
        names = node.get("fields") or node["keys"]
        ends = (f"[{n!r}]" if kind == "dict" else f".{n}" for n in names)
        parts = {e: shape_of(n) for e, n in zip(ends, node["items"], strict=True)}
        return Shape(
            f"a {node['class']}" if "class" in node else NAMED,
            {k: v for k, v in parts.items() if v is not None},
        )
    if kind == "quantity":
        return Shape(f"{_leaf(node['of'])} in {node['units']}")
    return Shape(_leaf(node))


def _sequence(node: Node) -> Shape:
    what = NUMBERED if node["kind"] == "map" else f"a {node.get('as', node['kind'])}"
    if node["kind"] == "empty":
        return Shape("a list")
    if node["kind"] == "map":
        return replace(_sequence(node["values"]), what=what)
    if node["kind"] == "many":
        return Shape(what, each=shape_of(node["of"]))
    parts = {f"[{i}]": shape_of(n) for i, n in enumerate(node["items"])}
    size = f" of {len(parts)}" if node["kind"] == "tuple" else ""
    return Shape(what + size, {k: v for k, v in parts.items() if v is not None})


def _leaf(node: Node) -> str:
    kind = node["kind"]
    if kind in ("str", "json"):
        return "a string"
    if kind == "texts":
        return "an array of strings"
    times = {"M": "datetime64", "m": "timedelta64"}.get(node.get("dtype", "<f8")[1])
    if kind != "array":
        return f"a {times or 'number'}"
    return f"a {node['ndim']}-dimensional array" + (f" of {times}" if times else "")


def _merged(before: Shape | None, now: Shape | None, path: str) -> Shape | None:
    """Join two shapes, or say where they differ."""
    if before is None or now is None:
        return before or now
    for one, other in ((before, now), (now, before)):
        if one.what == EMPTY and other.what in (EMPTY, NAMED, NUMBERED):
            return other
    if before.what != now.what:
        what = f"{'the returned value: ' + path if path else 'the returned value'} is {now.what}"
        raise TypeError(f"{what}, but {before.what} in the networks stored before; {ADVICE}")
    each = _merged(before.each, now.each, f"{path}[0]")
    parts = dict(before.parts)
    for name, part in now.parts.items():
        known = _merged(parts.get(name), part, path + name)
        if known is not None:
            parts[name] = known
    for name, part in parts.items() if each is not None else ():
        _merged(each, part, path + name)
    return Shape(before.what, parts, each)


def _refused(part: Part, wrong: Mapping[int, str], plan: Plan) -> Part:
    """Put failures in place of the values of some structures."""
    bad = np.isin(part.structure, list(wrong))
    kept = [s for i, s in enumerate(part.structures) if i not in wrong]
    places = np.array([kept.index(s) if i not in wrong else -1 for i, s in enumerate(part.structures)] + [-1])
    texts = iter(part.failures)
    failures = []
    for index, place, status in zip(part.index.tolist(), part.structure.tolist(), part.status, strict=True):
        if place in wrong:
            failures.append(failure_to_json(_failure(index, wrong[place], plan)))
        elif status:
            failures.append(next(texts))
    columns = [c for c in (_without(column, bad) for column in part.columns) if len(c.rows)]
    status = np.where(bad, STATUS.index("exception"), part.status).astype(np.uint8)
    structure = places[part.structure].astype(np.int32)
    return replace(
        part, status=status, structure=structure, structures=kept, columns=columns, failures=failures
    )


def _failure(index: int, message: str, plan: Plan) -> Failure:
    (place,) = plan.places(np.array([index])).tolist()
    parameters = plan.parameters(place) if place >= 0 else {}
    return Failure(index, plan.seed, parameters, "exception", "TypeError", message)


def _without(column: Column, bad: NDArray[Any]) -> Column:
    keep = ~bad[column.rows]
    if column.shapes is None:
        return replace(column, rows=column.rows[keep], values=column.values[keep])
    sizes = column.shapes.prod(axis=1)
    values = column.values[np.repeat(keep, sizes)]
    return replace(column, rows=column.rows[keep], values=values, shapes=column.shapes[keep])
