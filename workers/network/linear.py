"""Whether an expression is linear in one of its variables, and how steep it then is."""

from __future__ import annotations

import ast

ZERO, ONE = ast.Constant(0.0), ast.Constant(1.0)


def slope_of(expression: str, variable: str) -> str:
    """Return the derivative of an expression by a variable in which it is linear.

    Raises
    ------
    ValueError
        If it is not, or not plainly so.
    """
    return ast.unparse(_slope(ast.parse(expression, mode="eval").body, variable))


def names_of(expression: str) -> frozenset[str]:
    """Return all names in an expression, also those of functions."""
    tree = ast.parse(expression, mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _slope(node: ast.expr, variable: str) -> ast.expr:
    if not _holds(node, variable):
        return ZERO
    match node:
        case ast.Name():
            return ONE
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return ast.UnaryOp(node.op, _slope(node.operand, variable))
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return ast.BinOp(_slope(node.left, variable), node.op, _slope(node.right, variable))
        case ast.BinOp(op=ast.Mult()) if not _holds(node.left, variable):
            return ast.BinOp(node.left, node.op, _slope(node.right, variable))
        case ast.BinOp(op=ast.Mult() | ast.Div()) if not _holds(node.right, variable):
            return ast.BinOp(_slope(node.left, variable), node.op, node.right)
    raise ValueError(f"{ast.unparse(node)!r} is not linear in {variable}")


def _holds(node: ast.expr, variable: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == variable for n in ast.walk(node))
