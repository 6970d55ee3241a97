"""Currents injected into neurons. Names, parameters and units are PyNN's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.network.models import GivenOnce
from workers.network.population import Attached, Population, View, of_neurons
from workers.network.values import parse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class CurrentSource(ABC):
    """A current as a function of time, in nA; constant over each step.

    A current that begins at a time acts from the first step that begins then.
    """

    @abstractmethod
    def amplitudes(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        """Return the current in the steps that begin at `times`, in ms: shape (times,) or (times, neurons).

        Called for consecutive stretches of time with one generator: what is drawn does not depend on how the
        time is divided.
        """

    def inject_into(self, population: Population | View, ranks: Sequence[int] | None = None) -> Injection:
        """Inject this current into neurons: a view such as ``pop[:10]``, or those of `ranks`; else into all.

        Returns
        -------
        Injection
            Through it a network can be given another current: ``net.get(injection).source = DCSource(0.7)``.
        """
        return Injection(population, self, ranks)


@dataclass(frozen=True)
class _Timed(CurrentSource):
    """A current that flows from `start` to `stop`."""

    def __post_init__(self) -> None:
        values = vars(self)
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or isnan(value):
                raise ValueError(f"{type(self).__name__}: {name}={value!r} is not a number")
            if isinf(value) and name != "stop":
                raise ValueError(f"{type(self).__name__}: {name}={value!r}; expected a finite number")
        if values["stop"] < values["start"]:
            raise ValueError(
                f"{type(self).__name__}: stop={values['stop']!r} is before start={values['start']!r}"
            )

    def _flows(self, times: Floats, start: float, stop: float) -> NDArray[np.bool_]:
        nearly = 1e-9
        return (times >= start - nearly) & (times < stop - nearly)


@dataclass(frozen=True)
class DCSource(_Timed):
    """A constant current.

    Parameters
    ----------
    amplitude : float
        In nA.
    start, stop : float
        When it begins and ends, in ms.
    """

    amplitude: float = 1.0
    start: float = 0.0
    stop: float = inf

    def amplitudes(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        return np.where(self._flows(times, self.start, self.stop), float(self.amplitude), 0.0)


@dataclass(frozen=True)
class ACSource(_Timed):
    """A sine current.

    Parameters
    ----------
    amplitude, offset : float
        In nA: it goes from `offset` - `amplitude` to `offset` + `amplitude`.
    start, stop : float
        When it begins and ends, in ms.
    frequency : float
        In Hz.
    phase : float
        In degrees, at `start`.
    """

    amplitude: float = 1.0
    start: float = 0.0
    stop: float = inf
    frequency: float = 10.0
    offset: float = 0.0
    phase: float = 0.0

    def amplitudes(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        turns = self.frequency * (times - self.start) / 1000.0
        wave = self.offset + self.amplitude * np.sin(2 * np.pi * turns + np.radians(self.phase))
        return np.where(self._flows(times, self.start, self.stop), wave, 0.0)


@dataclass(frozen=True)
class NoisyCurrentSource(_Timed):
    """White noise: a new normal value for each neuron in each step, drawn anew in each network.

    Parameters
    ----------
    mean, stdev : float
        In nA.
    start, stop : float
        When it begins and ends, in ms.
    dt : float
        For how many ms a value holds; for one step if 0.
    """

    mean: float = 0.0
    stdev: float = 1.0
    start: float = 0.0
    stop: float = inf
    dt: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("stdev", "dt"):
            if getattr(self, name) < 0:
                raise ValueError(f"NoisyCurrentSource: {name}={getattr(self, name)!r}; expected at least 0")

    def amplitudes(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        noise = self.mean + self.stdev * self._normal(times, neurons, rng)
        return np.where(self._flows(times, self.start, self.stop)[:, None], noise, 0.0)

    def _normal(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        if not self.dt or not len(times):
            return rng.standard_normal((len(times), neurons))
        # Drawn from the beginning each time, for a value may hold from one call into the next.
        spans = np.floor((times - self.start) / self.dt + 1e-9).astype(np.int64).clip(min=0)
        again = np.random.Generator(np.random.Philox(rng.bit_generator.seed_seq))  # type: ignore[arg-type]
        values: Floats = again.standard_normal((int(spans[-1]) + 1, neurons))
        return np.asarray(values[spans])


class StepCurrentSource(GivenOnce, CurrentSource):
    """A current that changes at given times; it is 0 before the first.

    Parameters
    ----------
    times : sequence of float
        In ms, rising.
    amplitudes : sequence of float
        In nA: the current from each time on.
    """

    def __init__(self, times: Sequence[float], amplitudes: Sequence[float]) -> None:
        self.times, self.values = (
            np.array(parse("StepCurrentSource", name, given), np.float64)
            for name, given in (("times", times), ("amplitudes", amplitudes))
        )
        if self.times.ndim != 1 or self.times.shape != self.values.shape:
            raise ValueError(
                f"StepCurrentSource: times and amplitudes have the shapes {self.times.shape} and "
                f"{self.values.shape}; expected as many of both"
            )
        if np.any(np.diff(self.times) <= 0):
            raise ValueError(f"StepCurrentSource: times={times!r}; expected rising times in ms")

    def amplitudes(self, times: Floats, neurons: int, rng: np.random.Generator) -> Floats:
        nearly = 1e-9
        last = np.searchsorted(self.times, times + nearly, side="right")
        return np.concatenate([[0.0], self.values])[last]


class Injection(Attached):
    """A current that flows into neurons of a population; made by ``DCSource(...).inject_into(population)``.

    `source` can be set until the network is compiled: ``net.get(injection).source = DCSource(0.7)``.

    Parameters
    ----------
    population : Population or View
        A view, such as ``pop[:10]``, takes it into some neurons only.
    source : CurrentSource
        Such as ``DCSource(amplitude=0.5, start=20.0, stop=80.0)``.
    ranks : sequence of int, optional
        Which neurons of a population; all if not given.
    name : str, optional

    Raises
    ------
    ValueError
        If the model, one of one's own, has no parameter i_offset: it is what currents add to.
    """

    changeable = ("source",)
    source: CurrentSource

    def __init__(
        self,
        population: Population | View,
        source: CurrentSource,
        ranks: Sequence[int] | Ints | None = None,
        name: str | None = None,
    ) -> None:
        population, viewed = of_neurons("Injection", population)
        if viewed is not None and ranks is not None:
            raise ValueError(f"Injection: ranks={ranks!r} of a view; give ranks or a view, not both")
        ranks = ranks if viewed is None else viewed
        if "i_offset" not in population.model.parameters:
            raise ValueError(
                f"Injection: {population!r} has no parameter i_offset, to which currents add; give "
                f"{population.model.__name__} one, as in parameters='i_offset = 0.0', and use it"
            )
        self.population, self.source = population, source
        self.ranks = np.arange(population.size) if ranks is None else np.array(ranks, np.int64)
        if self.ranks.size and not (self.ranks.min() >= 0 and self.ranks.max() < population.size):
            raise ValueError(f"Injection: ranks={ranks!r}; expected ranks of the {population.size} neurons")
        super().__init__(f"{type(source).__name__}->{population.name}", name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "source" and not isinstance(value, CurrentSource):
            raise TypeError(f"Injection: source={value!r}; expected one such as DCSource(amplitude=0.5)")
        super().__setattr__(name, value)
