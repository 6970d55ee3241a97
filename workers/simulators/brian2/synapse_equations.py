"""Synapses of one's own in Brian2, which keeps all names that end in _pre and _post for itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.instance import Synapses
from workers.network.linear import names_of
from workers.network.synapse_lines import Statement
from workers.simulators.brian2.cells import BrianCells, BrianSources
from workers.simulators.brian2.code import ready
from workers.simulators.brian2.groups import Toolbox, regularly
from workers.simulators.brian2.synapses import BrianSynapses, connected, renamed
from workers.simulators.updates import synapse_equations as own
from workers.simulators.updates.model import Receptor, check
from workers.simulators.updates.synapses import Kind


class EquationSynapses(BrianSynapses):
    """The synapses of a projection that are of one's own: a spike is handled when its delay has passed."""

    def __init__(
        self, tools: Toolbox, synapses: Synapses, pre: BrianCells | BrianSources, post: BrianCells
    ) -> None:
        equations = synapses.equations
        assert equations is not None
        for name, values in {"weights": synapses.weights, **synapses.parameters}.items():
            check(f"{name} of {synapses.name}", values)
        receptor = post.model.receptors[synapses.receptor]
        _check_apart(synapses.name, equations.pre_spike, receptor)
        before = own.at_spikes(equations, equations.pre_spike, _named, receptor.code)
        after = own.at_spikes(equations, equations.post_spike, _named)
        kind = Kind(own.coefficients, {own.LAST: 0.0}, before, after, "")
        delays = {"pre": synapses.delays - 1}
        if kind.after:
            delays["post"] = np.zeros_like(synapses.delays)
        self.synapses = connected(tools, synapses, kind, pre.group, post, delays)
        sides = [self.synapses.pre, *([self.synapses.post] if kind.after else [])]
        calls = [[side.push_spikes, ready(side)] for side in sides]
        self.deliveries, self.learning = calls[0], calls[1] if kind.after else []
        code = own.each_step(equations, _named)
        names = ["w", *own.coefficients(synapses.parameters, tools.dt)]
        self.updates = [regularly(self.synapses, renamed(names, code))] if code else []


def _named(variable: str, side: str) -> str:
    return f"{variable}_{side}"


def _check_apart(owner: str, statements: Sequence[Statement], receptor: Receptor) -> None:
    """Spikes that arrive together have no order, so none may see what another one does."""
    for statement in statements:
        for expression in statement.expressions:
            if f"{receptor.variable}_post" in names_of(own.renamed(expression, _named)):
                raise ValueError(
                    f"{owner}: pre_spike reads post.{receptor.variable}, which the spikes themselves change"
                )
