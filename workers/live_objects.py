"""What the objects of a compiled network answer and pass on: their session's values, records and synapses."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.instance import Floats, Ints, places
from workers.network import Monitor, Population
from workers.network.connectors import Edges
from workers.session import Session


class LiveCells:
    """A population's parameters and state in a session."""

    def __init__(self, session: Session, population: Population) -> None:
        self._session, self._place = session, session.place(population)

    def get(self, name: str) -> Floats:
        """Present values, shape (neurons,)."""
        return self._session.get(self._place, name)

    def set(self, name: str, value: Any) -> None:
        """Set a parsed value from now on."""
        self._session.set(self._place, name, value)


class LiveRecord:
    """What a monitor has recorded in a session."""

    def __init__(self, session: Session, monitor: Monitor) -> None:
        self._session, self._place = session, session.place(monitor.population)
        self.dt = session.instance.dt
        self._period, self._monitor = monitor.period_steps(self.dt), monitor

    @property
    def steps(self) -> int:
        """How many steps have been simulated."""
        return self._session.steps

    def spikes(self) -> tuple[Ints, Ints]:
        """Steps and ranks of all spikes of the recorded neurons, in order."""
        return self._session.spikes(self._place).only(self._monitor.ranks)

    def trace(self, variable: str) -> Floats:
        """All samples, shape (samples, recorded neurons)."""
        wanted = self._place, variable, self._period
        traces = self._session.instance.traces
        trace = next(t for t in traces if (t.population, t.variable, t.period) == wanted)
        samples = self._session.trace(trace)  # of other monitors' neurons too
        return samples[:, places(self._monitor.ranks, trace.ranks)]

    def weights(self) -> Floats:
        """All samples of a projection's weights, shape (samples, synapses)."""
        return self._session.recorded_weights(self._session.weighing(self._monitor))


class LiveSynapses:
    """The drawn synapses of a projection."""

    def __init__(self, session: Session, place: int) -> None:
        synapses = session.instance.projections[place]
        self.edges = Edges(synapses.sources, synapses.targets)
        self._session, self._place, self._steps = session, place, synapses.delays

    @property
    def delays(self) -> Floats:
        """The delays in ms, shape (synapses,)."""
        return np.asarray(self._steps * self._session.instance.dt)

    @property
    def weights(self) -> Floats:
        """Present weights, shape (synapses,)."""
        return self._session.weights(self._place)
