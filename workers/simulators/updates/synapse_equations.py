"""Synapses of one's own, from equations to what runs at spikes and in each step.

A name NAME of the person's is NAME_own in this code, so that it meets none of ours, of the neurons' or of a
simulator's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from workers.instance import Floats
from workers.network.linear import slope_of
from workers.network.lines import FUNCTIONS, Equation
from workers.network.synapse_lines import AT_SPIKES, SENT, Statement, SynapseEquations
from workers.simulators.updates.equations import bounds, ours, stepped

Named: TypeAlias = Callable[[str, str], str]
"""How a simulator calls a neuron's variable: from its name and the side, "pre" or "post"."""

LAST = "last"  # the step of the last spike of either side that the synapse has handled; at first 0
_KEPT = FUNCTIONS | {"w", "t", "dt"}


def coefficients(p: dict[str, Floats], dt: float) -> dict[str, Floats]:
    """Return all that has a value at the start, besides the weights."""
    return {f"{name}_own": values for name, values in p.items()} | {"step_length": np.full(1, dt)}


def at_spikes(
    equations: SynapseEquations,
    statements: Sequence[Statement],
    named: Named,
    receive: Callable[[str], str] = str,
) -> str:
    """Return the code of what happens at a spike; `receive` gives that by which the target gets a weight."""
    if not statements:
        return ""
    fade = [_faded(line, named) for line in equations.lines if line.method == AT_SPIKES]
    if fade:
        fade = [f"elapsed = (t_in_timesteps - {LAST})*step_length", *fade, f"{LAST} = t_in_timesteps"]
    return "\n".join([*fade, *(_stated(s, named, receive) for s in statements)])


def _faded(line: Equation, named: Named) -> str:
    """What has become of a variable since the last spike, exactly."""
    name, right, slope = f"{line.name}_own", line.right, slope_of(line.right, line.name)
    right, slope = (ours(renamed(part, named)) for part in (right, slope))
    return f"{name} = {name} + ({right})*elapsed*fading(-({slope})*elapsed)"


def _stated(statement: Statement, named: Named, receive: Callable[[str], str]) -> str:
    def code(expression: str) -> str:
        return ours(renamed(expression, named, at_spike=True))

    right = f"({code(statement.right)})"
    if statement.name == SENT:
        return receive(right)
    least, most = (bound and code(bound) for bound in (statement.least, statement.most))
    changed = Equation(own(statement.name), right, "", least, most)
    return "\n".join([f"{changed.name} = {right}", *bounds(changed)])


def each_step(equations: SynapseEquations, named: Named) -> str:
    """Return the code of all equations that are not event-driven."""
    equal = [
        Equation(
            own(e.name),
            renamed(e.right, named),
            e.method,
            *(b and renamed(b, named) for b in (e.least, e.most)),
        )
        for e in equations.lines
        if e.method != AT_SPIKES
    ]
    slopes = [line for line in equal if line.method]
    code = [*(stepped(line) for line in slopes), *(f"{line.name} = next_{line.name}" for line in slopes)]
    code += [f"{line.name} = {line.right}" for line in equal if not line.method]
    return ours("\n".join([*code, *(bound for line in equal for bound in bounds(line))]))


def own(name: str) -> str:
    """Return what a name of the person's is in this code."""
    return name if name in _KEPT else f"{name}_own"


def renamed(expression: str, named: Named, at_spike: bool = False) -> str:
    """Write an expression with the names of this code; a spike's time is the end of its step."""
    return ast.unparse(_Renaming(named, at_spike).visit(ast.parse(expression, mode="eval")))


class _Renaming(ast.NodeTransformer):
    def __init__(self, named: Named, at_spike: bool) -> None:
        self._named, self._at_spike = named, at_spike

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Rename what is the synapse's."""
        if node.id == "t" and self._at_spike:
            return ast.Name("(t_in_timesteps*step_length)")
        return ast.Name(own(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.Name:
        """Rename what is a neuron's."""
        assert isinstance(node.value, ast.Name)
        return ast.Name(self._named(node.attr, node.value.id))
