"""The description of a network: plain objects, cheap to copy and to send. No simulator is imported."""

from workers.network.check import check
from workers.network.conductance_based import (
    EIF_cond_exp_isfa_ista,
    HH_cond_exp,
    IF_cond_alpha,
    IF_cond_exp,
)
from workers.network.current_based import IF_curr_alpha, IF_curr_delta, IF_curr_exp
from workers.network.currents import (
    ACSource,
    DCSource,
    Injection,
    NoisyCurrentSource,
    StepCurrentSource,
)
from workers.network.description import Described, Description, base, clear, current, setup
from workers.network.distributions import (
    Binomial,
    DiscreteUniform,
    Distribution,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    Uniform,
)
from workers.network.equations import Neuron
from workers.network.inputs import PoissonInput
from workers.network.izhikevich import Izhikevich
from workers.network.models import Model
from workers.network.monitor import Monitor
from workers.network.population import Attached, PoissonPopulation, Population, View
from workers.network.projection import Projection
from workers.network.sources import Poisson, Source, SpikeSourceArray
from workers.network.synapse_equations import Synapse
from workers.network.synapses import (
    AdditiveSTDP,
    MultiplicativeSTDP,
    StaticSynapse,
    SynapseType,
    TsodyksMarkramSynapse,
)

__all__ = [
    "ACSource",
    "AdditiveSTDP",
    "Attached",
    "Binomial",
    "DCSource",
    "Described",
    "Description",
    "DiscreteUniform",
    "Distribution",
    "EIF_cond_exp_isfa_ista",
    "Exponential",
    "Gamma",
    "HH_cond_exp",
    "IF_cond_alpha",
    "IF_cond_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_curr_exp",
    "Injection",
    "Izhikevich",
    "LogNormal",
    "Model",
    "Monitor",
    "MultiplicativeSTDP",
    "Neuron",
    "NoisyCurrentSource",
    "Normal",
    "Poisson",
    "PoissonInput",
    "PoissonPopulation",
    "Population",
    "Projection",
    "Source",
    "SpikeSourceArray",
    "StaticSynapse",
    "StepCurrentSource",
    "Synapse",
    "SynapseType",
    "TsodyksMarkramSynapse",
    "Uniform",
    "View",
    "base",
    "check",
    "clear",
    "current",
    "setup",
]
