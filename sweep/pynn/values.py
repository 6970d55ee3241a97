"""PyNN's lazy arrays and random distributions as values of the description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray, Sequence
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space

from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import state
from workers.network import (
    Binomial,
    DiscreteUniform,
    Distribution,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    Uniform,
)
from workers.network.distance import OfDistance
from workers.network.space import Space as OurSpace
from workers.network.values import Value

PLAIN = Space()
"""Where a projection is that says nothing of space."""


class NativeRNG(NumpyRNG):
    """The simulator's own generator, for PyNN; what is drawn with it follows from the network's key."""


DISTRIBUTIONS: dict[str, Callable[..., Value]] = {
    "uniform": lambda low, high: Uniform(low, high) if low != high else float(low),
    "uniform_int": lambda low, high: DiscreteUniform(low, high - 1),
    "normal": Normal,
    "normal_clipped": lambda mu, sigma, low, high: Normal(mu, sigma, min=low, max=high),
    "lognormal": LogNormal,
    "exponential": lambda beta: Exponential(1.0 / beta),
    "gamma": lambda k, theta: Gamma(k, theta),
    "binomial": Binomial,
}


def distribution(random: RandomDistribution) -> Value:
    """Return our distribution; it is drawn anew in each network, whatever generator PyNN's was given."""
    if random.name not in DISTRIBUTIONS:
        known = ", ".join(DISTRIBUTIONS)
        raise NotCoveredError(f"the distribution {random.name!r}", f"those covered are {known}")
    return DISTRIBUTIONS[random.name](**random.parameters)


def per_neuron(name: str, lazy: LazyArray, size: int) -> Value:
    """Return the value of a parameter of `size` neurons."""
    if isinstance(lazy.base_value, RandomDistribution):
        _no_operations(name, lazy)
        return distribution(lazy.base_value)
    lazy.shape = (size,)
    if lazy.is_homogeneous:
        return float(lazy.evaluate(simplify=True))
    return np.asarray(lazy.evaluate(simplify=False), np.float64)


def spike_times(lazy: LazyArray, size: int) -> list[Any]:
    """Return spike trains: one for all neurons, or one for each.

    A spike between two steps is moved up to the later one, as pyNN.nest does.
    """
    if isinstance(lazy.base_value, Sequence) and not lazy.operations:
        return list(_on_the_grid(lazy.base_value))
    lazy.shape = (size,)
    return [_on_the_grid(train) for train in np.atleast_1d(lazy.evaluate(simplify=False))]


def _on_the_grid(train: Sequence) -> NDArray[np.float64]:
    times = np.asarray(train.value, np.float64)
    return np.asarray(np.ceil(times / state.dt - 1e-6) * state.dt)


def per_connection(name: str, lazy: LazyArray, shape: tuple[int, int]) -> Value | OfDistance:
    """Return the value of a parameter of synapses between `shape` neurons."""
    base = lazy.base_value
    if isinstance(base, RandomDistribution):
        _no_operations(name, lazy)
        return distribution(base)
    if isinstance(base, IndexBasedExpression):
        _no_operations(name, lazy)
        i, j = np.indices(shape)
        return np.asarray(base(i, j), np.float64)
    if callable(base):
        _no_operations(name, lazy)
        return OfDistance(base)
    if lazy.is_homogeneous:
        lazy.shape = shape
        return float(lazy.evaluate(simplify=True))
    array = np.asarray(base, np.float64)
    for operation, argument in lazy.operations:
        array = operation(array) if argument is None else operation(array, argument)
    return array


def negative(name: str, value: Value | OfDistance) -> Value | OfDistance:
    """Return the same with the other sign."""
    if isinstance(value, Uniform):
        return Uniform(-value.max, -value.min)
    if isinstance(value, DiscreteUniform):
        return DiscreteUniform(-value.max, -value.min)
    if isinstance(value, Normal):
        return Normal(-value.mu, value.sigma, min=-value.max, max=-value.min)
    if isinstance(value, OfDistance):
        rule = value.rule
        return OfDistance(lambda d: -rule(d) if callable(rule) else d)
    if isinstance(value, Distribution):
        raise NotCoveredError(
            f"negative {name} of {type(value).__name__}, which has no negative values",
            "give 'inhibitory' synapses of neurons with currents a uniform or normal distribution below 0",
        )
    return -value


def space_of(space: Space) -> OurSpace | None:
    """Return our space; None for PyNN's own default."""
    if space is PLAIN:
        return None
    if np.ndim(space.offset):
        raise NotCoveredError("an offset of Space for each axis", "give one number, or move the positions")
    periodic = space.periodic_boundaries
    return OurSpace(
        tuple(int(a) for a in space.axes),
        float(space.scale_factor),
        float(space.offset),
        None if periodic is None else tuple(periodic),
    )


def _no_operations(name: str, lazy: LazyArray) -> None:
    if lazy.operations:
        raise NotCoveredError(
            f"arithmetic on a random or distance-dependent {name}",
            "put it into the distribution's parameters or into the expression",
        )
