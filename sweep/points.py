"""The points of a sweep: what is given to the method, point by point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.network.values import has_units

Values: TypeAlias = "Sequence[Any] | NDArray[Any]"


@dataclass(frozen=True, eq=False)
class Points:
    """Points as columns: for each name one value per point.

    Attributes
    ----------
    columns : dict of str to sequence
        The values, as many for each name as there are points.
    dims : dict of str to sequence, or None
        The axes where the points are those of a grid, the last varying fastest.
    """

    columns: Mapping[str, Values]
    dims: Mapping[str, Values] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, i: int) -> dict[str, Any]:
        return {name: column[i] for name, column in self.columns.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[i] for i in range(len(self)))


def grid(**axes: Iterable[Any]) -> Points:
    """Take every combination of the values on the axes; the last axis varies fastest.

    Parameters
    ----------
    **axes : iterable
        The values on the axis of each name: numbers, strings, or whatever the method takes.

    Returns
    -------
    Points
        For ``parallel_run(points=...)``; its axes are dimensions of the results' dataset.

    Raises
    ------
    TypeError, ValueError
        If there is no axis, or an axis is no sequence of values, or empty.

    Examples
    --------
    >>> [p for p in grid(rates=[5.0, 10.0], w=[1, 2])]
    [{'rates': 5.0, 'w': 1}, {'rates': 5.0, 'w': 2}, {'rates': 10.0, 'w': 1}, {'rates': 10.0, 'w': 2}]
    """
    dims = _axes("grid", axes)
    places = np.indices([len(v) for v in dims.values()]).reshape(len(dims), -1)
    columns = {name: _taken(v, place) for (name, v), place in zip(dims.items(), places, strict=True)}
    return Points(columns, dims)


def zipped(**axes: Iterable[Any]) -> Points:
    """Take the first value of each axis, then the second of each, and so on.

    Parameters
    ----------
    **axes : iterable
        The values of each name, as many for each.

    Raises
    ------
    TypeError, ValueError
        If there is no axis, an axis is no sequence of values, or their lengths differ.
    """
    columns = _axes("zipped", axes)
    lengths = {name: len(v) for name, v in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise ValueError(
            f"zipped: the numbers of values differ ({said}); give every name as many, or use grid()"
        )
    return Points(columns)


def sobol(n: int, *, seed: int, **ranges: tuple[float, float]) -> Points:
    """Spread n points evenly over ranges, by a scrambled Sobol sequence.

    Parameters
    ----------
    n : int
        The number of points. Powers of two are spread best.
    seed : int
        The seed of the scrambling.
    **ranges : tuple of float
        The lowest and the highest value for each name.

    Raises
    ------
    TypeError, ValueError
        If `n` or `seed` is no whole number, or a range is not two finite numbers, the lower one first.
    """
    low, high = _ranges("sobol", n, seed, ranges)
    from scipy.stats import qmc  # takes a second to import

    # Drawn up to the next power of two: scipy warns of any other number.
    sample = qmc.Sobol(len(ranges), rng=seed).random_base2(max(0, int(n - 1).bit_length()))[:n]
    return _sampled(sample, low, high, ranges)


def latin_hypercube(n: int, *, seed: int, **ranges: tuple[float, float]) -> Points:
    """Draw n points from ranges, one in each n-th of every range.

    McKay, Beckman and Conover 1979, Technometrics 21:239-245.

    Parameters
    ----------
    n : int
        The number of points.
    seed : int
        What the draws depend on.
    **ranges : tuple of float
        The lowest and the highest value for each name.

    Raises
    ------
    TypeError, ValueError
        If `n` or `seed` is no whole number, or a range is not two finite numbers, the lower one first.
    """
    low, high = _ranges("latin_hypercube", n, seed, ranges)
    from scipy.stats import qmc

    return _sampled(qmc.LatinHypercube(len(ranges), rng=seed).random(n), low, high, ranges)


def points_from(points: Points | Iterable[Mapping[str, Any]]) -> Points:
    """Take points as they are, from dicts with the same names in each, or from the rows of a pandas table."""
    if isinstance(points, Points):
        return points
    if isinstance(points, (str, bytes, Mapping)):
        raise TypeError(f"points is {points!r}; expected dicts, one per point, or grid(...), zipped(...)")
    given: Any = points
    if hasattr(given, "itertuples"):  # a pandas DataFrame
        return zipped(**{str(name): given[name].to_numpy() for name in given})
    rows = list(points)
    if not rows:
        raise ValueError("points is empty; give at least one point")
    for i, row in enumerate(rows):
        _check_row(i, row, rows[0])
    return Points({name: [row[name] for row in rows] for name in rows[0]})


def _check_row(i: int, row: Any, first: Any) -> None:
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        raise TypeError(f"points[{i}] is {row!r}; expected a dict of the names of arguments and their values")
    if not row:
        raise ValueError(f"points[{i}] is empty; give it the names of arguments and their values")
    if row.keys() != first.keys():
        missing = ", ".join(sorted(first.keys() - row.keys())) or "nothing"
        more = ", ".join(sorted(row.keys() - first.keys())) or "nothing"
        raise ValueError(
            f"points[{i}] lacks {missing} and has {more} besides what points[0] has; "
            "give all points the same names"
        )


def _axes(kind: str, axes: Mapping[str, Iterable[Any]]) -> dict[str, Values]:
    if not axes:
        raise ValueError(f"{kind}() has no axis; give it values by name, as in {kind}(rates=[5.0, 10.0])")
    return {name: _axis(kind, name, values) for name, values in axes.items()}


def _axis(kind: str, name: str, values: Any) -> Values:
    unordered = isinstance(values, (str, bytes, set, frozenset, Mapping))
    if unordered or not isinstance(values, Iterable) or (isinstance(values, np.ndarray) and values.ndim == 0):
        raise TypeError(
            f"{kind}: {name} is {values!r}; expected a sequence of values, as in {name}=[5.0, 10.0]"
        )
    # An array with a unit is a list of values with a unit.
    listed = values if isinstance(values, np.ndarray) and not has_units(values) else list(values)
    if len(listed) == 0:
        raise ValueError(f"{kind}: {name} has no values; give it at least one, or leave it out")
    return listed


def _taken(values: Values, places: NDArray[np.int64]) -> Values:
    return values[places] if isinstance(values, np.ndarray) else [values[i] for i in places]


def _ranges(
    kind: str, n: int, seed: int, ranges: Mapping[str, tuple[float, float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"{kind}: n is {n!r}; expected the number of points, at least 1")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"{kind}: seed is {seed!r}; expected a whole number of at least 0")
    if not ranges:
        raise ValueError(f"{kind}({n}) has no range; give at least one by name, as in rates=(5.0, 20.0)")
    bounds = np.array([_range(kind, name, r) for name, r in ranges.items()])
    return bounds[:, 0], bounds[:, 1]


def _range(kind: str, name: str, given: Any) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in given)
    except (TypeError, ValueError):
        raise TypeError(f"{kind}: {name} is {given!r}; expected two numbers, (low, high)") from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            f"{kind}: {name} is {given!r}; expected finite low < high; for one value give it apart"
        )
    return low, high


def _sampled(
    sample: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], names: Iterable[str]
) -> Points:
    scaled = low + sample * (high - low)
    return Points({name: scaled[:, i].tolist() for i, name in enumerate(names)})
