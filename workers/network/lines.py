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
    bare = (line.split("#")[0].strip() for line in re.split(r"[\n;]", text))
    return [line.replace("^", "**") for line in bare if line]


def assignment(line: str) -> tuple[str, str]:
    """Divide ``name = value : flags``, and drop flags that say nothing here."""
    left, _, right = line.partition("=")
    value, _, flags = right.partition(":")
    if not right or flags.strip() not in SCOPES:
        raise ValueError(f"{line!r} is not understood; expected name = value")
    return left.rstrip("+-*/ ").strip(), value.strip()


def parameters_of(owner: str, text: str) -> dict[str, Quantity]:
    """Read lines of ``name = number``."""
    known: dict[str, Quantity] = {}
    for name, value in map(assignment, lines(text)):
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
