"""What handing networks out costs: ``python -m bench.scheduler``.

Networks a second whose method returns at once, ours beside `client.map` of Dask, loky (where joblib is
installed) and concurrent.futures, whose workers are started before; these call a bare function one by one,
without draws, a process to survive crashes, or results kept by name. Then efficiency: the time that NEST
simulates over cores x wall time, for networks that take 1 ms to 1 s each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from bench.tables import show
from hardware.cores import usable_cores
from sweep import Izhikevich, Network, Population, local, parallel_run

Map = Callable[[int], object]
LONG = 2.0  # seconds for which efficiency is measured, on each core


def nothing(index: int) -> int:
    return index


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
def futures(cores: int) -> Iterator[Map]:
    with ProcessPoolExecutor(cores) as pool:
        yield lambda number: list(pool.map(nothing, range(number)))


@contextmanager
def loky(cores: int) -> Iterator[Map]:
    from joblib import Parallel, delayed

    with Parallel(cores, backend="loky") as pool:
        yield lambda number: pool(delayed(nothing)(i) for i in range(number))


KINDS: dict[str, Any] = {"ours": ours, "dask client.map": dask, "loky": loky, "concurrent.futures": futures}


def rate(kind: Any, cores: int, number: int) -> str:
    """Return the networks a second, or a dash where it is not installed."""
    try:
        with kind(cores) as run:
            run(2 * cores)  # the workers are there
            begin = time.perf_counter()
            run(number)
            return f"{number / (time.perf_counter() - begin):.0f}"
    except ImportError:
        return "-"


def simulated(milliseconds: float) -> Callable[..., float]:
    def method(idx: int, net: Any) -> float:
        begin = time.perf_counter()
        net.simulate(milliseconds)
        return time.perf_counter() - begin

    return method


def efficiency(seconds: float, cores: int) -> tuple[str, str]:
    """Return how long a network took, in ms, and the percentage of the cores' time that NEST simulated."""
    base = Network()
    base.add([Population(200, Izhikevich)])

    def run(number: int, milliseconds: float) -> list[float]:
        method = simulated(milliseconds)
        return list(parallel_run(method, number, base, cluster=local(cores), progress=False))

    each = np.median(run(4 * cores, 1000.0)) / 1000.0  # for one ms of the model
    milliseconds = max(1.0, round(seconds / each))
    number = max(4 * cores, int(LONG * cores / seconds))
    begin = time.perf_counter()
    took = run(number, milliseconds)
    wall = time.perf_counter() - begin
    return f"{1000 * np.mean(took):.1f}", f"{100 * sum(took) / (cores * wall):.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m bench.scheduler", description=__doc__)
    parser.add_argument("--sizes", default="1,100,10000,100000", help="numbers of networks")
    parser.add_argument("--cores", default=f"1,{usable_cores()}")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    for cores in dict.fromkeys(map(int, given.cores.split(","))):
        rows = [[name, *(rate(kind, cores, size) for size in sizes)] for name, kind in KINDS.items()]
        show(f"networks / s, {cores} workers", ["", *map(str, sizes)], rows)
        lengths = (0.001, 0.01, 0.1, 1.0)
        found = [[f"{1000 * s:g} ms", *efficiency(s, cores)] for s in lengths]
        show(f"NEST, {cores} workers", ["networks of", "took ms", "efficiency %"], found)


if __name__ == "__main__":
    main()
