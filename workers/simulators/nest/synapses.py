"""What NEST calls our kinds of synapses, and the weights of plastic ones at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats, Instance, Ints, Spikes, Synapses

Parameters = dict[str, Floats]
STDP = {"AdditiveSTDP": 0.0, "MultiplicativeSTDP": 1.0}  # kind -> NEST's exponents mu
MODELS = {
    "StaticSynapse": "static_synapse",
    "TsodyksMarkramSynapse": "tsodyks2_synapse",
    **dict.fromkeys(STDP, "stdp_synapse_lbl"),
}
NEGLIGIBLE = 40.0  # time constants after which a trace is below the rounding of a weight
TINY = 1e-200  # in place of no potentiation at all, of which NEST's depression is a multiple


def parameters(synapses: Synapses, unit: float) -> dict[str, Any]:
    """Translate the parameters of the synapses.

    Parameters
    ----------
    synapses : Synapses
    unit : float
        The factor from our weights to NEST's, negative for "inh".
    """
    make: Callable[[Synapses, float], dict[str, Any]] = {
        "StaticSynapse": lambda synapses, unit: {},
        "TsodyksMarkramSynapse": _tsodyks,
        **dict.fromkeys(STDP, _stdp),
    }[synapses.kind]
    return make(synapses, unit)


def _tsodyks(synapses: Synapses, unit: float) -> dict[str, Any]:
    p = synapses.parameters  # the first spike finds u as it is set here, and x = 1
    return {"U": p["U"], "u": p["U"], "tau_rec": p["tau_rec"], "tau_fac": p["tau_facil"]}


def _stdp(synapses: Synapses, unit: float) -> dict[str, Any]:
    p = synapses.parameters
    rate = np.maximum(p["A_plus"], TINY)
    mu = np.full(len(synapses.sources), STDP[synapses.kind])
    return {
        "tau_plus": p["tau_plus"],
        "lambda": rate,
        "alpha": p["A_minus"] / rate,
        "Wmax": p["w_max"] * unit,
        "mu_plus": mu,
        "mu_minus": mu,
        "synapse_label": np.arange(len(synapses.sources)),
    }


def tau_minus(instance: Instance, population: int) -> Floats:
    """Return the time constant of depression of each neuron of a population: NEST keeps it there.

    Raises
    ------
    ValueError
        If two synapses of a neuron differ in it.
    """
    known = np.full(instance.populations[population].size, np.nan)
    for synapses in instance.projections:
        if synapses.post == population and synapses.kind in STDP:
            given, targets = synapses.parameters["tau_minus"], synapses.targets
            known[targets] = np.where(np.isnan(known[targets]), given, known[targets])
            clash = known[targets] != given
            if clash.any():
                raise ValueError(
                    f"projection {synapses.name}: neuron {targets[clash][0]} has synapses of "
                    "different tau_minus; simulator 'nest' has one for each neuron"
                )
    return np.where(np.isnan(known), 20.0, known)


class PlasticWeights:
    """The weights of the synapses of one plastic projection.

    NEST changes a weight only when its synapse passes a spike, and passes spikes of the last step in the
    next run. So what the spikes since then have changed is made up for here, by the same equations.

    Parameters
    ----------
    synapses : Synapses
    connections
        NEST's, of this projection.
    unit : float
        The factor from our weights to NEST's.
    dt : float
        In ms.
    """

    def __init__(self, synapses: Synapses, connections: Any, unit: float, dt: float) -> None:
        self._synapses, self._connections, self._unit, self._dt = synapses, connections, unit, dt
        self._order = np.argsort(_each(connections.get("synapse_label")))
        self._latest = np.zeros(1 + int(synapses.sources.max()), np.int64)  # spike of each source
        self._posts = Spikes.none()
        self._read: tuple[int, Floats] | None = None
        taus = (synapses.parameters[name].max() for name in ("tau_plus", "tau_minus"))
        self._horizon = int(NEGLIGIBLE * max(taus) / dt) + int(synapses.delays.max())

    def read(self, now: int, fired: Spikes, posts: Spikes) -> Floats:
        """Return the weights at the end of step `now`.

        Parameters
        ----------
        now : int
        fired, posts : Spikes
            The spikes of sources and targets since the reading before.
        """
        if self._read is None or self._read[0] != now:
            self._read = now, self._made_up(now, fired, posts)
        return self._read[1]

    def _made_up(self, now: int, fired: Spikes, posts: Spikes) -> Floats:
        last, firing = self._sources(now, fired)
        edge, arrivals = self._arrivals(now, posts)
        values, p = self._connections.get(["weight", "Kplus"]), self._synapses.parameters
        trace = _each(values["Kplus"])[self._order]
        share = _each(values["weight"])[self._order] / self._unit / p["w_max"]
        gain = p["A_plus"][edge] * trace[edge] * self._decay(last[edge] - arrivals, p["tau_plus"][edge])
        later = arrivals > last[edge]
        share = self._potentiated(share, edge[later], gain[later])
        loss = p["A_minus"][edge] * self._decay(arrivals - now, p["tau_minus"][edge])
        earlier = (arrivals < now) & firing[edge]
        lost = np.bincount(edge[earlier], loss[earlier], minlength=len(share))
        share = share - lost * (share if STDP[self._synapses.kind] else 1.0)
        return np.asarray(np.maximum(share, 0.0) * p["w_max"])

    def _sources(self, now: int, fired: Spikes) -> tuple[Ints, NDArray[np.bool_]]:
        """Return for each synapse the last spike that it has passed, and whether its source fires now."""
        known = fired.ranks < len(self._latest)
        steps, ranks = fired.steps[known], fired.ranks[known]
        past = steps < now
        np.maximum.at(self._latest, ranks[past], steps[past])
        last = self._latest.copy()
        self._latest[ranks[~past]] = now
        return last[self._synapses.sources], (self._latest > last)[self._synapses.sources]

    def _arrivals(self, now: int, posts: Spikes) -> tuple[Ints, Ints]:
        """Return, for each spike of a target that has come back to a synapse, the synapse and the step."""
        s, posts = self._synapses, Spikes.joined([self._posts, posts])
        recent = posts.steps > now - self._horizon
        self._posts = posts = Spikes(posts.steps[recent], posts.ranks[recent])
        order = np.argsort(posts.ranks, kind="stable")
        begin = np.searchsorted(posts.ranks[order], s.targets)
        counts = np.searchsorted(posts.ranks[order], s.targets, side="right") - begin
        edge = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
        arrivals = posts.steps[order][begin[edge] + within] + s.delays[edge]
        back = arrivals <= now
        return edge[back], arrivals[back]

    def _decay(self, steps: Ints, tau: Floats) -> Floats:
        return np.asarray(np.exp(np.minimum(steps, 0) * (self._dt / tau)))

    def _potentiated(self, share: Floats, edge: Ints, gain: Floats) -> Floats:
        if STDP[self._synapses.kind]:
            with np.errstate(divide="ignore"):
                left = np.bincount(edge, np.log1p(-np.minimum(gain, 1.0)), minlength=len(share))
            return np.asarray(1.0 - (1.0 - share) * np.exp(left))
        grown = share + np.bincount(edge, gain, minlength=len(share))
        return np.asarray(np.minimum(grown, np.maximum(share, 1.0)))


def _each(values: Any) -> Floats:
    """Return what NEST gave for each connection: of a single one it gives no list."""
    return np.atleast_1d(np.asarray(values, np.float64))
