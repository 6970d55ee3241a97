"""Models of one's own, from equations to the update of one step."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from workers.instance import Cells, Floats
from workers.network.equations import CONDUCTANCES, Equations
from workers.network.lines import Equation
from workers.network.noise import PREFIX, Noise, taken_out
from workers.simulators.updates.model import Model, Receptor, Values

_NAMES = {
    "exp": "exponential",
    "dt": "step_length",
    "t": "((t_in_timesteps - 1)*step_length)",
    "i_offset": "current",  # with what is injected
}


@cache
def model(equations: Equations) -> Model:
    """Make a model of equations."""
    bare = [g for g in CONDUCTANCES if g not in equations.variables]
    lines, drawn = _without_noise(equations)
    slopes = [line for line in lines if line.method]
    code = ["free = 1.0*int(left <= 0.0)", *map(_draw, drawn), *(stepped(line) for line in slopes)]
    code += [f"{line.name} = {_kept(line, f'next_{line.name}')}" for line in slopes]
    code += [f"{line.name} = {_kept(line, line.right)}" for line in lines if not line.method]
    code += [bound for line in lines for bound in bounds(line)]
    code += ["left = left - int(left > 0.0)", *(f"{g} = 0.0*{g}" for g in bare)]
    return Model(
        variables=(*equations.variables, *bare, "free"),
        coefficients=_coefficients,
        update=ours("\n".join(code)),
        threshold=ours(f"free > 0.0 and ({equations.spike})"),
        reset=ours(f"{equations.reset}\nleft = hold"),
        receptors={"exc": Receptor("g_exc"), "inh": Receptor("g_inh")},
        hold=_hold(equations.refractory),
        draws=len(drawn),
    )


def _without_noise(equations: Equations) -> tuple[list[Equation], list[Noise]]:
    lines: list[Equation] = []
    drawn: list[Noise] = []
    for line in equations.lines:
        right, found = taken_out(line.right, len(drawn))
        lines.append(replace(line, right=right))
        drawn += found
    return lines, drawn


def _draw(noise: Noise) -> str:
    word = noise.name.replace(PREFIX, f"{PREFIX}word_")
    u = f"uniform_of(drawn_key_0, drawn_key_1, drawn_key_2, {word}, drawn_rank, t_in_timesteps)"
    if noise.kind == "Normal":
        return f"{noise.name} = ({noise.first}) + ({noise.second})*normal_of({u})"
    return f"{noise.name} = ({noise.first}) + (({noise.second}) - ({noise.first}))*{u}"


def noise_words(cells: Cells, draws: int) -> dict[str, NDArray[np.uint32]]:
    """What noise is drawn from besides the step: the key's words, the last one another for each draw."""
    if not draws:
        return {}
    assert cells.keys is not None
    assert cells.ranks is not None
    *three, last = cells.keys.T
    words = {f"{PREFIX}key_{i}": word for i, word in enumerate(three)} | {f"{PREFIX}rank": cells.ranks}
    words |= {f"{PREFIX}word_{i}": last + i for i in range(draws)}
    return {name: word.astype(np.uint32) for name, word in words.items()}


def _coefficients(p: Values, dt: float) -> dict[str, Floats]:
    size = len(next(iter(p.values()), np.empty(1)))
    return {**p, "step_length": np.full(size, dt)}


def _hold(refractory: float | str) -> Callable[[Values], Floats]:
    def hold(p: Values) -> Floats:
        return p[refractory] if isinstance(refractory, str) else np.full(1, refractory)

    return hold


def stepped(line: Equation) -> str:
    """Return code that computes the value after a step, as next_NAME."""
    name, slope = line.name, f"({line.right})"
    if line.method == "midpoint":
        middle = f"({name} + 0.5*step_length*{slope})"
        slope = "(" + re.sub(rf"\b{name}\b", lambda _: middle, line.right) + ")"
    if line.method == "exponential":
        slope = f"{slope}*fading(-({_derivative(line)})*step_length)"
    return f"next_{name} = {name} + step_length*{slope}"


def _kept(line: Equation, new: str) -> str:
    """While it is refractory a neuron keeps its values."""
    return new if line.name in CONDUCTANCES else f"free*({new}) + (1.0 - free)*{line.name}"


def bounds(line: Equation) -> list[str]:
    """Return code that keeps a variable between its bounds, if it has any."""
    if not (line.least or line.most):
        return []
    return [f"{line.name} = clip({line.name}, {line.least or '-1e300'}, {line.most or '1e300'})"]


def _derivative(line: Equation) -> str:
    """The derivative of the right side by the variable itself."""
    import sympy  # type: ignore[import-untyped]  # comes with Brian2, and takes a while

    words = set(re.findall(r"[A-Za-z_]\w*", line.right)) - {"exp", "log", "sqrt", "sin", "cos", "tan", "tanh"}
    try:
        right = sympy.sympify(line.right, locals={word: sympy.Symbol(word) for word in words})
        return str(sympy.diff(right, sympy.Symbol(line.name)))
    except (TypeError, sympy.SympifyError):
        raise ValueError(f"{line.right!r} cannot be integrated with 'exponential'; take 'midpoint'") from None


def ours(code: str) -> str:
    """Replace names by those of our code."""
    return re.sub(r"\b(exp|dt|t|i_offset)\b", lambda found: _NAMES[found[0]], code)
