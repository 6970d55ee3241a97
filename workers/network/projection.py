"""Projections: which neurons are connected, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from workers.network import connectors
from workers.network.connecting import Connecting
from workers.network.connectors import Connector, Ends
from workers.network.description import Described
from workers.network.distance import OfDistance
from workers.network.population import Population, View
from workers.network.sources import Source
from workers.network.space import Space
from workers.network.synapses import StaticSynapse, SynapseType
from workers.network.values import Value, lowest, parse, shown

Floats = NDArray[np.floating[Any]]
RECEPTORS = ("exc", "inh")
LONGEST = 1_000_000  # steps of delay, for each of which NEST keeps 32 bytes for each neuron
TOLERANCE = 1e-6  # of a step: what counts as rounding when a time is held against the grid


class LiveProjection(Protocol):
    """The drawn synapses of a projection, once its network is compiled."""

    @property
    def edges(self) -> connectors.Edges:
        """Ranks of the connected neurons, in order of source and target."""

    @property
    def weights(self) -> Floats:
        """In the order of the edges."""

    @property
    def delays(self) -> Floats:
        """In ms, in the order of the edges."""


class Projection(Connecting, Described):
    """Synapses from one population to another; one of the ``connect_`` methods says which.

    Weights are magnitudes in the unit of the model of `post` (nA, uS or mV): those of "inh" are subtracted.
    Delays are in ms and must lie on the grid of dt; a delay that is not given is one step. Each may be a
    number, an array (of the shape (pre, post), or with a value for each connection where the rule leaves no
    choice), a distribution, or an expression of the distance d such as "0.5 + 0.1 * d". A delay that is drawn
    or computed is moved to the nearest step.

    Until the network is compiled, `weights`, `delays` and `synapse` can be set anew: in the method of a sweep
    by ``net.get(projection).weights = w``. The connections are drawn as they would have been.

    Parameters
    ----------
    pre, post : Population or View
        A view, such as ``pop[:80]``, connects only some neurons; rules then count within the view.
    target : {"exc", "inh"}
        The receptor of `post`.
    name : str, optional
        Derived from the populations if not given; what is drawn for the projection depends on it.
    synapse : SynapseType or its class, optional
        The kind of synapse, such as ``TsodyksMarkramSynapse(U=0.5)``; static if not given.
    space : Space, optional
        How distances are measured, where they are not the plain ones.
    wired_as : str, optional
        The name of a projection whose draws of connections this one shares: with the same rule between equal
        populations it has the same connections.
    """

    pre_ranks: NDArray[np.int64] | None = None
    post_ranks: NDArray[np.int64] | None = None
    space = Space()
    wired_as: str | None = None
    changeable = ("weights", "delays", "synapse")

    def __init__(
        self,
        pre: Population | View,
        post: Population | View,
        target: str = "exc",
        name: str | None = None,
        synapse: SynapseType | type[SynapseType] | None = None,
        space: Space | None = None,
        wired_as: str | None = None,
    ) -> None:
        pre, post = self._end("pre", pre), self._end("post", post)
        if space is not None:
            self.space = space
        if wired_as is not None:
            self.wired_as = wired_as
        if target not in RECEPTORS:
            raise ValueError(f"Projection: target={target!r}; expected one of {', '.join(RECEPTORS)}")
        if issubclass(post.model, Source):
            raise ValueError(f"Projection: {post!r} fires as it is told and takes no synapses")
        self.pre, self.post, self.target = pre, post, target
        self.synapse = _synapse(synapse)
        self.connector: Connector | None = None
        self.given_weights: Value | OfDistance = 0.0
        self.given_delays: Value | OfDistance | None = None
        self._live: LiveProjection | None = None
        super().__init__(f"{_shown(pre, self.pre_ranks)}->{_shown(post, self.post_ranks)}.{target}", name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "synapse":
            value = _synapse(value)
            value.check_ends(self.pre.model, self.post.model)
        super().__setattr__(name, value)

    def _end(self, side: str, given: Population | View) -> Population:
        if isinstance(given, View):
            setattr(self, f"{side}_ranks", given.ranks)
            return given.population
        if not isinstance(given, Population):
            raise TypeError(f"Projection: {side}={given!r}; expected a Population or a View of one")
        return given

    @property
    def owner(self) -> str:
        """How messages call this projection."""
        return f"projection {self.name}"

    @property
    def ends(self) -> Ends:
        """The neurons as connectors see them: those of a view only."""
        pre, post = self.pre.positions, self.post.positions
        if self.pre_ranks is None and self.post_ranks is None:
            return Ends(pre, post, self.pre.name == self.post.name, self.space)
        of_pre, of_post = self.ranks
        same = self.pre.name == self.post.name and np.array_equal(of_pre, of_post)
        return Ends(pre[of_pre], post[of_post], same, self.space)

    @property
    def ranks(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ranks of the neurons that may be connected, in their populations."""
        return (
            self.pre.ranks if self.pre_ranks is None else self.pre_ranks,
            self.post.ranks if self.post_ranks is None else self.post_ranks,
        )

    def edges_between(self, ends: Ends, rng: np.random.Generator) -> connectors.Edges:
        """Draw the connections; their numbers count within the views."""
        assert self.connector is not None
        return self._without_self(self.connector, ends, self.connector.edges(ends, rng))

    def _without_self(self, rule: Connector, ends: Ends, edges: connectors.Edges) -> connectors.Edges:
        """Where two different views overlap, the rule does not see which of the neurons are the same."""
        if ends.same or self.pre.name != self.post.name or getattr(rule, "allow_self_connections", True):
            return edges
        of_pre, of_post = self.ranks
        other = of_pre[edges.sources] != of_post[edges.targets]
        return edges if other.all() else connectors.Edges(edges.sources[other], edges.targets[other])

    def connect(self, connector: Connector, weights: Any, delays: Any = None) -> Self:
        """Connect by a rule.

        Parameters
        ----------
        connector : Connector
        weights, delays : float, array, distribution or str
            As the class says.

        Raises
        ------
        ValueError
            If the rule cannot connect these populations, or a value has a wrong shape, is not finite, or is
            a negative weight.
        """
        if self._live is not None or self._detached:
            raise RuntimeError(
                f"{self.owner}: connect it before the network is compiled; "
                "in a method connect the network's own, net.get(projection)"
            )
        ends = self.ends
        connector.check(self.owner, ends)
        self._check_overlap(connector, ends)
        mine = vars(self)  # set together, past the check of single attributes
        mine["given_weights"] = self._magnitudes(self._parse("weights", weights, connector))
        mine["given_delays"] = None if delays is None else self._parse("delays", delays, connector)
        mine["connector"] = connector
        return self

    def _magnitudes(self, weights: Value | OfDistance) -> Value | OfDistance:
        if not isinstance(weights, OfDistance) and -np.inf < lowest(weights) < 0:
            raise ValueError(
                f"{self.owner}: weights={shown(weights)} is negative; weights are magnitudes, "
                "and those of 'inh' are subtracted"
            )
        return weights

    def _check_overlap(self, rule: Connector, ends: Ends) -> None:
        counting = (connectors.FixedNumberPre, connectors.FixedNumberPost, connectors.FixedTotalNumber)
        inner = rule.rule if isinstance(rule, connectors.Block) else rule
        if not isinstance(inner, counting) or inner.allow_self_connections or ends.same:
            return
        if self.pre.name == self.post.name and np.intersect1d(*self.ranks).size:
            raise ValueError(
                f"{self.owner}: its views overlap without being the same, so that a fixed number of "
                "connections, none of them to the neuron itself, is not defined; give "
                "allow_self_connections=True"
            )

    def _parse(self, name: str, given: Any, connector: Connector) -> Value | OfDistance:
        if isinstance(given, OfDistance):
            return given
        if isinstance(given, str):
            return OfDistance(given).checked(f"{self.owner}: {name}")
        value, ends = parse(self.owner, name, given), self.ends
        if not isinstance(value, np.ndarray) or value.shape == ends.shape:
            return value
        count = None
        if connector.fixed:
            edges = connector.edges(ends, np.random.default_rng())
            count = len(self._without_self(connector, ends, edges).sources)
        if value.shape != (count,):
            each = f" or ({count},), one for each connection" if connector.fixed else ""
            raise ValueError(f"{self.owner}: {name} has shape {value.shape}; expected {ends.shape}{each}")
        return value

    @property
    def weights(self) -> Value | OfDistance | Floats:
        """The weights as they were given; once compiled those drawn, shape (connections,)."""
        return self.given_weights if self._live is None else self._live.weights

    @weights.setter
    def weights(self, given: Any) -> None:
        self.connect(self._rule("weights"), given, self.given_delays)

    @property
    def delays(self) -> Value | OfDistance | Floats | None:
        """The delays in ms as they were given; once compiled those drawn, shape (connections,)."""
        return self.given_delays if self._live is None else self._live.delays

    @delays.setter
    def delays(self, given: Any) -> None:
        self.connect(self._rule("delays"), self.given_weights, given)

    def _rule(self, name: str) -> Connector:
        if self.connector is None:
            raise RuntimeError(
                f"{self.owner}: connect it by one of its connect_ methods, then set its {name}"
            )
        return self.connector

    @property
    def edges(self) -> connectors.Edges:
        """The drawn connections of a compiled network, in order of source and target."""
        if self._live is None:
            raise RuntimeError(f"{self.owner}: its connections are drawn when the network is compiled")
        return self._live.edges

    def check_delays(self, dt: float) -> None:
        """Raise ValueError if a delay is below dt, off its grid, or too long for any simulator."""
        if self.given_delays is None or isinstance(self.given_delays, OfDistance):
            return  # what is computed is checked then
        low = lowest(self.given_delays)
        if low < dt * (1 - TOLERANCE):
            raise ValueError(
                f"{self.owner}: delays={shown(self.given_delays)} is below one step of {dt:g} ms; "
                "give longer delays (a Normal can be given min=), or a smaller dt"
            )
        if isinstance(self.given_delays, float | np.ndarray):
            steps = np.atleast_1d(self.given_delays) / dt
            refuse_long(self.owner, steps, dt)
            off = np.flatnonzero(np.abs(steps - np.round(steps)) > TOLERANCE)
            if off.size:
                value = np.atleast_1d(self.given_delays).flat[off[0]]
                raise ValueError(
                    f"{self.owner}: the delay {value:g} ms does not lie on the grid of {dt:g} ms; "
                    "give a multiple of dt, or set another dt"
                )

    def relink(self, members: Mapping[str, Described]) -> None:
        """Refer to these members instead of others of the same names."""
        for side in ("pre", "post"):
            mine = members.get(getattr(self, side).name)
            if isinstance(mine, Population):
                vars(self)[side] = mine

    def missing(self, members: Mapping[str, Described]) -> list[str]:
        """Name what this projection needs and `members` lack."""
        return [p.name for p in (self.pre, self.post) if members.get(p.name) is not p]


def refuse_long(owner: str, steps: Floats, dt: float) -> None:
    """Raise ValueError if there is a delay for which no simulator has the memory."""
    if steps.size and steps.max() > LONGEST:
        raise ValueError(
            f"{owner}: a delay of {steps.max() * dt:g} ms is {steps.max():g} steps; "
            f"give at most {LONGEST} steps, {LONGEST * dt:g} ms, or another dt"
        )


def _synapse(given: SynapseType | type[SynapseType] | None) -> SynapseType:
    made = StaticSynapse() if given is None else given() if isinstance(given, type) else given
    if not isinstance(made, SynapseType):
        raise TypeError(f"Projection: synapse={given!r}; expected a SynapseType")
    return made


def _shown(population: Population, ranks: NDArray[np.int64] | None) -> str:
    return population.name if ranks is None else f"{population.name}[{ranks[0]}..{ranks[-1]}:{len(ranks)}]"
