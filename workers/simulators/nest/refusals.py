"""What NEST cannot do with a network, though it has each of its parts."""

from __future__ import annotations

from workers.network import Description, Monitor, PoissonInput, Population, Projection
from workers.simulators.nest.models import MODELS
from workers.simulators.nest.synapses import STDP

TIC = 0.001  # ms; NEST counts time in these


def refuse(network: Description) -> None:
    """Raise ValueError for steps that are no whole tics, and for recordings that would not be true."""
    dt = network.dt
    if dt < TIC * 0.999 or abs(dt / TIC - round(dt / TIC)) > 1e-6:
        raise ValueError(f"dt={dt!r} ms: simulator 'nest' needs a multiple of {TIC:g} ms")
    for monitor in network.of(Monitor):
        for variable in monitor.traced:
            _refuse_shadow(network, monitor.population, variable)


def _refuse_shadow(network: Description, population: Population, variable: str) -> None:
    """A neuron's shadow gets neither what NEST draws for it, nor the weights that its synapses learn."""
    shadowed = MODELS[population.model.__name__].shadowed
    if variable not in shadowed:
        return
    receptor = shadowed[variable][0]
    inputs = [(b.population, b.target, b.name) for b in network.of(PoissonInput)]
    inputs += [(p.post, p.target, p.name) for p in network.of(Projection) if p.synapse.kind() in STDP]
    for into, target, name in inputs:
        if (into.name, target) == (population.name, receptor):
            raise ValueError(
                f"population {population.name}: simulator 'nest' cannot record {variable} where there is "
                f"background or STDP, {name}; other simulators can, such as brian2"
            )
