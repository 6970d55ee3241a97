"""A value that a person gives for each neuron or synapse: a number, an array, or a distribution."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.network.distributions import Distribution

Value: TypeAlias = float | NDArray[np.float64] | Distribution


def parse(owner: str, name: str, given: Any) -> Value:
    """Check a value and make it a float, a read-only array of floats, or leave it a Distribution.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If a number is NaN or infinite: simulators accept these in silence.
    """
    if type(given) is float and isfinite(given):  # by far the most frequent
        return given
    if isinstance(given, Distribution):
        return given
    if has_units(given):
        raise TypeError(
            f"{owner}: {name}={given!r} has a unit, which would be dropped; "
            "give plain numbers, in ms, mV, nA, nF, uS or Hz, as the model says"
        )
    try:
        array = np.array(given)
        if given is None or array.dtype.kind in "SUcmM":
            raise TypeError("what numpy would read as numbers: text, nothing, complex numbers, dates")
        array = array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise TypeError(
            f"{owner}: {name}={given!r} is a {type(given).__name__}; "
            "give a number, an array of numbers or a distribution such as Uniform(0, 1)"
        ) from None
    if not np.all(finite := np.isfinite(array)):
        raise ValueError(f"{owner}: {name}={float(array[~finite][0])!r} is not a finite number")
    if array.ndim == 0:
        return float(array)
    array.setflags(write=False)  # copies of a network share it
    return array


def has_units(given: Any) -> bool:
    """Whether a value, or the first of a list, has a unit of the packages quantities, Brian2 or pint."""
    first = given[0] if isinstance(given, (list, tuple)) and given else given
    return any(hasattr(first, name) for name in ("dimensionality", "dim"))


def per_neuron(owner: str, name: str, given: Any, geometry: tuple[int, ...]) -> Value:
    """Parse a value for each neuron of a population; an array has the population's geometry or its size.

    Raises
    ------
    ValueError
        If an array has another shape.
    """
    value = parse(owner, name, given)
    if not isinstance(value, np.ndarray):
        return value
    size = int(np.prod(geometry))
    if value.shape not in {geometry, (size,)}:
        raise ValueError(
            f"{owner}: {name} has shape {value.shape}; expected {geometry}"
            + (f" or ({size},)" if len(geometry) > 1 else "")
            + ", one value for each neuron"
        )
    return value.reshape(size)


def lowest(value: Value) -> float:
    """Return the least that a value can be."""
    if isinstance(value, float):
        return value
    if isinstance(value, Distribution):
        return value.lowest
    return float(np.min(value)) if np.size(value) else np.inf


def highest(value: Value) -> float:
    """Return the most that a value can be."""
    if isinstance(value, float):
        return value
    if isinstance(value, Distribution):
        return value.highest
    return float(np.max(value)) if np.size(value) else -np.inf


def shown(value: Value, end: Callable[[Value], float] = lowest) -> str:
    """Write a value that is too low or too high for a message: of an array the `end` that is."""
    return repr(value if isinstance(value, Distribution) else end(value))
