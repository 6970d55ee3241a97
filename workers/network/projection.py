"""Projections: which neurons are connected, and how strongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from workers.network import connectors
from workers.network.connectors import Connector, Ends
from workers.network.description import Described
from workers.network.population import Population
from workers.network.sources import Source
from workers.network.synapses import StaticSynapse, SynapseType
from workers.network.values import Value, lowest, parse, shown

Floats = NDArray[np.floating[Any]]
RECEPTORS = ("exc", "inh")
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


class Projection(Described):
    """Synapses from one population to another; one of the ``connect_`` methods says which.

    Weights are magnitudes in the unit of the model of `post` (nA, uS or mV): those of "inh" are subtracted.
    Delays are in ms and must lie on the grid of dt; a delay that is not given is one step. Each may be a
    number, an array (of the shape (pre, post), or with a value for each connection where the rule leaves no
    choice), or a distribution. A delay drawn from a distribution is moved to the nearest step.

    Parameters
    ----------
    pre, post : Population
    target : {"exc", "inh"}
        The receptor of `post`.
    name : str, optional
        Derived from the populations if not given; what is drawn for the projection depends on it.
    synapse : SynapseType, optional
        The kind of synapse, such as ``TsodyksMarkramSynapse(U=0.5)``; static if not given.
    """

    def __init__(
        self,
        pre: Population,
        post: Population,
        target: str = "exc",
        name: str | None = None,
        synapse: SynapseType | None = None,
    ) -> None:
        for side, population in (("pre", pre), ("post", post)):
            if not isinstance(population, Population):
                raise TypeError(f"Projection: {side}={population!r}; expected a Population")
        if target not in RECEPTORS:
            raise ValueError(f"Projection: target={target!r}; expected one of {', '.join(RECEPTORS)}")
        if issubclass(post.model, Source):
            raise ValueError(f"Projection: {post!r} fires as it is told and takes no synapses")
        self.pre, self.post, self.target = pre, post, target
        self.synapse = StaticSynapse() if synapse is None else synapse
        self.connector: Connector | None = None
        self.given_weights: Value = 0.0
        self.given_delays: Value | None = None
        self._live: LiveProjection | None = None
        super().__init__(f"{pre.name}->{post.name}.{target}", name)

    @property
    def owner(self) -> str:
        """How messages call this projection."""
        return f"projection {self.name}"

    @property
    def ends(self) -> Ends:
        """The populations as connectors see them."""
        return Ends(self.pre.positions, self.post.positions, self.pre.name == self.post.name)

    def connect(self, connector: Connector, weights: Any, delays: Any = None) -> Self:
        """Connect by a rule.

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
        connector.check(self.owner, self.ends)
        self.given_weights = self._parse("weights", weights, connector)
        if lowest(self.given_weights) < 0 and lowest(self.given_weights) != -np.inf:
            raise ValueError(
                f"{self.owner}: weights={shown(self.given_weights)} is negative; weights are magnitudes, "
                "and those of 'inh' are subtracted"
            )
        self.given_delays = None if delays is None else self._parse("delays", delays, connector)
        self.connector = connector
        return self

    def _parse(self, name: str, given: Any, connector: Connector) -> Value:
        value = parse(self.owner, name, given)
        if not isinstance(value, np.ndarray) or value.shape == self.ends.shape:
            return value
        count = len(connector.edges(self.ends, np.random.default_rng()).sources) if connector.fixed else None
        if value.shape != (count,):
            each = f" or ({count},), one for each connection" if connector.fixed else ""
            raise ValueError(
                f"{self.owner}: {name} has shape {value.shape}; expected {self.ends.shape}{each}"
            )
        return value

    def connect_one_to_one(self, weights: Any = 1.0, delays: Any = None) -> Self:
        """Connect neurons of equal rank."""
        return self.connect(connectors.OneToOne(), weights, delays)

    def connect_all_to_all(
        self, weights: Any, delays: Any = None, allow_self_connections: bool = False
    ) -> Self:
        """Connect every neuron of pre to every neuron of post."""
        return self.connect(connectors.AllToAll(allow_self_connections), weights, delays)

    def connect_fixed_probability(
        self, probability: float, weights: Any, delays: Any = None, allow_self_connections: bool = False
    ) -> Self:
        """Connect every pair of neurons with the same probability."""
        rule = connectors.FixedProbability(probability, allow_self_connections)
        return self.connect(rule, weights, delays)

    def connect_fixed_number_pre(
        self, number: int, weights: Any, delays: Any = None, allow_self_connections: bool = False
    ) -> Self:
        """Give each neuron of post connections from `number` different neurons of pre."""
        return self.connect(connectors.FixedNumberPre(number, allow_self_connections), weights, delays)

    def connect_fixed_number_post(
        self, number: int, weights: Any, delays: Any = None, allow_self_connections: bool = False
    ) -> Self:
        """Give each neuron of pre connections to `number` different neurons of post."""
        return self.connect(connectors.FixedNumberPost(number, allow_self_connections), weights, delays)

    def connect_fixed_total_number(
        self, number: int, weights: Any, delays: Any = None, allow_self_connections: bool = False
    ) -> Self:
        """Connect `number` different pairs of neurons."""
        return self.connect(connectors.FixedTotalNumber(number, allow_self_connections), weights, delays)

    def connect_distance_dependent(
        self,
        probability: str | Callable[[NDArray[np.float64]], NDArray[np.float64]],
        weights: Any,
        delays: Any = None,
        allow_self_connections: bool = False,
    ) -> Self:
        """Connect pairs with a probability that depends on their distance, such as ``"exp(-d / 2)"``."""
        rule = connectors.DistanceDependent(probability, allow_self_connections)
        return self.connect(rule, weights, delays)

    def connect_from_matrix(self, weights: Any, delays: Any = None, pre_post: bool = False) -> Self:
        """Connect by a matrix of weights, of shape (post, pre) as in ANNarchy.

        Parameters
        ----------
        weights : array, shape (post, pre)
            NaN or None where there is no connection.
        delays : float, array of the same shape, or distribution
        pre_post : bool
            Whether the matrices have the shape (pre, post) instead.
        """
        matrix = self._matrix("weights", weights, pre_post)
        sources, targets = np.nonzero(~np.isnan(matrix))
        if np.ndim(delays) == 2:
            delays = self._matrix("delays", delays, pre_post)[sources, targets]
        return self.connect(connectors.Listed(sources, targets), matrix[sources, targets], delays)

    def _matrix(self, name: str, given: Any, pre_post: bool) -> NDArray[np.float64]:
        matrix = self._table(name, given)
        expected = self.ends.shape if pre_post else self.ends.shape[::-1]
        if matrix.shape != expected:
            order = "(pre, post)" if pre_post else "(post, pre); or say pre_post=True"
            raise ValueError(
                f"{self.owner}: the matrix of {name} has shape {matrix.shape}; expected {expected}, {order}"
            )
        return matrix if pre_post else matrix.T

    def _table(self, name: str, given: Any) -> NDArray[np.float64]:
        try:
            return np.array(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.owner}: {name} is no table of numbers: {error}") from None

    def connect_from_sparse(self, weights: Any, delays: Any = None) -> Self:
        """Connect by a scipy sparse matrix of weights, of shape (pre, post)."""
        if not hasattr(weights, "tocoo"):
            raise TypeError(f"{self.owner}: weights is a {type(weights).__name__}; expected a sparse matrix")
        if weights.shape != self.ends.shape:
            raise ValueError(
                f"{self.owner}: the sparse matrix has shape {weights.shape}; "
                f"expected {self.ends.shape}, (pre, post)"
            )
        table = weights.tocsr().tocoo()  # which adds up what is given twice
        listed = connectors.Listed(table.row.astype(np.int64), table.col.astype(np.int64))
        return self.connect(listed, table.data, delays)

    def connect_from_list(self, connections: Sequence[Sequence[float]]) -> Self:
        """Connect by a list of (pre, post, weight) or (pre, post, weight, delay)."""
        table = self._table("the list", connections)
        if table.ndim != 2 or table.shape[1] not in {3, 4}:
            raise ValueError(
                f"{self.owner}: the list has shape {table.shape}; "
                "expected rows of (pre, post, weight) or (pre, post, weight, delay)"
            )
        ranks = table[:, :2]
        if not np.all(np.isfinite(ranks) & (ranks == np.floor(ranks))):
            raise ValueError(f"{self.owner}: the list has ranks that are not whole numbers")
        listed = connectors.Listed(*ranks.T.astype(np.int64))
        return self.connect(listed, table[:, 2], table[:, 3] if table.shape[1] == 4 else None)

    @property
    def weights(self) -> Value | Floats:
        """The weights as they were given; once compiled those drawn, shape (connections,)."""
        return self.given_weights if self._live is None else self._live.weights

    @property
    def delays(self) -> Value | Floats | None:
        """The delays in ms as they were given; once compiled those drawn, shape (connections,)."""
        return self.given_delays if self._live is None else self._live.delays

    @property
    def edges(self) -> connectors.Edges:
        """The drawn connections of a compiled network, in order of source and target."""
        if self._live is None:
            raise RuntimeError(f"{self.owner}: its connections are drawn when the network is compiled")
        return self._live.edges

    def check_delays(self, dt: float) -> None:
        """Raise ValueError if a delay is below dt or off its grid."""
        if self.given_delays is None:
            return
        low = lowest(self.given_delays)
        if low < dt * (1 - TOLERANCE):
            raise ValueError(
                f"{self.owner}: delays={shown(self.given_delays)} is below one step of {dt:g} ms; "
                "give longer delays (a Normal can be given min=), or a smaller dt"
            )
        if isinstance(self.given_delays, float | np.ndarray):
            steps = np.atleast_1d(self.given_delays) / dt
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
                setattr(self, side, mine)

    def missing(self, members: Mapping[str, Described]) -> list[str]:
        """Name what this projection needs and `members` lack."""
        return [p.name for p in (self.pre, self.post) if members.get(p.name) is not p]
