"""What of a network GeNN compiles: models and sizes, but no value.

Sizes are rounded up, so that networks that differ a little share their code: what is left over are neurons
that never fire and places for synapses that are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workers.instance import Cells, Instance, Synapses
from workers.simulators.brian2_model import Model
from workers.simulators.genn_code import NeuronCode, neuron_code
from workers.simulators.genn_inputs import of as backgrounds

_BUFFER = 2**24  # bytes that are read or written between two stops
_LONGEST, _SHORTEST = 1024, 16  # steps between them
_EMPTY = np.zeros(1, np.uint32)  # the lengths of all rows, as GeNN copies them


def padded(size: int) -> int:
    """Round up to 8, 9, ..., 15 times a power of two: by an eighth at most."""
    unit = 1 << max(0, size.bit_length() - 4)
    return max(4, -(-size // unit) * unit)


def roomy(length: int) -> int:
    """Round up to 2 or 3 times a power of two: rows are drawn anew in each network."""
    unit = 1 << max(0, (length - 1).bit_length() - 2)
    return max(4, -(-length // unit) * unit)


@dataclass(frozen=True)
class NeuronPlan:
    """A population; without code it fires as it is told."""

    size: int
    code: NeuronCode | None
    recorded: bool


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
    """

    pre: int
    post: int
    receptor: str
    row: int
    slots: int

    @property
    def values(self) -> dict[str, str]:
        """What each synapse has, and GeNN's names of the types."""
        if self.slots == 1:
            return {"weight": "scalar"}
        return {"weight": "scalar", "steps": "uint8_t" if self.slots <= 2**8 else "uint16_t"}


@dataclass(frozen=True)
class Plan:
    """All that compiled code depends on."""

    populations: tuple[NeuronPlan, ...]
    projections: tuple[SynapsePlan, ...]

    @property
    def key(self) -> str:
        """The same only for what gives the same code: this file writes some of it."""
        return repr((self, self.piece)) + Path(__file__).read_text()

    @property
    def piece(self) -> int:
        """For how many steps sources are told their spikes, and spikes are recorded, at once."""
        neurons = sum(p.size for p in self.populations)
        return int(np.clip(1 << (_BUFFER // neurons).bit_length() - 1, _SHORTEST, _LONGEST))

    def model(self, genn: Any, backend: str) -> Any:
        """Make GeNN's model. Every value is 0 until it is loaded."""
        model = genn.GeNNModel("double", "network", backend=backend)
        model.dt = 1.0  # a step; lengths of time are in the coefficients
        groups = [self._population(genn, model, i) for i in range(len(self.populations))]
        for i, plan in enumerate(self.projections):
            update = _synapse(genn, plan)  # nobody else keeps it until the group does
            group = model.add_synapse_population(
                f"projection{i}",
                "SPARSE",
                groups[plan.pre],
                groups[plan.post],
                genn.init_weight_update(update, {}, _zeros(plan.values)),
                genn.init_postsynaptic("DeltaCurr"),
            )
            group.post_target_var = f"in_{plan.receptor}"
            group.max_connections = plan.row
            # GeNN wants connections before it loads; ours are written afterwards, all at once.
            group.connections_set, group.row_lengths = True, _EMPTY
            group.ind = group.synapse_order = _EMPTY
            if plan.slots > 1:
                group.max_dendritic_delay_timesteps = plan.slots
        return model

    def _population(self, genn: Any, model: Any, place: int) -> Any:
        plan, name = self.populations[place], f"population{place}"
        if plan.code is None:
            return model.add_neuron_population(name, plan.size, _sources(genn, plan.size, self.piece), {}, {})
        values = _zeros((*plan.code.state, *plan.code.constants, *plan.code.words))
        group = model.add_neuron_population(name, plan.size, _neuron(genn, plan.code), {}, values)
        group.spike_recording_enabled = plan.recorded
        return group


def plan_of(instance: Instance, models: Mapping[int, Model], constants: Mapping[int, Any]) -> Plan:
    """Plan a network whose populations of cells, by place, have these models and coefficients."""
    populations = tuple(
        NeuronPlan(
            padded(p.size),
            neuron_code(models[i], constants[i], tuple(b.receptor for b in backgrounds(instance, i))),
            i in instance.spikes,
        )
        if isinstance(p, Cells)
        else NeuronPlan(padded(p.size), None, False)
        for i, p in enumerate(instance.populations)
    )
    return Plan(populations, tuple(_projection(s) for s in instance.projections))


def _projection(synapses: Synapses) -> SynapsePlan:
    row = int(np.bincount(synapses.sources, minlength=1).max())
    longest = int(synapses.delays.max(initial=1))
    if longest > 2**16:
        raise ValueError(f"{synapses.name}: simulator 'genn' has delays of at most {2**16} steps")
    slots = 1 if longest == 1 else max(8, 1 << (longest - 1).bit_length())
    return SynapsePlan(synapses.pre, synapses.post, synapses.receptor, roomy(row), slots)


def _zeros(names: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(names, 0.0)


def _neuron(genn: Any, code: NeuronCode) -> Any:
    constant = genn.VarAccess.READ_ONLY
    values = [(n, "scalar") for n in code.state] + [(n, "scalar", constant) for n in code.constants]
    return genn.create_neuron_model(
        "cells",
        vars=values + [(n, "uint32_t", constant) for n in code.words],
        additional_input_vars=[("in_exc", "scalar", 0.0), ("in_inh", "scalar", 0.0)],
        sim_code=code.sim,
        threshold_condition_code=code.threshold,
        reset_code=code.reset,
    )


def _sources(genn: Any, size: int, piece: int) -> Any:
    return genn.create_neuron_model(
        "sources",
        extra_global_params=[("fires", "uint8_t*")],
        sim_code="",
        threshold_condition_code=f"fires[((((uint32_t)t) % {piece}U) * {size}U) + id] != 0",
    )


def _synapse(genn: Any, plan: SynapsePlan) -> Any:
    constant = genn.VarAccess.READ_ONLY
    return genn.create_weight_update_model(
        "synapses",
        vars=[(name, kind, constant) for name, kind in plan.values.items()],
        pre_spike_syn_code="addToPost(weight);" if plan.slots == 1 else "addToPostDelay(weight, steps);",
    )
