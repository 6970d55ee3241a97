"""Draws of places: successes in a row of trials, and choices of some of many."""

from __future__ import annotations

from math import log1p, sqrt

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def successes(rng: np.random.Generator, trials: int, probability: float) -> Ints:
    """Return the places of the successes in a row of independent trials, by the gaps between them."""
    if probability == 0 or trials == 0:
        return np.empty(0, np.int64)
    if probability == 1:
        return np.arange(trials)
    # A geometric variate is an exponential one rounded up, which takes a third of the time of numpy's own.
    # Sums of floats are exact as far as they count; where the probability is tiny, a gap so long is the end.
    mean = min(-1.0 / log1p(-probability), 2.0**60)
    expected = trials * probability
    found, last = [], -1.0
    while last < trials:
        draws = rng.standard_exponential(int(expected + 4 * sqrt(expected)) + 16)
        places = last + np.cumsum(np.maximum(np.ceil(draws * mean), 1.0))
        found.append(places)
        last = places[-1]
    places = np.concatenate(found)
    return places[: np.searchsorted(places, trials)].astype(np.int64)


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
