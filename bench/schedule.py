"""A sweep on a virtual clock: ``python -m bench.schedule`` writes bench/schedule.md.

What `sweep.dispatch` hands out, in which order and chunks, is the project's own; the workers, their networks
and Dask are simulated (see `bench.virtual`), so that thousands of workers are seen on a laptop.

- efficiency: of all workers' time, how much is spent in networks.
- tail: seconds at the end in which there is a worker without anything to do; it cannot be less than what the
  longest network takes if that comes late.
- tasks / s: through the scheduler, and the share of its time, and of the client's, that is taken; at 100 % it
  is saturated. The client's share includes its real CPU time on the machine of the simulation.
- in flight: tasks that have been submitted and have not come back, at the most.
- MB sent: all tasks, as they are sent. MB client: by how much the client's memory has grown, at the most,
  without what Dask keeps of tasks in flight.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import cpu
from bench.tables import lines
from bench.virtual import Costs, VirtualPool
from cluster import Pool, Running, local
from hardware.cores import usable_cores
from sweep.dispatch import Dispatch
from sweep.plan import Plan, make_plan
from workers.live import Network
from workers.parcel import pack
from workers.task import Job, Task

TABLE = Path(__file__).with_name("schedule.md")
COSTS = Costs(scheduler=2e-3, client=1e-3, worker=4e-3, store=4e-6)  # see the table that `beside` makes
HEADS = (
    *("networks' times", "mean s", "longest s", "workers", "networks", "takes s", "efficiency %", "tail s"),
    *("tasks", "tasks / s", "scheduler %", "client %", "in flight", "MB sent", "MB client"),
)
ALONE = 1000  # tasks of one network, for what Dask takes for a task
WAITS = (0.001, 0.01)  # seconds
REAL_HEADS = (
    *("", "workers", "networks", "ms each", "takes s", "efficiency %", "tasks"),
    *("scheduler ms / task", "client ms / task", "worker ms / task"),
)
REAL = """
The same sweep of networks that only wait, on a local Dask cluster and on the virtual clock, with what a
task of one network cost this cluster just before, in CPU time. The clock knows nothing of how long a process
waits for a core.
""".strip()
SAYS = """## What it says

The scheduler saturates first. It takes 1.3 ms of CPU time for a task on quiet cores and 2 to 3 on busy ones
(the simulation: 2), which is 400 to 800 tasks a second. Lots of 2 s, right for a few hundred workers, would
be 5,000 a second with 10,000. So lots last as many seconds as there are workers / 200, towards the end /
300, and the last ones, of which there are fewer than workers, grow with the square root of what is left
(`sweep.schedule`). With the schedule before, which took 800 tasks a second for granted at the end, the
scheduler was at 98 % with networks of .1 s, and the efficiency at 44 % (1 s: 91 %; both in a tenth of the
size, at ten times the costs).

With networks of .1 s these are sweeps of 100 s: to submit the first 12,000 tasks takes 12 s of them, and
the last worker ends some 25 s after the first. Longer sweeps lose as many seconds, not as many percent.

The client stores small results in 4 us each, so that at 100,000 networks a second it is busy for 40 % of
the time with them alone. Networks that return more than numbers reach its limit earlier.

Memory: Dask's client keeps 21 KB for a task in flight, the scheduler 8 KB (10,000 tasks of 500 networks
with one parameter that varies). No more than 2,000 tasks wait beyond those that run, so that 12,000 are 250
MB in the client, beside what is in the table: for each network the 8 bytes of its place, and the tasks as
they are simulated.

Three costs of Dask's grow with the number of workers, and are not in the simulation because they are gone:
to ask for all workers' names in order to count them (8 us in the scheduler and 13 in the client for each,
five times a second), to look at all free workers for each task (5 ms at 10,000, and 25 s until all have
one), and connections, three for each worker, for which the scheduler now raises its limit of open files as
far as it may (`ulimit -Hn`; 10,000 workers need 30,000). Not simulated either: heartbeats, at most 200 a
second, and workers that come and go."""


def equal(number: int) -> NDArray[np.float64]:
    """All networks take the same time."""
    return np.ones(number)


def by_parameter(number: int) -> NDArray[np.float64]:
    """Networks take the longer, by a factor of 100 in all, the later they come."""
    seconds = np.geomspace(1, 100, number)
    return seconds / seconds.mean()


def heavy_tailed(number: int) -> NDArray[np.float64]:
    """Few networks take much longer than most: Pareto's distribution, cut off at 100 times the least."""
    seconds = np.minimum(1 + np.random.default_rng(1).pareto(1.5, number), 100)
    return seconds / seconds.mean()


KINDS = {"equal": equal, "by a parameter, 1:100": by_parameter, "heavy-tailed": heavy_tailed}


def simulate(kind: str, mean: float, workers: int, number: int) -> list[str]:
    """Run a sweep on a virtual clock, and tell about it."""
    seconds = mean * KINDS[kind](number)
    plan = _plan(number)
    before = _peak()
    pool = VirtualPool(seconds, workers, COSTS)
    _run(pool, pack(Job(print, (Network(),), "nest", 1)), plan)
    shares = [f"{100 * pool.at_work[who] / pool.now:.0f}" for who in ("scheduler", "client")]
    tail = 0.0 if pool.idle_since is None else pool.now - pool.idle_since
    return [
        *(kind, f"{mean:g}", f"{seconds.max():.1f}", f"{workers:,}", f"{number:,}", f"{pool.now:.1f}"),
        f"{100 * seconds.sum() / workers / pool.now:.1f}",
        *(f"{tail:.1f}", f"{pool.tasks:,}", f"{pool.tasks / pool.now:.0f}", *shares),
        *(f"{pool.most:,}", f"{pool.sent / 1e6:.0f}", f"{_peak() - before:.0f}"),
    ]


def _plan(number: int) -> Plan:
    return make_plan(number, seed=1, args={"x": np.linspace(0, 1, number), "label": "the same for all"})


def _run(pool: Pool, blob: bytes, plan: Plan) -> int:
    """Run all networks of a plan; return in how many tasks."""
    dispatch = Dispatch(pool, blob, plan, None)
    parts = [len(part.index) for parts in dispatch.parts() for part in parts]
    dispatch.close()
    if sum(parts) != plan.number:
        raise RuntimeError(f"{sum(parts)} networks were run, of {plan.number}")
    return len(parts)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def cases(networks: int, workers: int) -> Iterator[tuple[str, float, int, int]]:
    """Go through what is simulated."""
    yield "equal", 0.1, workers, networks
    for kind in KINDS:
        yield kind, 1.0, workers, networks
    for kind in KINDS:
        yield kind, 1.0, max(1, workers // 100), networks // 100


def measured(pool: Pool) -> tuple[Costs, float]:
    """Measure what Dask takes for a task on this machine, and what a network takes that does nothing."""
    handle = pool.load(pack(Job(lambda idx, net: None, (Network(),), "nest", 1)))
    _wait_for(pool, {pool.submit(handle, Task((0,), ({},)), None) for _ in range(4 * pool.workers)})
    before, flying = _spent(), set[Running]()
    for index in range(ALONE):
        if len(flying) >= 2 * pool.workers:
            flying -= set(pool.wait(flying))
        flying.add(pool.submit(handle, Task((index,), ({},)), None))
    _wait_for(pool, flying)
    costs = Costs(*((_spent() - before) / ALONE).tolist())
    many = pool.submit(handle, Task(tuple(range(ALONE)), ({},) * ALONE), None)
    _wait_for(pool, {many})
    pool.unload(handle)
    return costs, many.result().seconds / ALONE


def _wait_for(pool: Pool, flying: set[Running]) -> None:
    while flying:
        flying -= set(pool.wait(flying))


def _spent() -> NDArray[np.float64]:
    """Return the CPU seconds so far of the scheduler, of the client, and of workers with their children."""
    below = cpu.of_each_below()
    scheduler = sum(seconds for command, seconds in below if "scheduler" in command.split("\0"))
    return np.array([scheduler, time.process_time(), sum(seconds for _, seconds in below) - scheduler])


def beside(workers: int, number: int, each: float) -> list[list[str]]:
    """Run networks that only wait on real workers of this machine, and on virtual ones; tell of both."""
    pool, plan = local(workers).start(), _plan(number)
    costs, alone = measured(pool)
    blob = pack(Job(lambda idx, net, x, label: time.sleep(each), (Network(),), "nest", 1))
    begin = time.perf_counter()
    tasks = _run(pool, blob, plan)
    took = time.perf_counter() - begin
    virtual = VirtualPool(np.full(number, each + alone), workers, costs)
    _run(virtual, blob, plan)
    given = [f"{workers}", f"{number:,}", f"{1000 * each:g}"]
    return [
        [name, *given, f"{s:.2f}", f"{100 * number * each / workers / s:.1f}", str(n), *taken]
        for name, s, n, taken in (
            ("Dask", took, tasks, [f"{1000 * c:.2f}" for c in costs[:3]]),
            ("simulated", virtual.now, virtual.tasks, ["", "", ""]),
        )
    ]


def main() -> None:
    """Simulate, print, and write the tables."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.schedule", description=__doc__, formatter_class=raw)
    parser.add_argument("--networks", type=float, default=1e7)
    parser.add_argument("--workers", type=int, default=10_000)
    given = parser.parse_args()
    real = [row for each in WAITS for row in beside(2, 2000, each)]
    print(*real, sep="\n", flush=True)
    rows = []
    spawned = multiprocessing.get_context("spawn")
    # Each in a fresh process, for the memory.
    with ProcessPoolExecutor(usable_cores(), spawned, max_tasks_per_child=1) as fresh:
        for row in fresh.map(simulate, *zip(*cases(int(given.networks), given.workers), strict=True)):
            rows.append(row)
            print(row, flush=True)
    TABLE.write_text(text_of(rows, real))


def text_of(rows: Sequence[Sequence[str]], real: Sequence[Sequence[str]]) -> str:
    """Write what was found."""
    what = str(__doc__).partition("\n")[2].strip()
    parts = [
        "# Sweeps on a virtual clock",
        f"Made by `python -m bench.schedule`. {what}",
        "\n".join(lines(HEADS, rows)),
        SAYS,
        "## Held against real workers",
        REAL,
        "\n".join(lines(REAL_HEADS, real)),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
