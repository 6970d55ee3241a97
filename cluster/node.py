"""The programs of a cluster: ``python -P -m cluster.node ROLE PARENT FOLDER``.

A scheduler writes its address to its standard output; workers read it from their standard input, so that
all can be started at once. They differ from Dask's own in that they open no port for HTTP, and end when
their parent does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from typing import Any

import dask
import distributed

from workers.launch import die_with_parent

HOST = "127.0.0.1"
SETTINGS: dict[str, Any] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.worker-ttl": None,  # a laptop that slept is no reason to drop its workers
    "distributed.worker.profile.enabled": False,
}


class _NoHttp:
    def start_http_server(self, *arguments: object, **options: object) -> None:
        """Open no port: Dask's HTTP server asks for no credentials."""


class Scheduler(_NoHttp, distributed.Scheduler):  # type: ignore[misc]
    """A scheduler that listens with TLS only."""


class Worker(_NoHttp, distributed.Worker):  # type: ignore[misc]
    """A worker that listens with TLS only."""


class Nanny(distributed.Nanny):  # type: ignore[misc]
    """A nanny, for where nobody else restarts workers; it listens with TLS only, as does its worker."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, worker_class=Worker, **options)


async def schedule() -> None:
    """Run a scheduler, which writes its address to the standard output."""
    async with Scheduler(host=HOST, protocol="tls", dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        await scheduler.finished()


async def work(kind: type[Worker] | type[Nanny], address: str, folder: str) -> None:
    """Run a worker of one thread."""
    # Memory is not watched: the simulator's, which counts, is in the child process.
    async with kind(address, nthreads=1, host=HOST, memory_limit=0, local_directory=folder) as worker:
        await worker.finished()


def remove_on_termination(folder: str) -> None:
    """Have SIGTERM remove a folder, in which others may still be writing, and end this process."""

    def remove(*_: object) -> None:
        end = time.monotonic() + 5
        while os.path.lexists(folder) and time.monotonic() < end:
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.05)
        os._exit(0)

    signal.signal(signal.SIGTERM, remove)


def main(role: str, parent: int, folder: str) -> None:
    """Run a scheduler, a worker, or a nanny with its worker."""
    dask.config.set(SETTINGS)
    if role == "scheduler":
        remove_on_termination(folder)
        die_with_parent(parent, signal.SIGTERM)
        asyncio.run(schedule())
    else:
        die_with_parent(parent)
        kind = Nanny if role == "nanny" else Worker
        asyncio.run(work(kind, sys.stdin.readline().strip(), folder))


if __name__ == "__main__":
    from cluster.node import main as run  # by its real name: a nanny sends its worker's class by reference

    run(sys.argv[1], int(sys.argv[2]), sys.argv[3])
