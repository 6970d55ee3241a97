"""Draws of places: successes in a row of trials, and choices of some of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def successes(rng: np.random.Generator, trials: int, probability: float) -> Ints:
    """Return the places of the successes in a row of independent trials, by the gaps between them."""
    if probability == 0 or trials == 0:
        return np.empty(0, np.int64)
    expected = trials * probability
    found, last = [], -1
    while last < trials:
        # A gap may exceed what an integer holds where the probability is tiny: any gap that long is the end.
        gaps = np.minimum(rng.geometric(probability, int(expected + 4 * np.sqrt(expected)) + 16), trials + 1)
        places = last + np.cumsum(gaps)
        found.append(places)
        last = int(places[-1])
    places = np.concatenate(found)
    return places[: np.searchsorted(places, trials)]


def choices(rng: np.random.Generator, rows: int, options: int, number: int) -> Ints:
    """Choose in each row `number` different ones of `options`: shape (rows, number).

    The first different values of a row of independent draws are such a choice.
    """
    if number == 0:
        return np.empty((rows, 0), np.int64)
    if number * 4 > options:
        return np.argpartition(rng.random((rows, options)), number - 1, axis=1)[:, :number]
    chosen = np.empty((rows, number), np.int64)
    short = np.arange(rows)
    while short.size:
        draws = rng.integers(options, size=(len(short), number + number // 4 + 8))
        count = np.cumsum(new := _first_of_each(draws), axis=1)
        enough = count[:, -1] >= number  # a row that repeats itself too often is drawn again as a whole
        picked = draws[enough][(new & (count <= number))[enough]]
        chosen[short[enough]] = picked.reshape(-1, number)
        short = short[~enough]
    return chosen


def _first_of_each(draws: Ints) -> NDArray[np.bool_]:
    """Mark in each row the first occurrence of each value."""
    order = np.argsort(draws, axis=1, kind="stable")
    ordered = np.take_along_axis(draws, order, axis=1)
    first = np.ones(draws.shape, np.bool_)
    np.put_along_axis(first[:, :], order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return first


def ragged_choices(rng: np.random.Generator, options: int, counts: Ints) -> Ints:
    """Choose in each row so many different ones of `options`, one row behind the other."""
    if not counts.size:
        return np.empty(0, np.int64)
    shuffled = rng.random((len(counts), options)).argsort(axis=1)
    return np.asarray(shuffled[np.arange(options) < counts[:, None]])
