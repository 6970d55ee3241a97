"""What a simulator is given: one network, drawn, as arrays only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.network.equations import Equations
from workers.network.synapse_lines import SynapseEquations

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Ranks: TypeAlias = tuple[int, ...] | None
"""Neurons of a population, in rising order; None for all."""


def in_order(first: NDArray[Any], second: NDArray[Any]) -> slice | Ints:
    """Return what sorts by `first` and then by `second`: mostly all is sorted already."""
    rising = first[1:] > first[:-1]
    if np.all(rising | ((first[1:] == first[:-1]) & (second[1:] >= second[:-1]))):
        return slice(None)
    return np.asarray(np.lexsort((second, first)))


def sorting(values: Ints, most: int) -> Ints:
    """Return what sorts values from 0 to `most`, equal ones in the order in which they are.

    Numbers of 16 bits are sorted by their digits, which takes a third of the time.
    """
    short = values.astype(np.uint16) if most < 2**16 else values
    return np.argsort(short, kind="stable")


def united(parts: Iterable[Ranks | Ints]) -> Ranks:
    """Return the neurons that are in any of some parts of a population."""
    given = list(parts)
    some = [ranks for ranks in given if ranks is not None]
    return tuple(np.unique(np.concatenate(some)).tolist()) if len(some) == len(given) else None


def places(ranks: Ranks | Ints, among: Ranks = None) -> slice | Ints:
    """Return where some neurons are `among` others of their population; None stands for all of it."""
    if ranks is None:
        return slice(None)
    wanted = np.array(ranks, np.int64)
    return wanted if among is None else np.searchsorted(np.array(among, np.int64), wanted)


def some(whole: Any, ranks: Ranks) -> Any:
    """Take some neurons of a simulator's own object for a population; None stands for all of it."""
    return whole if ranks is None else whole[list(ranks)]


class Spikes(NamedTuple):
    """Spikes of one population, in order of step and then of rank.

    Attributes
    ----------
    steps : array of int, shape (spikes,)
        The step at whose end each neuron fired, counted from 1; a spike's time is step x dt.
    ranks : array of int, shape (spikes,)
        The neuron's place in its population.
    """

    steps: Ints
    ranks: Ints

    @classmethod
    def none(cls) -> Spikes:
        """No spikes."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def in_order(cls, steps: Ints, ranks: Ints) -> Spikes:
        """Sort spikes by step and then by rank."""
        order = in_order(steps, ranks)
        return cls(np.asarray(steps, np.int64)[order], np.asarray(ranks, np.int64)[order])

    def only(self, ranks: Ranks | Ints) -> Spikes:
        """Return the spikes of some neurons; None stands for all."""
        if ranks is None:
            return self
        own = np.isin(self.ranks, np.array(ranks, np.int64))
        return Spikes(self.steps[own], self.ranks[own])

    @classmethod
    def joined(cls, parts: list[Spikes]) -> Spikes:
        """Put consecutive stretches of spikes one behind the other."""
        if not parts:
            return cls.none()
        return cls(np.concatenate([p.steps for p in parts]), np.concatenate([p.ranks for p in parts]))


@dataclass(frozen=True, eq=False)
class Cells:
    """A population of neurons.

    Attributes
    ----------
    name : str
        The population's name, for messages.
    model : str
        The name of the model, such as "IF_curr_exp".
    size : int
        The number of neurons.
    parameters, state : dict of str to array, shape (size,)
        Every parameter and every initial state of the model, in the model's units.
    equations : Equations, optional
        Of a model of one's own, made by `Neuron`.
    keys, ranks : array of int, optional
        If these equations draw noise: as those of a `Background`.
    """

    name: str
    model: str
    size: int
    parameters: dict[str, Floats]
    state: dict[str, Floats]
    equations: Equations | None = None
    keys: Ints | None = None
    ranks: Ints | None = None


@dataclass(frozen=True, eq=False)
class Sources:
    """A population that fires as it is told; its spikes are handed to each run of the simulator."""

    name: str
    size: int


@dataclass(frozen=True, eq=False)
class Synapses:
    """The synapses of one projection, ordered by source and then by target.

    Attributes
    ----------
    name : str
        The projection's name, for messages.
    pre, post : int
        Places of the populations in the Instance.
    receptor : str
        "exc" or "inh".
    sources, targets : array of int, shape (synapses,)
        Ranks of the neurons.
    weights : array of float, shape (synapses,)
        Magnitudes in the unit of the model of the target (nA, uS or mV); "inh" subtracts.
    delays : array of int, shape (synapses,)
        In steps, at least 1.
    kind : str
        The name of the kind of synapse, such as "StaticSynapse".
    parameters : dict of str to array, shape (synapses,)
        Every parameter of that kind; of a synapse of one's own also the variables' initial values.
    equations : SynapseEquations, optional
        Of a synapse of one's own, made by `Synapse`.
    """

    name: str
    pre: int
    post: int
    receptor: str
    sources: Ints
    targets: Ints
    weights: Floats
    delays: Ints
    kind: str = "StaticSynapse"
    parameters: dict[str, Floats] = field(default_factory=dict)
    equations: SynapseEquations | None = None


@dataclass(frozen=True, eq=False)
class Current:
    """A current that flows into some neurons; its course is handed to each run of the simulator."""

    name: str
    population: int
    ranks: Ints


@dataclass(frozen=True, eq=False)
class Background:
    """Poisson spikes to each neuron of a population, drawn by the simulator.

    Attributes
    ----------
    name : str
        For messages.
    population : int
    receptor : str
        "exc" or "inh".
    rates, weights : array of float, shape (neurons,)
        In Hz, and in the unit of the model.
    keys : array of int, shape (neurons, 4)
        Four words of 32 bits for each neuron, the same for all of one network: all that its spikes may
        depend on, besides its rank in its own network and the step.
    ranks : array of int, shape (neurons,)
        The ranks of the neurons in their own network.
    """

    name: str
    population: int
    receptor: str
    rates: Floats
    weights: Floats
    keys: Ints
    ranks: Ints

    @property
    def key(self) -> tuple[int, ...]:
        """The key of a network that is not fused with others."""
        return tuple(self.keys[0].tolist())


@dataclass(frozen=True)
class Trace:
    """A variable to be recorded at every `period`-th step, from a population of cells.

    Attributes
    ----------
    population : int
    variable : str
    period : int
    ranks : tuple of int, optional
        The neurons, in rising order; all if not given.
    """

    population: int
    variable: str
    period: int
    ranks: Ranks = field(default=None, hash=False)  # which may be long

    @cached_property
    def chosen(self) -> slice | Ints:
        """What takes the values of its neurons from those of the whole population."""
        return places(self.ranks)

    def width(self, size: int) -> int:
        """Return of how many neurons it is, in a population of that size."""
        return size if self.ranks is None else len(self.ranks)


@dataclass(frozen=True, eq=False)
class Instance:
    """One network, wholly drawn.

    Attributes
    ----------
    dt : float
        The length of a step in ms.
    populations : tuple of Cells or Sources
    projections : tuple of Synapses
    spikes : tuple of int
        The populations of cells whose spikes are recorded.
    traces : tuple of Trace
        The variables that are recorded.
    currents : tuple of Current
    backgrounds : tuple of Background
    spikes_of : dict of int to tuple of int
        Where not all neurons of a population in `spikes` are recorded: their ranks, in rising order.
    """

    dt: float
    populations: tuple[Cells | Sources, ...]
    projections: tuple[Synapses, ...]
    spikes: tuple[int, ...]
    traces: tuple[Trace, ...]
    currents: tuple[Current, ...] = ()
    backgrounds: tuple[Background, ...] = ()
    spikes_of: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def structure(self) -> str:
        """A key of all that compiled code depends on: models, sizes and recordings, but no value."""
        populations = [
            (type(p).__name__, p.size, *((p.model, p.equations) if isinstance(p, Cells) else ()))
            for p in self.populations
        ]
        projections = [(s.pre, s.post, s.receptor, s.kind, s.equations) for s in self.projections]
        inputs = [(c.population, tuple(c.ranks)) for c in self.currents]
        backgrounds = [(b.population, b.receptor) for b in self.backgrounds]
        recorded = self.spikes, sorted(self.spikes_of.items()), self.traces
        text = repr((self.dt, populations, projections, inputs, backgrounds, *recorded))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
