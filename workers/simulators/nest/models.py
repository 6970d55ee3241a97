"""What NEST calls our models of neurons: names, and units (pF, pA, nS where PyNN has nF, nA, uS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.instance import Floats

Names = dict[str, tuple[str, float]]  # ours -> NEST's name, and the factor to NEST's unit


@dataclass(frozen=True)
class Translation:
    """How a model is called in NEST.

    Attributes
    ----------
    model : str
        NEST's name.
    names, recorded : dict
        NEST's names of parameters and state, and of what is recorded.
    weight : float
        The factor to NEST's unit.
    fixed : dict
        What is set besides, in NEST's names.
    shadowed : dict of str to (receptor, time constant, factor)
        What NEST does not tell before the next step is done: synaptic variables that decay exponentially.
        The V_m of a neuron (`SHADOW`) that decays with the same time constant and jumps by each weight is the
        same variable, and can be asked for at any time.
    """

    model: str
    names: Names
    recorded: Names
    weight: float = 1000.0
    fixed: dict[str, Any] = field(default_factory=dict)
    shadowed: dict[str, tuple[str, str, float]] = field(default_factory=dict)


SHADOW = {"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1e300}  # of iaf_psc_delta

_INPUT: Names = {"i_offset": ("I_e", 1000.0), "v": ("V_m", 1.0)}
_DELTA: Names = {
    **_INPUT,
    "v_rest": ("E_L", 1.0),
    "v_reset": ("V_reset", 1.0),
    "v_thresh": ("V_th", 1.0),
    "cm": ("C_m", 1000.0),
    "tau_refrac": ("t_ref", 1.0),
}
_TAUS: Names = {"tau_syn_E": ("tau_syn_ex", 1.0), "tau_syn_I": ("tau_syn_in", 1.0)}
_REVERSALS: Names = {"e_rev_E": ("E_ex", 1.0), "e_rev_I": ("E_in", 1.0)}
_CURRENT: Names = {**_DELTA, **_TAUS, "tau_m": ("tau_m", 1.0)}
_CONDUCTANCE: Names = {**_DELTA, **_TAUS, **_REVERSALS, "g_leak": ("g_L", 1000.0)}
_V: Names = {"v": ("V_m", 1.0)}
_V_G: Names = {**_V, "gsyn_exc": ("g_ex", 1000.0), "gsyn_inh": ("g_in", 1000.0)}
_GATES: Names = {"m": ("Act_m", 1.0), "h": ("Inact_h", 1.0), "n": ("Act_n", 1.0)}

MODELS = {
    "IF_curr_exp": Translation(
        "iaf_psc_exp",
        _CURRENT,
        _V,
        shadowed={
            "isyn_exc": ("exc", "tau_syn_E", 1000.0),
            "isyn_inh": ("inh", "tau_syn_I", 1000.0),
        },
    ),
    "IF_curr_alpha": Translation("iaf_psc_alpha", _CURRENT, _V),
    "IF_curr_delta": Translation("iaf_psc_delta", {**_DELTA, "tau_m": ("tau_m", 1.0)}, _V, weight=1.0),
    "IF_cond_exp": Translation("iaf_cond_exp", _CONDUCTANCE, _V_G),
    "IF_cond_alpha": Translation("iaf_cond_alpha", _CONDUCTANCE, _V_G),
    "EIF_cond_exp_isfa_ista": Translation(
        "aeif_cond_exp",
        {
            **_CONDUCTANCE,
            "v_spike": ("V_peak", 1.0),
            "a": ("a", 1.0),
            "b": ("b", 1000.0),
            "delta_T": ("Delta_T", 1.0),
            "tau_w": ("tau_w", 1.0),
            "w": ("w", 1000.0),
        },
        {**_V_G, "w": ("w", 1000.0)},
    ),
    "HH_cond_exp": Translation(
        "hh_cond_exp_traub",
        {
            **_INPUT,
            **_TAUS,
            **_REVERSALS,
            **_GATES,
            "gbar_Na": ("g_Na", 1000.0),
            "gbar_K": ("g_K", 1000.0),
            "g_leak": ("g_L", 1000.0),
            "cm": ("C_m", 1000.0),
            "v_offset": ("V_T", 1.0),
            "e_rev_Na": ("E_Na", 1.0),
            "e_rev_K": ("E_K", 1.0),
            "e_rev_leak": ("E_L", 1.0),
        },
        {**_V, **_GATES},
        fixed={"t_ref": 2.0},
        shadowed={
            "gsyn_exc": ("exc", "tau_syn_E", 1000.0),
            "gsyn_inh": ("inh", "tau_syn_I", -1000.0),
        },
    ),
    "Izhikevich": Translation(
        "izhikevich",
        {**_INPUT, **{n: (n, 1.0) for n in "abcd"}, "u": ("U_m", 1.0)},
        {**_V, "u": ("U_m", 1.0)},
        weight=1.0,
        # With it a spike adds its weight to v whatever dt; without it the weight would be a current.
        fixed={"consistent_integration": True, "V_th": 30.0},
    ),
}


def native(model: str, values: Mapping[str, Floats]) -> dict[str, Any]:
    """Translate names and units of parameters and state."""
    translation, values = MODELS[model], dict(values)
    if "tau_m" in values and "tau_m" not in translation.names:
        values["g_leak"] = values["cm"] / values.pop("tau_m")
    translated = {}
    for name, value in values.items():
        nest_name, factor = translation.names[name]
        translated[nest_name] = compact(value * factor)
    return translated


def bound_together(model: str, name: str) -> tuple[str, ...]:
    """Name the parameters that must be set with this one: of cm and tau_m NEST's g_L is made."""
    return ("cm", "tau_m") if name in ("cm", "tau_m") and "tau_m" not in MODELS[model].names else ()


def compact(values: Floats) -> float | Floats:
    """Return one number where all neurons have the same, which is faster."""
    return float(values[0]) if np.all(values == values[0]) else values
