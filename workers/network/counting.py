"""Rules that connect a number of neurons or pairs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.network.connector import Connector, Edges, Ends, Ints, columns_of, numbered
from workers.network.distributions import Distribution
from workers.network.sampling import choices, ragged_choices


@dataclass(frozen=True)
class FixedNumberPre(Connector):
    """For each neuron of post, a number of neurons of pre, all different.

    The number may be a distribution, and be drawn for each neuron of post; with replacement, the same neuron
    may be chosen several times.
    """

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        _check_number(owner, self.number, self._available(ends), "neurons of pre to choose from", self)

    def _available(self, ends: Ends) -> int:
        return ends.shape[0] - (ends.same and not self.allow_self_connections)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        counts = _counts(self.number, rng, ends.shape[1])
        targets = np.repeat(np.arange(ends.shape[1]), counts)
        sources = self._sources(rng, self._available(ends), counts)
        excluded = ends.same and not self.allow_self_connections
        return Edges(sources + (excluded & (sources >= targets)), targets)

    def _sources(self, rng: np.random.Generator, options: int, counts: Ints) -> Ints:
        if self.with_replacement:
            return np.asarray(rng.integers(options, size=counts.sum()))
        if isinstance(self.number, Distribution):
            if counts.max(initial=0) > options:
                raise ValueError(f"{self.number!r} drew {counts.max()} neurons of {options}")
            return ragged_choices(rng, options, counts)
        return choices(rng, len(counts), options, self.number).ravel()


@dataclass(frozen=True)
class FixedNumberPost(Connector):
    """For each neuron of pre, a number of neurons of post; otherwise as `FixedNumberPre`."""

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        available = ends.shape[1] - (ends.same and not self.allow_self_connections)
        _check_number(owner, self.number, available, "neurons of post to choose from", self)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        turned = FixedNumberPre(self.number, self.allow_self_connections, self.with_replacement)
        targets, sources = turned.edges(_turned(ends), rng)
        return Edges(sources, targets)


@dataclass(frozen=True)
class FixedTotalNumber(Connector):
    """A number of pairs of neurons, all different, or each drawn independently with replacement."""

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        pairs = ends.shape[0] * columns_of(ends, self.allow_self_connections)
        _check_number(owner, self.number, pairs, "pairs of neurons", self)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = columns_of(ends, self.allow_self_connections)
        number = int(_counts(self.number, rng, 1)[0])
        if self.with_replacement:
            pairs = rng.integers(ends.shape[0] * columns, size=number)
        else:
            pairs = choices(rng, 1, ends.shape[0] * columns, number).ravel()
        return numbered(np.sort(pairs), columns, ends)


def _turned(ends: Ends) -> Ends:
    return Ends(ends.post, ends.pre, ends.same, ends.space)


def _check_number(
    owner: str,
    number: int | Distribution,
    available: int,
    what: str,
    rule: FixedNumberPre | FixedNumberPost | FixedTotalNumber,
) -> None:
    if isinstance(number, Distribution):
        return  # what is drawn is checked then
    if rule.with_replacement and available:
        available = np.iinfo(np.int64).max
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number <= available:
        raise ValueError(
            f"{owner}: number={number!r}; expected a whole number from 0 to {available}, the {what}"
        )


def _counts(number: int | Distribution, rng: np.random.Generator, rows: int) -> Ints:
    if not isinstance(number, Distribution):
        return np.full(rows, number, np.int64)
    counts = np.rint(number.draw(rng, rows)).astype(np.int64)
    if counts.min(initial=0) < 0:
        raise ValueError(f"{number!r} drew a negative number of connections; give it min=0")
    return counts
