"""Background in GeNN: drawn within the update of each neuron, from its key, its rank and the step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.instance import Background, Instance
from workers.simulators.keyed import expected
from workers.simulators.updates.model import Model, Receptor, check

_NUMBERS, _WORDS = ("mean", "none", "each"), ("key0", "key1", "key2", "key3", "rank")

# Philox4x32-10 and inversion, as in `keyed`. GeNN misreads >>, so words are divided instead.
_CODE = """
{
uint32_t x0 = rank_#; uint32_t x1 = (uint32_t)(t + 1.0); uint32_t x2 = key2_#; uint32_t x3 = key3_#;
uint32_t k0 = key0_#; uint32_t k1 = key1_#;
const uint64_t word = (uint64_t)65536 * (uint64_t)65536;
for(int i = 0; i < 10; i++) {
const uint64_t p0 = (uint64_t)x0 * (uint64_t)0xD2511F53U;
const uint64_t p1 = (uint64_t)x2 * (uint64_t)0xCD9E8D57U;
x0 = (uint32_t)(p1 / word) ^ x1 ^ k0; x1 = (uint32_t)p1;
x2 = (uint32_t)(p0 / word) ^ x3 ^ k1; x3 = (uint32_t)p0;
k0 += 0x9E3779B9U; k1 += 0xBB67AE85U;
}
const scalar drawn = (((scalar)(x0 / 32U))*67108864.0 + (scalar)(x1 / 64U))/9007199254740992.0;
scalar p = none_#; scalar reached = none_#; scalar events = 0.0;
while(drawn >= reached && events < 2000.0) { events += 1.0; p = p*mean_#/events; reached = reached + p; }
ARRIVE}
"""


def names(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name what each neuron has for so many backgrounds: numbers, and words of 32 bits."""
    places = range(number)
    return tuple(f"{n}_{i}" for i in places for n in _NUMBERS), tuple(
        f"{n}_{i}" for i in places for n in _WORDS
    )


def arrival(receptor: Receptor, weight: str) -> str:
    """Add a weight to what a receptor moves."""
    scale = f"{receptor.scale}*" if receptor.scale else ""
    return f"{receptor.variable} {receptor.sign}= {scale}{weight};\n"


def code(model: Model, receptors: tuple[str, ...]) -> str:
    """Draw the spikes of backgrounds onto these receptors, and add their weights."""
    return "".join(
        _CODE.replace("ARRIVE", arrival(model.receptors[name], "each_#*events")).replace("#", str(place))
        for place, name in enumerate(receptors)
    )


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
