"""simulator="auto": chooses among what is installed, by what a few networks of this sweep take on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cluster import Pool
from sweep.packing import Packer
from sweep.plan import Plan
from workers import simulators
from workers.live import Network
from workers.part import TIMINGS, Part
from workers.task import Task

AUTO = "auto"
FEWEST = 20  # networks of a sweep in which it pays to run some only to time them
MARGIN = 3.0  # how many times longer a sweep must be than the start of a simulator that is tried


class Choice(NamedTuple):
    """What was chosen.

    Attributes
    ----------
    simulators : tuple of str
        One; those of the store where it was made with several.
    why : str
        In words; empty where the person named them.
    """

    simulators: tuple[str, ...]
    why: str = ""


def able(networks: Sequence[Network]) -> list[str]:
    """Name the simulators that are installed and can run all of some networks, the quickest to start first.

    Raises
    ------
    ValueError
        There is none: says what each lacks.
    """
    found, lacking = [], []
    for name, adapter in simulators.adapters().items():
        try:
            for network in networks:
                simulators.check(network, name)
        except (ValueError, ModuleNotFoundError) as error:
            lacking.append(str(error))
        else:
            found.append((adapter.starts, name))
    if not found:
        raise ValueError('simulator="auto": none can run these networks: ' + "; ".join(lacking))
    return [name for _, name in sorted(found)]


def choose(names: Sequence[str], plan: Plan, pool: Callable[[], Pool], packer: Packer) -> Choice:
    """Choose the simulator on which a sweep takes least.

    The first is timed with a few networks. Each other is, only where the sweep would last longer on the best
    so far than the other takes to start; the results of these networks are dropped.

    Parameters
    ----------
    names : sequence of str
        Simulators that can run the networks, the quickest to start first.
    plan : Plan
    pool : callable
        Gives the workers, where they are needed.
    packer : Packer
    """
    first, *others = names
    if not others:
        return Choice((first,), f"{first}: no other simulator that is installed can run these networks")
    if plan.number < FEWEST:
        return Choice((first,), f"{first}: the quickest to start, for {plan.number} networks")
    trials = _Trials(plan, pool(), packer)
    if not trials.run(first):
        return Choice((first,), f"{first}: the quickest to start; networks that were to be timed failed")
    idle = []
    for name in others:
        if trials.rest() > MARGIN * simulators.adapter(name).starts:
            trials.run(name)
        else:
            idle.append(name)
    why = trials.said + ([f"it would not pay to start {' or '.join(idle)}"] if idle else [])
    return Choice((trials.best,), f"{trials.best}: {', '.join(why)}")


@dataclass
class _Trials:
    """What networks of a sweep take on each simulator that was tried."""

    plan: Plan
    pool: Pool
    packer: Packer
    seconds: dict[str, float] = field(default_factory=dict)  # for one network
    said: list[str] = field(default_factory=list)

    @property
    def best(self) -> str:
        return min(self.seconds, key=lambda name: self.seconds[name])

    def rest(self) -> float:
        """Tell how many seconds the sweep would last on the best so far."""
        return self.seconds[self.best] * self.plan.number / max(1, self.pool.workers)

    def run(self, name: str) -> bool:
        """Time a few networks; return whether they gave results."""
        width = max(1, min(self.packer.width(name), self.plan.number // 4))
        seconds = self._timed(self.packer.pack(name, width), width)
        if seconds is None:
            self.said.append(f"{name} failed")
            return False
        self.seconds[name] = seconds
        self.said.append(f"{1000 * seconds:.3g} ms a network on {name}")
        return True

    def _timed(self, blob: bytes, width: int) -> float | None:
        """Run networks as wide as they will be, and as many before them for what is paid only once."""
        warm = max(2, width)
        places = np.concatenate([self._spread(width), self._spread(warm)])
        task = Task(
            tuple(self.plan.index(p) for p in places.tolist()),
            tuple(self.plan.parameters(p) for p in places.tolist()),
        )
        job = self.pool.load(blob)
        try:
            running = self.pool.submit(job, task, None)
            while not running.done():
                self.pool.wait([running])
            part = running.result().part
        except Exception:  # its worker was lost
            return None
        except BaseException:
            self.pool.interrupt()
            raise
        finally:
            self.pool.unload(job)
        if not isinstance(part, Part) or len(part.index) < len(places) or part.status.any():
            return None
        return float(sum(part.timings[name][width:].sum() for name in TIMINGS)) / warm

    def _spread(self, number: int) -> NDArray[np.int64]:
        """Take places from all of the sweep, since what a network takes may depend on its parameters."""
        return ((np.arange(number) + 0.5) * self.plan.number / number).astype(np.int64)
