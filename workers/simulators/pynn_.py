"""Simulators that are reached through PyNN (Davison et al. 2009, Frontiers in Neuroinformatics 2:11)."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from workers.instance import Cells, Floats, Instance, Sources, Synapses
from workers.simulators.base import Simulator

RECEPTORS = {"exc": "excitatory", "inh": "inhibitory"}


class Pynn(Simulator):
    """A backend of PyNN: its populations are made of PyNN's own models, which carry our names and units.

    All values are given when a population or a projection is made: set afterwards, PyNN would loop over
    neurons or synapses once more.
    """

    backend: ClassVar[str]
    """The name of the module in PyNN, such as "neuron"."""

    def __init__(self) -> None:
        with quiet():
            self._sim = importlib.import_module(f"pyNN.{self.backend}")

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        self._instance, self._step = instance, 0
        longest = max([1, *(int(s.delays.max()) for s in instance.projections if s.delays.size)])
        self._sim.setup(timestep=instance.dt, min_delay=instance.dt, max_delay=longest * instance.dt)
        self._populations = [self._population(p) for p in instance.populations]
        self._projections = [self._project(s) for s in instance.projections]

    def _population(self, population: Cells | Sources) -> Any:
        if isinstance(population, Sources):
            model, state = self._sim.SpikeSourceArray(spike_times=[]), {}
        else:
            parameters = {n: simplest(v) for n, v in self._parameters(population).items()}
            model = getattr(self._sim, population.model)(**parameters)
            state = {n: simplest(v) for n, v in population.state.items()}
        return self._sim.Population(
            population.size, model, initial_values=self._initial(state), label=population.name
        )

    def _parameters(self, cells: Cells) -> Mapping[str, Floats]:
        """Return the parameters as this backend is to have them."""
        return cells.parameters

    def _initial(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the initial state as this backend is to have it."""
        return state

    def _project(self, synapses: Synapses) -> Any:
        """Make the synapses of one projection."""
        columns = (
            synapses.sources,
            synapses.targets,
            self._signed(synapses),
            synapses.delays * self._instance.dt,
        )
        return self._sim.Projection(
            self._populations[synapses.pre],
            self._populations[synapses.post],
            self._sim.FromListConnector(list(zip(*columns, strict=True))),
            self._sim.StaticSynapse(),
            receptor_type=RECEPTORS[synapses.receptor],
            label=synapses.name,
        )

    def _signed(self, synapses: Synapses) -> Floats:
        """Return the weights with PyNN's signs: conductances are positive, currents that inhibit are not."""
        conductance = "_cond_" in self._cells(synapses.post).model
        return synapses.weights * (-1.0 if synapses.receptor == "inh" and not conductance else 1.0)

    def _cells(self, population: int) -> Cells:
        cells = self._instance.populations[population]
        assert isinstance(cells, Cells)
        return cells


def simplest(values: Floats) -> float | Floats:
    """Return one number where all neurons have the same, which PyNN handles faster."""
    return float(values[0]) if values.size and np.all(values == values[0]) else values


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what PyNN says on import, of MPI, of CMake and of mechanisms that are loaded, from the person."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
