"""The global generators of numpy and of Python, of which each of several methods in turn has its own."""

from __future__ import annotations

import ctypes
import random
from typing import Any

import numpy as np
from numpy.random.mtrand import get_bit_generator, set_bit_generator

_LENGTH = 624  # words of a Mersenne Twister
_FIRST = 0x80000000  # its first word when it has been seeded by words, as `call` does
_spare: list[Bits] = []


class Bits:
    """A bit generator of numpy's, which takes the place of the global one."""

    def __init__(self) -> None:
        self.generator = np.random.MT19937(0)
        # numpy takes .1 ms to copy a state; to look at it takes none.
        self._words = (ctypes.c_uint32 * (_LENGTH + 1)).from_address(self.generator.ctypes.state_address)

    @property
    def untouched(self) -> bool:
        """Whether nothing was drawn since it was seeded."""
        return self._words[_LENGTH] == _LENGTH and self._words[0] == _FIRST


class Globals:
    """The global generators as one method sees them.

    Not numpy's state is exchanged but its bit generator. What numpy keeps besides, the second of a pair of
    normal values, is there only where something was drawn.
    """

    def __init__(self) -> None:
        self._bits = _spare.pop() if _spare else Bits()  # .2 ms to make one
        self._numpy: Any = None
        self._python: Any = None

    def enter(self) -> None:
        """Let them be the global ones."""
        set_bit_generator(self._bits.generator)
        if self._numpy is not None:
            np.random.set_state(self._numpy)
        if self._python is not None:
            random.setstate(self._python)

    def leave(self) -> None:
        """Keep them as they are now, for the next time."""
        self._numpy = None if self._bits.untouched else np.random.get_state()
        self._python = random.getstate()

    def end(self) -> None:
        """Let others have them."""
        _spare.append(self._bits)


class Outside:
    """Brings the global generators back, as they were before."""

    def __enter__(self) -> None:
        self._state = get_bit_generator(), np.random.get_state(), random.getstate()

    def __exit__(self, *error: object) -> None:
        generator, state, python = self._state
        set_bit_generator(generator)
        np.random.set_state(state)
        random.setstate(python)
