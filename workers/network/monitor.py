"""Monitors: what is recorded of a population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workers.network.description import Described
from workers.network.population import Attached, Population, View
from workers.network.projection import Projection
from workers.network.sources import Source

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
SPIKE = ("spike", "spikes")
WEIGHTS = "weights"
TOLERANCE = 1e-6


class LiveMonitor(Protocol):
    """What has been recorded, once the network is compiled."""

    dt: float

    @property
    def steps(self) -> int:
        """How many steps have been simulated."""

    def spikes(self) -> tuple[Ints, Ints]:
        """Steps and ranks of all spikes of the recorded neurons, in order."""

    def trace(self, variable: str) -> Floats:
        """All samples, shape (samples, recorded neurons)."""

    def weights(self) -> Floats:
        """All samples, shape (samples, synapses)."""


class Monitor(Attached):
    """A record of a population's spikes or variables, or a projection's weights, from the network's start on.

    Reading it takes nothing away: unlike ANNarchy's, it can be read twice, and a later reading holds the
    earlier part too.

    Parameters
    ----------
    population : Population, View or Projection
        A view, such as ``pop[:10]``, records only some neurons. They keep the ranks of their population.
    variables : str or sequence of str
        "spike", or what the model can record, such as "v"; of a projection "weights".
    period : float, optional
        The time between two samples of a variable in ms, a multiple of dt; dt if not given.
    name : str, optional

    Raises
    ------
    ValueError
        If the model has no such variable.
    """

    changeable = ("variables", "period")
    ranks: Ints | None = None  # None for all

    def __init__(
        self,
        population: Population | View | Projection,
        variables: str | Sequence[str],
        period: float | None = None,
        name: str | None = None,
    ) -> None:
        self.projection = population if isinstance(population, Projection) else None
        if isinstance(population, Projection):
            population = population.post
        if isinstance(population, View):
            if len(population) < population.population.size:
                self.ranks = population.ranks
            population = population.population
        if not isinstance(population, Population):
            raise TypeError(
                f"Monitor: population={population!r}; expected a Population, a View of one, or a Projection"
            )
        self.population, self.period = population, period
        self.variables = self._parsed(variables)
        self._live: LiveMonitor | None = None
        super().__init__(f"monitor({(self.projection or population).name})", name)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, self._parsed(value) if name == "variables" else value)

    def _parsed(self, variables: str | Sequence[str]) -> tuple[str, ...]:
        given = [variables] if isinstance(variables, str) else variables
        return tuple("spike" if v in SPIKE and self.projection is None else self._checked(v) for v in given)

    def relink(self, members: Mapping[str, Described]) -> None:
        """Refer to these members instead of others of the same names."""
        super().relink(members)
        mine = None if self.projection is None else members.get(self.projection.name)
        if isinstance(mine, Projection):
            vars(self)["projection"] = mine

    def missing(self, members: Mapping[str, Described]) -> list[str]:
        """Name what this monitor needs and `members` lack."""
        others = [] if self.projection is None else [self.projection]
        return super().missing(members) + [p.name for p in others if members.get(p.name) is not p]

    def _checked(self, variable: str) -> str:
        if self.projection is not None:
            if variable == WEIGHTS:
                return variable
            raise ValueError(f"Monitor: {self.projection!r} has only {WEIGHTS!r} to record, no {variable!r}")
        if variable not in self.population.model.recordable:
            known = ", ".join(["spike", *self.population.model.recordable])
            raise ValueError(
                f"Monitor: {self.population!r} has no variable {variable!r} to record; it has: {known}"
            )
        return variable

    def period_steps(self, dt: float) -> int:
        """Return the period in steps of `dt`, or raise ValueError if it is not a whole number of them."""
        return 1 if self.period is None else _whole_steps(f"monitor {self.name}: period", self.period, dt)

    def get(self, variable: str | None = None) -> Any:
        """Return what was recorded of one variable.

        Parameters
        ----------
        variable : str, optional
            May be left out if only one is recorded.

        Returns
        -------
        array of float, shape (times, neurons)
            Samples at the end of each period; see `times`. The neurons are those of `neurons`. Of weights the
            shape is (times, synapses), in the order of the projection's edges.
        dict of int to array
            For "spike": the spike times in ms of each neuron, by its rank.
        """
        variable = self._one(variable)
        if variable == "spike":
            times, ranks = self.raster_plot()
            order, neurons = np.argsort(ranks, kind="stable"), self.neurons
            trains = np.split(times[order], np.searchsorted(ranks[order], neurons[1:]))
            return dict(zip(neurons.tolist(), trains, strict=True))
        return self._recorded.weights() if variable == WEIGHTS else self._recorded.trace(variable)

    def times(self) -> Floats:
        """Return the times in ms of the samples of variables, shape (times,)."""
        live = self._recorded
        period = self.period_steps(live.dt)
        return np.arange(period, live.steps + 1, period) * live.dt

    def raster_plot(self) -> tuple[Floats, Ints]:
        """Return the times of all spikes in ms, and the ranks of the neurons, both of shape (spikes,)."""
        self._one("spike")
        steps, ranks = self._recorded.spikes()
        return steps * self._recorded.dt, ranks

    def mean_fr(self) -> float:
        """Return the mean firing rate of a neuron in Hz, over all that was simulated."""
        duration = self._recorded.steps * self._recorded.dt / 1000.0
        count = len(self.raster_plot()[0])
        return count / (len(self.neurons) * duration) if duration else 0.0

    def population_rate(self, bin: float = 1.0) -> Floats:  # noqa: A002
        """Return the mean firing rate of a neuron in Hz in successive bins.

        Parameters
        ----------
        bin : float
            The width of a bin in ms, a multiple of dt. A last bin that is not full is left out.

        Returns
        -------
        array of float, shape (bins,)
        """
        self._one("spike")
        live = self._recorded
        width = _whole_steps("population_rate: bin", bin, live.dt)
        bins = live.steps // width
        counts = np.bincount((live.spikes()[0] - 1) // width, minlength=bins)[:bins]
        return counts / (len(self.neurons) * width * live.dt / 1000.0)

    def to_neo(self) -> Any:
        """Return all that was recorded as a `neo.Segment` of spike trains and analog signals.

        Those of a view are annotated as PyNN does it: the rank of each neuron is a train's source_index, and
        in a signal's channel_index.
        """
        import neo
        import quantities as pq

        live, segment = self._recorded, neo.Segment(name=self.name)
        if "spike" in self.variables:
            stop = live.steps * live.dt
            for rank, times in self.get("spike").items():
                of = {} if self.ranks is None else {"source_index": rank}
                segment.spiketrains.append(neo.SpikeTrain(times, units="ms", t_stop=stop, **of))
        period = (self.period or live.dt) * pq.ms
        for name in (v for v in self.variables if v != "spike"):
            model = self.population.model
            unit = model.weight_unit if name == WEIGHTS else model.recordable[name]
            signal = neo.AnalogSignal(
                self.get(name), units=unit, t_start=period, sampling_period=period, name=name
            )
            if self.ranks is not None:
                signal.array_annotate(channel_index=self.ranks)
            segment.analogsignals.append(signal)
        return segment

    def _one(self, variable: str | None) -> str:
        if variable is None and len(self.variables) == 1:
            return self.variables[0]
        variable = "spike" if variable in SPIKE else variable
        if variable not in self.variables:
            raise ValueError(
                f"monitor {self.name}: {variable!r} is not recorded; "
                f"recorded are: {', '.join(self.variables)}"
            )
        return str(variable)

    @property
    def _recorded(self) -> LiveMonitor:
        if self._live is None:
            hint = (
                "this is the base network's; ask net.get(monitor)"
                if self._detached
                else "simulate its network first; the monitor of a copy is net.get(monitor)"
            )
            raise RuntimeError(f"monitor {self.name} has recorded nothing: {hint}")
        return self._live

    @property
    def neurons(self) -> Ints:
        """The ranks of the neurons that are recorded, shape (neurons,)."""
        return self.population.ranks if self.ranks is None else self.ranks

    @property
    def traced(self) -> tuple[str, ...]:
        """The recorded variables besides spikes."""
        if issubclass(self.population.model, Source):
            return ()
        return tuple(v for v in self.variables if v not in ("spike", WEIGHTS))


def _whole_steps(owner: str, duration: float, dt: float) -> int:
    steps = duration / dt
    if not 0.5 < steps < np.inf or abs(steps - round(steps)) > TOLERANCE:
        raise ValueError(f"{owner}={duration!r}; expected a multiple of {dt:g} ms")
    return round(steps)
