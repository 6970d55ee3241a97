"""Synapses in NEURON: a NetCon each, and for those that are plastic a mechanism that turns its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.instance import Floats, Synapses
from workers.simulators.neuron_cells import Pointers
from workers.simulators.neuron_time import EARLY, exact

BEFORE = 1e-9  # ms; so long before it acts, a spike's weight is made
AT_ONCE = 1e-9  # ms; resources that are used are inactive at once, as in tsodyks2_synapse
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
    cells : sequence
        The targets.
    receptors : sequence
        The synapse of each target that is meant.
    """

    sources: Sequence[int]
    targets: Sequence[int]
    cells: Sequence[Any]
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


class TiringConnections(Connections):
    """Synapses whose weight is made anew just before each spike acts."""

    def _make(self, units: Floats) -> None:
        super()._make(units)
        self._acting = self._made
        self._adjusters, self._made = [], []
        for place, connection in enumerate(self._acting):
            i, j = self._pairs[place]
            adjuster = self._h.TsodyksMarkramWA(0.5, sec=self._ends.cells[j].source_section)
            adjuster.tau_syn = AT_ONCE
            for name, values in self._synapses.parameters.items():
                setattr(adjuster, name, float(values[place]))
            self._h.setpointer(connection._ref_weight[0], "wsyn", adjuster)
            before = self._join(self._ends.sources[i], adjuster)
            before.delay, before.weight[0] = connection.delay - BEFORE, connection.weight[0]
            self._adjusters.append(adjuster)
            self._made.append(before)


class LearningConnections(Connections):
    """Synapses with STDP: a mechanism hears of the spikes of both sides, and sends those of the source on.

    It sits where the source's spikes begin, so that all of the delay is dendritic. NEURON would take the
    weight that a synapse has when a spike arrives; the mechanism sends that of when the spike left.
    """

    def _make(self, units: Floats) -> None:
        s, dt, join, ends = self._synapses, self._dt, self._join, self._ends
        values = {name: s.parameters[name] for name in ("A_plus", "A_minus", "w_max")}
        values |= {f"fade_{side}": dt / s.parameters[f"tau_{side}"] for side in ("plus", "minus")}
        values |= {"w": s.weights, "unit": units, "wait": exact(s.delays * dt - EARLY / 4)}
        self._wires: list[tuple[Any, Any, Any]] = []
        self._learning = [self._h.PairSTDP() for _ in self._pairs]
        for mechanism, (i, j), delay in zip(self._learning, self._pairs, self._delays, strict=True):
            mechanism.soft, mechanism.grid = STDP[s.kind], dt
            heard, told = join(ends.sources[i], mechanism), join(ends.targets[j], mechanism)
            heard.delay, heard.weight[0] = -EARLY / 4, 1.0
            told.delay, told.weight[0] = delay, 0.0
            acting = self._h.NetCon(mechanism, ends.receptors[j])
            acting.delay = 0.0
            self._h.setpointer(acting._ref_weight[0], "sent", mechanism)
            self._wires.append((heard, told, acting))
        for name, given in values.items():
            self._each(name).write(given)
        self._weights, self._units = self._each("w"), self._each("unit")

    def _each(self, name: str) -> Pointers:
        references = [getattr(mechanism, f"_ref_{name}") for mechanism in self._learning]
        return Pointers(self._h, references, self._learning)

    def rescale(self, factors: Floats) -> None:
        self._units.write(self._units.read() * factors)

    @property
    def weights(self) -> Floats:
        return self._weights.read()


def connections(h: Any, synapses: Synapses, ends: Ends, units: Floats, dt: float) -> Connections:
    """Make the synapses of a projection."""
    made = LearningConnections if synapses.kind in STDP else Connections
    return (TiringConnections if synapses.kind == TIRING else made)(h, synapses, ends, units, dt)
