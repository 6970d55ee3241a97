"""Synapses of one's own in GeNN.

A spike acts at the synapse when its delay has passed. GeNN has one such delay for a projection, compiled in;
so each source keeps the steps of its latest spikes, and says when one of them is due somewhere: its synapses
are then gone through, and each looks whether it is due there. What a spike of the target does is done before
anything else happens at the synapse, and in the step after it at the latest: GeNN hands it on only then, when
the target has been reset, so neurons keep copies of what is read of them.

Where there are equations for each step, GeNN goes through all synapses in each, and does all of it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats, Instance
from workers.instance import Synapses as Drawn
from workers.network.synapse_lines import SynapseEquations, named_in
from workers.simulators.genn import functions, learning
from workers.simulators.genn.code import STEP, Translation, seen
from workers.simulators.genn.synapses import GennSynapses, SynapsePlan, longest_of, most, slots_for, steps
from workers.simulators.updates import synapse_equations as own

_NEVER = 2**31  # a step
_NOW = "(uint32_t)(t + 1.0)"  # the step that neurons are in, and in which arrives what is handled before
_HANDLED = ("handled", "scalar")  # the step of the target's last spike that the synapse has handled
_FIRED = ("fired", "scalar")  # the step of the target's last spike
_EMITTED = ("emitted", "uint32_t*")  # the steps of each source's latest spikes
_DUE = ("due", "uint8_t*")  # whether one of them is: GeNN may take a variable of one projection for another's
_SIDES = ("pre", "post")


@dataclass(frozen=True)
class EquationPlan(SynapsePlan):
    """A projection of such synapses: `code` is what an arrival does, `back` what a spike of the target does.

    Attributes
    ----------
    each_step : str
        What happens in each step.
    reads : tuple of (str, str, str)
        What is read of neurons: of which side, what it is called there, and what here.
    """

    each_step: str = ""
    reads: tuple[tuple[str, str, str], ...] = ()

    @property
    def transposed(self) -> bool:
        """Whether GeNN goes through the synapses of a target when that fires."""
        return bool(self.back) and not self.each_step

    def _references(self, genn: Any, groups: list[Any]) -> list[dict[str, Any]]:
        ends = dict(zip(_SIDES, (groups[self.pre], groups[self.post]), strict=True))
        return [
            {here: genn.create_var_ref(ends[side], there) for at, there, here in self.reads if at == side}
            for side in _SIDES
        ]

    def _prepare(self, group: Any, groups: list[Any]) -> None:
        kept = np.full(groups[self.pre].num_neurons * self.slots, _NEVER, np.uint32)
        group.extra_global_params["emitted"].set_init_values(kept)
        if not self.each_step:
            due = np.zeros(groups[self.pre].num_neurons, np.uint8)
            group.extra_global_params["due"].set_init_values(due)

    def _arrays(self) -> list[tuple[str, str]]:
        own = [_EMITTED] if self.each_step else [_EMITTED, _DUE]
        return own + functions.parameters(self.code + self.back + self.each_step)

    def _update(self, genn: Any) -> Any:
        constant = genn.VarAccess.READ_ONLY
        values = [*self._scalars(constant), (*steps(self.slots), constant)]
        values += [_HANDLED] if self.back else []
        read = {
            f"{side}_neuron_var_refs": [
                (here, "scalar", genn.VarAccessMode.READ_ONLY) for at, _, here in self.reads if at == side
            ]
            for side in _SIDES
        }
        after = {"post_vars": [_FIRED], "post_spike_code": "fired = t + 1.0;"} if self.back else {}
        return genn.create_weight_update_model(
            "own_synapses",
            vars=values,
            extra_global_params=self._arrays(),
            **read,
            **after,
            **(self._in_each_step() if self.each_step else self._at_spikes(constant)),
        )

    def _in_each_step(self) -> dict[str, Any]:
        return {
            "synapse_dynamics_code": f"{self.back}{self.each_step}if({self._due()}) {{\n{self.code}}}\n",
            "pre_spike_code": self._emitted(),
        }

    def _at_spikes(self, constant: Any) -> dict[str, Any]:
        """GeNN asks whether a source is due before it knows that it fires: delays of a step are apart."""
        done = f"{{\n{self.back}{{\n{self.code}}}\n}}\n"
        due = f"""
            due[id] = 0;
            if((t + 1.0) < (sent + {self.slots}.0)) {{
                for(uint32_t back = least; back < most; back++) {{
                    if(emitted[(id * {self.slots}U) + (({_NOW} - back) % {self.slots}U)] == {_NOW} - back) {{
                        due[id] = 1;
                    }}
                }}
            }}
        """
        return {
            "pre_vars": [
                ("sent", "scalar"),
                ("least", "uint32_t", constant),
                ("most", "uint32_t", constant),
            ],
            "pre_spike_code": f"{self._emitted()}sent = t + 1.0;\n",
            "pre_dynamics_code": due,
            "pre_event_threshold_condition_code": "due[id] != 0",
            "pre_event_syn_code": f"if(steps > 0U && {self._due()}) {done}",
            "pre_spike_syn_code": f"if(steps == 0U) {done}",
            **({"post_spike_syn_code": self.back} if self.back else {}),
        }

    def _emitted(self) -> str:
        return f"emitted[(id * {self.slots}U) + ({_NOW} % {self.slots}U)] = {_NOW};\n"

    def _due(self) -> str:
        begun = f"({_NOW} - 1U - steps)"
        return f"emitted[(id_pre * {self.slots}U) + ({begun} % {self.slots}U)] == {begun}"


def plan_of(synapses: Drawn) -> EquationPlan:
    """Plan a projection."""
    equations = synapses.equations
    assert equations is not None
    state = (*(own.own(n) for n in equations.variables), "w", own.LAST)
    values = own.coefficients(synapses.parameters, 1.0)
    reads = _reads(equations)
    known = {*state, *values, *(here for *_, here in reads)}
    sent = own.at_spikes(equations, equations.pre_spike, _present, lambda right: f"addToPost({right})")
    back, always = _after(equations), own.each_step(equations, _present)
    if back:
        told = Translation(known, "fired").statements(back)
        back = f"if(fired > handled) {{\n{told}handled = fired;\n}}\n"
    if always:
        always = f"{{\n{Translation(known, STEP).statements(always)}}}\n"
    return EquationPlan(
        synapses.pre,
        synapses.post,
        synapses.receptor,
        most(synapses.sources),
        slots_for(longest_of(synapses)),
        state,
        tuple(n for n in values if n not in state),
        Translation(known, STEP).statements(sent),
        most(synapses.targets) if back and not always else 0,
        0,
        back,
        always,
        reads,
    )


def read_of(instance: Instance, population: int) -> tuple[set[str], set[str]]:
    """Name what synapses read of the neurons of a population: as it is, and as it was before the reset."""
    present: set[str] = set()
    before: set[str] = set()
    for s in instance.projections:
        for side, end in zip(_SIDES, (s.pre, s.post), strict=True):
            if s.equations is not None and end == population:
                present |= {name for at, name in _asked(s.equations) if at == side}
                before |= {name for at, name in _asked_at_targets_spikes(s.equations) if at == side}
    return present, before


def _reads(equations: SynapseEquations) -> tuple[tuple[str, str, str], ...]:
    found = {(side, name, _present(name, side)) for side, name in _asked(equations)}
    found |= {(side, seen(name), _before(name, side)) for side, name in _asked_at_targets_spikes(equations)}
    return tuple(sorted(found))


def _asked(equations: SynapseEquations) -> set[tuple[str, str]]:
    return named_in([*equations.lines, *equations.pre_spike])


def _asked_at_targets_spikes(equations: SynapseEquations) -> set[tuple[str, str]]:
    return named_in(equations.post_spike)


def _present(variable: str, side: str) -> str:
    return f"{variable}_of_{side}"


def _before(variable: str, side: str) -> str:
    return f"{variable}_at_{side}"


def _after(equations: SynapseEquations) -> str:
    return own.at_spikes(equations, equations.post_spike, _before)


class EquationSynapses(GennSynapses):
    """A projection of such synapses in what GeNN has loaded."""

    _plan: EquationPlan

    def _given(self, dt: float) -> dict[str, Floats]:
        return {"w": self._synapses.weights, **own.coefficients(self._synapses.parameters, dt)}

    def write(self, dt: float) -> None:
        """Write the values of all synapses, and between which delays each source has to look."""
        super().write(dt)
        if self._plan.each_step:
            return
        sources, waits = self._synapses.sources, self._synapses.delays - 1
        least, most_ = (self._group.pre_vars[name] for name in ("least", "most"))
        least.view[:] = self._plan.slots
        most_.view[:] = 0
        np.minimum.at(least.view, sources, np.maximum(waits, 1))
        np.maximum.at(most_.view, sources, waits + 1)
        for variable in (least, most_):
            variable.push_to_device()

    def weights(self, step: int) -> Floats:
        """Present weights, with what GeNN will do only in the next step."""
        group, equations = self._group, self._synapses.equations
        assert equations is not None
        values = {name: self._of_synapses(variable) for name, variable in group.vars.items()}
        if self._plan.back:
            ends = {"pre": (group.src, self._synapses.sources), "post": (group.trg, self._synapses.targets)}
            for side, there, here in self._plan.reads:
                neurons, ranks = ends[side]
                values[here] = _pulled(neurons.vars[there])[ranks]
            fired = _pulled(group.post_vars["fired"])[self._synapses.targets]
            learning.run(_after(equations), values, fired > values["handled"], fired)
        return values["w"]

    def _of_synapses(self, variable: Any) -> NDArray[Any]:
        variable.pull_from_device()
        found: NDArray[Any] = variable._view[self._places]
        return found


def _pulled(variable: Any) -> NDArray[Any]:
    variable.pull_from_device()
    found: NDArray[Any] = variable.view
    return found
