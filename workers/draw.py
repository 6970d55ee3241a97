"""Description and key -> Instance: all that is random about a network is drawn here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache

import numpy as np

from workers.instance import (
    Background,
    Cells,
    Current,
    Floats,
    Instance,
    Ints,
    Ranks,
    Sources,
    Synapses,
    Trace,
    in_order,
    united,
)
from workers.keys import Key, of_trial
from workers.network import (
    Description,
    Distribution,
    Injection,
    Monitor,
    PoissonInput,
    Population,
    Projection,
    Source,
)
from workers.network.distance import OfDistance
from workers.network.equations import EquationModel
from workers.network.inputs import QUANTITIES
from workers.network.models import Quantity
from workers.network.projection import refuse_long
from workers.network.synapse_equations import EquationSynapse
from workers.network.values import Value


def draw(network: Description, key: Key) -> Instance:
    """Draw one network.

    Parameters
    ----------
    network : Description
        A network that passed `check`.
    key : Key
        Its seed and index: equal keys give equal Instances.

    Raises
    ------
    ValueError
        If a drawn value makes no sense, such as a negative weight.
    """
    populations = network.of(Population)
    places = {p.name: i for i, p in enumerate(populations)}
    monitors = network.of(Monitor)
    spikes = _recorded_spikes(monitors, populations, places)
    currents = tuple(Current(i.name, places[i.population.name], i.ranks) for i in network.of(Injection))
    return Instance(
        dt=network.dt,
        populations=tuple(_population(p, key) for p in populations),
        projections=tuple(_synapses(p, places, key, network.dt) for p in network.of(Projection)),
        spikes=tuple(spikes),
        traces=_recorded_traces(monitors, places, network.dt),
        currents=currents,
        backgrounds=tuple(_background(b, places, key) for b in network.of(PoissonInput)),
        spikes_of={place: ranks for place, ranks in spikes.items() if ranks is not None},
    )


def redrawn(instance: Instance, key: Key, trial: int) -> Instance:
    """Return the same network with what simulators draw from keys as it is in another trial."""

    def population(p: Cells | Sources) -> Cells | Sources:
        return (
            p
            if isinstance(p, Sources) or p.keys is None
            else replace(p, keys=_noise(p.name, key, p.size, trial))
        )

    return replace(
        instance,
        populations=tuple(population(p) for p in instance.populations),
        backgrounds=tuple(
            replace(b, keys=_spikes(b.name, key, len(b.rates), trial)) for b in instance.backgrounds
        ),
    )


def parameter(
    population: Population, name: str, value: Value, key: Key, purpose: str | None = None
) -> Floats:
    """Draw the values of one parameter or state variable of a population."""
    if isinstance(value, float):  # as most are
        return np.full(population.size, value)
    owner = f"population {population.name}"
    values = _values(value, key, owner, purpose or name, population.size)
    return _checked(population.model.settable()[name], owner, name, value, values)


def _checked(quantity: Quantity, owner: str, name: str, given: Value | OfDistance, values: Floats) -> Floats:
    """Return values that make sense; those not of a distribution were checked when they were given."""
    if isinstance(given, Distribution):
        quantity.check(owner, name, values)
    return values


def _values(value: Value, key: Key, owner: str, purpose: str, size: int) -> Floats:
    if isinstance(value, Distribution):
        values = value.draw(key.generator(owner, purpose), size)
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{owner}: {purpose}={value!r} drew a value that is not finite; give it a max=")
        return values
    return np.full(size, value)


def _population(population: Population, key: Key) -> Cells | Sources:
    model = population.model
    if issubclass(model, Source):
        return Sources(population.name, population.size)
    equations = model.equations if issubclass(model, EquationModel) else None
    noisy, size = equations is not None and equations.noisy, population.size
    return Cells(
        population.name,
        model.__name__,
        population.size,
        {n: parameter(population, n, population.given(n), key) for n in model.parameters},
        {n: parameter(population, n, population.given(n), key) for n in model.state},
        equations,
        _noise(population.name, key, size) if noisy else None,
        np.arange(size) if noisy else None,
    )


def _noise(population: str, key: Key, size: int, trial: int = 0) -> Ints:
    return _keys(key, of_trial(f"population {population}", trial), "noise", size)


def _spikes(background: str, key: Key, size: int, trial: int = 0) -> Ints:
    return _keys(key, of_trial(f"background {background}", trial), "spikes", size)


def _keys(key: Key, owner: str, purpose: str, size: int) -> Ints:
    """Four words for each neuron, from which a simulator draws: the same for all of a network."""
    return np.tile(key.sequence(owner, purpose).generate_state(4).astype(np.int64), (size, 1))


def _background(background: PoissonInput, places: dict[str, int], key: Key) -> Background:
    owner, size = f"background {background.name}", background.population.size

    def values(name: str, value: Value) -> Floats:
        return _checked(QUANTITIES[name], owner, name, value, _values(value, key, owner, name, size))

    return Background(
        background.name,
        places[background.population.name],
        background.target,
        values("rate", background.rate),
        values("weight", background.weight),
        _spikes(background.name, key, size),
        np.arange(size),
    )


def _synapses(projection: Projection, places: dict[str, int], key: Key, dt: float) -> Synapses:
    if projection.connector is None:
        raise ValueError(f"{projection.owner} is not connected; call one of its connect_ methods")
    owner, ends = projection.owner, projection.ends
    wiring = key.generator(owner if projection.wired_as is None else projection.wired_as, "edges")
    edges = projection.edges_between(ends, wiring)
    order = in_order(edges.sources, edges.targets)
    sources, targets = edges.sources[order], edges.targets[order]

    def values(purpose: str, value: Value | OfDistance) -> Floats:
        if isinstance(value, OfDistance):
            return value.at(owner, purpose, ends.space.between(ends.pre[sources], ends.post[targets]))
        if isinstance(value, np.ndarray):
            return value[sources, targets] if value.ndim == 2 else value[order]
        return _values(value, key, owner, purpose, len(sources))

    synapse = projection.synapse
    delays = dt if projection.given_delays is None else projection.given_delays
    if isinstance(delays, float):
        steps = np.full(len(sources), _one_step(owner, delays, dt))
    else:
        steps = _steps(owner, values("delays", delays), dt)
    of_pre, of_post = projection.pre_ranks, projection.post_ranks
    return Synapses(
        projection.name,
        places[projection.pre.name],
        places[projection.post.name],
        projection.target,
        sources if of_pre is None else of_pre[sources],
        targets if of_post is None else of_post[targets],
        _magnitudes(owner, values("weights", projection.given_weights)),
        steps,
        synapse.kind(),
        {n: _checked(synapse.parameters[n], owner, n, v, values(n, v)) for n, v in synapse.values.items()},
        synapse.equations if isinstance(synapse, EquationSynapse) else None,
    )


def _magnitudes(owner: str, weights: Floats) -> Floats:
    if weights.size and weights.min() < 0:
        raise ValueError(f"{owner}: drew the negative weight {weights.min():g}; give the distribution min=0")
    return weights


def _steps(owner: str, delays: Floats, dt: float) -> Ints:
    steps = np.round(delays / dt)
    refuse_long(owner, steps, dt)
    if steps.size and steps.min() < 1:
        raise ValueError(
            f"{owner}: drew a delay below one step of {dt:g} ms; give the distribution min={dt:g}"
        )
    return steps.astype(np.int64)


@lru_cache(maxsize=256)
def _one_step(owner: str, delay: float, dt: float) -> int:
    return int(_steps(owner, np.array([delay]), dt)[0])


def _recorded_spikes(
    monitors: list[Monitor], populations: list[Population], places: dict[str, int]
) -> dict[int, Ranks]:
    """Return of which neurons spikes are recorded, by the place of their population."""
    listened = [(m.population, m.ranks) for m in monitors if "spike" in m.variables]
    stopping = [(p, None) for p in populations if p.stop_condition is not None]
    cells = [(places[p.name], r) for p, r in listened + stopping if not issubclass(p.model, Source)]
    return {i: united(r for j, r in cells if j == i) for i in sorted({i for i, _ in cells})}


def _recorded_traces(monitors: list[Monitor], places: dict[str, int], dt: float) -> tuple[Trace, ...]:
    parts: dict[tuple[int, str, int], list[Ints | None]] = defaultdict(list)
    for m in monitors:
        for variable in m.traced:
            parts[places[m.population.name], variable, m.period_steps(dt)].append(m.ranks)
    return tuple(Trace(*what, united(parts[what])) for what in sorted(parts))
