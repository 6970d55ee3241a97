"""Noise in equations: ``Normal(mean, sd)`` and ``Uniform(low, high)``, drawn anew in each step and neuron."""

from __future__ import annotations

import ast
from typing import NamedTuple

DRAWN = ("Normal", "Uniform")
PREFIX = "drawn_"


class Noise(NamedTuple):
    """One draw: `name` stands for it; what it is drawn with are expressions."""

    name: str
    kind: str
    first: str
    second: str


def taken_out(expression: str, number: int = 0) -> tuple[str, list[Noise]]:
    """Put names in place of the draws in an expression, numbered from `number` on.

    Raises
    ------
    ValueError
        If a draw has not two arguments, or draws in an argument.
    """
    if not any(kind in expression for kind in DRAWN):
        return expression, []
    taking = _Taking(number)
    return ast.unparse(taking.visit(ast.parse(expression, mode="eval"))), taking.found


class _Taking(ast.NodeTransformer):
    def __init__(self, number: int) -> None:
        self._number = number
        self.found: list[Noise] = []

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Put a name in place of a draw."""
        if not (isinstance(node.func, ast.Name) and node.func.id in DRAWN):
            self.generic_visit(node)
            return node
        arguments = [ast.unparse(a) for a in node.args]
        if len(arguments) != 2 or node.keywords or any(kind in a for a in arguments for kind in DRAWN):
            raise ValueError(f"{ast.unparse(node)!r}; expected Normal(mean, sd) or Uniform(low, high)")
        name = f"{PREFIX}{self._number + len(self.found)}"
        self.found.append(Noise(name, node.func.id, *arguments))
        return ast.Name(name)
