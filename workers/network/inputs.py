"""Background input, drawn by the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.network.models import Quantity
from workers.network.patched import Patched
from workers.network.population import Attached, Population, View, of_neurons
from workers.network.projection import RECEPTORS
from workers.network.values import Value, per_neuron

QUANTITIES = {"rate": Quantity(0.0, "Hz", 0.0), "weight": Quantity(0.0, "", 0.0)}


class PoissonInput(Attached):
    """Background: to each neuron of a population its own Poisson spikes, too many to draw outside.

    They are drawn by the simulator, from the network's key: Brian2, GeNN and NEURON draw the same for the
    same seed and index; NEST draws others, by its own generator. In one step a neuron may get several.
    `rate` and `weight` can be set until the network is compiled: ``net.get(background).rate = 2000.0``.

    Parameters
    ----------
    population : Population or View
        A view, such as ``pop[:10]``, gives it to some neurons only.
    rate : float, array or distribution
        Spikes per second and neuron (Hz); an array has a value for each neuron, or for each of the view.
    weight : float, array or distribution
        The weight of each spike, as in a Projection.
    target : {"exc", "inh"}
    name : str, optional
    """

    changeable = tuple(QUANTITIES)
    _ranks: NDArray[np.int64] | None = None  # None for all

    def __init__(
        self,
        population: Population | View,
        rate: Any,
        weight: Any,
        target: str = "exc",
        name: str | None = None,
    ) -> None:
        population, ranks = of_neurons("PoissonInput", population)
        if ranks is not None:
            self._ranks = ranks
        if target not in RECEPTORS:
            raise ValueError(f"PoissonInput: target={target!r}; expected one of {', '.join(RECEPTORS)}")
        self.population, self.target = population, target
        self.rate, self.weight = rate, weight
        super().__init__(f"PoissonInput->{population.name}.{target}", name)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, self._parsed(name, value) if name in self.changeable else value)

    def _parsed(self, name: str, given: Any) -> Value:
        geometry = self.population.geometry if self._ranks is None else self._ranks.shape
        value = per_neuron("PoissonInput", name, given, geometry)
        value = QUANTITIES[name].check("PoissonInput", name, value)
        return value if self._ranks is None else Patched(0.0, self._ranks, value)
