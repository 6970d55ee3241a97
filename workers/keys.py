"""The redraw contract: every draw has a key of its own, and never depends on what was drawn before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

WORD = 0xFFFFFFFF


def of_trial(owner: str, trial: int) -> str:
    """Name the object as which `owner` draws what is another in each trial."""
    return owner + (f"\0trial {trial}" if trial else "")


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[int, ...]:
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return tuple(int(w) for w in np.frombuffer(digest, dtype="<u4"))


@lru_cache(maxsize=16)
def _words_of(seed: int) -> tuple[int, ...]:
    """Write a seed in words as numpy does before a spawn key: at least four."""
    number = max(4, -(-seed.bit_length() // 32))
    return tuple(seed >> 32 * place & WORD for place in range(number))


@dataclass(frozen=True)
class Key:
    """The key of network `index` of the sweep with seed `seed`.

    All that a network draws is numpy's Philox generator [1]_ keyed through `numpy.random.SeedSequence` by
    (seed, index, object, purpose). The object is the name of a population or a projection, the purpose says
    what is drawn for it. So nothing depends on the order of execution, on the worker, or on other objects.

    References
    ----------
    .. [1] Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11.
    """

    seed: int
    index: int

    def sequence(self, owner: str, purpose: str) -> np.random.SeedSequence:
        """Return the seed sequence of one purpose of one object."""
        # Words of fixed number: numpy runs the words of a spawn key together, and keys must not meet.
        index = (self.index & WORD, self.index >> 32)
        words = (*_words_of(self.seed), *index, *_words(f"{owner}\0{purpose}"))
        # The same as SeedSequence(seed, spawn_key=the other words), which takes six times longer.
        return np.random.SeedSequence(np.array(words, np.uint32))

    def generator(self, owner: str, purpose: str) -> np.random.Generator:
        """Return a fresh generator for one purpose of one object; equal arguments give equal draws."""
        return np.random.Generator(np.random.Philox(self.sequence(owner, purpose)))
