"""What is checked of a whole description before anything runs."""

from __future__ import annotations

import warnings

import numpy as np

from workers.network.description import Described, Description
from workers.network.distributions import Distribution
from workers.network.monitor import Monitor
from workers.network.population import Population
from workers.network.projection import Projection
from workers.network.sources import Poisson, SpikeSourceArray, SpikeTimes, nearest_steps

CROWDED = 0.1  # expected spikes per step from which two in one become likely


def check(network: Description) -> None:
    """Raise ValueError if this network cannot be drawn and built.

    Warns
    -----
    UserWarning
        If a Poisson population is likely to have two spikes in one step, of which one is emitted.
    """
    members = {m.name: m for m in network}
    if not network.of(Population):
        raise ValueError("the network has no population; make one, or add one with add([...])")
    for member in members.values():
        _check_parts(member, members)
    for projection in network.of(Projection):
        if projection.connector is None:
            raise ValueError(f"{projection.owner} is not connected; call one of its connect_ methods")
        projection.check_delays(network.dt)
        projection.synapse.check_weights(projection.owner, projection.given_weights)
    for monitor in network.of(Monitor):
        monitor.period_steps(network.dt)
    for population in network.of(Population):
        check_stimulus(population, network.dt)


def _check_parts(member: Described, members: dict[str, Described]) -> None:
    for name in member.missing(members):
        if name in members:
            raise ValueError(
                f"{member!r} refers to the population {name} of another network; "
                "make it with this network's own, net.get(population)"
            )
        raise ValueError(f"{member!r} needs the population {name}, which is not in the network; add it too")


def check_stimulus(population: Population, dt: float) -> None:
    """Check what a population of sources is to emit against the length of a step."""
    if issubclass(population.model, Poisson):
        rates = population.given("rates")
        if not isinstance(rates, Distribution):
            most = rates if isinstance(rates, float) else float(np.max(rates))
            warn_if_crowded(population.name, most, dt)
    if issubclass(population.model, SpikeSourceArray):
        check_trains(population.name, population.given("spike_times"), dt)


def check_trains(name: str, trains: SpikeTimes, dt: float) -> None:
    """Raise ValueError if a spike is before the first step."""
    for rank, train in enumerate(trains):
        if train.size and nearest_steps(train[:1], dt)[0] < 1:
            raise ValueError(
                f"population {name}: neuron {rank} has a spike at {train[0]:g} ms, "
                f"before the first step of {dt:g} ms"
            )


def refuse_passed(name: str, trains: SpikeTimes, before: SpikeTimes, dt: float, step: int) -> None:
    """Raise ValueError if a neuron is to have fired by `step`, where nothing had told it to."""
    for rank, (train, known) in enumerate(zip(trains, before, strict=True)):
        early = train[nearest_steps(train, dt) <= step]
        passed = early[~np.isin(nearest_steps(early, dt), nearest_steps(known, dt))] if early.size else early
        if passed.size:
            raise ValueError(
                f"population {name}: neuron {rank} is to fire at {passed[0]:g} ms, but the time is "
                f"{step * dt:g} ms; give later times, or for the next trial set them after reset()"
            )


def refuse_simultaneous(name: str, trains: SpikeTimes, dt: float) -> None:
    """Raise ValueError if a neuron has two spikes in one step, which not every simulator can take."""
    for rank, train in enumerate(trains):
        twice = np.flatnonzero(np.diff(nearest_steps(train, dt)) == 0)
        if twice.size:
            first, second = train[twice[0] : twice[0] + 2]
            raise ValueError(
                f"population {name}: neuron {rank} has two spikes in one step of {dt:g} ms, at {first:g} and "
                f"{second:g} ms; use a smaller dt, or a simulator that takes them, such as nest"
            )


def warn_if_crowded(name: str, rate: float, dt: float) -> None:
    """Warn if a rate in Hz makes two spikes of a neuron in one step likely."""
    if rate * dt / 1000.0 > CROWDED:
        warnings.warn(
            f"population {name}: a rate of {rate:g} Hz makes two spikes in one step of {dt:g} ms likely, "
            "of which one is emitted; use a smaller dt, or more neurons with lower rates",
            UserWarning,
            stacklevel=2,
        )
