"""PyNN's connectors as rules of the description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors as pynn
from pyNN.random import RandomDistribution

from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.values import distribution
from workers.network import connectors as ours

DISTANT = ("DistanceDependentProbabilityConnector",)
"""The connectors that ask for positions."""


class Rule(NamedTuple):
    """A rule, and what it says of the synapses: columns of a list, one value for each connection."""

    connector: ours.Connector
    columns: Mapping[str, NDArray[np.float64]] = {}


def rule_of(connector: Any, projection: Any) -> Rule:
    """Return the rule of a connector of PyNN.

    Raises
    ------
    NotCoveredError
        If there is none.
    """
    for kind in type(connector).__mro__:
        if kind in RULES:
            return RULES[kind](connector, projection)
    raise NotCoveredError(
        f"the connector {type(connector).__name__}",
        f"those covered are {', '.join(k.__name__ for k in RULES)}, and CloneConnector",
    )


def _self(connector: Any) -> bool:
    allowed = connector.allow_self_connections
    if allowed == "NoMutual":
        raise NotCoveredError("allow_self_connections='NoMutual'", "give True or False")
    return bool(allowed)


def _number(connector: Any) -> Any:
    given = connector.n
    return distribution(given) if isinstance(given, RandomDistribution) else int(given)


def _fixed(kind: Callable[..., ours.Connector]) -> Callable[[Any, Any], Rule]:
    def make(c: Any, projection: Any) -> Rule:
        return Rule(kind(_number(c), _self(c), bool(c.with_replacement)))

    return make


def _one_to_one(connector: Any, projection: Any) -> Rule:
    n_pre, n_post = projection.shape
    if n_pre == n_post:
        return Rule(ours.OneToOne())
    ranks = np.arange(min(n_pre, n_post))  # as many as both have, as in PyNN
    return Rule(ours.Listed(ranks, ranks))


def _listed(connector: Any, projection: Any) -> Rule:
    table = np.asarray(connector.conn_list, np.float64)
    if not table.size:
        return Rule(ours.Listed(np.empty(0, np.int64), np.empty(0, np.int64)))
    sources, targets = table[:, :2].T.astype(np.int64)
    columns = {n: table[:, i] for i, n in enumerate(connector.column_names, 2)}
    return Rule(ours.Listed(sources, targets), columns)


def _from_file(connector: Any, projection: Any) -> Rule:
    if connector.distributed:
        raise NotCoveredError("FromFileConnector(distributed=True)", "give one file")
    names = list(connector.file.get_metadata().get("columns", ("weight", "delay")))
    connector.column_names = [n for n in names if n not in ("i", "j")]
    connector.conn_list = connector.file.read()
    return _listed(connector, projection)


def _array(connector: Any, projection: Any) -> Rule:
    table = np.broadcast_to(np.asarray(connector.array, bool), projection.shape)
    sources, targets = np.nonzero(table)
    return Rule(ours.Listed(sources.astype(np.int64), targets.astype(np.int64)))


def _of_displacement(connector: Any, projection: Any) -> Rule:
    function = connector.index_expression._disp_function
    pre, post = projection.pre.positions.T, projection.post.positions.T

    def probability(i: Any, j: Any) -> Any:
        return function(np.moveaxis(post[j] - pre[i], -1, 0))

    return Rule(ours.IndexDependent(probability, _self(connector)))


def _algebra(connector: Any, projection: Any) -> Rule:
    import csa

    n_pre, n_post = projection.shape
    rows = list(csa.cross((0, n_pre - 1), (0, n_post - 1)) * connector.cset)
    table = np.array(rows, np.float64).reshape(-1, 2 + csa.arity(connector.cset))
    sources, targets, *values = table.T
    columns = dict(zip(("weight", "delay"), values, strict=bool(values)))
    return Rule(ours.Listed(sources.astype(np.int64), targets.astype(np.int64)), columns)


RULES: dict[type[Any], Callable[[Any, Any], Rule]] = {
    pynn.AllToAllConnector: lambda c, _: Rule(ours.AllToAll(_self(c))),
    pynn.OneToOneConnector: _one_to_one,
    pynn.FixedProbabilityConnector: lambda c, _: Rule(ours.FixedProbability(c.p_connect, _self(c))),
    pynn.FixedNumberPreConnector: _fixed(ours.FixedNumberPre),
    pynn.FixedNumberPostConnector: _fixed(ours.FixedNumberPost),
    pynn.FixedTotalNumberConnector: _fixed(ours.FixedTotalNumber),
    pynn.DistanceDependentProbabilityConnector: lambda c, _: Rule(
        ours.DistanceDependent(c.d_expression, _self(c))
    ),
    pynn.DisplacementDependentProbabilityConnector: _of_displacement,
    pynn.IndexBasedProbabilityConnector: lambda c, _: Rule(ours.IndexDependent(c.index_expression, _self(c))),
    pynn.FromListConnector: _listed,
    pynn.FromFileConnector: _from_file,
    pynn.ArrayConnector: _array,
    pynn.CSAConnector: _algebra,
}
