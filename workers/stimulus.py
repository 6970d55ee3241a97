"""The spikes of populations that fire as they are told, step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

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
        self._key, self._owner, self._dt = key, owner, dt
        self.values = {
            "rates": rates,
            "start": np.zeros(len(rates)) if start is None else start,
            "duration": np.full(len(rates), 1e10) if duration is None else duration,
        }
        self._first, self._last = self._active()
        self._per_step = rates * (dt / 1000.0)  # expected spikes of a neuron in a step
        self._since = np.zeros(len(rates), np.int64)  # the step of the last change of the rate ...
        self._integral = np.zeros(len(rates))  # ... and the integral of the rate until then
        self._blocks = 0
        self._events = np.empty(0)
        self._ranks = np.empty(0, np.int64)

    @property
    def rates(self) -> Floats:
        """The present rates in Hz, shape (neurons,)."""
        return self.values["rates"]

    def set_rates(self, rates: Floats, step: int) -> None:
        """Change the rates from the end of `step` on."""
        self.set("rates", rates, step)

    def set(self, name: str, values: Floats, step: int) -> None:
        """Change the rates, or when the neurons are active, from the end of `step` on."""
        now = {**self.values, name: values}
        changed = values != self.values[name]
        self._integral = np.where(changed, self._reached(step), self._integral)
        self._since = np.where(changed, step, self._since)
        self.values, self._per_step = now, now["rates"] * (self._dt / 1000.0)
        self._first, self._last = self._active()

    def _active(self) -> tuple[Ints, Ints]:
        """Return the steps after which each neuron is active, and no longer is."""
        start = nearest_steps(self.values["start"], self._dt)
        return start, start + nearest_steps(self.values["duration"], self._dt)

    def _reached(self, step: int) -> Floats:
        return self._integral + self._per_step * (self._within(step) - self._within(self._since))

    def _within(self, steps: int | Ints) -> Ints:
        return np.clip(steps, self._first, self._last)

    def emit(self, start: int, stop: int) -> Spikes:
        self._draw_until(float(self._reached(stop).max(initial=0.0)))
        steps = self._steps(self._events, self._ranks)
        later = np.flatnonzero(steps > stop)
        now = np.flatnonzero((steps > start) & (steps <= stop))
        emitted = self._one_per_step(steps.take(now), self._ranks.take(now), stop)
        self._events, self._ranks = self._events.take(later), self._ranks.take(later)
        return emitted

    def _steps(self, events: Floats, ranks: Ints) -> Ints:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            after = np.ceil((events - self._integral[ranks]) / self._per_step[ranks])
        never = np.iinfo(np.int64).max // 2
        steps = self._within(self._since)[ranks] + np.fmin(after, never).astype(np.int64)
        return np.where(steps <= self._last[ranks], steps, never)

    def _draw_until(self, integral: float) -> None:
        if self._blocks * BLOCK >= integral:
            return
        events, ranks = [self._events], [self._ranks]
        while self._blocks * BLOCK < integral:
            rng = self._key.generator(self._owner, f"spikes {self._blocks}")
            counts = rng.poisson(BLOCK, len(self._per_step))
            events.append((self._blocks + rng.random(counts.sum())) * BLOCK)
            ranks.append(np.repeat(np.arange(len(counts)), counts))
            self._blocks += 1
        self._events, self._ranks = np.concatenate(events), np.concatenate(ranks)

    def _one_per_step(self, steps: Ints, ranks: Ints, stop: int) -> Spikes:
        size = len(self._per_step)
        short = np.min_scalar_type((stop + 1) * size)  # shorter words are sorted and divided faster
        places = np.sort((steps * size + ranks).astype(short))  # np.unique takes five times as long
        first = np.ones(len(places), np.bool_)
        np.not_equal(places[1:], places[:-1], out=first[1:])
        at, which = np.divmod(places.take(np.flatnonzero(first)), short.type(size))
        return Spikes(at.astype(np.int64), which.astype(np.int64))
