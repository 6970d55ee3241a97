"""Run many independent copies of a network of neurons, reproducibly, on whatever hardware there is."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from workers.live import Network
from workers.network import (
    ACSource,
    AdditiveSTDP,
    Binomial,
    DCSource,
    DiscreteUniform,
    EIF_cond_exp_isfa_ista,
    Exponential,
    Gamma,
    HH_cond_exp,
    IF_cond_alpha,
    IF_cond_exp,
    IF_curr_alpha,
    IF_curr_delta,
    IF_curr_exp,
    Izhikevich,
    LogNormal,
    Monitor,
    MultiplicativeSTDP,
    Neuron,
    NoisyCurrentSource,
    Normal,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    StaticSynapse,
    StepCurrentSource,
    Synapse,
    TsodyksMarkramSynapse,
    Uniform,
    clear,
    setup,
)

if TYPE_CHECKING:
    from cluster import debug, local, mpi, sge, slurm
    from sweep.plan import Constant
    from sweep.points import grid, latin_hypercube, sobol, zipped
    from sweep.results.opening import open  # noqa: A004, F401
    from sweep.results.results import Results, SweepError
    from sweep.run import parallel_run
    from workers.outcome import Failure

# Imported at first use, for speed alone: what runs a sweep takes 2 s to import, a description none.
_LATER = {
    "Constant": "sweep.plan",
    "Failure": "workers.outcome",
    "Results": "sweep.results.results",
    "SweepError": "sweep.results.results",
    "debug": "cluster",
    "grid": "sweep.points",
    "latin_hypercube": "sweep.points",
    "local": "cluster",
    "mpi": "cluster",
    "open": "sweep.results.opening",
    "parallel_run": "sweep.run",
    "sge": "cluster",
    "slurm": "cluster",
    "sobol": "sweep.points",
    "zipped": "sweep.points",
}

# Not "open": after "from sweep import *" the built-in open() is still there.
__all__ = [
    "ACSource",
    "AdditiveSTDP",
    "Binomial",
    "Constant",
    "DCSource",
    "DiscreteUniform",
    "EIF_cond_exp_isfa_ista",
    "Exponential",
    "Failure",
    "Gamma",
    "HH_cond_exp",
    "IF_cond_alpha",
    "IF_cond_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_curr_exp",
    "Izhikevich",
    "LogNormal",
    "Monitor",
    "MultiplicativeSTDP",
    "Network",
    "Neuron",
    "NoisyCurrentSource",
    "Normal",
    "PoissonInput",
    "PoissonPopulation",
    "Population",
    "Projection",
    "Results",
    "SpikeSourceArray",
    "StaticSynapse",
    "StepCurrentSource",
    "SweepError",
    "Synapse",
    "TsodyksMarkramSynapse",
    "Uniform",
    "clear",
    "debug",
    "grid",
    "latin_hypercube",
    "local",
    "mpi",
    "parallel_run",
    "setup",
    "sge",
    "slurm",
    "sobol",
    "zipped",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'sweep' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "open"]
