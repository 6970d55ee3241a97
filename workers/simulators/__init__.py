"""The simulators that are installed, found by name through entry points."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from math import inf

from workers.network import (
    Described,
    Description,
    Injection,
    PoissonInput,
    Population,
    Projection,
    Source,
    SpikeSourceArray,
)
from workers.network.check import refuse_simultaneous
from workers.network.equations import EquationModel
from workers.network.synapse_equations import reads_at_arrival
from workers.simulators.base import AT_ARRIVAL, SIMULTANEOUS, Simulator
from workers.simulators.steps import refuse_long_steps

GROUP = "sweep.simulators"
SAID = ("name", "module", "install", "models")  # by every adapter, of itself


@cache
def registered() -> dict[str, EntryPoint]:
    """Return the entry points of all adapters by the simulator's name."""
    return {e.name: e for e in entry_points(group=GROUP)}


@cache
def adapter(name: str) -> type[Simulator]:
    """Return the adapter of a simulator, which need not be installed itself.

    Raises
    ------
    ValueError
        If there is none of this name.
    ImportError
        If it cannot be loaded.
    """
    known = registered()
    if name not in known:
        raise ValueError(f"simulator={name!r}; expected one of: {', '.join(sorted(known))}")
    what = f"the adapter of simulator {name!r}, {known[name].value},"
    try:
        loaded = known[name].load()
    except (Exception, SystemExit) as error:  # some end Python where they find no licence
        raise ImportError(f"{what} cannot be loaded: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Simulator)):
        raise ImportError(f"{what} is not a Simulator")
    lacking = [n for n in SAID if not hasattr(loaded, n)] + sorted(loaded.__abstractmethods__)
    if lacking:
        raise ImportError(f"{what} lacks {', '.join(lacking)}")
    return loaded


def adapters() -> dict[str, type[Simulator]]:
    """Return all adapters that can be loaded; warn of those that cannot."""
    found = {}
    for name in registered():
        try:
            found[name] = adapter(name)
        except ImportError as error:  # a broken plug-in of somebody else harms nobody
            warnings.warn(str(error), stacklevel=2)
    return found


def is_installed(adapter: type[Simulator]) -> bool:
    """Whether the simulator itself is there."""
    return adapter.module in sys.modules or find_spec(adapter.module) is not None


def check(network: Description, name: str) -> None:
    """Raise if a simulator is not installed, lacks what the network has, or does not bear its steps."""
    wanted = adapter(name)
    if not is_installed(wanted):
        raise ModuleNotFoundError(f"simulator {name!r} needs the package {wanted.module}: {wanted.install}")
    for feature, owner in _wanted(network).items():
        if feature not in wanted.features:
            able = [n for n, a in adapters().items() if feature in a.features]
            raise ValueError(
                f"{owner!r}: simulator {name!r} has no {feature}; "
                f"those that have it: {', '.join(able) or 'none'}"
            )
    for population in network.of(Population):
        if issubclass(population.model, SpikeSourceArray) and SIMULTANEOUS not in wanted.features:
            refuse_simultaneous(population.name, population.given("spike_times"), network.dt)
        kind, model = population.model, population.model.__name__
        known = issubclass(kind, (Source, EquationModel)) or model in wanted.models
        if not known:
            able = [n for n, a in adapters().items() if model in a.models]
            raise ValueError(
                f"{population!r}: simulator {name!r} has no model {model}; "
                f"those that have it: {', '.join(able) or 'none'}"
            )
        refuse_long_steps(population.name, model, name, network.dt, wanted.longest.get(model, inf))
    wanted.check(network)


def _wanted(network: Description) -> dict[str, Described]:
    """Name the features that a network needs, each with the object that needs it."""
    kinds: dict[str, Described] = {p.synapse.kind(): p for p in network.of(Projection)}
    kinds.pop("StaticSynapse", None)
    for projection in network.of(Projection):
        if reads_at_arrival(projection):
            kinds[AT_ARRIVAL] = projection
    inputs: list[Described] = [*network.of(Injection), *network.of(PoissonInput)]
    for population in network.of(Population):
        if issubclass(population.model, EquationModel):
            kinds["Neuron"] = population
            kinds |= {"noise in equations": population} if population.model.equations.noisy else {}
    return kinds | {type(i).__name__: i for i in inputs}


_started: dict[str, Simulator] = {}


def start(name: str) -> Simulator:
    """Return the one running simulator of this name in this process, importing it at first."""
    if name not in _started:
        _started[name] = adapter(name)()
    return _started[name]
