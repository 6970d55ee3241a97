"""Parts joined to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.outcome import Outcome
from workers.part import TIMINGS, Column, Part, pack


def gathered(outcomes: Iterable[Outcome | Part]) -> Part:
    """Put what comes of the networks of a task into one part, in this order."""
    parts: list[Part] = []
    alone: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, Outcome):
            alone.append(outcome)
            continue
        if alone:
            parts.append(pack(alone))
        parts.append(outcome)
        alone = []
    if alone or not parts:
        parts.append(pack(alone))
    return joined(parts)


def joined(parts: Sequence[Part]) -> Part:
    """Put the rows of parts one behind the other; all were run by the same machine."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(p.index) for p in parts)])
    places: dict[str, int] = {}
    known = [  # the last one is for the place -1, of a network that failed
        np.array([*(places.setdefault(s, len(places)) for s in p.structures), -1], np.int32) for p in parts
    ]
    return Part(
        np.concatenate([p.index for p in parts]),
        np.concatenate([p.status for p in parts]),
        np.concatenate([k[p.structure] for k, p in zip(known, parts, strict=True)]),
        list(places),
        {name: np.concatenate([p.timings[name] for p in parts]) for name in TIMINGS},
        [column for blocks in by_name(parts, starts).values() for column in blocks],
        [failure for p in parts for failure in p.failures],
        np.concatenate([p.attempt for p in parts]),
        parts[0].resource,
    )


def by_name(parts: Sequence[Part], starts: NDArray[np.int64]) -> dict[str, list[Column]]:
    """Gather the columns of all parts by name, those of one type joined to one block."""
    groups: dict[Any, list[Column]] = {}
    for part, start in zip(parts, starts, strict=False):
        for c in part.columns:
            like = c.values if c.shapes is None else c.shapes
            kind = c.name, c.text, c.shapes is None, c.values.dtype, like.shape[1:]
            moved = Column(c.name, c.rows + start, c.values, c.shapes, c.text)
            groups.setdefault(kind, []).append(moved)
    blocks: dict[str, list[Column]] = {}
    for (name, *_), group in groups.items():
        blocks.setdefault(name, []).append(_joined(group))
    return blocks


def _joined(group: Sequence[Column]) -> Column:
    first = group[0]
    if len(group) == 1:
        return first
    shapes = (
        None if first.shapes is None else np.concatenate([c.shapes for c in group if c.shapes is not None])
    )
    rows, values = np.concatenate([c.rows for c in group]), np.concatenate([c.values for c in group])
    return Column(first.name, rows, values, shapes, first.text)
