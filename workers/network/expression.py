"""Expressions that people write as text, such as "exp(-d / 2)" or "v > -50 : any"."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

FUNCTIONS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "exp",
        "log",
        "log10",
        "sqrt",
        "power",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "arctan2",
        "sinh",
        "cosh",
        "tanh",
        "hypot",
        "abs",
        "fabs",
        "floor",
        "ceil",
        "fmod",
        "minimum",
        "maximum",
        "where",
        "e",
        "pi",
    )
}

# Text may come from a stored description, so only arithmetic is let through.
ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Load, ast.Constant,
    ast.operator, ast.UAdd, ast.USub, ast.Invert, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip


def _works_on_arrays(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float))
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1  # 0 < v < 1 asks for the truth of an array
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and callable(FUNCTIONS.get(node.func.id))
    return True


@lru_cache(maxsize=256)
def compiled(text: str, names: frozenset[str]) -> Callable[[Mapping[str, Any]], NDArray[Any]]:
    """Compile an arithmetic expression of the variables `names` and numpy's elementary functions.

    Raises
    ------
    ValueError
        If it is not such an expression, or has a name that is unknown.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"the expression {text!r} cannot be read: {error.msg}") from None
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED) or not _works_on_arrays(node):
            raise ValueError(
                f"the expression {text!r} may hold arithmetic only, not {type(node).__name__}; "
                "conditions are combined as in (a > 0) & (b > 0)"
            )
        if isinstance(node, ast.Name) and node.id not in names | FUNCTIONS.keys():
            known = ", ".join(sorted(names | FUNCTIONS.keys()))
            raise ValueError(f"the expression {text!r} has the unknown name {node.id!r}; known are: {known}")
    code = compile(tree, "<expression>", "eval")
    return lambda values: cast("NDArray[Any]", eval(code, {"__builtins__": {}}, {**FUNCTIONS, **values}))
