"""The spikes of populations that fire as they are told, step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.division import divided
from workers.instance import Floats, Ints, Spikes
from workers.keys import Key
from workers.network.sources import SpikeTimes, nearest_steps

BLOCK = 16.0  # expected spikes per neuron that are drawn together


class Stimulus(ABC):
    """The spike trains of one population of sources in one network."""

    @abstractmethod
    def emit(self, start: int, stop: int) -> Spikes:
        """Return the spikes of steps start + 1 to stop; each call goes on where the last one stopped."""


class GivenSpikes(Stimulus):
    """Spike trains that a person gave, moved to the nearest step."""

    def __init__(self, trains: SpikeTimes, dt: float) -> None:
        ranks = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
        steps = nearest_steps(np.concatenate([*trains, np.empty(0)]), dt)
        self._spikes = Spikes.in_order(steps, ranks)

    def emit(self, start: int, stop: int) -> Spikes:
        a, b = np.searchsorted(self._spikes.steps, [start, stop], side="right")
        return Spikes(self._spikes.steps[a:b], self._spikes.ranks[a:b])


class PoissonSpikes(Stimulus):
    """Poisson spike trains: processes of unit rate, mapped through the integral of each neuron's rate.

    An event at integral s of a neuron falls into the step in which the integral reaches s. The integral is
    counted from the last change of the neuron's rate, and not from the last call: so a division of the time
    into calls, or a rate changed to itself, changes no digit of it. Events of one neuron in one step are one
    spike.

    Parameters
    ----------
    key : Key
        The network's key.
    owner : str
        What the draws belong to.
    rates : array of float, shape (neurons,)
        In Hz.
    dt : float
        In ms.
    start, duration : array of float, shape (neurons,)
        When each neuron is active, in ms; always if not given.
    """

    def __init__(
        self,
        key: Key,
        owner: str,
        rates: Floats,
        dt: float,
        start: Floats | None = None,
        duration: Floats | None = None,
    ) -> None:
        self._dt, self._size = dt, len(rates)
        self._rng = key.generator(owner, "spikes")
        self.values = {
            "rates": rates,
            "start": np.zeros(len(rates)) if start is None else start,
            "duration": np.full(len(rates), 1e10) if duration is None else duration,
        }
        # Here and below, what is the same for all neurons is kept once, with the shape (1,).
        self._since = np.zeros(1, np.int64)  # the step of the last change of the rate ...
        self._integral = np.zeros(1)  # ... and the integral of the rate until then
        for name in self.values:
            self._take_over(name)
        self._blocks = 0
        self._events = np.empty(0)
        self._ranks = np.empty(0)
        self._places: Ints | None = None  # of the events, in order: step x neurons + rank

    @property
    def rates(self) -> Floats:
        """The present rates in Hz, shape (neurons,)."""
        return self.values["rates"]

    def set_rates(self, rates: Floats, step: int) -> None:
        """Change the rates from the end of `step` on."""
        self.set("rates", rates, step)

    def set(self, name: str, values: Floats, step: int) -> None:
        """Change the rates, or when the neurons are active, from the end of `step` on."""
        if step:  # before the first one there is nothing to keep
            self._forget(step)
            changed = _once(values != self.values[name])
            self._integral = np.where(changed, self._reached(step), self._integral)
            self._since = np.where(changed, step, self._since)
        self.values = {**self.values, name: values}
        self._take_over(name)
        self._places = None

    def _take_over(self, name: str) -> None:
        values = _once(self.values[name])
        if name == "rates":
            self._per_step = values * (self._dt / 1000.0)  # expected spikes of a neuron in a step
        elif name == "start":  # the step before the first one in which it is active
            self._first = nearest_steps(values, self._dt)
        else:
            self._active = nearest_steps(values, self._dt)

    def _reached(self, step: int) -> Floats:
        return self._integral + self._per_step * (self._within(step) - self._within(self._since))

    def _within(self, steps: int | Ints) -> Ints:
        within: Ints = np.minimum(np.maximum(steps, self._first), self._first + self._active)
        return within

    def emit(self, start: int, stop: int) -> Spikes:
        self._draw_until(float(self._reached(stop).max()), start)
        if self._places is None:
            self._places = self._in_order()
        size = self._size
        a, b = np.searchsorted(self._places, [(start + 1) * size, (stop + 1) * size])
        steps, ranks = divided(self._places[a:b], size)
        return Spikes(steps.astype(np.int64), ranks.astype(np.int64))

    def _draw_until(self, integral: float, start: int) -> None:
        """Draw blocks until there are enough; what was emitted until `start` is of no more use."""
        if self._blocks * BLOCK >= integral:
            return
        self._forget(start)
        events, ranks = [self._events], [self._ranks]
        while self._blocks * BLOCK < integral:
            counts = self._rng.poisson(BLOCK, self._size)
            events.append((self._blocks + self._rng.random(counts.sum())) * BLOCK)
            ranks.append(np.repeat(np.arange(self._size, dtype=np.float64), counts))
            self._blocks += 1
        self._events, self._ranks = np.concatenate(events), np.concatenate(ranks)
        self._places = None

    def _forget(self, step: int) -> None:
        if self._events.size:
            later = self._steps() > step
            self._events, self._ranks = self._events[later], self._ranks[later]

    def _steps(self) -> Floats:
        """Return the step of each event, as far as the present rates say."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            after = np.ceil((self._events - self._of(self._integral)) / self._of(self._per_step))
        never = 2.0**52 // self._size
        steps: Floats = np.fmin(self._of(self._within(self._since)) + after, never)
        last = self._first + self._active
        if last.min() < steps.max(initial=0.0):
            steps[steps > self._of(last)] = never
        return steps

    def _of(self, values: Any) -> Any:
        """Return the values of the events' neurons."""
        return values if len(values) == 1 else values[self._ranks.astype(np.int64)]

    def _in_order(self) -> Ints:
        """Sort the events by step and rank; of those of one neuron in one step keep one."""
        places = np.maximum(self._steps(), 0.0) * self._size + self._ranks  # exact: they are below 2^53
        short = np.int32 if places.max(initial=0.0) < np.iinfo(np.int32).max else np.int64  # sorted faster
        ordered = np.sort(places.astype(short))  # np.unique takes five times as long
        first = np.ones(len(ordered), np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
        return np.asarray(ordered[first])


def _once(values: NDArray[Any]) -> NDArray[Any]:
    """Return one value where all are equal."""
    return values[:1] if (values == values[0]).all() else values
