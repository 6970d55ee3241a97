"""What comes from outside in NEURON: spikes of sources, background, currents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workers.instance import Background, Current, Floats, Instance, Sources, Spikes
from workers.simulators.keyed import expected
from workers.simulators.neuron.cells import Pointers
from workers.simulators.neuron.time import EARLY, GRAIN, RANKS, exact


class Trains:
    """The spikes of a population of sources.

    Parameters
    ----------
    h : the interpreter of NEURON
    sources : sequence of VecStim
    first : int
        How many sources other populations before it have.
    dt : float
    """

    def __init__(self, h: Any, sources: Sequence[Any], first: int, dt: float) -> None:
        self._h, self._sources, self._first, self._dt = h, sources, first, dt
        for source in sources:
            source.ping = EARLY  # from now on it looks for spikes so long after the end of each run

    def feed(self, spikes: Spikes, start: int, steps: int) -> None:
        """Hand over the spikes of a run, which begins after step `start`."""
        order = np.argsort(spikes.ranks, kind="stable")
        ranks = spikes.ranks[order]
        ends = np.searchsorted(ranks, np.arange(1, len(self._sources)))
        times = exact(spikes.steps[order] * self._dt) - EARLY / 2 + (self._first + ranks) % RANKS * GRAIN
        wait = float(exact((start + steps) * self._dt) - exact(start * self._dt))
        for source, train in zip(self._sources, np.split(times, ends), strict=True):
            source._spike_times = self._h.Vector(train)  # read while the run lasts
            source.play(source._spike_times)
            source.ping = wait


def trains(h: Any, instance: Instance, native: Callable[[int], Sequence[Any]]) -> dict[int, Trains]:
    """Return what feeds each population of sources, by its place; `native` says what it is in NEURON."""
    made, first = {}, 0
    for place, population in enumerate(instance.populations):
        if isinstance(population, Sources):
            made[place] = Trains(h, native(place), first, instance.dt)
            first += population.size
    return made


class Backgrounds:
    """Poisson spikes to each neuron of a population, drawn by mechanisms from the key, the rank and the step.

    Parameters
    ----------
    h : the interpreter of NEURON
    background : Background
    receptors : sequence
        The synapse of each neuron that is meant.
    units : array, shape (neurons,)
        What NEURON is to have for a weight of 1.
    dt : float
    """

    def __init__(
        self, h: Any, background: Background, receptors: Sequence[Any], units: Floats, dt: float
    ) -> None:
        self._made: list[tuple[int, Any]] = []
        self._sources = []
        means, none = expected(background, dt)
        for rank in np.flatnonzero(means > 0).tolist():
            source = h.KeyedPoisson()
            source.key_0, source.key_1, source.key_2, source.key_3 = background.keys[rank].tolist()
            source.own_rank, source.expected, source.silence = background.ranks[rank], means[rank], none[rank]
            source.grid, source.lead = dt, dt / 4
            connection = h.NetCon(source, receptors[rank])
            connection.delay, connection.weight[0] = (
                dt / 4 - 2 * EARLY,
                background.weights[rank] * units[rank],
            )
            self._sources.append(source)
            self._made.append((rank, connection))

    def rescale(self, factors: Floats) -> None:
        """Multiply the weights, by a factor for each neuron."""
        for rank, connection in self._made:
            connection.weight[0] *= factors[rank]


def clamps(h: Any, current: Current, cells: Sequence[Any]) -> Pointers:
    """Make a clamp for each neuron that a current flows into; return what sets their currents in nA."""
    made = [h.IClamp(cells[rank].source_section(0.5)) for rank in current.ranks.tolist()]
    for clamp in made:
        clamp.delay, clamp.dur = 0.0, 1e12
    return Pointers(h, [clamp._ref_amp for clamp in made], made)


def changes(currents: Mapping[int, Floats], start: int) -> dict[int, list[int]]:
    """Return the steps before which currents change, each with their places."""
    found: dict[int, list[int]] = {}
    for place, course in currents.items():
        rows = course.reshape(len(course), -1)
        changed = np.flatnonzero(np.any(rows[1:] != rows[:-1], axis=1)) + 1
        for row in [0, *changed.tolist()]:
            found.setdefault(start + row, []).append(place)
    return found
