"""Background input, drawn by the simulator."""

from __future__ import annotations

from math import inf
from typing import Any

from workers.network.population import Attached, Population
from workers.network.projection import RECEPTORS
from workers.network.sources import Source
from workers.network.values import lowest, per_neuron


class PoissonInput(Attached):
    """Background: to each neuron of a population its own Poisson spikes, too many to draw outside.

    They are drawn by the simulator, from the network's key: Brian2, GeNN and NEURON draw the same for the
    same seed and index; NEST draws others, by its own generator. In one step a neuron may get several.

    Parameters
    ----------
    population : Population
    rate : float or array
        Spikes per second and neuron (Hz).
    weight : float
        The weight of each spike, as in a Projection.
    target : {"exc", "inh"}
    name : str, optional
    """

    def __init__(
        self, population: Population, rate: Any, weight: Any, target: str = "exc", name: str | None = None
    ) -> None:
        if not isinstance(population, Population) or issubclass(population.model, Source):
            raise TypeError(f"PoissonInput: population={population!r}; expected a population of neurons")
        if target not in RECEPTORS:
            raise ValueError(f"PoissonInput: target={target!r}; expected one of {', '.join(RECEPTORS)}")
        self.population, self.target = population, target
        self.rate = per_neuron("PoissonInput", "rate", rate, population.geometry)
        self.weight = per_neuron("PoissonInput", "weight", weight, population.geometry)
        for what, value in (("rate", self.rate), ("weight", self.weight)):
            if lowest(value) < 0 and lowest(value) != -inf:
                raise ValueError(f"PoissonInput: {what}={value!r}; expected at least 0")
        super().__init__(f"PoissonInput->{population.name}.{target}", name)
