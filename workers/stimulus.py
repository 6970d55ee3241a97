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
    """

    def __init__(self, key: Key, owner: str, rates: Floats, dt: float) -> None:
        self._key, self._owner, self._dt, self.rates = key, owner, dt, rates
        self._per_step = rates * (dt / 1000.0)  # expected spikes of a neuron in a step
        self._since = np.zeros(len(rates), np.int64)  # the step of the last change of the rate ...
        self._integral = np.zeros(len(rates))  # ... and the integral of the rate until then
        self._blocks = 0
        self._events = np.empty(0)
        self._ranks = np.empty(0, np.int64)

    def set_rates(self, rates: Floats, step: int) -> None:
        """Change the rates from the end of `step` on."""
        per_step = rates * (self._dt / 1000.0)
        changed = per_step != self._per_step
        self._integral = np.where(changed, self._reached(step), self._integral)
        self._since = np.where(changed, step, self._since)
        self._per_step, self.rates = per_step, rates

    def _reached(self, step: int) -> Floats:
        return self._integral + self._per_step * (step - self._since)

    def emit(self, start: int, stop: int) -> Spikes:
        self._draw_until(float(self._reached(stop).max(initial=0.0)))
        steps = self._steps(self._events, self._ranks)
        now = (steps > start) & (steps <= stop)
        later = steps > stop
        emitted = self._one_per_step(steps[now], self._ranks[now])
        self._events, self._ranks = self._events[later], self._ranks[later]
        return emitted

    def _steps(self, events: Floats, ranks: Ints) -> Ints:
        per_step = self._per_step[ranks]
        with np.errstate(divide="ignore", over="ignore"):
            after = np.ceil((events - self._integral[ranks]) / per_step)
        never = np.iinfo(np.int64).max // 2
        return self._since[ranks] + np.where(after < never, after, never).astype(np.int64)

    def _draw_until(self, integral: float) -> None:
        events, ranks = [self._events], [self._ranks]
        while self._blocks * BLOCK < integral:
            rng = self._key.generator(self._owner, f"spikes {self._blocks}")
            counts = rng.poisson(BLOCK, len(self._per_step))
            events.append((self._blocks + rng.random(counts.sum())) * BLOCK)
            ranks.append(np.repeat(np.arange(len(counts)), counts))
            self._blocks += 1
        self._events, self._ranks = np.concatenate(events), np.concatenate(ranks)

    def _one_per_step(self, steps: Ints, ranks: Ints) -> Spikes:
        size = len(self._per_step)
        step, rank = np.divmod(np.unique(steps * size + ranks), size)
        return Spikes(step, rank)
