"""The models that Brian2 and GeNN run, as discrete updates with coefficients computed beforehand.

Nothing here is a differential equation: each model is the update of one step. The updates use only sums,
products and quotients, and functions made of these, so that the same network gives the same bits on every
machine and target. What is added to a variable is no sum itself (v = v + a + b): Brian2 would reorder that,
and write 1/6 with 15 digits. Units are PyNN's (ms, mV, nF, nA, uS), which are coherent: no factors appear.
"""

from __future__ import annotations

from workers.simulators.updates.adaptive import ADEX
from workers.simulators.updates.conductances import COND_ALPHA, COND_EXP
from workers.simulators.updates.currents import CURR_ALPHA, CURR_DELTA, CURR_EXP, IZHIKEVICH
from workers.simulators.updates.hodgkin_huxley import HODGKIN_HUXLEY
from workers.simulators.updates.model import Model

MODELS: dict[str, Model] = {
    "EIF_cond_exp_isfa_ista": ADEX,
    "HH_cond_exp": HODGKIN_HUXLEY,
    "IF_cond_alpha": COND_ALPHA,
    "IF_cond_exp": COND_EXP,
    "IF_curr_alpha": CURR_ALPHA,
    "IF_curr_delta": CURR_DELTA,
    "IF_curr_exp": CURR_EXP,
    "Izhikevich": IZHIKEVICH,
}
