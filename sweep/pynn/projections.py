"""Projections of a PyNN script."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common, errors
from pyNN.connectors import CloneConnector, Connector
from pyNN.parameters import ParameterSpace
from pyNN.space import Space

from sweep.pynn import state as simulator
from sweep.pynn.blocks import Piece, pieces
from sweep.pynn.connectors import DISTANT, Rule, rule_of
from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import state
from sweep.pynn.synapses import PARAMETERS, StaticSynapse, kind_of
from sweep.pynn.values import PLAIN, negative, per_connection, space_of
from workers import network
from workers.network.connectors import Edges
from workers.network.distance import OfDistance
from workers.network.values import Value, lowest

Floats = NDArray[np.float64]


class Connection:
    """One synapse, as it is at the time of asking."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotCoveredError(
            f"setting {name} of a single connection",
            f"set it of all: projection.set({name}=), with one number or an array of shape (pre, post)",
        )

    def as_tuple(self, *names: str) -> tuple[Any, ...]:
        """Return some of its values."""
        return tuple(getattr(self, name) for name in names)


class Projection(common.Projection):
    """Synapses from one population, view or assembly to another.

    Weights keep PyNN's signs; the description has magnitudes.

    Attributes
    ----------
    described : list of workers.network.Projection
        The projections in the description, one for each pair of populations.
    """

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_population: Any,
        postsynaptic_population: Any,
        connector: Connector,
        synapse_type: Any = None,
        source: str | None = None,
        receptor_type: str | None = None,
        space: Space = PLAIN,
        label: str | None = None,
    ) -> None:
        state.changing("Projection")
        super().__init__(
            presynaptic_population,
            postsynaptic_population,
            connector,
            synapse_type,
            source,
            receptor_type,
            space,
            label,
        )
        self.target, self._sign = self._receptor()
        self._kind = kind_of(self.synapse_type)
        self._values = self._parsed(self.synapse_type.parameter_space)
        self.rule, wired_as = self._wiring()
        self._values.update(self.rule.columns)
        self._check_signs()
        self._place_in_space()
        self._pieces = [self._make(piece, wired_as) for piece in pieces(self)]

    @property
    def described(self) -> list[network.Projection]:
        """The projections in the description."""
        return [piece.projection for piece in self._pieces]

    def _receptor(self) -> tuple[str, float]:
        kinds = {"excitatory": "exc", "inhibitory": "inh"}
        if self.receptor_type not in kinds:
            raise NotCoveredError(f"the receptor {self.receptor_type!r}", "give 'excitatory' or 'inhibitory'")
        target = kinds[self.receptor_type]
        return target, -1.0 if target == "inh" and not self.post.conductance_based else 1.0

    def _parsed(self, space: ParameterSpace) -> dict[str, Value | OfDistance]:
        wanted = {"weight", "delay", *PARAMETERS[type(self.synapse_type).__name__]}
        return {n: per_connection(n, deepcopy(v), self.shape) for n, v in space.items() if n in wanted}

    def _wiring(self) -> tuple[Rule, list[str] | None]:
        """Return the rule, and, of a clone, the projections that it is wired as."""
        if not isinstance(self._connector, CloneConnector):
            return rule_of(self._connector, self), None
        cloned = self._connector.reference_projection
        if cloned.pre != self.pre or cloned.post != self.post:
            raise NotCoveredError(
                "CloneConnector between other populations", "give the cloned projection's own"
            )
        return Rule(cloned.rule.connector), [p.wired_as or p.owner for p in cloned.described]

    def _place_in_space(self) -> None:
        computed = any(isinstance(v, OfDistance) for v in self._values.values())
        if computed or isinstance(self._connector, tuple(_kinds(DISTANT))):
            for side in (self.pre, self.post):
                for part in getattr(side, "populations", [side]):
                    part._root()[0].place_in_space()

    def _make(self, piece: Piece, wired_as: list[str] | None) -> Piece:
        with state.network:
            piece.projection = network.Projection(
                piece.pre,
                piece.post,
                self.target,
                name=state.free_name(f"{self.label}" if piece.alone else f"{self.label} {piece.number}"),
                synapse=None,
                space=space_of(self.space),
                wired_as=wired_as[piece.number] if wired_as else piece.shared,
            )
        self._connect(piece)
        return piece

    def _connect(self, piece: Piece) -> None:
        values = {name: piece.part_of(value) for name, value in self._values.items()}
        weight, delay = values.pop("weight"), values.pop("delay")
        if any(isinstance(v, OfDistance) for v in values.values()):
            raise NotCoveredError("synapse parameters that depend on distance", "weights and delays may")
        piece.projection.synapse = self._kind(**values)
        piece.projection.connect(piece.rule, self._magnitudes(weight), _on_the_grid(self.label, delay))

    def _magnitudes(self, weight: Value | OfDistance) -> Value | OfDistance:
        return negative("weight", weight) if self._sign < 0 else weight

    def _check_signs(self) -> None:
        """Refuse what PyNN refuses, in its words, before anything is made."""
        magnitudes = self._magnitudes(self._values["weight"])
        if not isinstance(magnitudes, OfDistance) and -np.inf < lowest(magnitudes) < 0:
            expected = "positive for conductance-based and/or excitatory synapses"
            if self._sign < 0:
                expected = "negative for current-based, inhibitory synapses"
            raise errors.ConnectionError(f"{self.label}: Weights must be {expected}")

    def set(self, **attributes: Any) -> None:
        """Set weights, delays or parameters of all synapses, before the first run."""
        state.changing("Projection.set")
        schema = self.synapse_type.get_schema()
        self._values.update(self._parsed(ParameterSpace(attributes, schema, self.shape)))
        self._check_signs()
        self._place_in_space()
        for piece in self._pieces:
            self._connect(piece)

    def __len__(self) -> int:
        return sum(len(piece.drawn().sources) for piece in self._pieces)

    def __iter__(self) -> Iterator[Connection]:
        names = ["presynaptic_index", "postsynaptic_index", *self.synapse_type.get_parameter_names()]
        columns = [self._column(n) for n in names if n not in {"dendritic_delay_fraction", "w_min"}]
        for row in zip(*columns, strict=True):
            yield Connection(dict(zip(names, row, strict=False)))

    def __getitem__(self, i: int) -> Connection:
        return list(self)[i]

    @property
    def connections(self) -> list[Connection]:
        """All synapses."""
        return list(self)

    def _edges(self) -> Edges:
        found = [piece.edges() for piece in self._pieces]
        return Edges(*(np.concatenate(side) for side in zip(*found, strict=True)))

    def _column(self, name: str) -> Any:
        if name == "presynaptic_index":
            return self._edges().sources
        if name == "postsynaptic_index":
            return self._edges().targets
        columns = np.concatenate([piece.values(name) for piece in self._pieces])
        return columns * self._sign if name == "weight" else columns

    def _get_attributes_as_list(self, names: list[str]) -> list[tuple[Any, ...]]:
        return list(zip(*(np.asarray(self._column(n)).tolist() for n in names), strict=True))

    def _get_attributes_as_arrays(self, names: Any, multiple_synapses: str = "sum") -> list[Floats]:
        edges = self._edges()
        combine = {"sum": np.add, "min": np.minimum, "max": np.maximum}.get(multiple_synapses)
        return [_table(edges, self._column(n), self.shape, combine, multiple_synapses) for n in names]

    def _set_initial_value_array(self, variable: str, value: Any) -> None:
        raise NotCoveredError(
            f"initialize({variable}=) of a projection", "synapses start as their models say"
        )


def _table(
    edges: Edges, column: Floats, shape: tuple[int, int], combine: np.ufunc | None, how: str
) -> Floats:
    table = np.full(shape, np.nan)
    order = slice(None, None, -1) if how == "first" else slice(None)
    table[edges.sources[order], edges.targets[order]] = column[order]
    if combine is not None:
        repeated = np.full(shape, 0.0 if combine is np.add else -combine.reduce([-np.inf, np.inf]))
        combine.at(repeated, (edges.sources, edges.targets), column)
        table = np.where(np.isnan(table), np.nan, repeated)
    return table


def _kinds(names: tuple[str, ...]) -> list[type[Any]]:
    from pyNN import connectors

    return [getattr(connectors, name) for name in names]


def _on_the_grid(label: str, delay: Value | OfDistance) -> Value | OfDistance:
    """Move given delays to the nearest step, as PyNN's simulators do, but not silently."""
    if not isinstance(delay, (float, np.ndarray)):
        return delay
    steps = np.asarray(delay) / state.dt
    if np.any(steps < 0):
        raise ValueError(
            f"projection {label}: delay={np.min(delay):g} ms; expected a time of at least a step"
        )
    nearest = np.maximum(np.round(steps), 1)
    if np.any(np.abs(steps - nearest) > 1e-6):
        warnings.warn(
            f"projection {label}: delays are moved to the nearest step of {state.dt:g} ms", stacklevel=4
        )
    moved = nearest * state.dt
    return float(moved) if moved.ndim == 0 else moved
