"""Networks that run."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from workers import simulators
from workers.draw import draw
from workers.instance import Instance
from workers.keys import Key
from workers.live_objects import LiveCells, LiveRecord, LiveSynapses
from workers.network import Attached, Described, Description, Monitor, Population, Projection, base, check
from workers.network.serial import from_dict, to_dict
from workers.outcome import Timings
from workers.session import Session
from workers.simulators.base import Simulator

TOLERANCE = 1e-6


class Network(Description):
    """A network of populations, projections and monitors.

    It works on its own, or is copied by `parallel_run`. What is added is copied: the base network and other
    networks stay as they are. Objects made inside ``with Network() as net:`` belong to it themselves.

    Parameters
    ----------
    everything : bool
        Whether to copy all that was made at module level so far.
    dt : float, optional
        The length of a step in ms; that of `setup` if not given.

    Attributes
    ----------
    index, seed : int
        All that the draws of this network depend on, besides the names of its objects.
    """

    _session: Session | None = None
    _simulator: Simulator | None = None
    _bound: tuple[Key, str, Timings] | None = None
    _rng: np.random.Generator | None = None
    _own: Key | None = None

    def __init__(self, everything: bool = False, dt: float | None = None) -> None:
        super().__init__(base().dt if dt is None else dt)
        if everything:
            self.take(base())

    def __getstate__(self) -> dict[str, Any]:
        running = {"_session", "_simulator", "_bound", "_rng", "_own", "_of"}
        return {name: value for name, value in self.__dict__.items() if name not in running}

    def to_dict(self) -> dict[str, Any]:
        """Describe this network as JSON: its populations, projections, monitors, and the values given."""
        return to_dict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Make a network from what `to_dict` gave: all draws are the same."""
        return from_dict(record, cls)

    def add(self, objects: Described | Sequence[Described]) -> None:
        """Add copies of populations, projections or monitors.

        Parameters
        ----------
        objects : Population, Projection, Monitor, ... or a sequence of them
            `get` finds this network's copy of each.

        Raises
        ------
        ValueError
            If an object of the same name is in the network already.
        """
        given = [objects] if isinstance(objects, Described) else list(objects)
        self._not_compiled("add")
        for obj in given:
            if isinstance(obj, Described) and obj.name in self._members:
                raise ValueError(f"add: the network has {self._members[obj.name]!r} already")
        self.take(given)

    def copy(self) -> Network:
        """Return an independent network of the same description, not compiled."""
        return self.of_description(self)

    @classmethod
    def of_description(cls, description: Description) -> Network:
        """Return a network with copies of all that a description has."""
        network = cls(dt=description.dt)
        network.take(description)
        return network

    def bind(self, key: Key, simulator: str, timings: Timings, running: Simulator | None = None) -> None:
        """Say as which network of a sweep this one will be drawn, and on what it will run."""
        self._bound = key, simulator, timings
        self._simulator = running

    def release(self) -> None:
        """Let go of all that was drawn and recorded, when nobody will look at it any more.

        Each object of a network knows the network: all would else stay in memory until garbage is collected.
        """
        self._session = self._simulator = None
        for described in self._members.values():
            described._live = None

    def compile(self, simulator: str = "nest", seed: int | None = None) -> None:
        """Draw the network and build it; `simulate` does so where it has not been done.

        Parameters
        ----------
        simulator : str
            Inside a method of `parallel_run` the sweep's simulator is used.
        seed : int, optional
            For a network on its own; fresh if not given.
        """
        if self._session is not None:
            return
        key, name, timings = self._bound or (self._own_key(seed), simulator, Timings())
        check(self)
        simulators.check(self, name)
        self._session = session = Session(self, key, self._simulator or simulators.start(name), timings)
        self._bound = key, name, timings
        self._connect(session)

    def key(self, seed: int | None = None) -> Key:
        """Return what all draws of this network follow from; `seed` is for one on its own."""
        return self._own_key(seed) if self._bound is None else self._bound[0]

    def drawn(self, seed: int | None = None) -> Instance:
        """Return this network as it is drawn, without building it; once compiled, as it was built."""
        if self._session is not None:
            return self._session.instance
        check(self)
        return draw(self, self.key(seed))

    def _connect(self, session: Session) -> None:
        for population in self.of(Population):
            population._live = LiveCells(session, population)
        for attached in self.of(Attached):
            attached._live = LiveRecord(session, attached) if isinstance(attached, Monitor) else session
        for place, projection in enumerate(self.of(Projection)):
            projection._live = LiveSynapses(session, place)

    @property
    def _running(self) -> Session:
        self.compile()
        assert self._session is not None
        return self._session

    def _not_compiled(self, what: str) -> None:
        if self._session is not None:
            raise RuntimeError(
                f"{what}: the network is compiled; do this before it simulates, or in a copy()"
            )

    def simulate(self, ms: float) -> None:
        """Simulate for `ms`, a multiple of dt.

        Raises
        ------
        ValueError
            If it is not.
        """
        self._running.advance(self._steps("simulate", ms))

    def step(self) -> None:
        """Simulate one step of dt."""
        self._running.advance(1)

    def simulate_until(self, max_ms: float, population: Population) -> float:
        """Simulate step by step until the `stop_condition` of a population is met, or for `max_ms`.

        Parameters
        ----------
        max_ms : float
            A multiple of dt.
        population : Population
            One that was made with a `stop_condition`.

        Returns
        -------
        float
            The time simulated by this call in ms.
        """
        population = self.get(population)
        population.condition()
        session = self._running
        for done in range(1, self._steps("simulate_until", max_ms) + 1):
            fired = session.advance(1).get(session.place(population))
            if self._met(population, session, fired):
                return done * self.dt
        return float(max_ms)

    def _met(self, population: Population, session: Session, fired: Any) -> bool:
        condition, everyone = population.condition()
        place = session.place(population)
        spike = np.zeros(population.size, bool)
        spike[(fired or session.last_spikes(place)).ranks] = True
        met = condition(_values(session, place, population, spike))
        return bool(np.all(met) if everyone else np.any(met))

    def reset(self) -> None:
        """Go back to time 0 and the initial state, and forget what was recorded.

        The wiring and the parameters stay. It is a new trial: Poisson populations, background, noisy currents
        and noise in equations are drawn anew, and the same in this trial of this network whenever it is run.
        """
        self._running.reset()

    @property
    def time(self) -> float:
        """The time simulated so far in ms."""
        return 0.0 if self._session is None else self._session.steps * self.dt

    @property
    def _key(self) -> Key:
        return self.key()

    def _own_key(self, seed: int | None) -> Key:
        """Return the key of a network on its own, the same each time."""
        if self._own is None:
            self._own = Key(secrets.randbits(63) if seed is None else seed, 0)
        elif seed is not None and seed != self._own.seed:
            raise RuntimeError(
                f"compile: seed={seed!r} comes too late; {self._own.seed} has been used already"
            )
        return self._own

    @property
    def index(self) -> int:
        """The index of this network in its sweep; 0 on its own."""
        return self._key.index

    @property
    def seed(self) -> int:
        """The seed of the sweep."""
        return self._key.seed

    @property
    def rng(self) -> np.random.Generator:
        """A generator for the method's own draws, keyed like all others."""
        if self._rng is None:
            self._rng = self._key.generator("network", "rng")
        return self._rng

    def _steps(self, what: str, ms: float) -> int:
        steps = ms / self.dt if isinstance(ms, (int, float, np.number)) else np.nan
        if not 0 <= steps < np.inf or abs(steps - round(steps)) > TOLERANCE * max(1.0, steps):
            raise ValueError(f"{what}: {ms!r} ms; expected a multiple of dt, {self.dt:g} ms")
        return round(steps)


def _values(session: Session, place: int, population: Population, spike: Any) -> dict[str, Any]:
    names = set(population.model.settable()) - {"spike_times"}
    return {"spike": spike, **{name: session.get(place, name) for name in names}}
