"""What a synapse of one's own does: equations, and statements at spikes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workers.network.linear import names_of, slope_of
from workers.network.lines import Equation, check_names, lines, options

AT_SPIKES = "event-driven"
SENT = "g_target"
SIDE = re.compile(r"(?<![\w.])(pre|post)\s*\.\s*([A-Za-z_]\w*)")
_CALLED = re.compile(r"\b(pre|post)\s*\.\s*\w+\s*[.(]")
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

    @property
    def expressions(self) -> tuple[str, ...]:
        """All that it has to compute."""
        return self.right, self.least or "0", self.most or "0"


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
        parts: list[Equation | Statement] = [*self.lines, *self.pre_spike, *self.post_spike]
        return [expression for part in parts for expression in part.expressions]


def named_in(parts: Iterable[Equation | Statement]) -> set[tuple[str, str]]:
    """Name what is asked of neurons: the side, and the variable there."""
    return {(side, name) for part in parts for e in part.expressions for side, name in SIDE.findall(e)}


def statements(owner: str, when: str, text: str, changed: frozenset[str]) -> tuple[Statement, ...]:
    """Read what happens at a spike; `changed` is what can change."""
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


def check_event_driven(owner: str, made: SynapseEquations) -> None:
    """Raise ValueError if what is to be known at spikes only cannot be, or is needed before."""
    lazy = [line for line in made.lines if line.method == AT_SPIKES]
    known = frozenset(made.parameters) | {"exp", "log", "sqrt"}
    for line in lazy:
        if line.least or line.most or line.name == "w":
            raise ValueError(f"{owner}: {line.name} is event-driven: it can have no bounds, nor be w")
        others = names_of(SIDE.sub(r"\1.\2", line.right)) - known - {line.name}
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
            if stale := names_of(SIDE.sub("0", expression)) & lazy:
                raise ValueError(
                    f"{owner}: {line.name} needs {', '.join(sorted(stale))} in each step, but event-driven "
                    "variables are known at spikes only"
                )


def check_expressions(owner: str, made: SynapseEquations, names: frozenset[str]) -> None:
    """Raise ValueError for what is no expression, or uses names that nobody knows."""
    for expression in made.expressions:
        if called := _CALLED.search(expression):
            raise ValueError(f"{owner}: {called[0]!r} in {expression!r}: only variables can be read")
        check_names(owner, SIDE.sub("0", expression), names)
