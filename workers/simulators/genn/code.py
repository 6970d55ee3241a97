"""Our models as code of GeNN's: the same updates that Brian2 runs, written in its dialect of C.

The updates are Python's expressions of sums, products and quotients; each operation is put into brackets, so
that it is done in the same order.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workers.simulators.genn.functions import FUNCTIONS
from workers.simulators.genn.inputs import arrival, background, names
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
    "abs": "fabs({0})",  # GeNN's is of integers
    "int": "trunc(1.0 * ({0}))",  # of what is true or false too
    "clip": "fmin(fmax({0}, {1}), {2})",
}
_LARGEST = repr(sys.float_info.max)
STEP = "(t + 1.0)"  # that neurons are in: GeNN's t is the time at which it begins, and its dt is 1 here
SPIKE = "t"  # the step of a spike whose synapses are handled: GeNN does that at the start of the next one


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


def seen(variable: str) -> str:
    """Name the copy of a variable that a neuron keeps from before its reset."""
    return f"seen__{variable}"


def neuron_code(
    model: Model,
    constants: Collection[str],
    drawn: Collection[str],
    backgrounds: Sequence[str],
    shown: Collection[str] = (),
    copied: Collection[str] = (),
) -> NeuronCode:
    """Write a model with coefficients and words of noise of these names, and backgrounds onto receptors.

    What has arrived is added after the update and before the test for a spike: so a spike of step k that
    GeNN hands on at the start of step k + 1 acts as one that came at the end of that step. `shown` and
    `copied` are what synapses read of the neuron: as it is, and as it was before its reset.
    """
    translation = Translation({*model.variables, "left", "current", "crossed", *constants})
    before = "".join(f"{to} = {what};\n" for what, to in model.before)
    update = translation.statements(model.update)
    if model.finest != float("inf"):
        update = f"for(unsigned int part = 0; part < (unsigned int)parts; part++) {{\n{update}}}\n"
    arrivals = [arrival(r, f"in_{name}") for name, r in model.receptors.items()]
    arrivals += [background(model.receptors[name], place) for place, name in enumerate(backgrounds)]
    sim = before + update + translation.statements("\n".join(arrivals))
    # GeNN wants an expression for it: what is more is computed before.
    calls, threshold = translation.expression(model.threshold)
    if calls:
        sim, threshold = f"{sim}{calls}crossed = {threshold} ? 1.0 : 0.0;\n", "crossed != 0.0"
    copies = {seen(variable): variable for variable in copied}
    sim += "".join(f"{to} = {what};\n" for to, what in copies.items())
    reset = translation.statements(model.reset)
    used = {*shown, *re.findall(r"[A-Za-z_]\w*", sim + threshold + reset)}
    state = tuple(n for n in (*model.variables, "left", "crossed", *copies) if n in used)
    numbers, words = names(len(backgrounds))
    read = (*(n for n in ("current", *constants) if n in used), *numbers)
    return NeuronCode(state, read, (*drawn, *words), sim, threshold, reset)


class Translation:
    """Our code as GeNN's.

    Parameters
    ----------
    known : collection of str
        Names that are declared already; others are where they first appear.
    step : str
        What the present step is.
    """

    def __init__(self, known: Collection[str], step: str = STEP) -> None:
        self._known, self._step = set(known), step
        self._before: list[str] = []  # what computes the calls of the present expression
        self._calls = 0

    def statements(self, code: str) -> str:
        """Translate assignments, and calls of what is GeNN's."""
        lines = []
        for node in ast.parse("\n".join(line.strip() for line in code.splitlines())).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                calls, value = self._expression(node.value)
                lines.append(f"{calls}{value};\n")
                continue
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                name, sign = node.target.id, _OPERATORS[type(node.op)] + "="
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, sign = node.targets[0].id, "="
            else:
                raise ValueError(f"{ast.unparse(node)}: neither an assignment nor a call")
            calls, value = self._expression(node.value)
            declared = "" if name in self._known else "scalar "
            self._known.add(name)
            lines.append(f"{calls}{declared}{name} {sign} {value};\n")
        return "".join(lines)

    def expression(self, code: str) -> tuple[str, str]:
        """Translate an expression: what computes its calls, and itself."""
        return self._expression(ast.parse(code.strip(), mode="eval").body)

    def _expression(self, node: ast.expr) -> tuple[str, str]:
        self._before = []
        written = self._write(node)
        return "".join(self._before), written

    def _write(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return {"t_in_timesteps": self._step, "inf": _LARGEST}.get(name, name)
            case ast.Constant(value=int() | float() as value):
                return repr(float(value))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, [self._write(a) for a in args])
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"pow({self._write(left)}, {self._write(right)})"
            case ast.UnaryOp(op=op, operand=operand):
                return f"({_OPERATORS[type(op)]}{self._write(operand)})"
            case (
                ast.BinOp(left=left, op=op, right=right)
                | ast.Compare(left=left, ops=[op], comparators=[right])
            ):
                parts = [left, right]
            case ast.BoolOp(op=op, values=parts):
                pass
            case _:
                raise ValueError(f"{ast.unparse(node)}: not known to simulator 'genn'")
        return "(" + f" {_OPERATORS[type(op)]} ".join(map(self._write, parts)) + ")"

    def _call(self, name: str, arguments: list[str]) -> str:
        if name in FUNCTIONS:
            value = f"called_{self._calls}"
            self._calls += 1
            self._before.append(FUNCTIONS[name].call(value, arguments))
            return value
        return _CALLS.get(name, name + "({0})").format(*arguments)
