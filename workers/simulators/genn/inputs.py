"""Background in GeNN: drawn within the update of each neuron, from its key, its rank and the step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.instance import Background, Instance
from workers.simulators.keyed import expected
from workers.simulators.updates.model import Receptor, check

_NUMBERS, _WORDS = ("mean", "none", "each"), ("key0", "key1", "key2", "key3", "rank")

_DRAWN = "poisson_of(uniform_of(key0_#, key1_#, key2_#, key3_#, rank_#, t_in_timesteps), mean_#, none_#)"


def names(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name what each neuron has for so many backgrounds: numbers, and words of 32 bits."""
    places = range(number)
    return tuple(f"{n}_{i}" for i in places for n in _NUMBERS), tuple(
        f"{n}_{i}" for i in places for n in _WORDS
    )


def arrival(receptor: Receptor, weight: str) -> str:
    """Add a weight to what a receptor moves."""
    scale = f"{receptor.scale}*" if receptor.scale else ""
    return f"{receptor.variable} {receptor.sign}= {scale}{weight}"


def background(receptor: Receptor, place: int) -> str:
    """Draw the spikes of one background onto a receptor, and add their weights."""
    return f"{arrival(receptor, 'each_#')}*{_DRAWN}".replace("#", str(place))


def values(instance: Instance, population: int) -> dict[str, NDArray[np.generic]]:
    """Return what each neuron of a population has for its backgrounds."""
    found: dict[str, NDArray[np.generic]] = {}
    for place, background in enumerate(of(instance, population)):
        check(f"weights of {background.name}", background.weights)
        own = (*expected(background, instance.dt), background.weights, *background.keys.T, background.ranks)
        found |= {f"{n}_{place}": v for n, v in zip((*_NUMBERS, *_WORDS), own, strict=True)}
    return found


def of(instance: Instance, population: int) -> list[Background]:
    """Return the backgrounds of a population."""
    return [b for b in instance.backgrounds if b.population == population]
