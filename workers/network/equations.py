"""Models of one's own, written as equations in ANNarchy's manner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar

from workers.network.lines import (
    Equation,
    assignments,
    check_names,
    check_own,
    equations_of,
    lines,
    parameters_of,
)
from workers.network.models import Model
from workers.network.noise import PREFIX, taken_out

CONDUCTANCES = ("g_exc", "g_inh")
OURS = frozenset(
    {"crossed", "current", "exponential", "fading", "free", "hold", "i", "in_exc", "in_inh", "j", "left", "N"}
    | {"parts", "step_length", "xi"}
)
_OF_C = (
    "auto bool case char const default do double enum extern false float goto inline long register scalar "
    "short signed sizeof static struct switch true typedef union unsigned void volatile"
)


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

    @property
    def noisy(self) -> bool:
        """Whether anything is drawn in each step."""
        return any(taken_out(line.right)[1] for line in self.lines)


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
    """Make a model of a spiking neuron from equations; it runs on Brian2 and GeNN.

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
        i_offset. ``Normal(mean, sd)`` and ``Uniform(low, high)`` are drawn anew in each step and neuron from
        the network's key: split runs and fused networks draw the same.
    spike : str
        The condition at which it fires.
    reset : str
        What happens then: lines such as ``v = 0`` or ``u += d``.
    refractory : float or str
        For how many ms all equations but those of g_exc and g_inh stand still then; or a parameter's name.
    name : str

    Notes
    -----
    Expressions are of + - * / and ** or ^, of comparisons such as ``v > 1``, combined by and, or, not, and of
    exp, log, sqrt, abs, sin, cos, tan, tanh, floor, int and clip(x, low, high). t and dt are in ms.

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
    known = parameters_of(name, parameters)
    read, state = equations_of(name, equations)
    names = frozenset(known) | frozenset(state) | frozenset(CONDUCTANCES)
    reserved = OURS | {*_OF_C.split()} | {n for n in names if n.startswith(PREFIX)}
    check_own(name, names, reserved | (frozenset(known) & frozenset(state)))
    _check_refractory(name, refractory, known)
    made = Equations(read, _condition(name, spike), _reset(name, reset, names), refractory)
    for line in read:
        _check_line(name, line, names)
    for expression in [made.spike, *(r for _, r in assignments(name, reset))]:
        check_names(name, expression, names)
    recordable = dict.fromkeys([*state, *CONDUCTANCES], "")
    body = {"parameters": known, "state": state, "recordable": recordable, "equations": made, "given": given}
    return type(name, (EquationModel,), {**body, "__module__": __name__, "__doc__": equations})


def _check_line(owner: str, line: Equation, names: frozenset[str]) -> None:
    right, *bounds = line.expressions
    try:
        right, drawn = taken_out(right)
    except SyntaxError:
        drawn = []  # which is said below
    except ValueError as error:
        raise ValueError(f"{owner}: {error}") from None
    check_names(owner, right, names | {noise.name for noise in drawn})
    for expression in [*bounds, *(n.first for n in drawn), *(n.second for n in drawn)]:
        check_names(owner, expression, names)


def _condition(owner: str, spike: str) -> str:
    found = lines(spike)
    if len(found) != 1:
        raise ValueError(f"{owner}: spike={spike!r}; expected one condition, such as 'v > 1'")
    return found[0]


def _check_refractory(owner: str, given: float | str, known: Iterable[str]) -> None:
    if isinstance(given, str) and given not in known:
        raise ValueError(f"{owner}: refractory={given!r} is none of the parameters")
    if not isinstance(given, str) and not 0 <= given < inf:
        raise ValueError(f"{owner}: refractory={given!r}; expected a time of at least 0 ms")


def _reset(owner: str, reset: str, names: frozenset[str]) -> str:
    for name, _ in assignments(owner, reset):
        if name not in names:
            raise ValueError(
                f"{owner}: reset={reset!r} cannot change {name}; it can: {', '.join(sorted(names))}"
            )
    return "\n".join(lines(reset))
