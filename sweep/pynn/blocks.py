"""A projection between assemblies, piece by piece: one for each pair of populations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.pynn.state import state
from sweep.pynn.values import space_of
from workers.instance import Synapses
from workers.network import Distribution, Projection
from workers.network.connectors import Block, Connector, Edges, Ends, Listed
from workers.network.distance import OfDistance
from workers.network.population import View
from workers.network.space import Space

Bounds = tuple[int, int]


class Piece:
    """The synapses between one population and another, within a projection of assemblies.

    Attributes
    ----------
    number : int
        Its place in the projection.
    alone : bool
        Whether it is all of the projection.
    pre, post : Population or View
        In the description.
    rows, columns : tuple of int
        Where its neurons begin and end among all of the projection.
    shared : str or None
        What the wiring is drawn as, for all pieces together.
    """

    projection: Projection

    def __init__(self, number: int, ends: tuple[Any, Any], rows: Bounds, columns: Bounds) -> None:
        self.number, self.rows, self.columns = number, rows, columns
        (self.pre, self._pre_ranks), (self.post, self._post_ranks) = (_end(e) for e in ends)
        self.alone, self.shared = True, None
        self.rule: Connector
        self._kept: NDArray[np.bool_] | None = None

    def restrict(self, rule: Connector, whole: Ends, shared: str) -> None:
        """Take from a rule for all pieces together what belongs to this one."""
        self.alone = False
        first = self.rows[0], self.columns[0]
        if not isinstance(rule, Listed):
            self.rule, self.shared = Block(rule, whole, first), shared  # type: ignore[assignment]
            return
        sources, targets = rule.sources - first[0], rule.targets - first[1]
        kept = (sources >= 0) & (sources < self.rows[1] - first[0])
        kept &= (targets >= 0) & (targets < self.columns[1] - first[1])
        self.rule, self._kept = Listed(sources[kept], targets[kept]), kept

    def part_of(self, value: Any) -> Any:
        """Return the part of a value for all pieces that belongs to this one."""
        if isinstance(value, (Distribution, OfDistance)) or np.ndim(value) == 0:
            return value
        if value.ndim == 2:
            return value[slice(*self.rows), slice(*self.columns)]
        return value if self._kept is None else value[self._kept]

    def drawn(self) -> Synapses:
        """Return its synapses as they were drawn."""
        return state.drawn().projections[state.place(self.projection)]

    def edges(self) -> Edges:
        """Return the connected neurons, numbered within the whole projection."""
        drawn = self.drawn()
        sources = np.searchsorted(self._pre_ranks, drawn.sources) + self.rows[0]
        targets = np.searchsorted(self._post_ranks, drawn.targets) + self.columns[0]
        return Edges(sources, targets)

    def values(self, name: str) -> NDArray[np.float64]:
        """Return present values of all synapses: weights in our signs, delays in ms."""
        drawn = self.drawn()
        if name == "weight":
            return np.array(self.projection.weights, np.float64) if state.compiled else drawn.weights
        if name == "delay":
            return np.asarray(drawn.delays * state.dt, np.float64)
        return drawn.parameters[name]


def pieces(projection: Any) -> Iterator[Piece]:
    """Divide a projection of PyNN."""
    pre, post = (getattr(side, "populations", [side]) for side in (projection.pre, projection.post))
    rows, columns = _bounds(pre), _bounds(post)
    pairs = [(p, q, r, c) for p, r in zip(pre, rows, strict=True) for q, c in zip(post, columns, strict=True)]
    rule = projection.rule.connector
    whole = _whole(projection) if len(pairs) > 1 else None
    for number, (p, q, r, c) in enumerate(pairs):
        piece = Piece(number, (p, q), r, c)
        piece.rule = rule
        if whole is not None:
            piece.restrict(rule, whole, f"assembly {projection.label}")
        yield piece


def _end(part: Any) -> tuple[Any, NDArray[np.int64]]:
    root, ranks = part._root()
    if root is part:
        return root.described, root.described.ranks
    return View(root.described, ranks), np.asarray(ranks)


def _bounds(parts: list[Any]) -> list[Bounds]:
    stops = np.cumsum([p.size for p in parts]).tolist()
    return list(zip([0, *stops[:-1]], stops, strict=True))


def _whole(projection: Any) -> Ends:
    """Return all neurons of a projection as one."""
    pre, post = projection.pre, projection.post
    same = pre.size == post.size and bool(np.array_equal(pre.all_cells, post.all_cells))
    space = space_of(projection.space) or Space()
    return Ends(pre.positions.T, post.positions.T, same, space)
