"""The methods of several networks side by side, on one simulator that holds them all as one.

Each method is ordinary code in a greenlet of its own. When all have asked to simulate, the simulator advances
by the shortest request; who has got what it asked for goes on. So methods that ask for other durations, or
stop early, get what they would get alone. A method that wants what fused networks cannot have, such as a
reset, is run once more by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from greenlet import getcurrent, greenlet

from workers.fuse import apart, fuse, together
from workers.globals import Globals, Outside
from workers.instance import Cells, Floats, Instance, Sources, Spikes, Trace
from workers.outcome import Outcome
from workers.simulators.base import NO_CURRENTS, Simulator
from workers.task import Apart, Job, run_network


def run_side_by_side(
    job: Job, indices: Sequence[int], parameters: Sequence[Mapping[str, Any]], simulator: Simulator
) -> list[Outcome]:
    """Run networks as one, and return the outcomes in the order of the indices."""
    hub = _Hub(simulator)
    seats = [_Seat(hub, job, i, p) for i, p in zip(indices, parameters, strict=True)]
    with Outside():
        hub.run(seats)
    hub.release()
    return [
        run_network(job, i, p) if seat.outcome is None else seat.outcome
        for seat, i, p in zip(seats, indices, parameters, strict=True)
    ]


class _Seat(Simulator):
    """One network's view of the simulator that it shares."""

    name = "a shared simulator"

    def __init__(self, hub: _Hub, job: Job, index: int, parameters: Mapping[str, Any]) -> None:
        self._hub, self.ahead, self.features = hub, hub.ahead, hub.features
        self._thread = greenlet(lambda: run_network(job, index, parameters, self))
        self._globals = Globals()
        self._entered = self._spent = 0.0
        self._apart = False
        self.outcome: Outcome | None = None
        self.instance: Instance | None = None
        self.row = -1  # which of the fused networks it is
        self.left = 0  # steps that it still waits for
        self.shared = 0.0  # its share of the seconds that the simulator took for all

    @property
    def done(self) -> bool:
        """Whether the method has ended."""
        return bool(self._thread.dead)

    def go_on(self) -> None:
        """Let the method run until it asks for something, or ends."""
        self._globals.enter()
        self._entered = perf_counter()
        try:
            result = self._thread.switch()
        except Apart:
            result = None
        self._spent += perf_counter() - self._entered
        if self.done:
            self._globals.end()
        else:
            self._globals.leave()
        if self.done and not self._apart:
            self.outcome = result

    def leave(self) -> None:
        """End the method here: its network will run by itself."""
        self._apart = True
        self.go_on()

    def clock(self) -> float:
        """Return the seconds spent on this network alone."""
        return self._spent + self.shared + perf_counter() - self._entered

    def _wait(self) -> None:
        if getcurrent() is not self._thread:
            raise RuntimeError("a network was simulated from a thread that is not its method's")
        if not self._apart:
            self._hub.greenlet.switch()
        if self._apart:
            raise Apart

    def build(self, instance: Instance) -> None:
        if self.instance is not None:
            self._apart = True  # a reset, while the others go on from where they are
        self.instance = instance
        self._wait()

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        self.left, self._stimuli, self._currents = steps, stimuli, currents
        self._steps = steps
        assert self.instance is not None
        self._seen: dict[int, list[Spikes]] = {i: [] for i in self.instance.spikes}
        self._sampled: dict[Trace, list[Floats]] = {t: [] for t in self.instance.traces}
        self._wait()

    def stimulus(self, population: int, start: int, steps: int) -> Spikes:
        """Return the spikes of a population of sources in the steps after `start`."""
        if not self.left:
            return Spikes.none()
        spikes = self._stimuli[population]
        a, b = np.searchsorted(spikes.steps, [start, start + steps], side="right")
        return Spikes(spikes.steps[a:b], spikes.ranks[a:b])

    def current(self, place: int, steps: int) -> Floats:
        """Return the course of a current in the next steps, shape (steps + ahead, neurons)."""
        assert self.instance is not None
        told = steps + self.ahead, len(self.instance.currents[place].ranks)
        if not self.left:
            return np.zeros(told)
        begin = self._steps - self.left
        course = self._currents[place][begin : begin + told[0]]
        return np.broadcast_to(course[:, None], told) if course.ndim == 1 else course

    def receive(self, steps: int, spikes: Mapping[int, Spikes], samples: Mapping[Trace, Floats]) -> None:
        """Take what was recorded of this network while all advanced."""
        for population, new in spikes.items():
            self._seen[population].append(new)
        for trace, values in samples.items():
            self._sampled[trace].append(values)
        self.left -= steps

    def spikes(self, population: int) -> Spikes:
        return Spikes.joined(self._seen.pop(population))

    def trace(self, trace: Trace) -> Floats:
        return np.concatenate(self._sampled.pop(trace))

    def get(self, population: int, variable: str) -> Floats:
        return self._hub.values(population, variable)[self.own(population)].copy()

    def set(self, population: int, name: str, values: Floats) -> None:
        self._hub.change(population, name, self.own(population), values)

    def weights(self, projection: int) -> Floats:
        return self._hub.weights(projection, self.row)

    def own(self, population: int) -> slice:
        """Return the ranks of this network in a fused population."""
        assert self.instance is not None
        size = self.instance.populations[population].size
        return slice(self.row * size, (self.row + 1) * size)


class _Hub:
    """Holds the fused network, and lets the methods run in turn."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator, self.ahead, self.features = simulator, simulator.ahead, simulator.features
        self.greenlet = getcurrent()
        self._step = 0
        self._rows: list[_Seat] = []  # those that run as one
        self._values: dict[tuple[int, str], Floats] = {}
        self._changed: set[tuple[int, str]] = set()

    def run(self, seats: Sequence[_Seat]) -> None:
        """Run all methods to their ends, or to where they leave."""
        for seat in seats:
            seat.go_on()
        built = [s for s in seats if not s.done]
        try:
            self._build(built)
            for seat in self._rows:
                seat.go_on()
            while any(seat.left for seat in self._rows):
                self._advance()
        except Exception:  # of the simulator: by itself each network will say what it is
            for seat in built:
                if not seat.done:
                    seat.leave()

    def release(self) -> None:
        """Let go of the networks, which know the hub: they need not wait for garbage to be collected."""
        self._rows.clear()

    def _build(self, seats: Sequence[_Seat]) -> None:
        """Fuse the networks of the most frequent structure; the others leave."""
        structures = [s.instance.structure for s in seats if s.instance is not None]
        common = max(structures, key=structures.count, default="")
        self._rows = [s for s, structure in zip(seats, structures, strict=True) if structure == common]
        if any(s.instance.backgrounds for s in self._rows if s.instance) and not self._simulator.keyed:
            self._rows = []  # what is drawn for one would depend on the others
        for seat in seats:
            if seat not in self._rows:
                seat.leave()
        if not self._rows:
            return
        begin = perf_counter()
        for row, seat in enumerate(self._rows):
            seat.row = row
        parts = [s.instance for s in self._rows if s.instance is not None]
        self.instance, self._traces = fuse(parts), parts[0].traces
        self._sizes = [p.size for p in parts[0].populations]
        counts = [[len(s.sources) for s in part.projections] for part in parts]
        self._edges = np.cumsum(
            np.vstack([np.zeros((1, len(parts[0].projections)), np.int64), counts]), axis=0
        )
        self._simulator.built = None
        self._simulator.build(self.instance)
        self._simulator.built = self.instance
        self._share(perf_counter() - begin)

    def _share(self, seconds: float) -> None:
        for seat in self._rows:
            seat.shared += seconds / len(self._rows)

    def _advance(self) -> None:
        begin, waiting = perf_counter(), [s for s in self._rows if s.left]
        steps = min(s.left for s in waiting)
        self._apply_changes()
        self._simulator.run(steps, self._stimuli(steps), self._currents(steps))
        self._step += steps
        self._values.clear()
        spikes, samples = self._recorded()
        for seat in waiting:
            seat.receive(
                steps,
                {i: s[seat.row] for i, s in spikes.items()},
                {t: v[:, seat.row] for t, v in samples.items()},
            )
        self._share(perf_counter() - begin)
        for seat in waiting:
            if not seat.left:
                seat.go_on()

    def _stimuli(self, steps: int) -> dict[int, Spikes]:
        return {
            i: together([s.stimulus(i, self._step, steps) for s in self._rows], self._sizes[i])
            for i, p in enumerate(self.instance.populations)
            if isinstance(p, Sources)
        }

    def _currents(self, steps: int) -> dict[int, Floats]:
        places = range(len(self.instance.currents))
        return {i: np.hstack([s.current(i, steps) for s in self._rows]) for i in places}

    def _recorded(self) -> tuple[dict[int, list[Spikes]], dict[Trace, Floats]]:
        networks = len(self._rows)
        spikes = {i: apart(self._simulator.spikes(i), self._sizes[i], networks) for i in self.instance.spikes}
        samples = [self._simulator.trace(t) for t in self.instance.traces]
        apart_ = [v.reshape(len(v), networks, v.shape[1] // networks) for v in samples]
        return spikes, dict(zip(self._traces, apart_, strict=True))

    def values(self, population: int, name: str) -> Floats:
        """Return present values in all networks."""
        place = population, name
        if place not in self._values:
            cells = self.instance.populations[population]
            known = cells.parameters.get(name) if isinstance(cells, Cells) else None
            self._values[place] = self._simulator.get(population, name) if known is None else known.copy()
        return self._values[place]

    def change(self, population: int, name: str, own: slice, values: Floats) -> None:
        """Set values in one network; the simulator hears of it before it advances."""
        self.values(population, name)[own] = values
        self._changed.add((population, name))

    def _apply_changes(self) -> None:
        for population, name in sorted(self._changed):
            cells, values = self.instance.populations[population], self._values[population, name]
            if isinstance(cells, Cells) and name in cells.parameters:
                cells.parameters[name] = values
            self._simulator.set(population, name, values)
        self._changed.clear()

    def weights(self, projection: int, row: int) -> Floats:
        """Return present weights of one network."""
        start, stop = self._edges[row : row + 2, projection]
        return self._simulator.weights(projection)[start:stop]
