"""Several Instances of equal structure -> one, and what is recorded of it back apart.

Network k of the fused ones has the ranks from k x size on, in each population. A simulator's adapter does
not know that it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from workers.division import divided
from workers.instance import (
    Background,
    Cells,
    Current,
    Floats,
    Instance,
    Ints,
    Sources,
    Spikes,
    Synapses,
    Trace,
    sorting,
)

P = TypeVar("P")


def fuse(instances: Sequence[Instance]) -> Instance:
    """Make one Instance of several networks side by side.

    Raises
    ------
    ValueError
        If their structures differ.
    """
    first = instances[0]
    if len({i.structure for i in instances}) > 1:
        raise ValueError("only networks of equal structure can be fused")
    sizes = [p.size for p in first.populations]
    return Instance(
        first.dt,
        tuple(_population(parts) for parts in _aligned(i.populations for i in instances)),
        tuple(_synapses(parts, sizes) for parts in _aligned(i.projections for i in instances)),
        first.spikes,
        tuple(_trace(t, sizes, len(instances)) for t in first.traces),
        tuple(_current(parts, sizes) for parts in _aligned(i.currents for i in instances)),
        tuple(_background(parts) for parts in _aligned(i.backgrounds for i in instances)),
        {i: _repeated(ranks, sizes[i], len(instances)) for i, ranks in first.spikes_of.items()},
    )


def _aligned(columns: Iterable[tuple[P, ...]]) -> Iterator[tuple[P, ...]]:
    """Go through the parts of equal place of all networks."""
    return zip(*columns, strict=True)


def _population(parts: Sequence[Cells | Sources]) -> Cells | Sources:
    first, size = parts[0], sum(p.size for p in parts)
    if isinstance(first, Sources):
        return Sources(first.name, size)
    cells = [p for p in parts if isinstance(p, Cells)]
    return replace(
        first,
        size=size,
        parameters=_joined([c.parameters for c in cells]),
        state=_joined([c.state for c in cells]),
        keys=_behind([c.keys for c in cells]),
        ranks=_behind([c.ranks for c in cells]),
    )


def _behind(arrays: Sequence[Ints | None]) -> Ints | None:
    """Join what all networks have or none."""
    given = [a for a in arrays if a is not None]
    return np.concatenate(given) if given else None


def _joined(tables: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}


def _shifted(ranks: Sequence[Ints], size: int) -> Ints:
    before = np.repeat(np.arange(len(ranks)) * size, [len(r) for r in ranks])
    return np.concatenate(ranks) + before


def _repeated(ranks: tuple[int, ...], size: int, networks: int) -> tuple[int, ...]:
    return tuple(_shifted([np.array(ranks)] * networks, size).tolist())


def _trace(trace: Trace, sizes: Sequence[int], networks: int) -> Trace:
    if trace.ranks is None:
        return trace
    return replace(trace, ranks=_repeated(trace.ranks, sizes[trace.population], networks))


def _synapses(parts: Sequence[Synapses], sizes: Sequence[int]) -> Synapses:
    first = parts[0]
    return replace(
        first,
        sources=_shifted([s.sources for s in parts], sizes[first.pre]),
        targets=_shifted([s.targets for s in parts], sizes[first.post]),
        weights=np.concatenate([s.weights for s in parts]),
        delays=np.concatenate([s.delays for s in parts]),
        parameters=_joined([s.parameters for s in parts]),
    )


def _current(parts: Sequence[Current], sizes: Sequence[int]) -> Current:
    first = parts[0]
    return replace(first, ranks=_shifted([c.ranks for c in parts], sizes[first.population]))


def _background(parts: Sequence[Background]) -> Background:
    return replace(
        parts[0],
        rates=np.concatenate([b.rates for b in parts]),
        weights=np.concatenate([b.weights for b in parts]),
        keys=np.concatenate([b.keys for b in parts]),
        ranks=np.concatenate([b.ranks for b in parts]),
    )


def together(spikes: Sequence[Spikes], size: int) -> Spikes:
    """Join the spikes of one population in all networks."""
    steps = np.concatenate([s.steps for s in spikes])
    if not steps.size:
        return Spikes.none()
    before = int(steps.min())
    order = sorting(steps - before, int(steps.max()) - before)  # of equal steps the first network is first
    return Spikes(steps[order], _shifted([s.ranks for s in spikes], size)[order])


def apart(spikes: Spikes, size: int, networks: int) -> list[Spikes]:
    """Divide the spikes of one population among the networks; each keeps its order."""
    network, ranks = divided(spikes.ranks, size)
    order = sorting(network, networks)
    edges = np.cumsum(np.bincount(network, minlength=networks))[:-1]
    steps = np.split(spikes.steps[order], edges)
    return [Spikes(s, r) for s, r in zip(steps, np.split(ranks[order], edges), strict=True)]
