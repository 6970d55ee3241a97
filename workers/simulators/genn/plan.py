"""What of a network GeNN compiles: models and sizes, but no value.

Sizes are rounded up, so that networks that differ a little share their code: what is left over are neurons
that never fire and places for synapses that are not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from workers.instance import Cells, Instance, Synapses
from workers.simulators.genn import functions, learning, synapse_equations
from workers.simulators.genn import synapses as genn_synapses
from workers.simulators.genn.code import NeuronCode, neuron_code
from workers.simulators.genn.inputs import of as backgrounds
from workers.simulators.updates.equations import noise_words
from workers.simulators.updates.model import Model

_BUFFER = 2**24  # bytes that are read or written between two stops
_LONGEST, _SHORTEST = 1024, 16  # steps between them


def padded(size: int) -> int:
    """Round up to 4, 5, 6 or 7 times a power of two: by a quarter at most."""
    unit = 1 << max(0, size.bit_length() - 3)
    return max(4, -(-size // unit) * unit)


@dataclass(frozen=True)
class NeuronPlan:
    """A population; without code it fires as it is told."""

    size: int
    code: NeuronCode | None
    recorded: bool


@dataclass(frozen=True)
class Plan:
    """All that compiled code depends on."""

    populations: tuple[NeuronPlan, ...]
    projections: tuple[genn_synapses.SynapsePlan, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of populations, and of the rows and columns of projections."""
        return (
            *(p.size for p in self.populations),
            *(n for p in self.projections for n in (p.row, p.column)),
        )

    def sized(self, sizes: Sequence[int]) -> Plan:
        """Return the same with other sizes."""
        numbers = iter(sizes)
        populations = tuple(replace(p, size=next(numbers)) for p in self.populations)
        projections = (replace(p, row=next(numbers), column=next(numbers)) for p in self.projections)
        return Plan(populations, tuple(projections))

    @cached_property
    def family(self) -> str:
        """The same only for what gives the same code but for sizes."""
        return repr((self.sized([0] * len(self.sizes)), _BUFFER, _LONGEST, _SHORTEST, _written()))

    def fits(self, other: Plan) -> bool:
        """Whether code made for this one serves the other one too."""
        pairs = zip(self.sizes, other.sizes, strict=True)
        return self.family == other.family and all(mine >= wanted for mine, wanted in pairs)

    @property
    def neurons(self) -> int:
        """How many there are of all populations."""
        return sum(p.size for p in self.populations)

    def roomy(self) -> Plan:
        """Return one that serves most other draws of the same network: it is what is compiled."""
        return replace(self, projections=tuple(p.roomy() for p in self.projections))

    @property
    def piece(self) -> int:
        """For how many steps sources are told their spikes, and spikes are recorded, at once."""
        return int(np.clip(1 << max(1, _BUFFER // self.neurons).bit_length() - 1, _SHORTEST, _LONGEST))

    def model(self, genn: Any, backend: str) -> Any:
        """Make GeNN's model. Every value is 0 until it is loaded."""
        model = genn.GeNNModel("double", "network", backend=backend)
        model.dt = 1.0  # a step; lengths of time are in the coefficients
        groups = [self._population(genn, model, i) for i in range(len(self.populations))]
        for i, plan in enumerate(self.projections):
            plan.add_to(genn, model, f"projection{i}", groups)
        return model

    def _population(self, genn: Any, model: Any, place: int) -> Any:
        plan, name = self.populations[place], f"population{place}"
        if plan.code is None:
            sources = _sources(genn, plan.size, self.piece)
            group = model.add_neuron_population(name, plan.size, sources, {}, {})
            group.extra_global_params["fires"].set_init_values(np.zeros(plan.size * self.piece, np.uint8))
            return group
        values = _zeros((*plan.code.state, *plan.code.constants, *plan.code.words))
        group = model.add_neuron_population(name, plan.size, _neuron(genn, plan.code), {}, values)
        group.spike_recording_enabled = plan.recorded
        functions.fill(group)
        return group


@cache
def _written() -> str:
    """Return a digest of our own files that write code."""
    files = (__file__, genn_synapses.__file__, learning.__file__, synapse_equations.__file__)
    texts = [Path(file).read_bytes() for file in files]
    return hashlib.blake2b(b"".join(texts), digest_size=16).hexdigest()


def plan_of(instance: Instance, models: Mapping[int, Model], constants: Mapping[int, Any]) -> Plan:
    """Plan a network whose populations of cells, by place, have these models and coefficients."""
    populations = tuple(
        NeuronPlan(
            padded(p.size),
            neuron_code(
                models[i],
                constants[i],
                tuple(noise_words(p, models[i].draws)),
                tuple(b.receptor for b in backgrounds(instance, i)),
                *map(sorted, synapse_equations.read_of(instance, i)),
            ),
            i in instance.spikes,
        )
        if isinstance(p, Cells)
        else NeuronPlan(padded(p.size), None, False)
        for i, p in enumerate(instance.populations)
    )
    return Plan(populations, tuple(map(_projection, instance.projections)))


def _projection(synapses: Synapses) -> genn_synapses.SynapsePlan:
    own = synapses.equations is not None
    return synapse_equations.plan_of(synapses) if own else genn_synapses.plan_of(synapses)


def _zeros(names: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(names, 0.0)


def _neuron(genn: Any, code: NeuronCode) -> Any:
    constant = genn.VarAccess.READ_ONLY
    values = [(n, "scalar") for n in code.state] + [(n, "scalar", constant) for n in code.constants]
    return genn.create_neuron_model(
        "cells",
        vars=values + [(n, "uint32_t", constant) for n in code.words],
        extra_global_params=functions.parameters(code.sim + code.reset),
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
