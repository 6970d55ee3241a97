"""Synapses in NEURON: a NetCon each, and for those that are plastic a mechanism that sends its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workers.instance import Floats, Synapses
from workers.simulators.neuron.cells import Pointers
from workers.simulators.neuron.time import EARLY, exact

TIRING = "TsodyksMarkramSynapse"
STDP = {"AdditiveSTDP": 0.0, "MultiplicativeSTDP": 1.0}  # whether changes depend on the weight
KINDS = frozenset({TIRING, *STDP})


@dataclass(frozen=True)
class Ends:
    """The neurons of a projection.

    Attributes
    ----------
    sources, targets : sequence of int
        By which NEURON's ParallelContext knows them.
    receptors : sequence
        The synapse of each target that is meant.
    """

    sources: Sequence[int]
    targets: Sequence[int]
    receptors: Sequence[Any]


class Connections:
    """The synapses of one projection, in the order of the Instance.

    Parameters
    ----------
    h : the interpreter of NEURON
    synapses : Synapses
    ends : Ends
    units : array, shape (synapses,)
        What NEURON is to have for a weight of 1.
    dt : float
    """

    def __init__(self, h: Any, synapses: Synapses, ends: Ends, units: Floats, dt: float) -> None:
        self._h, self._join, self._dt = h, h.ParallelContext().gid_connect, dt
        self._synapses, self._ends = synapses, ends
        self._pairs = list(zip(synapses.sources.tolist(), synapses.targets.tolist(), strict=True))
        self._delays = exact(synapses.delays * dt - EARLY).tolist()
        self._make(units)

    def _make(self, units: Floats) -> None:
        join, ends, weights = self._join, self._ends, self._synapses.weights * units
        self._made: list[Any] = []
        for (i, j), weight, delay in zip(self._pairs, weights.tolist(), self._delays, strict=True):
            connection = join(ends.sources[i], ends.receptors[j])
            connection.weight[0] = weight
            connection.delay = delay
            self._made.append(connection)

    def rescale(self, factors: Floats) -> None:
        """Multiply what the neurons receive, by a factor for each synapse."""
        for connection, factor in zip(self._made, factors.tolist(), strict=True):
            connection.weight[0] *= factor

    @property
    def weights(self) -> Floats:
        """Present weights, as magnitudes in the unit of the model."""
        return self._synapses.weights


class PlasticConnections(Connections):
    """Synapses whose weight changes: a mechanism hears of the spikes, and sends those of the source on.

    It sits where the source's spikes begin. NEURON would take the weight that a synapse has when a spike
    arrives; the mechanism sends that of when the spike left.
    """

    mechanism: ClassVar[str]

    def _values(self) -> dict[str, Floats]:
        """Return the parameters of each mechanism."""
        s, dt = self._synapses, self._dt
        wait = exact(s.delays * dt - EARLY / 4)
        return {"w": s.weights, "wait": wait, "grid": np.full(len(wait), dt)}

    def _make(self, units: Floats) -> None:
        h, join, ends, kind = self._h, self._join, self._ends, getattr(self._h, self.mechanism)
        self._mechanisms, self._wires = [kind() for _ in self._pairs], []
        for mechanism, (i, j) in zip(self._mechanisms, self._pairs, strict=True):
            heard, acting = join(ends.sources[i], mechanism), h.NetCon(mechanism, ends.receptors[j])
            heard.delay, heard.weight[0] = -EARLY / 4, 1.0
            acting.delay = EARLY / 8  # when all that is sent at one time is known
            h.setpointer(acting._ref_weight[0], "sent", mechanism)
            self._wires.append((heard, acting))
        for name, given in self._values().items():
            self._each(name).write(given)
        self._units = self._each("unit")
        self._units.write(units)

    def _each(self, name: str) -> Pointers:
        references = [getattr(mechanism, f"_ref_{name}") for mechanism in self._mechanisms]
        return Pointers(self._h, references, self._mechanisms)

    def rescale(self, factors: Floats) -> None:
        self._units.write(self._units.read() * factors)


class TiringConnections(PlasticConnections):
    """Synapses with short-term plasticity."""

    mechanism: ClassVar[str] = "TiringSynapse"

    def _values(self) -> dict[str, Floats]:
        p, dt = self._synapses.parameters, self._dt
        keeps = p["tau_facil"] > 0
        forget = dt / np.where(keeps, p["tau_facil"], 1.0)
        own = {"U": p["U"], "recover": dt / p["tau_rec"], "forget": forget, "keeps": keeps.astype(np.float64)}
        return {**super()._values(), **own}


class LearningConnections(PlasticConnections):
    """Synapses with STDP: they hear of the targets' spikes too, after the delay, which is all dendritic."""

    mechanism: ClassVar[str] = "LearningSynapse"

    def _values(self) -> dict[str, Floats]:
        s, p, dt = self._synapses, self._synapses.parameters, self._dt
        own = {name: p[name] for name in ("A_plus", "A_minus", "w_max")}
        fading = {f"fade_{side}": dt / p[f"tau_{side}"] for side in ("plus", "minus")}
        return {**super()._values(), **own, **fading, "soft": np.full(len(s.weights), STDP[s.kind])}

    def _make(self, units: Floats) -> None:
        super()._make(units)
        self._told, self._weights = [], self._each("w")
        for mechanism, (_, j), delay in zip(self._mechanisms, self._pairs, self._delays, strict=True):
            told = self._join(self._ends.targets[j], mechanism)
            told.delay, told.weight[0] = delay, 0.0
            self._told.append(told)

    @property
    def weights(self) -> Floats:
        return self._weights.read()


def connections(h: Any, synapses: Synapses, ends: Ends, units: Floats, dt: float) -> Connections:
    """Make the synapses of a projection."""
    made = LearningConnections if synapses.kind in STDP else Connections
    return (TiringConnections if synapses.kind == TIRING else made)(h, synapses, ends, units, dt)
