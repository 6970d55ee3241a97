"""The description of a network: plain objects, cheap to copy and to send. No simulator is imported."""

from workers.network.check import check
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
from workers.network.models import IF_cond_exp, IF_curr_exp, Izhikevich, Model
from workers.network.monitor import Monitor
from workers.network.population import PoissonPopulation, Population
from workers.network.projection import Projection
from workers.network.sources import Poisson, Source, SpikeSourceArray

__all__ = [
    "Binomial",
    "Described",
    "Description",
    "DiscreteUniform",
    "Distribution",
    "Exponential",
    "Gamma",
    "IF_cond_exp",
    "IF_curr_exp",
    "Izhikevich",
    "LogNormal",
    "Model",
    "Monitor",
    "Normal",
    "Poisson",
    "PoissonPopulation",
    "Population",
    "Projection",
    "Source",
    "SpikeSourceArray",
    "Uniform",
    "base",
    "check",
    "clear",
    "current",
    "setup",
]
