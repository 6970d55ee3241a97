"""Synapses of one's own, written as equations in ANNarchy's manner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from workers.network.equations import EquationModel
from workers.network.lines import METHODS, check_own, equations_of, lines, parameters_of
from workers.network.models import Model, Quantity
from workers.network.synapse_lines import (
    AT_SPIKES,
    SENT,
    SIDE,
    SynapseEquations,
    check_event_driven,
    check_expressions,
    named_in,
    statements,
)
from workers.network.synapses import SynapseType

if TYPE_CHECKING:
    from workers.network.projection import Projection

_BEGUN = re.compile(r"(?:[^=]*\bd)?w\b[^=]*=.*\binit\b")


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
            for side, variable in SIDE.findall(expression):
                known = _readable(sides[side])
                if variable not in known:
                    has = ", ".join(known) or "nothing to be read"
                    raise ValueError(
                        f"{cls.__name__}: {side}.{variable} in {expression!r}: "
                        f"{sides[side].__name__} has {has}"
                    )


def reads_at_arrival(projection: Projection) -> bool:
    """Whether what happens when a spike arrives depends on what neurons are like by then."""
    if not issubclass(kind := type(projection.synapse), EquationSynapse):
        return False
    sides = {"pre": projection.pre.model, "post": projection.post.model}
    asked = named_in(kind.equations.pre_spike)
    return any(variable in sides[side].recordable for side, variable in asked)


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
    """Make a kind of synapse from equations; it runs on Brian2 and GeNN.

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
    of a neuron that fires, before its reset. Neither can be changed. GeNN refuses a `pre_spike` that reads
    such a variable (a parameter it may): it hands spikes on before neurons are updated, not after.
    Expressions are those of `Neuron`.

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
        statements(name, "pre_spike", pre_spike, variables | {SENT}),
        statements(name, "post_spike", post_spike, variables),
    )
    if not made.pre_spike:
        raise ValueError(f"{name}: pre_spike says nothing; expected lines such as 'g_target += w'")
    check_expressions(name, made, variables | frozenset(known))
    check_event_driven(name, made)
    body = {"parameters": known | state, "equations": made, "given": given}
    return type(name, (EquationSynapse,), {**body, "__module__": __name__, "__doc__": equations})


def _check_weight(owner: str, equations: str, state: dict[str, Quantity]) -> None:
    """The weight may have an equation, but no initial value: that is the connection's."""
    if state.pop("w", None) and any(_BEGUN.match(line) for line in lines(equations)):
        raise ValueError(f"{owner}: w starts with the weights of the connections; it takes no init=")
