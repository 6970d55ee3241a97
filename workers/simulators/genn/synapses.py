"""Synapses in GeNN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats, Ints, Synapses
from workers.simulators.genn import functions, learning
from workers.simulators.genn.code import SPIKE, Translation
from workers.simulators.updates.model import check
from workers.simulators.updates.synapses import KINDS

_LONGEST = 2**16  # steps
_SHORTEST = 16  # places in a row
_EMPTY = np.zeros(1, np.uint32)  # the lengths of all rows, as GeNN copies them


@dataclass(frozen=True)
class SynapsePlan:
    """A projection.

    Attributes
    ----------
    pre, post : int
    receptor : str
    row : int
        The most synapses of one source.
    slots : int
        For how many steps arrivals are kept; 1 where all delays are one step.
    state, constants : tuple of str
        What each synapse has: what the code changes, and what it only reads.
    code : str
        What a spike of the source does.
    column, ring : int
        Where the target's spikes do something too, the most synapses of one target, and how many of its
        spikes it keeps; else 0.
    back : str
        What its spikes then do.
    """

    pre: int
    post: int
    receptor: str
    row: int
    slots: int
    state: tuple[str, ...]
    constants: tuple[str, ...]
    code: str
    column: int = 0
    ring: int = 0
    back: str = ""

    def roomy(self) -> SynapsePlan:
        """Return one that serves most other draws of the same network."""
        return replace(self, row=_roomy(self.row), column=_roomy(self.column))

    def add_to(self, genn: Any, model: Any, name: str, groups: list[Any]) -> None:
        """Add it to GeNN's model; its connections and values are written when it is loaded."""
        update = self._update(genn)
        values = [
            {v.name: 0 for v in of()} for of in (update.get_vars, update.get_pre_vars, update.get_post_vars)
        ]
        group = model.add_synapse_population(
            name,
            "SPARSE",
            groups[self.pre],
            groups[self.post],
            genn.init_weight_update(update, {}, *values, *self._references(genn, groups)),
            genn.init_postsynaptic("DeltaCurr"),
        )
        functions.fill(group)
        group.post_target_var = f"in_{self.receptor}"
        group.max_connections = self.row
        if self.transposed:
            group.max_source_connections = self.column
        self._prepare(group, groups)
        # GeNN wants connections before it loads; ours are written afterwards, all at once.
        group.connections_set, group.row_lengths = True, _EMPTY
        group.ind = group.synapse_order = _EMPTY

    @property
    def transposed(self) -> bool:
        """Whether GeNN goes through the synapses of a target when that fires."""
        return bool(self.back)

    def _references(self, genn: Any, groups: list[Any]) -> list[dict[str, Any]]:
        """Return what the code reads of neurons of either side."""
        return []

    def _prepare(self, group: Any, groups: list[Any]) -> None:
        if self.slots > 1:
            group.max_dendritic_delay_timesteps = self.slots
        if self.back:
            kept = np.zeros(groups[self.post].num_neurons * self.ring, np.uint32)
            group.extra_global_params["fired"].set_init_values(kept)

    def _scalars(self, constant: Any) -> list[tuple[Any, ...]]:
        """Return the variables of each synapse that are numbers, as GeNN wants them declared."""
        return [(n, "scalar") for n in self.state] + [(n, "scalar", constant) for n in self.constants]

    def _update(self, genn: Any) -> Any:
        constant = genn.VarAccess.READ_ONLY
        values = self._scalars(constant)
        arrays = functions.parameters(self.code + self.back)
        if self.slots > 1:
            values.append((*steps(self.slots), constant))
        if self.back:
            values.append(learning.COUNTER)
            arrays.append(learning.FIRED)
        return genn.create_weight_update_model(
            "synapses",
            vars=values,
            extra_global_params=arrays,
            pre_spike_syn_code=self.code,
            **(learning.both_sides(self.back, self.ring) if self.back else {}),
        )


def plan_of(synapses: Synapses) -> SynapsePlan:
    """Plan a projection."""
    longest = longest_of(synapses)
    kind, values = KINDS[synapses.kind], _values(synapses, 1.0)
    learns = bool(kind.after)
    state = (*kind.state, "w") if learns else tuple(kind.state)
    translation = Translation(values, SPIKE)
    code = translation.statements(kind.before)
    calls, sent = translation.expression(kind.sent)
    delayed = learns or longest > 1
    ring = learning.length(longest) if learns else 0
    back = learning.handled(kind, list(values), ring) if learns else ""
    return SynapsePlan(
        synapses.pre,
        synapses.post,
        synapses.receptor,
        most(synapses.sources),
        slots_for(longest) if delayed else 1,
        state,
        tuple(n for n in values if n not in state),
        f"{back}{code}{calls}" + (f"addToPostDelay({sent}, steps);" if delayed else f"addToPost({sent});"),
        most(synapses.targets) if learns else 0,
        ring,
        back,
    )


def longest_of(synapses: Synapses) -> int:
    """Return the longest delay of a projection."""
    longest = int(synapses.delays.max(initial=1))
    if longest > _LONGEST:
        raise ValueError(f"{synapses.name}: simulator 'genn' has delays of at most {_LONGEST} steps")
    return longest


def slots_for(longest: int) -> int:
    """Return for how many steps something is kept, rounded up."""
    return max(8, 1 << (longest - 1).bit_length())


def steps(slots: int) -> tuple[str, str]:
    """Name and type what holds the delay of a synapse, less one step."""
    return "steps", "uint8_t" if slots <= 2**8 else "uint16_t"


def most(ranks: Ints) -> int:
    """The most synapses of one neuron."""
    return int(np.bincount(ranks, minlength=1).max())


def _roomy(length: int) -> int:
    """With room for what other draws of the same network have, in steps of 2 or 3 times a power of two."""
    length = max(_SHORTEST, int(length + 2 * length**0.5))
    unit = 1 << (length - 1).bit_length() - 2
    return -(-length // unit) * unit


def _values(synapses: Synapses, dt: float) -> dict[str, Floats]:
    """Return all that each synapse has."""
    kind = KINDS[synapses.kind]
    values = {"w": synapses.weights, **kind.coefficients(synapses.parameters, dt)}
    state = {
        n: values[v] if isinstance(v, str) else np.full(len(values["w"]), v) for n, v in kind.state.items()
    }
    return values | state


class GennSynapses:
    """A projection, which is in order of its sources, in what GeNN has loaded.

    GeNN's own way, which asks for connections before it loads, goes through the rows one by one in Python,
    and sets the length of a row to what it finds, while the compiled code keeps its own.

    Parameters
    ----------
    group
        GeNN's. Its connections are written at once.
    synapses : Synapses
    plan : SynapsePlan
    """

    def __init__(self, group: Any, synapses: Synapses, plan: SynapsePlan) -> None:
        self._group, self._synapses, self._plan = group, synapses, plan
        lengths, indices = group._row_lengths, group._ind  # where GeNN's own way puts them
        counts = np.bincount(synapses.sources, minlength=len(lengths.view))
        row = len(indices.view) // len(lengths.view)
        if counts.max() > row:
            raise RuntimeError(f"{synapses.name}: {counts.max()} synapses do not fit into a row of {row}")
        first = np.cumsum(counts) - counts
        places = synapses.sources * row + np.arange(len(synapses.sources)) - first[synapses.sources]
        self._places = places
        lengths.view[:] = counts
        indices.view[places] = synapses.targets
        lengths.push_to_device()
        indices.push_to_device()

    def write(self, dt: float) -> None:
        """Write the values of all synapses."""
        own = self._synapses
        for name, given in {f"weights of {own.name}": own.weights, **own.parameters}.items():
            check(name, given)
        values: dict[str, NDArray[Any]] = {**self._given(dt), "steps": own.delays - 1}
        for name in values.keys() & self._group.vars.keys():
            self._group.vars[name]._view[self._places] = values[name]
            self._group.vars[name].push_to_device()

    def _given(self, dt: float) -> dict[str, Floats]:
        return _values(self._synapses, dt)

    def weights(self, step: int) -> Floats:
        """Present weights."""
        own, group = self._synapses, self._group
        if not self._plan.back:
            return own.weights
        fired, count, sent = (
            group.extra_global_params["fired"],
            group.post_vars["count"],
            group.pre_vars["sent"],
        )
        for array in (fired, count, sent, *group.vars.values()):
            array.pull_from_device()
        return learning.weights(
            KINDS[own.kind],
            {name: variable._view[self._places] for name, variable in group.vars.items()},
            own.delays,
            fired.view.reshape(-1, self._plan.ring)[own.targets],
            count.view[own.targets],
            sent.view[own.sources],
            step,
        )
