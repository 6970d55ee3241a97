"""Synapses whose weights change at the spikes of both sides.

A spike of the target comes back to the synapse after the synapse's delay. GeNN has one such delay for all
synapses, compiled in; so each target keeps the steps of its latest spikes, and each synapse counts those that
it has handled: whenever one of its sides fires, it first handles what has come back by then.
"""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats
from workers.simulators.genn.code import SPIKE, Translation
from workers.simulators.updates.functions import exponential, fading
from workers.simulators.updates.synapses import Kind

COUNTER = ("handled", "uint32_t")
SENT, COUNT, FIRED = ("sent", "scalar"), ("count", "uint32_t"), ("fired", "uint32_t*")

_OF_NUMPY = ("abs", "clip", "cos", "floor", "inf", "log", "sin", "sqrt", "tan", "tanh")
_NUMPY = {name: getattr(np, name) for name in _OF_NUMPY} | {
    "exponential": exponential,
    "fading": fading,
    "int": lambda x: np.trunc(x + 0.0),
}


def length(longest: int) -> int:
    """Return how many spikes a target keeps: one for each step until the last has come back, and one more."""
    return max(8, 1 << longest.bit_length())


def handled(kind: Kind, names: list[str], ring: int) -> str:
    """Return code that handles the target's spikes which have come back."""
    at = f"(scalar)(fired[(id_post * {ring}U) + (handled % {ring}U)] + steps + 1U)"
    back = Translation(names, step="at").statements(kind.after)
    return (
        f"while(handled < count && {at} <= {SPIKE}) {{\nconst scalar at = {at};\n{back}handled += 1U;\n}}\n"
    )


def both_sides(due: str, ring: int) -> dict[str, Any]:
    """Return what GeNN's model of such a synapse has besides."""
    step = "(uint32_t)(t + 1.0)"
    return {
        "post_spike_syn_code": due,
        "pre_vars": [SENT],
        "pre_spike_code": "sent = t + 1.0;",
        "post_vars": [COUNT],
        "post_spike_code": f"fired[(id * {ring}U) + (count % {ring}U)] = {step};\ncount += 1U;\n",
    }


def weights(
    kind: Kind,
    synapses: dict[str, NDArray[Any]],
    delays: NDArray[np.int64],
    fired: NDArray[np.uint32],
    count: NDArray[np.uint32],
    sent: Floats,
    step: int,
) -> Floats:
    """Return the weights at the end of a step, with what GeNN will do only when it handles a spike.

    Parameters
    ----------
    kind : Kind
    synapses : dict of str to array, shape (synapses,)
        What each has in GeNN.
    delays : array of int, shape (synapses,)
    fired : array of int, shape (synapses, ring)
        The steps of the latest spikes of each one's target.
    count : array of int, shape (synapses,)
        How many spikes its target has had.
    sent : array of float, shape (synapses,)
        The step of its source's last spike.
    step : int
    """
    values, done, rows = dict(synapses), synapses["handled"].astype(np.int64), np.arange(len(delays))
    while True:
        back = fired[rows, done % fired.shape[1]] + delays
        due = (done < count) & (back <= step)
        if not due.any():
            break
        run(kind.after, values, due, back)
        done[due] += 1
    run(kind.before, values, sent == step, sent)
    return values["w"]


def run(code: str, values: dict[str, NDArray[Any]], which: NDArray[np.bool_], steps: NDArray[Any]) -> None:
    """Run an update, which is Python too, for some of the synapses."""
    own: dict[str, Any] = {name: v[which] for name, v in values.items()}
    own["t_in_timesteps"] = steps[which].astype(np.float64)
    tree = ast.fix_missing_locations(_OfArrays().visit(ast.parse(dedent(code))))
    with np.errstate(all="ignore"):  # as in C
        exec(compile(tree, "<update>", "exec"), {"np": np, **_NUMPY}, own)
    for name in values:
        values[name] = values[name].copy()
        values[name][which] = own[name]


class _OfArrays(ast.NodeTransformer):
    """Python's `and`, `or` and `not` are not for arrays."""

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        """Replace `and` and `or`."""
        name = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        first, *others = (self.visit(part) for part in node.values)
        for other in others:
            first = _numpy(name, first, other)
        return first

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        """Replace `not`."""
        operand = self.visit(node.operand)
        return (
            _numpy("logical_not", operand) if isinstance(node.op, ast.Not) else ast.UnaryOp(node.op, operand)
        )


def _numpy(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), list(arguments), [])
