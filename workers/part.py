"""The outcomes of a task as columns: small to send, and quick to put behind those already stored."""

from __future__ import annotations

import base64
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.outcome import Failure, Outcome, Timings
from workers.values import Encoded, Leaf, decode, encode

STATUS = ("ok", "exception", "crash", "timeout", "lost")
TIMINGS = tuple(f.name for f in fields(Timings))


@dataclass(frozen=True, eq=False)
class Column:
    """The leaves of one name and one type in some rows of a part.

    Attributes
    ----------
    name : str
        The name of the leaves.
    rows : array of int, shape (k,)
        The rows that have the leaf.
    values : array
        Shape (k, ...) where all leaves are of one shape; otherwise their elements, one leaf behind the
        other. Texts are of kind u1, the bytes of their UTF-8.
    shapes : array of int, shape (k, ndim), optional
        The shape of each leaf where `values` is flat.
    text : bool
        Whether these are strings.
    """

    name: str
    rows: NDArray[np.int64]
    values: NDArray[Any]
    shapes: NDArray[np.int64] | None = None
    text: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """The outcomes of a task, one row each, in arrays and texts only.

    Attributes
    ----------
    index : array of int, shape (rows,)
        The networks' indices.
    status : array of u1, shape (rows,)
        Place of the outcome in `STATUS`.
    structure : array of i4, shape (rows,)
        Place in `structures` of the structure of the row's value; -1 where the network failed.
    structures : list of str
        The distinct structures, as `encode` gives them.
    timings : dict of str to array of float, shape (rows,)
        Seconds, by the names in `TIMINGS`.
    columns : list of Column
        The leaves. A row without one has none in its structure.
    failures : list of str
        The failures as JSON, in the order of the rows.
    attempt : array of u1, shape (rows,)
        How many times the network has been handed out, this time included.
    resource : str
        What ran them: the machine and its processor.
    """

    index: NDArray[np.int64]
    status: NDArray[np.uint8]
    structure: NDArray[np.int32]
    structures: list[str]
    timings: dict[str, NDArray[np.float64]]
    columns: list[Column]
    failures: list[str]
    attempt: NDArray[np.uint8]
    resource: str = ""

    @property
    def nbytes(self) -> int:
        """The size of the values in memory."""
        return sum(c.values.nbytes for c in self.columns) + sum(map(len, self.failures))


def pack(outcomes: Sequence[Outcome], attempts: Sequence[int] = (), resource: str = "") -> Part:
    """Put the outcomes of a task into columns."""
    places: dict[str, int] = {}
    structure = [places.setdefault(o.value.structure, len(places)) if o.value else -1 for o in outcomes]
    failures = [o.failure for o in outcomes if o.failure is not None]
    status = [STATUS.index(o.failure.kind) if o.failure is not None else 0 for o in outcomes]
    return Part(
        np.array([o.index for o in outcomes], np.int64),
        np.array(status, np.uint8),
        np.array(structure, np.int32),
        list(places),
        {name: np.array([getattr(o.timings, name) for o in outcomes], np.float64) for name in TIMINGS},
        columns(
            (row, name, leaf)
            for row, o in enumerate(outcomes)
            if o.value
            for name, leaf in o.value.leaves.items()
        ),
        [failure_to_json(f) for f in failures],
        counted(attempts, len(outcomes)),
        resource,
    )


def counted(attempts: Sequence[int], rows: int) -> NDArray[np.uint8]:
    """Say of each row how many times its network was handed out; once each if nothing is given."""
    return np.minimum(attempts or np.ones(rows, np.int64), 255).astype(np.uint8)


def outcomes_of(part: Part) -> list[Outcome]:
    """Take the outcomes of a task out of their columns."""
    leaves: list[dict[str, Leaf]] = [{} for _ in part.index]
    for column in part.columns:
        for row, leaf in zip(column.rows.tolist(), leaves_in(column), strict=True):
            leaves[row][column.name] = leaf
    failures = iter(part.failures)
    outcomes = []
    for row, (index, place) in enumerate(zip(part.index.tolist(), part.structure.tolist(), strict=True)):
        timings = Timings(**{name: float(values[row]) for name, values in part.timings.items()})
        value = Encoded(part.structures[place], leaves[row]) if place >= 0 else None
        failure = failure_from_json(next(failures)) if place < 0 else None
        outcomes.append(Outcome(index, value, failure, timings))
    return outcomes


def leaves_in(column: Column) -> list[Any]:
    """Give the leaf of each row of a column."""
    if column.shapes is None:
        return column.values.tolist() if column.values.ndim == 1 else list(column.values)
    parts = np.split(column.values, np.cumsum(column.shapes.prod(axis=1))[:-1])
    if column.text:
        return [part.tobytes().decode() for part in parts]
    return [part.reshape(shape) for part, shape in zip(parts, column.shapes, strict=True)]


def columns(leaves: Iterable[tuple[int, str, Leaf]]) -> list[Column]:
    """Gather leaves, each given with its row and its name, by name and type."""
    groups: dict[Any, tuple[list[int], list[Any]]] = defaultdict(lambda: ([], []))
    for row, name, leaf in leaves:
        kind = (leaf.dtype, leaf.ndim) if isinstance(leaf, np.ndarray) else type(leaf)
        rows, values = groups[name, kind]
        rows.append(row)
        values.append(leaf)
    return [_column(name, np.array(rows, np.int64), values) for (name, _), (rows, values) in groups.items()]


def _column(name: str, rows: NDArray[np.int64], values: list[Any]) -> Column:
    if isinstance(values[0], str):
        return text_column(name, rows, [v.encode() for v in values], text=True)
    if isinstance(values[0], np.ndarray) and len({v.shape for v in values}) > 1:
        shapes = np.array([v.shape for v in values], np.int64)
        return Column(name, rows, np.concatenate([v.ravel() for v in values]), shapes)
    return Column(name, rows, np.array(values))


def text_column(name: str, rows: NDArray[np.int64], values: list[bytes], text: bool = False) -> Column:
    """Put strings of bytes into a column."""
    sizes = np.array([len(v) for v in values], np.int64).reshape(-1, 1)
    return Column(name, rows, np.frombuffer(b"".join(values), np.uint8), sizes, text)


def failure_to_json(failure: Failure) -> str:
    """Write a failure as text; of a parameter that cannot be stored, its repr."""
    record = {f.name: getattr(failure, f.name) for f in fields(failure)}
    return json.dumps(record | {"parameters": {k: value_to_json(v) for k, v in failure.parameters.items()}})


def failure_from_json(text: str) -> Failure:
    """Read what `failure_to_json` wrote."""
    record = json.loads(text)
    parameters = {k: value_from_json(v) for k, v in record["parameters"].items()}
    return Failure(**record | {"parameters": parameters})


def value_to_json(value: Any) -> dict[str, Any]:
    """Write a value as JSON; of one that cannot be stored, its repr."""
    try:
        encoded = encode(value)
    except TypeError:
        return {"repr": repr(value)}
    leaves = {k: v if isinstance(v, str) else to_npy(v) for k, v in encoded.leaves.items()}
    texts = {k: v if isinstance(v, str) else {"npy": base64.b64encode(v).decode()} for k, v in leaves.items()}
    return {"structure": encoded.structure, "leaves": texts}


def value_from_json(value: dict[str, Any]) -> Any:
    """Read what `value_to_json` wrote."""
    if "repr" in value:
        return value["repr"]
    leaves = {
        k: v if isinstance(v, str) else from_npy(base64.b64decode(v["npy"]))
        for k, v in value["leaves"].items()
    }
    return decode(value["structure"], leaves)


def to_npy(value: Any) -> bytes:
    """Write a number or an array as the bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, np.asarray(value), allow_pickle=False)
    return file.getvalue()


def from_npy(data: bytes) -> NDArray[Any]:
    """Read what `to_npy` wrote."""
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array
