"""Models of one's own, written as equations in ANNarchy's manner."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from workers.network.models import Model, Quantity

FUNCTIONS = frozenset({"exp", "log", "sqrt", "abs", "sin", "cos", "tan", "tanh", "floor", "clip", "int"})
CONDUCTANCES = ("g_exc", "g_inh")
METHODS = ("explicit", "exponential", "midpoint")
OURS = frozenset(
    {"current", "exponential", "fading", "free", "hold", "i", "j", "left", "N", "parts", "step_length", "xi"}
)
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


@dataclass(frozen=True)
class Equations:
    """A model of one's own: all that a simulator needs of it besides values."""

    lines: tuple[Equation, ...]
    spike: str
    reset: str
    refractory: float | str

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, without g_exc and g_inh that have no equation."""
        return tuple(line.name for line in self.lines)


class EquationModel(Model):
    """A model of one's own, made by `Neuron`."""

    equations: ClassVar[Equations]
    given: ClassVar[dict[str, Any]]  # to `Neuron`


def Neuron(  # noqa: N802 - a model, as people know it
    parameters: str = "",
    equations: str = "",
    spike: str = "",
    reset: str = "",
    refractory: float | str = 0.0,
    name: str = "Neuron",
) -> type[EquationModel]:
    """Make a model of a spiking neuron from equations; it runs on Brian2.

    ::

        LIF = Neuron(
            parameters="tau = 10.0",
            equations="tau * dv/dt = -v + g_exc - g_inh : init = 0.0",
            spike="v > 1",
            reset="v = 0",
            refractory=2.0,
        )
        pop = Population(100, LIF(tau=20.0))

    Parameters
    ----------
    parameters : str
        A line ``name = value`` for each. All can be set for each network and neuron.
    equations : str
        A line for each variable: its derivative, ``dv/dt = ...`` or ``tau * dv/dt = ...``, or its new value
        in each step, ``x = ...``. After a colon may follow ``init=``, ``min=``, ``max=``, and how it is
        integrated: ``explicit`` (Euler, if nothing is said), ``exponential`` (exact where the equation is
        linear in its variable) or ``midpoint``. All derivatives are taken of the values before the step. In
        ms. g_exc and g_inh are the sums of the weights that arrived: for one step, or with an equation of
        their own, such as ``tau * dg_exc/dt = -g_exc``, from then on. Injected currents add to a parameter
        i_offset.
    spike : str
        The condition at which it fires.
    reset : str
        What happens then: lines such as ``v = 0`` or ``u += d``.
    refractory : float or str
        For how many ms all equations but those of g_exc and g_inh stand still then; or a parameter's name.
    name : str

    Raises
    ------
    ValueError
        If something is not understood: the message says what.
    """
    given = {
        "parameters": parameters,
        "equations": equations,
        "spike": spike,
        "reset": reset,
        "refractory": refractory,
        "name": name,
    }
    known = {n: Quantity(_number(name, n, v)) for n, v in map(_assignment, _lines(parameters))}
    lines, state = _equations(name, equations)
    names = frozenset(known) | frozenset(state) | frozenset(CONDUCTANCES)
    clash = sorted((frozenset(known) & frozenset(state)) | (names & (OURS | FUNCTIONS | {"t", "dt"})))
    if clash:
        raise ValueError(f"{name}: {', '.join(clash)} cannot be the name of a parameter or a variable")
    if isinstance(refractory, str) and refractory not in known:
        raise ValueError(f"{name}: refractory={refractory!r} is none of the parameters")
    made = Equations(lines, _condition(name, spike), _reset(name, reset), refractory)
    expressions = [part for line in lines for part in (line.right, line.least or "0", line.most or "0")]
    for expression in [*expressions, made.spike, *(r for _, r in map(_assignment, _lines(reset)))]:
        _check_names(name, expression, names)
    recordable = dict.fromkeys([*state, *CONDUCTANCES], "")
    body = {"parameters": known, "state": state, "recordable": recordable, "equations": made, "given": given}
    return type(name, (EquationModel,), {**body, "__module__": __name__, "__doc__": equations})


def _lines(text: str) -> list[str]:
    """Return the lines that say something, without comments."""
    bare = (line.split("#")[0].strip() for line in re.split(r"[\n;]", text))
    return [line.replace("^", "**") for line in bare if line]


def _assignment(line: str) -> tuple[str, str]:
    """Divide ``name = value : flags``, and drop flags that say nothing here."""
    left, _, right = line.partition("=")
    value, _, flags = right.partition(":")
    if not right or flags.strip() not in {"", "population"}:
        raise ValueError(f"{line!r} is not understood; expected name = value")
    return left.rstrip("+-*/ ").strip(), value.strip()


def _number(owner: str, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{owner}: {name} = {text}; expected a number") from None


def _equations(owner: str, text: str) -> tuple[tuple[Equation, ...], dict[str, Quantity]]:
    lines, state = [], {}
    for given in _lines(text):
        body, _, flags = given.partition(":")
        left, equals, right = body.partition("=")
        slope = _SLOPE.fullmatch(left.strip())
        variable = slope["name"] if slope else left.strip()
        if not equals or not variable.isidentifier() or variable in state:
            raise ValueError(f"{owner}: the equation {given!r} is not understood")
        options = _options(owner, given, flags)
        factor = slope["factor"] if slope else None
        value = f"({right.strip()})/({factor.strip()})" if factor else right.strip()
        method = options.pop("method", "explicit") if slope else ""
        state[variable] = Quantity(_number(owner, f"init of {variable}", options.pop("init", "0")))
        lines.append(Equation(variable, value, method, options.get("min", ""), options.get("max", "")))
    return tuple(lines), state


def _options(owner: str, line: str, flags: str) -> dict[str, str]:
    options = {}
    for flag in filter(None, map(str.strip, flags.split(","))):
        name, equals, value = (part.strip() for part in flag.partition("="))
        if equals and name in {"init", "min", "max"}:
            options[name] = value
        elif flag in METHODS:
            options["method"] = flag
        elif flag != "population":
            raise ValueError(
                f"{owner}: {flag!r} in {line!r} is not understood; "
                f"expected init=, min=, max= or one of {', '.join(METHODS)}"
            )
    return options


def _condition(owner: str, spike: str) -> str:
    lines = _lines(spike)
    if len(lines) != 1:
        raise ValueError(f"{owner}: spike={spike!r}; expected one condition, such as 'v > 1'")
    return lines[0]


def _reset(owner: str, reset: str) -> str:
    for name, _ in map(_assignment, _lines(reset)):
        if not name.isidentifier():
            raise ValueError(f"{owner}: reset={reset!r}; expected lines such as 'v = 0'")
    return "\n".join(_lines(reset))


def _check_names(owner: str, expression: str, names: frozenset[str]) -> None:
    """Raise ValueError for what is no expression, or uses names that nobody knows."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        raise ValueError(f"{owner}: {expression!r} is not understood") from None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    noise = used & {"Normal", "Uniform", "xi", "DiscreteUniform", "LogNormal", "Exponential", "Gamma"}
    if noise:
        raise ValueError(
            f"{owner}: {', '.join(sorted(noise))} in {expression!r}: noise in equations is not drawn yet; "
            "give the population a PoissonInput"
        )
    unknown = used - names - FUNCTIONS - {"t", "dt"}
    if unknown:
        raise ValueError(f"{owner}: {', '.join(sorted(unknown))} in {expression!r} is not known")
