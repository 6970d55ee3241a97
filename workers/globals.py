"""The global generators of numpy and of Python, of which each of several methods in turn has its own."""

from __future__ import annotations

import _random
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


class _Twister:
    """The state of Python's generator as bytes: `random.getstate` makes 625 numbers of it each time.

    In CPython it is all that an object of the class has, behind what every object has.
    """

    _head = object.__basicsize__
    _size = _random.Random.__basicsize__ - _head

    def __init__(self) -> None:
        self._global = random.random.__self__  # type: ignore[attr-defined]
        self._at = id(self._global) + self._head

    def get(self) -> tuple[bytes, float | None]:
        return ctypes.string_at(self._at, self._size), self._global.gauss_next

    def set(self, state: tuple[bytes, float | None]) -> None:
        ctypes.memmove(self._at, state[0], self._size)
        self._global.gauss_next = state[1]


_twister = _Twister()


class Globals:
    """The global generators as one method sees them.

    Not numpy's state is exchanged but its bit generator. What numpy keeps besides, the second of a pair of
    normal values, is there only where something was drawn.
    """

    def __init__(self) -> None:
        self._bits = _spare.pop() if _spare else Bits()  # .2 ms to make one
        self._numpy: Any = None
        self._python: tuple[bytes, float | None] | None = None

    def enter(self) -> None:
        """Let them be the global ones."""
        set_bit_generator(self._bits.generator)
        if self._numpy is not None:
            np.random.set_state(self._numpy)
        if self._python is not None:
            _twister.set(self._python)

    def leave(self) -> None:
        """Keep them as they are now, for the next time."""
        self._numpy = None if self._bits.untouched else np.random.get_state()
        self._python = _twister.get()

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
