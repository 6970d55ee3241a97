"""Synapses of one's own in Brian2: from equations to what runs at spikes and in each step.

A name NAME of the person's is NAME_own here, so that it meets none of ours, of the neurons' or of Brian2's,
which keeps all that end in _pre and _post for itself.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from workers.instance import Floats, Synapses
from workers.network.linear import names_of, slope_of
from workers.network.lines import FUNCTIONS, Equation
from workers.network.synapse_lines import AT_SPIKES, SENT, Statement, SynapseEquations
from workers.simulators.brian2.cells import BrianCells, BrianSources, Toolbox
from workers.simulators.brian2.code import ready
from workers.simulators.brian2.synapses import BrianSynapses, connected, renamed
from workers.simulators.updates.equations import bounds, ours, stepped
from workers.simulators.updates.model import Receptor, check
from workers.simulators.updates.synapses import Kind

_KEPT = FUNCTIONS | {"w", "t", "dt"}


class EquationSynapses(BrianSynapses):
    """The synapses of a projection that are of one's own: a spike is handled when its delay has passed."""

    def __init__(
        self, tools: Toolbox, synapses: Synapses, pre: BrianCells | BrianSources, post: BrianCells
    ) -> None:
        assert synapses.equations is not None
        for name, values in {"weights": synapses.weights, **synapses.parameters}.items():
            check(f"{name} of {synapses.name}", values)
        receptor = post.model.receptors[synapses.receptor]
        _check_apart(synapses.name, synapses.equations.pre_spike, receptor)
        kind = _kind(synapses.equations, receptor)
        delays = {"pre": synapses.delays - 1}
        if kind.after:
            delays["post"] = np.zeros_like(synapses.delays)
        self.synapses = connected(tools, synapses, kind, pre.group, post, delays)
        sides = [self.synapses.pre, *([self.synapses.post] if kind.after else [])]
        calls = [[side.push_spikes, ready(side)] for side in sides]
        self.deliveries, self.learning = calls[0], calls[1] if kind.after else []
        code = _each_step(synapses.equations)
        names = ["w", "step_length", *(f"{name}_own" for name in synapses.parameters)]
        name = f"{self.synapses.name}_update"
        self.updates = [tools.regularly(self.synapses, renamed(names, code), name)] if code else []


def _check_apart(owner: str, statements: Sequence[Statement], receptor: Receptor) -> None:
    """Spikes that arrive together have no order, so none may see what another one does."""
    for statement in statements:
        for expression in (statement.right, statement.least or "0", statement.most or "0"):
            if f"{receptor.variable}_post" in names_of(_renamed(expression)):
                raise ValueError(
                    f"{owner}: pre_spike reads post.{receptor.variable}, which the spikes themselves change"
                )


def _kind(equations: SynapseEquations, receptor: Receptor) -> Kind:
    """Their code; all that has a value at the start is among the coefficients."""

    def coefficients(p: dict[str, Floats], dt: float) -> dict[str, Floats]:
        return {f"{name}_own": values for name, values in p.items()} | {"step_length": np.full(1, dt)}

    fade = "\n".join(_faded(line) for line in equations.lines if line.method == AT_SPIKES)
    if fade:
        fade = f"elapsed = (t_in_timesteps - last)*step_length\n{fade}\nlast = t_in_timesteps"
    before, after = (
        "\n".join([fade, *(_stated(s, receptor) for s in statements)]) if statements else ""
        for statements in (equations.pre_spike, equations.post_spike)
    )
    return Kind(coefficients, {"last": 0.0}, before, after, "")


def _faded(line: Equation) -> str:
    """What has become of a variable since the last spike, exactly."""
    name, right = f"{line.name}_own", _code(line.right)
    return f"{name} = {name} + ({right})*elapsed*fading(-({_code(slope_of(line.right, line.name))})*elapsed)"


def _stated(statement: Statement, receptor: Receptor) -> str:
    right = f"({_code(statement.right, at_spike=True)})"
    if statement.name == SENT:
        return receptor.code(right)
    least, most = (bound and _code(bound, at_spike=True) for bound in (statement.least, statement.most))
    changed = Equation(_named(statement.name), right, "", least, most)
    return "\n".join([f"{changed.name} = {right}", *bounds(changed)])


def _each_step(equations: SynapseEquations) -> str:
    """The code of all equations that are not event-driven."""
    equal = [
        Equation(_named(e.name), _renamed(e.right), e.method, *(b and _renamed(b) for b in (e.least, e.most)))
        for e in equations.lines
        if e.method != AT_SPIKES
    ]
    slopes = [line for line in equal if line.method]
    code = [*(stepped(line) for line in slopes), *(f"{line.name} = next_{line.name}" for line in slopes)]
    code += [f"{line.name} = {line.right}" for line in equal if not line.method]
    return ours("\n".join([*code, *(bound for line in equal for bound in bounds(line))]))


def _code(expression: str, at_spike: bool = False) -> str:
    return ours(_renamed(expression, at_spike))


def _renamed(expression: str, at_spike: bool = False) -> str:
    return ast.unparse(_Renaming(at_spike).visit(ast.parse(expression, mode="eval")))


def _named(name: str) -> str:
    return name if name in _KEPT else f"{name}_own"


class _Renaming(ast.NodeTransformer):
    """Names as they are in our code; a spike's time is the end of its step."""

    def __init__(self, at_spike: bool) -> None:
        self._at_spike = at_spike

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Rename what is the synapse's."""
        if node.id == "t" and self._at_spike:
            return ast.Name("(t_in_timesteps*step_length)")
        return ast.Name(_named(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.Name:
        """Name a neuron's variable as Brian2 does."""
        assert isinstance(node.value, ast.Name)
        return ast.Name(f"{node.attr}_{node.value.id}")
