"""Synapses in NEURON: a NetCon each, and for those that tire a mechanism that turns its weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.instance import Floats, Synapses

BEFORE = 1e-9  # ms; so long before it acts, a spike's weight is made
AT_ONCE = 1e-9  # ms; resources that are used are inactive at once, as in tsodyks2_synapse
TIRING = "TsodyksMarkramSynapse"

# Not claimed: STDP. A spike must be sent with the weight of its time, and NEURON takes that of its arrival.


class Connections:
    """The synapses of one projection, in the order of the Instance.

    Parameters
    ----------
    h : the interpreter of NEURON
    synapses : Synapses
    gids : sequence of int
        By which NEURON's ParallelContext knows the neurons that send.
    cells : sequence
        The neurons that receive.
    receptors : sequence
        The synapse of each of them that is meant.
    """

    def __init__(
        self, h: Any, synapses: Synapses, gids: Sequence[int], cells: Sequence[Any], receptors: Sequence[Any]
    ) -> None:
        self._h, self._join, self._synapses = h, h.ParallelContext().gid_connect, synapses
        self._gids, self._cells, self._receptors = gids, cells, receptors
        self._pairs = list(zip(synapses.sources.tolist(), synapses.targets.tolist(), strict=True))
        self._made: list[Any] = []
        self._tiring: list[tuple[Any, Any]] = []

    def make(self, weights: Floats, delays: Floats) -> None:
        """Make all synapses, with weights as NEURON is to have them, and delays in ms."""
        join, gids, receptors = self._join, self._gids, self._receptors
        for (i, j), weight, delay in zip(self._pairs, weights.tolist(), delays.tolist(), strict=True):
            connection = join(gids[i], receptors[j])
            connection.weight[0] = weight
            connection.delay = delay
            self._made.append(connection)
        if self._synapses.kind == TIRING:
            self._tiring = [self._tire(k) for k in range(len(self._made))]

    def _tire(self, place: int) -> tuple[Any, Any]:
        connection, (i, j) = self._made[place], self._pairs[place]
        adjuster = self._h.TsodyksMarkramWA(0.5, sec=self._cells[j].source_section)
        adjuster.tau_syn = AT_ONCE
        for name, values in self._synapses.parameters.items():
            setattr(adjuster, name, float(values[place]))
        self._h.setpointer(connection._ref_weight[0], "wsyn", adjuster)
        before = self._join(self._gids[i], adjuster)
        before.delay, before.weight[0] = connection.delay - BEFORE, connection.weight[0]
        return before, adjuster

    def rescale(self, factors: Floats) -> None:
        """Multiply all weights."""
        given = [before for before, _ in self._tiring] or self._made
        for connection, factor in zip(given, factors.tolist(), strict=True):
            connection.weight[0] *= factor
