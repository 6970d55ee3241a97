"""Synapses in GeNN, of the kinds in which only the source's spikes do something."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Synapses
from workers.simulators.genn.code import expression, statements
from workers.simulators.updates.model import check
from workers.simulators.updates.synapses import KINDS

_LONGEST = 2**16  # steps
_EMPTY = np.zeros(1, np.uint32)  # the lengths of all rows, as GeNN copies them
KNOWN = frozenset({"StaticSynapse", "TsodyksMarkramSynapse"})


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
    """

    pre: int
    post: int
    receptor: str
    row: int
    slots: int
    state: tuple[str, ...]
    constants: tuple[str, ...]
    code: str

    def add_to(self, genn: Any, model: Any, name: str, groups: list[Any]) -> None:
        """Add it to GeNN's model; its connections and values are written when it is loaded."""
        constant = genn.VarAccess.READ_ONLY
        values = [(n, "scalar") for n in self.state] + [(n, "scalar", constant) for n in self.constants]
        if self.slots > 1:
            values.append(("steps", "uint8_t" if self.slots <= 2**8 else "uint16_t", constant))
        update = genn.create_weight_update_model("synapses", vars=values, pre_spike_syn_code=self.code)
        group = model.add_synapse_population(
            name,
            "SPARSE",
            groups[self.pre],
            groups[self.post],
            genn.init_weight_update(update, {}, {n: 0.0 for n, *_ in values}),
            genn.init_postsynaptic("DeltaCurr"),
        )
        group.post_target_var = f"in_{self.receptor}"
        group.max_connections = self.row
        if self.slots > 1:
            group.max_dendritic_delay_timesteps = self.slots
        # GeNN wants connections before it loads; ours are written afterwards, all at once.
        group.connections_set, group.row_lengths = True, _EMPTY
        group.ind = group.synapse_order = _EMPTY


def plan_of(synapses: Synapses) -> SynapsePlan:
    """Plan a projection."""
    longest = int(synapses.delays.max(initial=1))
    if longest > _LONGEST:
        raise ValueError(f"{synapses.name}: simulator 'genn' has delays of at most {_LONGEST} steps")
    kind, values = KINDS[synapses.kind], _values(synapses, 1.0)
    state = tuple(kind.state)
    constants = tuple(n for n in values if n not in state)
    sent = expression(ast.parse(kind.sent, mode="eval").body)
    code = statements(kind.before, values)
    code += f"addToPost({sent});" if longest == 1 else f"addToPostDelay({sent}, steps);"
    return SynapsePlan(
        synapses.pre,
        synapses.post,
        synapses.receptor,
        _roomy(int(np.bincount(synapses.sources, minlength=1).max())),
        1 if longest == 1 else max(8, 1 << (longest - 1).bit_length()),
        state,
        constants,
        code,
    )


def _roomy(length: int) -> int:
    """Round up to 2 or 3 times a power of two: rows are drawn anew in each network."""
    unit = 1 << max(0, (length - 1).bit_length() - 2)
    return max(4, -(-length // unit) * unit)


def _values(synapses: Synapses, dt: float) -> dict[str, NDArray[np.float64]]:
    """Return all that each synapse has."""
    kind = KINDS[synapses.kind]
    values = {"w": synapses.weights, **kind.coefficients(synapses.parameters, dt)}
    state = {
        n: values[v] if isinstance(v, str) else np.full(len(values["w"]), v) for n, v in kind.state.items()
    }
    return values | state


def connect(group: Any, synapses: Synapses, dt: float) -> None:
    """Write a projection, which is in order of its sources, into what GeNN has loaded.

    GeNN's own way, which asks for connections before it loads, goes through the rows one by one in Python,
    and sets the length of a row to what it finds, while the compiled code keeps its own.
    """
    lengths, indices = group._row_lengths, group._ind  # where GeNN's own way puts them
    counts = np.bincount(synapses.sources, minlength=len(lengths.view))
    row = len(indices.view) // len(lengths.view)
    if counts.max() > row:
        raise RuntimeError(f"{synapses.name}: {counts.max()} synapses do not fit into a row of {row}")
    first = np.cumsum(counts) - counts
    places = synapses.sources * row + np.arange(len(synapses.sources)) - first[synapses.sources]
    lengths.view[:] = counts
    indices.view[places] = synapses.targets
    lengths.push_to_device()
    indices.push_to_device()
    for name, given in {f"weights of {synapses.name}": synapses.weights, **synapses.parameters}.items():
        check(name, given)
    values: dict[str, NDArray[Any]] = {**_values(synapses, dt), "steps": synapses.delays - 1}
    for name in values.keys() & group.vars.keys():
        group.vars[name]._view[places] = values[name]
        group.vars[name].push_to_device()
