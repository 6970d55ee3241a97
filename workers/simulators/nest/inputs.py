"""Injected currents and background input in NEST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workers.instance import Background, Current, Floats, Instance

AHEAD = 2  # steps that a current takes from NEST's generator to the neuron's equations


class Currents:
    """The generators of injected currents: one where all neurons share the course, else one for each neuron.

    What acts in step k has to be handed to a generator by the end of step k - 2. So the currents of two steps
    more than the run has must be known; and in the network's first two steps the neurons' constant currents
    are set instead, whatever the division of time into runs.
    """

    def __init__(self, nest: Any, instance: Instance, first: list[int]) -> None:
        self._nest, self._instance, self._first = nest, instance, first
        self._generators: dict[int, Any] = {}

    def feed(self, start: int, steps: int, currents: Mapping[int, Floats]) -> None:
        """Hand over the currents of a run, which begins after step `start`."""
        times = np.round((start + 1 + np.arange(steps)) * self._instance.dt, 9)
        for place, course in currents.items():
            if len(course) != steps + AHEAD:
                raise ValueError(f"current {place}: {len(course)} values for {steps} + {AHEAD} steps")
            columns = course[AHEAD:].reshape(steps, -1).T * 1000.0
            self._generator(place, len(columns)).set(
                [{"amplitude_times": times, "amplitude_values": column} for column in columns]
            )

    def _generator(self, place: int, number: int) -> Any:
        if place not in self._generators:
            current = self._instance.currents[place]
            self._generators[place] = made = self._nest.Create("step_current_generator", number)
            self._connect(current, made, number)
        return self._generators[place]

    def _connect(self, current: Current, made: Any, number: int) -> None:
        count = len(current.ranks)
        sources = np.arange(count) * (number > 1) + int(made[0].get("global_id"))
        values = {"weight": np.ones(count), "delay": np.full(count, self._instance.dt)}
        self._nest.Connect(sources, current.ranks + self._first[current.population], "one_to_one", values)

    def constant(self, row: int, currents: Mapping[int, Floats]) -> dict[int, Floats]:
        """Return the whole current in nA into each neuron of each population at one row of the courses."""
        totals: dict[int, Floats] = {}
        for place, course in currents.items():
            current = self._instance.currents[place]
            size = self._instance.populations[current.population].size
            total = totals.setdefault(current.population, np.zeros(size))
            np.add.at(total, current.ranks, course[row])
        return totals


def connect_background(nest: Any, background: Background, first: int, unit: float, delay: float) -> None:
    """Connect a population to generators of Poisson spikes: one for all neurons of equal rate."""
    ranks = np.flatnonzero(background.rates > 0)
    if not ranks.size:
        return
    rates, which = np.unique(background.rates[ranks], return_inverse=True)
    made = nest.Create("poisson_generator", len(rates), {"rate": rates})
    values = {"weight": background.weights[ranks] * unit, "delay": np.full(len(ranks), delay)}
    nest.Connect(which + int(made[0].get("global_id")), ranks + first, "one_to_one", values)


def seed(instance: Instance) -> int:
    """Return a seed for NEST's generator that depends on the keys of the backgrounds alone."""
    words = [word for background in instance.backgrounds for word in background.key]
    return max(1, int(np.random.SeedSequence(words).generate_state(1)[0]))
