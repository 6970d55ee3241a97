"""The lines that models of one's own are written in, in ANNarchy's manner."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from workers.network.models import Quantity

FUNCTIONS = frozenset({"exp", "log", "sqrt", "abs", "sin", "cos", "tan", "tanh", "floor", "clip", "int"})
METHODS = ("explicit", "exponential", "midpoint")
NOISE = frozenset({"Normal", "Uniform", "xi", "DiscreteUniform", "LogNormal", "Exponential", "Gamma"})
SCOPES = frozenset({"", "population", "projection"})  # of a value in ANNarchy: here all have their own
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UAdd, ast.USub, ast.Not)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_SLOPE = re.compile(r"(?:(?P<factor>.+)\*)?\s*d(?P<name>\w+)\s*/\s*dt")


@dataclass(frozen=True)
class Equation:
    """One line of equations.

    Attributes
    ----------
    name : str
        The variable.
    right : str
        Its derivative per ms, or its new value in each step.
    method : str
        How it is integrated; empty if it has no derivative.
    least, most : str
        The bounds it is kept between; empty where there is none.
    """

    name: str
    right: str
    method: str = ""
    least: str = ""
    most: str = ""

    @property
    def expressions(self) -> tuple[str, ...]:
        """All that it has to compute."""
        return self.right, self.least or "0", self.most or "0"


def lines(text: str) -> list[str]:
    """Return the lines that say something, without comments."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r}: expected text, with a line for each parameter, equation or statement")
    bare = (line.split("#")[0].strip() for line in re.split(r"[\n;]", text))
    return [line.replace("^", "**") for line in bare if line]


def assignments(owner: str, text: str) -> list[tuple[str, str]]:
    """Divide lines of ``name = value : flags``, and drop flags that say nothing here."""
    found = []
    for line in lines(text):
        left, _, right = line.partition("=")
        value, _, flags = right.partition(":")
        if not right or flags.strip() not in SCOPES:
            raise ValueError(f"{owner}: {line!r} is not understood; expected name = value")
        found.append((left.rstrip("+-*/ ").strip(), value.strip()))
    return found


def parameters_of(owner: str, text: str) -> dict[str, Quantity]:
    """Read lines of ``name = number``."""
    known: dict[str, Quantity] = {}
    for name, value in assignments(owner, text):
        if name in known:
            raise ValueError(f"{owner}: the parameter {name} is given twice")
        known[name] = Quantity(number(owner, name, value))
    return known


def number(owner: str, name: str, text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{owner}: {name} = {text}; expected a number") from None


def equations_of(
    owner: str, text: str, methods: tuple[str, ...] = METHODS
) -> tuple[tuple[Equation, ...], dict[str, Quantity]]:
    """Read equations, and what their variables are at the start."""
    read, state = [], {}
    for given in lines(text):
        body, _, flags = given.partition(":")
        left, equals, right = body.partition("=")
        slope = _SLOPE.fullmatch(left.strip())
        variable = slope["name"] if slope else left.strip()
        if not equals or not variable.isidentifier() or variable in state:
            raise ValueError(f"{owner}: the equation {given!r} is not understood")
        known = options(owner, given, flags, ("init", "min", "max"), methods)
        factor = slope["factor"] if slope else None
        value = f"({right.strip()})/({factor.strip()})" if factor else right.strip()
        method = known.get("method", "explicit") if slope else ""
        state[variable] = Quantity(number(owner, f"init of {variable}", known.get("init", "0")))
        read.append(Equation(variable, value, method, known.get("min", ""), known.get("max", "")))
    return tuple(read), state


def options(
    owner: str, line: str, flags: str, values: tuple[str, ...], methods: tuple[str, ...] = ()
) -> dict[str, str]:
    """Read what follows a colon: ``name=value`` of these names, or one of the methods."""
    found = {}
    for flag in filter(None, map(str.strip, flags.split(","))):
        name, equals, value = (part.strip() for part in flag.partition("="))
        if equals and name in values:
            found[name] = value
        elif flag in methods:
            found["method"] = flag
        elif flag not in SCOPES:
            known = ", ".join([*(f"{v}=" for v in values), *methods])
            raise ValueError(f"{owner}: {flag!r} in {line!r} is not understood; expected {known}")
    return found


def check_own(owner: str, names: Iterable[str], taken: Iterable[str]) -> None:
    """Raise ValueError if parameters or variables cannot have these names."""
    taken = FUNCTIONS | NOISE | {"t", "dt"} | frozenset(taken)
    clash = sorted(n for n in names if n in taken or not n.isidentifier() or keyword.iskeyword(n))
    if clash:
        raise ValueError(f"{owner}: {', '.join(clash)} cannot be the name of a parameter or a variable")


def check_names(owner: str, expression: str, names: frozenset[str]) -> None:
    """Raise ValueError for what is no expression, or uses names that nobody knows."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        raise ValueError(f"{owner}: {expression!r} is not understood") from None
    if any(isinstance(node, ast.Attribute | ast.Subscript) for node in ast.walk(tree)):
        raise ValueError(f"{owner}: {expression!r} is not understood: it can name variables only")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if noise := used & NOISE:
        raise ValueError(
            f"{owner}: {', '.join(sorted(noise))} in {expression!r}: noise in equations is drawn for neurons "
            "only, as Normal(mean, sd) or Uniform(low, high) on the right of an equation"
        )
    unknown = used - names - FUNCTIONS - {"t", "dt"}
    if unknown:
        raise ValueError(f"{owner}: {', '.join(sorted(unknown))} in {expression!r} is not known")
    for node in ast.walk(tree.body):
        if not _is_arithmetic(node):
            raise ValueError(
                f"{owner}: {ast.unparse(node)!r} in {expression!r} is not understood; expected arithmetic, "
                "functions such as exp(v), and conditions such as v > 1, combined by and, or, not"
            )


def _is_arithmetic(node: ast.AST) -> bool:
    """Whether every simulator understands this part of an expression."""
    match node:
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return isinstance(op, _OPERATORS)
        case ast.Compare(ops=ops):
            return len(ops) == 1 and isinstance(ops[0], _COMPARISONS)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return name in FUNCTIONS and len(args) == (3 if name == "clip" else 1)
        case ast.Constant(value=value):
            return isinstance(value, (int, float))
    return not isinstance(node, ast.expr) or isinstance(node, (ast.BoolOp, ast.Name))
