"""Our models as code of GeNN's: the same updates that Brian2 runs, written in its dialect of C.

The updates are Python's expressions of sums, products and quotients; each operation is put into brackets, so
that it is done in the same order.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from workers.simulators.genn.inputs import arrival, names
from workers.simulators.genn.inputs import code as background
from workers.simulators.updates.model import Model

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Not: "!",
    ast.And: "&&",
    ast.Or: "||",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_CALLS = {
    "int": "(({0}) ? 1.0 : 0.0)",
    "clip": "fmin(fmax({0}, {1}), {2})",
    "exponential": "exp({0})",
    "linoid": "((fabs({0}) < 1e-5) ? (1.0 - (0.5*{0})) : ({0}/(exp({0}) - 1.0)))",
    "fading": "((fabs({0}) < 1e-5) ? (1.0 - (0.5*{0})) : ((1.0 - exp(-{0}))/{0}))",
}
_NAMES = {"t_in_timesteps": "(t + 1.0)"}  # GeNN's t is the time at which a step begins, and its dt is 1 here


@dataclass(frozen=True)
class NeuronCode:
    """A model in GeNN's words.

    Attributes
    ----------
    state, constants, words : tuple of str
        What each neuron has: what the code changes, what it only reads, and words of 32 bits that it reads.
    sim, threshold, reset : str
    """

    state: tuple[str, ...]
    constants: tuple[str, ...]
    words: tuple[str, ...]
    sim: str
    threshold: str
    reset: str


def neuron_code(model: Model, constants: Collection[str], backgrounds: tuple[str, ...]) -> NeuronCode:
    """Write a model whose coefficients have these names, with backgrounds onto these receptors.

    What has arrived is added after the update and before the test for a spike: so a spike of step k that
    GeNN hands on at the start of step k + 1 acts as one that came at the end of that step.
    """
    own = {*model.variables, "left", "current", *constants}
    copies = "".join(f"{to} = {what};\n" for what, to in model.before)
    update = statements(model.update, own)
    if model.finest != float("inf"):
        update = f"for(unsigned int part = 0; part < (unsigned int)parts; part++) {{\n{update}}}\n"
    arrivals = "".join(arrival(r, f"in_{name}") for name, r in model.receptors.items())
    arrivals += background(model, backgrounds)
    sim, reset = copies + update + arrivals, statements(model.reset, own)
    threshold = expression(ast.parse(model.threshold, mode="eval").body)
    used = set(re.findall(r"[A-Za-z_]\w*", sim + threshold + reset))
    state = tuple(n for n in (*model.variables, "left") if n in used)
    numbers, words = names(len(backgrounds))
    read = (*(n for n in ("current", *constants) if n in used), *numbers)
    return NeuronCode(state, read, words, sim, threshold, reset)


def statements(code: str, known: Collection[str]) -> str:
    """Translate assignments; names that are not known are declared where they first appear."""
    known, lines = set(known), []
    for node in ast.parse("\n".join(line.strip() for line in code.splitlines())).body:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            name, sign = node.target.id, _OPERATORS[type(node.op)]
            lines.append(f"{name} {sign}= {expression(node.value)};\n")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            declared = "" if name in known else "scalar "
            known.add(name)
            lines.append(f"{declared}{name} = {expression(node.value)};\n")
        else:
            raise ValueError(f"{ast.unparse(node)}: not an assignment")
    return "".join(lines)


def expression(node: ast.expr) -> str:
    """Translate an expression."""
    match node:
        case ast.Name(id=name):
            return _NAMES.get(name, name)
        case ast.Constant(value=int() | float() as value):
            return repr(float(value))
        case ast.Call(func=ast.Name(id=name), args=args):
            return _CALLS.get(name, name + "({0})").format(*map(expression, args))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"pow({expression(left)}, {expression(right)})"
        case ast.UnaryOp(op=op, operand=operand):
            return f"({_OPERATORS[type(op)]}{expression(operand)})"
    return _joined(node)


def _joined(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            parts = [left, right]
        case ast.BoolOp(op=op, values=parts):
            pass
        case _:
            raise ValueError(f"{ast.unparse(node)}: not known to simulator 'genn'")
    return "(" + f" {_OPERATORS[type(op)]} ".join(map(expression, parts)) + ")"
