"""The measured program of mpi4py.futures, in the ranks of mpiexec. ``NUMBER CHUNK``."""

from __future__ import annotations

import sys
import time

from mpi4py.futures import MPIPoolExecutor


def nothing(index: int) -> int:
    return index


if __name__ == "__main__":
    number, chunk = map(int, sys.argv[1:])
    with MPIPoolExecutor() as pool:
        list(pool.map(nothing, range(100)))  # the workers are there
        begin = time.perf_counter()
        list(pool.map(nothing, range(number), chunksize=chunk))
        print(time.perf_counter() - begin)
