"""The ways to connect a projection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workers.network import connectors
from workers.network.connectors import Connector, Ends


class Connecting(ABC):
    """The ``connect_`` methods of a projection: each makes a rule, and connects by it."""

    @property
    @abstractmethod
    def owner(self) -> str:
        """How messages call this projection."""

    @property
    @abstractmethod
    def ends(self) -> Ends:
        """The neurons as connectors see them."""

    @abstractmethod
    def connect(self, connector: Connector, weights: Any, delays: Any = None) -> Self:
        """Connect by a rule."""

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
