"""Distributions that stand for a value which is drawn anew in each network.

One may be given wherever a number may: as a weight, a delay, a parameter or an initial state. A plain number
or array is the same in every network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from math import inf, isinf, isnan
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution(ABC):
    """A distribution of one value; subclasses say how it is drawn."""

    endless: ClassVar[tuple[str, ...]] = ()
    """The parameters that may be infinite."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, (int, float, np.number)) or isnan(value):
                raise ValueError(f"{type(self).__name__}: {each.name}={value!r} is not a number")
            if isinf(value) and each.name not in self.endless:
                raise ValueError(f"{type(self).__name__}: {each.name}={value!r}; expected a finite number")

    @property
    def lowest(self) -> float:
        """The lower end of what may be drawn; -inf where there is none."""
        return -inf

    @property
    def highest(self) -> float:
        """The upper end of what may be drawn; inf where there is none."""
        return inf

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent values from `rng`: an array of shape (size,)."""

    def _require(self, met: bool, expected: str) -> None:
        if not met:
            raise ValueError(f"{self!r}: expected {expected}")


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform between `min` (included) and `max` (excluded).

    Parameters
    ----------
    min, max : float
        Finite, in the unit of what is drawn; `min` below `max`.
    """

    min: float
    max: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.min < self.max, "min < max")

    @property
    def lowest(self) -> float:
        return self.min

    @property
    def highest(self) -> float:
        return self.max

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.uniform(self.min, self.max, size)


@dataclass(frozen=True)
class DiscreteUniform(Distribution):
    """A whole number between `min` and `max`, both included, each as likely.

    Parameters
    ----------
    min, max : int
        In the unit of what is drawn; `min` not above `max`.
    """

    min: int
    max: int

    def __post_init__(self) -> None:
        super().__post_init__()
        whole = float(self.min).is_integer() and float(self.max).is_integer()
        self._require(whole and self.min <= self.max, "whole numbers with min <= max")

    @property
    def lowest(self) -> float:
        return self.min

    @property
    def highest(self) -> float:
        return self.max

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.integers(int(self.min), int(self.max), size, endpoint=True).astype(np.float64)


@dataclass(frozen=True, repr=False)
class _Bounded(Distribution):
    """A distribution cut off at `min` and `max`: values outside are drawn again."""

    min: float = field(default=-inf, kw_only=True)
    max: float = field(default=inf, kw_only=True)

    TRIES: ClassVar[int] = 1000
    floor: ClassVar[float] = -inf
    """What no value falls below, whatever `min` is."""

    endless = ("min", "max")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.min < self.max, "min < max")

    def __repr__(self) -> str:
        ordered = sorted(fields(self), key=lambda f: f.name in self.endless)
        told = {f.name: getattr(self, f.name) for f in ordered}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in told.items() if not isinf(v))})"

    @property
    def lowest(self) -> float:
        return max(self.min, self.floor)

    @property
    def highest(self) -> float:
        return self.max

    @abstractmethod
    def _unbounded(self, rng: np.random.Generator, size: int) -> Floats: ...

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        values = self._unbounded(rng, size)
        for _ in range(self.TRIES):
            outside = np.flatnonzero((values < self.min) | (values > self.max))
            if not outside.size:
                return values
            values[outside] = self._unbounded(rng, outside.size)
        raise ValueError(f"{self!r}: hardly any value falls between min and max; widen them")


@dataclass(frozen=True, repr=False)
class Normal(_Bounded):
    """Normal with mean `mu` and standard deviation `sigma`, cut off at `min` and `max`.

    Parameters
    ----------
    mu, sigma : float
        In the unit of what is drawn; `sigma` at least 0.
    min, max : float, optional
        Where it is cut off: values outside are drawn again. Not cut off if not given.
    """

    mu: float
    sigma: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.sigma >= 0, "sigma >= 0")

    def _unbounded(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mu, self.sigma, size)


@dataclass(frozen=True, repr=False)
class LogNormal(_Bounded):
    """exp of a normal with mean `mu` and standard deviation `sigma`, cut off at `min` and `max`.

    Parameters
    ----------
    mu, sigma : float
        Of the logarithm of what is drawn; `sigma` at least 0.
    min, max : float, optional
        Where it is cut off: values outside are drawn again. Not cut off if not given.
    """

    mu: float
    sigma: float

    floor = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.sigma >= 0, "sigma >= 0")

    def _unbounded(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(self.mu, self.sigma, size)


@dataclass(frozen=True, repr=False)
class Exponential(_Bounded):
    """Exponential with rate `Lambda` (its mean is 1 / Lambda), cut off at `min` and `max`.

    Parameters
    ----------
    Lambda : float
        Above 0; 1 / Lambda is in the unit of what is drawn.
    min, max : float, optional
        Where it is cut off: values outside are drawn again. Not cut off if not given.
    """

    Lambda: float

    floor = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.Lambda > 0, "Lambda > 0")

    def _unbounded(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.exponential(1.0 / self.Lambda, size)


@dataclass(frozen=True, repr=False)
class Gamma(_Bounded):
    """Gamma with shape `alpha` and scale `beta` (its mean is alpha x beta), cut off at `min` and `max`.

    Parameters
    ----------
    alpha : float
        Above 0.
    beta : float
        Above 0, in the unit of what is drawn.
    min, max : float, optional
        Where it is cut off: values outside are drawn again. Not cut off if not given.
    """

    alpha: float
    beta: float = 1.0

    floor = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require(self.alpha > 0 and self.beta > 0, "alpha > 0 and beta > 0")

    def _unbounded(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.gamma(self.alpha, self.beta, size)


@dataclass(frozen=True)
class Binomial(Distribution):
    """The number of successes in `n` trials of probability `p`.

    Parameters
    ----------
    n : int
        At least 0.
    p : float
        From 0 to 1.
    """

    n: int
    p: float

    def __post_init__(self) -> None:
        super().__post_init__()
        whole = float(self.n).is_integer() and self.n >= 0
        self._require(whole and 0 <= self.p <= 1, "a whole n >= 0 and 0 <= p <= 1")

    @property
    def lowest(self) -> float:
        return 0.0

    @property
    def highest(self) -> float:
        return float(self.n)

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.binomial(int(self.n), self.p, size).astype(np.float64)
