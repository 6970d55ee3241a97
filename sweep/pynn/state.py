"""The state behind a PyNN script: the network that it has described so far, and its clock."""

from __future__ import annotations

from typing import Any

from pyNN.common import IDMixin
from pyNN.common.control import BaseState

from workers.instance import Instance
from workers.live import Network
from workers.network import Described, Population, Projection

name = "sweep"
SEED = 42  # as in pyNN.nest, a script that says nothing of seeds is the same each time


class State(BaseState):
    """What `setup` sets; PyNN's own classes find it as ``_simulator.state``."""

    mpi_rank = 0
    num_processes = 1

    def __init__(self) -> None:
        super().__init__()
        self.default_simulator = "nest"
        self.begin(0.1, "auto", "auto", SEED, None)

    def begin(self, dt: float, min_delay: Any, max_delay: Any, seed: int, simulator: str | None) -> None:
        """Start anew, with an empty network."""
        self.network = Network(dt=dt)
        self.seed, self.simulator = seed, simulator or self.default_simulator
        self.min_delay = dt if min_delay == "auto" else float(min_delay)
        self.max_delay = float("inf") if max_delay == "auto" else float(max_delay)
        self.id_counter = self.segment_counter = 0
        self.running = self.compiled = False
        self.recorders: set[Any] = set()
        self.write_on_end: list[Any] = []
        self._drawn: Instance | None = None

    @property
    def dt(self) -> float:
        """The length of a step in ms."""
        return self.network.dt

    @property
    def t(self) -> float:
        """The present time in ms."""
        return self.network.time

    def changing(self, what: str) -> None:
        """Note that the description changes, which it can only before the first run."""
        self._drawn = None
        if self.compiled:
            raise RuntimeError(
                f"{what}: the network has run already and cannot be rebuilt; do this before the first run()"
            )

    def free_name(self, wanted: str) -> str:
        """Return a name that no object of the network has yet."""
        taken, found, count = {m.name for m in self.network}, wanted, 1
        while found in taken:
            count += 1
            found = f"{wanted}#{count}"
        return found

    def place(self, member: Described) -> int:
        """Return the place of a population or projection among those of its kind in the drawn network."""
        kind = Population if isinstance(member, Population) else Projection
        return [m.name for m in self.network.of(kind)].index(member.name)

    def drawn(self) -> Instance:
        """Draw the network as it is described now; once it has run, this is what runs."""
        if self._drawn is None:
            self._drawn = self.network.drawn(self.seed)
        return self._drawn

    def compile(self) -> None:
        """Build the network, if that has not been done."""
        if not self.compiled:
            self.network.compile(self.simulator, self.seed)
            self.compiled, self._drawn = True, None

    def run_until(self, time: float) -> None:
        """Simulate up to a time in ms, moved to the nearest step."""
        self.compile()
        self.running = True
        self.network.simulate(max(0, round(time / self.dt) - round(self.t / self.dt)) * self.dt)

    def reset(self) -> None:
        """Go back to time 0."""
        self.running = False
        self.segment_counter += 1
        if self.compiled:
            self.network.reset()


state = State()


class ID(int, IDMixin):
    """A single neuron; made when a script asks for it, as there may be many."""

    def __new__(cls, number: int, parent: Any) -> ID:
        made = super().__new__(cls, number)
        object.__setattr__(made, "parent", parent)
        return made

    def __init__(self, number: int, parent: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        # numpy asks what it computes with for __array_ufunc__ and the like, which are no parameters.
        if name.startswith("_"):
            raise AttributeError(name)
        return super().__getattr__(name)

    @property
    def local(self) -> bool:
        """All neurons are here: networks run in parallel, not parts of one."""
        return True
