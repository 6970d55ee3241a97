"""What handing networks out costs: ``python -m bench.scheduler`` writes bench/scheduler.md.

Networks a second whose method returns at once, ours beside `client.map` of Dask, loky, concurrent.futures and
mpi4py.futures, whose workers are started before; these call a bare function, without draws, a process to
survive crashes, or results kept by name. Of concurrent.futures and mpi4py.futures also in chunks of 100; ours
and loky make chunks by themselves. Beside it CPU time for each network, of all processes. Then efficiency:
the time that NEST simulates over cores x wall time, and over the CPU time of all processes, which says the
same and is true also where others use the machine, for networks that take 1 ms to 1 s each. A dash: not
installed, or it would take too long.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench import cpu
from bench.tables import lines
from hardware.cores import usable_cores
from sweep import Izhikevich, Network, Population, local, parallel_run

TABLE = Path(__file__).with_name("scheduler.md")
Map = Callable[[int], object]
LONG = 10.0  # seconds for which efficiency is measured, on each core
LENGTHS = (0.001, 0.01, 0.05, 0.1, 1.0)
EFFICIENCY = ("NEST, networks of", "took CPU ms", "% of cores x wall time", "% of all CPU time")
CHUNK = 100
START = 100  # networks that are run first, so that the workers are there


def nothing(index: int) -> int:
    return index


class Took(NamedTuple):
    """How many seconds some networks took; the CPU's where it is known."""

    wall: float
    cpu: float | None = None


@contextmanager
def ours(cores: int) -> Iterator[Map]:
    def run(number: int) -> object:
        return parallel_run(lambda idx, net: idx, number=number, cluster=local(cores), progress=False)

    yield run


@contextmanager
def dask(cores: int) -> Iterator[Map]:
    client = local(cores).start().client
    yield lambda number: client.gather(client.map(nothing, range(number), pure=False))


@contextmanager
def futures(cores: int, chunk: int = 1) -> Iterator[Map]:
    with ProcessPoolExecutor(cores) as pool:
        yield lambda number: list(pool.map(nothing, range(number), chunksize=chunk))


@contextmanager
def loky(cores: int) -> Iterator[Map]:
    from joblib import Parallel, delayed

    with Parallel(cores, backend="loky") as pool:
        yield lambda number: pool(delayed(nothing)(i) for i in range(number))


def timed(kind: Any) -> Callable[[int, int], Took]:
    """Time networks in workers that this process has."""

    def took(cores: int, number: int) -> Took:
        with kind(cores) as run:
            run(START)
            begin, before = time.perf_counter(), cpu.of_tree()
            run(number)
            return Took(time.perf_counter() - begin, cpu.of_tree() - before)

    return took


def mpi(chunk: int) -> Callable[[int, int], Took]:
    """Time networks in the ranks of mpiexec, of which there is one more than workers."""

    def took(cores: int, number: int) -> Took:
        mpiexec = Path(sys.executable).with_name("mpiexec")
        if find_spec("mpi4py") is None or not mpiexec.exists():
            raise ImportError("mpi4py")
        program = Path(__file__).with_name("run_mpi.py")
        command = [mpiexec, "-n", cores + 1, sys.executable, "-m", "mpi4py.futures", program, number, chunk]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
        return Took(float(done.stdout))

    return took


KINDS: dict[str, Callable[[int, int], Took]] = {
    "ours": timed(ours),
    "dask client.map": timed(dask),
    "joblib, loky": timed(loky),
    "concurrent.futures": timed(futures),
    f"concurrent.futures, chunks of {CHUNK}": timed(lambda cores: futures(cores, CHUNK)),
    "mpi4py.futures": mpi(1),
    f"mpi4py.futures, chunks of {CHUNK}": mpi(CHUNK),
}


def row(kind: str, cores: int, sizes: Sequence[int], limit: float) -> list[str]:
    """Return networks a second, and CPU ms for each, of all sizes that should take less than `limit`."""
    found, each = [], 0.0
    for number in sizes:
        took = None
        if each * number < limit:
            try:
                took = KINDS[kind](cores, number)
            except ImportError:
                each = float("inf")
        if took is None:
            found.append("-")
            continue
        each = took.wall / max(number, START)  # few say little
        spent = "" if took.cpu is None else f" ({1000 * took.cpu / number:.2g})"
        found.append(f"{number / took.wall:.0f}{spent}")
        print(f"{cores} workers, {number} networks, {kind}: {found[-1]}", flush=True)
    return [kind, *found]


def simulated(milliseconds: float) -> Callable[..., Took]:
    def method(idx: int, net: Any) -> Any:
        begin, before = time.perf_counter(), time.process_time()
        net.simulate(milliseconds)
        return Took(time.perf_counter() - begin, time.process_time() - before)

    return method


def efficiency(seconds: float, cores: int) -> list[str]:
    """Return how many ms a network took, and what part of the cores' and of the CPU's time NEST simulated."""
    with Network() as base:  # and not in that of the module, which `ours` runs
        Population(200, Izhikevich)

    def run(number: int, milliseconds: float) -> Any:
        method = simulated(milliseconds)
        results = parallel_run(method, number, base, cluster=local(cores), progress=False)
        return np.array([(took.wall, took.cpu) for took in results])

    # For one ms of the model. Long, for the 2 ms in which NEST builds a network count as simulated, too.
    each = np.median(run(4 * cores, 20_000.0)[:, 1]) / 20_000.0
    number = max(4 * cores, int(LONG * cores / seconds))
    begin, before = time.perf_counter(), cpu.of_tree()
    took = run(number, max(1.0, round(seconds / each)))
    wall, spent = time.perf_counter() - begin, cpu.of_tree() - before
    shares = took.sum(axis=0) / (cores * wall, spent)
    return [f"{1000 * took[:, 1].mean():.1f}", *(f"{100 * share:.0f}" for share in shares)]


def main() -> None:
    """Measure, print, and write the tables."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.scheduler", description=__doc__, formatter_class=raw)
    parser.add_argument("--sizes", default="1,100,1000,10000,100000", help="numbers of networks")
    parser.add_argument("--cores", default=f"1,{usable_cores()}")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one number may take")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    what = str(__doc__).partition("\n")[2].strip()
    text = [f"# What handing networks out costs\n\nMade by `python -m bench.scheduler`. {what}", ""]
    for cores in dict.fromkeys(map(int, given.cores.split(","))):
        text += [f"## {cores} workers", "", "Networks a second, and in brackets CPU ms for each:", ""]
        text += [*lines(["", *map(str, sizes)], [row(kind, cores, sizes, given.limit) for kind in KINDS]), ""]
        found = [[f"{1000 * s:g} ms", *efficiency(s, cores)] for s in LENGTHS]
        text += [*lines(EFFICIENCY, found), ""]
        print(*text[-len(found) - 3 :], sep="\n", flush=True)
    TABLE.write_text("\n".join(text))


if __name__ == "__main__":
    main()
