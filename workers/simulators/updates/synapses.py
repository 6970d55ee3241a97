"""The kinds of synapses that Brian2 and GeNN run, as code for a spike of either side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.instance import Floats

_LONG_AGO = -1e15  # steps
_AT_ONCE = 1e9  # per step


@dataclass(frozen=True)
class Kind:
    """One kind of synapse.

    Attributes
    ----------
    coefficients : function
        From its parameters and dt to all that the code uses and that does not change.
    state : dict of str to str or float
        What changes besides the weight w: the value at the start, or the coefficient that has it.
    before, after : str
        Code that runs when a spike comes from the source, and from the target.
    sent : str
        The weight that the source's spike then has.
    """

    coefficients: Callable[[dict[str, Floats], float], dict[str, Floats]]
    state: dict[str, str | float]
    before: str
    after: str
    sent: str


_STATIC = Kind(lambda p, dt: {}, {}, "", "", "w")


def _tsodyks_markram(p: dict[str, Floats], dt: float) -> dict[str, Floats]:
    facil = p["tau_facil"]
    forget = np.where(facil > 0, dt / np.where(facil > 0, facil, 1.0), _AT_ONCE)
    return {"U": p["U"], "recover": dt / p["tau_rec"], "forget": forget}


# NEST's tsodyks2_synapse.
_TSODYKS_MARKRAM = Kind(
    _tsodyks_markram,
    {"x": 1.0, "u": "U", "last": _LONG_AGO},
    """
        x = 1.0 + (x - x*u - 1.0)*exponential((last - t_in_timesteps)*recover)
        u = U + u*(1.0 - U)*exponential((last - t_in_timesteps)*forget)
        last = t_in_timesteps
    """,
    "",
    "w*u*x",
)


def _pairs(p: dict[str, Floats], dt: float) -> dict[str, Floats]:
    own = {name: p[name] for name in ("A_plus", "A_minus", "w_max")}
    return own | {"fade_plus": dt / p["tau_plus"], "fade_minus": dt / p["tau_minus"]}


def _stdp(up: str, down: str) -> Kind:
    """NEST's stdp_synapse: of two spikes at the same time neither sees the other."""
    return Kind(
        _pairs,
        {"plus": 0.0, "minus": 0.0, "sent_at": _LONG_AGO, "told_at": _LONG_AGO},
        f"""
            seen = minus*exponential((told_at - t_in_timesteps)*fade_minus) - int(told_at == t_in_timesteps)
            w = clip(w - A_minus*{down}*seen, 0.0, inf)
            plus = plus*exponential((sent_at - t_in_timesteps)*fade_plus) + 1.0
            sent_at = t_in_timesteps
        """,
        f"""
            w = clip(w + A_plus*{up}*plus*exponential((sent_at - t_in_timesteps)*fade_plus), 0.0, w_max)
            minus = minus*exponential((told_at - t_in_timesteps)*fade_minus) + 1.0
            told_at = t_in_timesteps
        """,
        "w",
    )


KINDS = {
    "StaticSynapse": _STATIC,
    "TsodyksMarkramSynapse": _TSODYKS_MARKRAM,
    "AdditiveSTDP": _stdp("w_max", "w_max"),
    "MultiplicativeSTDP": _stdp("(w_max - w)", "w"),
}
