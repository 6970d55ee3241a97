"""Synapses of one's own, written as equations in ANNarchy's manner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from workers.network.equations import EquationModel
from workers.network.linear import names_of, slope_of
from workers.network.lines import (
    METHODS,
    Equation,
    check_names,
    check_own,
    equations_of,
    lines,
    options,
    parameters_of,
)
from workers.network.models import Model, Quantity
from workers.network.synapses import SynapseType

AT_SPIKES = "event-driven"
SENT = "g_target"
_SIDE = re.compile(r"(?<![\w.])(pre|post)\s*\.\s*([A-Za-z_]\w*)")
_CALLED = re.compile(r"\b(pre|post)\s*\.\s*\w+\s*[.(]")
_BEGUN = re.compile(r"(?:[^=]*\bd)?w\b[^=]*=.*\binit\b")
_STATEMENT = re.compile(r"([A-Za-z_]\w*)\s*([-+*/]?)=(?!=)(.*)")


@dataclass(frozen=True)
class Statement:
    """What happens at a spike: a variable gets a new value, or the target gets something.

    Attributes
    ----------
    name : str
        The variable, or "g_target".
    right : str
        The new value, or what is added to the receptor's variable.
    least, most : str
        The bounds of the new value; empty where there is none.
    """

    name: str
    right: str
    least: str = ""
    most: str = ""


@dataclass(frozen=True)
class SynapseEquations:
    """A synapse of one's own: all that a simulator needs of it besides values."""

    parameters: tuple[str, ...]
    lines: tuple[Equation, ...]
    pre_spike: tuple[Statement, ...]
    post_spike: tuple[Statement, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, without the weight w."""
        found = [line.name for line in self.lines if line.name != "w"]
        return tuple(found)

    @property
    def expressions(self) -> list[str]:
        """All that is to be computed."""
        parts = [p for line in self.lines for p in line.expressions]
        spikes = (*self.pre_spike, *self.post_spike)
        return parts + [p for s in spikes for p in (s.right, s.least or "0", s.most or "0")]


class EquationSynapse(SynapseType):
    """A synapse of one's own, made by `Synapse`."""

    equations: ClassVar[SynapseEquations]
    given: ClassVar[dict[str, Any]]  # to `Synapse`

    @classmethod
    def kind(cls) -> str:
        """Return what simulators know it by: whatever its equations are."""
        return "Synapse"

    @classmethod
    def check_ends(cls, pre: type[Model], post: type[Model]) -> None:
        """Raise ValueError if the populations lack a variable that is asked of them."""
        sides = {"pre": pre, "post": post}
        for expression in cls.equations.expressions:
            for side, variable in _SIDE.findall(expression):
                known = _readable(sides[side])
                if variable not in known:
                    has = ", ".join(known) or "nothing to be read"
                    raise ValueError(
                        f"{cls.__name__}: {side}.{variable} in {expression!r}: "
                        f"{sides[side].__name__} has {has}"
                    )


def _readable(model: type[Model]) -> list[str]:
    own = issubclass(model, EquationModel)
    return [*model.recordable, *(n for n in model.parameters if own and n != "i_offset")]


def Synapse(  # noqa: N802 - a model, as people know it
    parameters: str = "",
    equations: str = "",
    pre_spike: str = "g_target += w",
    post_spike: str = "",
    name: str = "Synapse",
) -> type[EquationSynapse]:
    """Make a kind of synapse from equations; it runs on Brian2.

    ::

        STDP = Synapse(
            parameters="tau_plus = 20.0; tau_minus = 20.0; A_plus = 0.01; A_minus = 0.01; w_max = 1.0",
            equations='''
                tau_plus * dx/dt = -x : event-driven
                tau_minus * dy/dt = -y : event-driven
            ''',
            pre_spike='''
                g_target += w
                x += A_plus * w_max
                w -= y : min=0.0
            ''',
            post_spike='''
                y += A_minus * w_max
                w += x : max=w_max
            ''',
        )
        proj = Projection(pop1, pop2, "exc", synapse=STDP(w_max=0.5))

    The delay of a synapse lies before it, as ANNarchy's does: `pre_spike` runs when all of it has passed, and
    `post_spike` at once when the target fires. (`AdditiveSTDP` and `MultiplicativeSTDP` have theirs behind
    the synapse.) If both happen in one step, `pre_spike` is first.

    Parameters
    ----------
    parameters : str
        A line ``name = value`` for each. Like the variables' initial values all can be set for each network
        and synapse, as in ``STDP(tau_plus=Normal(20.0, 2.0), x=0.5)``.
    equations : str
        A line for each variable: ``dx/dt = ...`` or ``tau * dx/dt = ...``, or the new value in each step,
        ``x = ...``. After a colon may follow ``init=``, and how it is integrated: ``event-driven``, which is
        exact and costs nothing between spikes, where the equation is linear in its variable and knows but
        parameters besides; or in each step, before the neurons: ``explicit`` (if nothing is said),
        ``exponential`` or ``midpoint``, where ``min=`` and ``max=`` may be given too. In ms.
    pre_spike : str
        What happens at a spike of the source, line after line: ``g_target += ...`` gives the target a weight
        (that of "inh" is subtracted), all others such as ``x *= 1 - U`` or ``w = clip(w + x, 0, w_max)``
        change variables or the weight w; ``min=`` and ``max=`` may follow after a colon.
    post_spike : str
        What happens at a spike of the target.
    name : str

    Notes
    -----
    ``pre.v`` and ``post.v`` read what a Monitor could record of a population, or a parameter of a `Neuron`:
    of a neuron that fires, before its reset. Neither can be changed.

    Raises
    ------
    ValueError
        If something is not understood: the message says what.
    """
    given = {
        "parameters": parameters,
        "equations": equations,
        "pre_spike": pre_spike,
        "post_spike": post_spike,
        "name": name,
    }
    known = parameters_of(name, parameters)
    read, state = equations_of(name, equations, (*METHODS, AT_SPIKES))
    _check_weight(name, equations, state)
    check_own(name, [*known, *state], {"w", "pre", "post", SENT} | (frozenset(known) & frozenset(state)))
    variables = frozenset(state) | {"w"}
    made = SynapseEquations(
        tuple(known),
        read,
        _statements(name, "pre_spike", pre_spike, variables | {SENT}),
        _statements(name, "post_spike", post_spike, variables),
    )
    if not made.pre_spike:
        raise ValueError(f"{name}: pre_spike says nothing; expected lines such as 'g_target += w'")
    for expression in made.expressions:
        if called := _CALLED.search(expression):
            raise ValueError(f"{name}: {called[0]!r} in {expression!r}: only variables can be read")
        check_names(name, _SIDE.sub("0", expression), variables | frozenset(known))
    _check_event_driven(name, made)
    body = {"parameters": known | state, "equations": made, "given": given}
    return type(name, (EquationSynapse,), {**body, "__module__": __name__, "__doc__": equations})


def _check_weight(owner: str, equations: str, state: dict[str, Quantity]) -> None:
    """The weight may have an equation, but no initial value: that is the connection's."""
    if state.pop("w", None) and any(_BEGUN.match(line) for line in lines(equations)):
        raise ValueError(f"{owner}: w starts with the weights of the connections; it takes no init=")


def _statements(owner: str, when: str, text: str, changed: frozenset[str]) -> tuple[Statement, ...]:
    return tuple(_statement(owner, when, line, changed) for line in lines(text))


def _statement(owner: str, when: str, line: str, changed: frozenset[str]) -> Statement:
    body, _, flags = line.partition(":")
    found = _STATEMENT.fullmatch(body.strip())
    if found is None:
        raise ValueError(f"{owner}: {line!r} in {when} is not understood; expected lines such as 'x += 1'")
    name, operator, right = found[1], found[2], found[3].strip()
    if name not in changed:
        raise ValueError(f"{owner}: {when} cannot change {name}; it can: {', '.join(sorted(changed))}")
    bounds = options(owner, line, flags, ("min", "max"))
    if name != SENT:
        value = f"{name} {operator} ({right})" if operator else right
        return Statement(name, value, bounds.get("min", ""), bounds.get("max", ""))
    if operator != "+" or bounds:
        raise ValueError(f"{owner}: {line!r}; expected 'g_target += ...': its sign is the receptor's")
    return Statement(name, right)


def _check_event_driven(owner: str, made: SynapseEquations) -> None:
    lazy = [line for line in made.lines if line.method == AT_SPIKES]
    known = frozenset(made.parameters) | {"exp", "log", "sqrt"}
    for line in lazy:
        if line.least or line.most or line.name == "w":
            raise ValueError(f"{owner}: {line.name} is event-driven: it can have no bounds, nor be w")
        others = names_of(_SIDE.sub(r"\1.\2", line.right)) - known - {line.name}
        if others:
            raise ValueError(
                f"{owner}: {line.name} is event-driven, and can know parameters only, not "
                f"{', '.join(sorted(others))}; take 'explicit' or 'exponential'"
            )
        try:
            slope_of(line.right, line.name)
        except ValueError as error:
            raise ValueError(f"{owner}: {line.name} cannot be event-driven: {error}") from None
    _check_fresh(owner, [line for line in made.lines if line not in lazy], frozenset(e.name for e in lazy))


def _check_fresh(owner: str, each_step: Sequence[Equation], lazy: frozenset[str]) -> None:
    for line in each_step:
        for expression in line.expressions:
            if stale := names_of(_SIDE.sub("0", expression)) & lazy:
                raise ValueError(
                    f"{owner}: {line.name} needs {', '.join(sorted(stale))} in each step, but event-driven "
                    "variables are known at spikes only"
                )
